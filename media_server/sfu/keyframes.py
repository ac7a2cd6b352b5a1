"""Asking a publisher for keyframes, seldom: however many viewers ask, an encoder hears it at most twice a second."""

MIN_INTERVAL_S = 0.5
RETRY_S = 1.0  # an unanswered request is repeated


class KeyframeRequests:
    """Coalesces the requests for one encoding."""

    __slots__ = ("_answered", "_asked_at", "_wanted", "sent")

    def __init__(self) -> None:
        self._wanted = False
        self._answered = True
        self._asked_at = float("-inf")
        self.sent = 0

    @property
    def wanted(self) -> bool:
        return self._wanted

    def want(self) -> None:
        self._wanted = True

    def arrived(self) -> None:
        """A keyframe came: nobody waits any more."""
        self._wanted = False
        self._answered = True

    def due(self, now: float) -> bool:
        """Whether to send a PLI now. Repeats until a keyframe arrives."""
        if not self._wanted or now - self._asked_at < (MIN_INTERVAL_S if self._answered else RETRY_S):
            return False
        self._asked_at = now
        self._answered = False
        self.sent += 1
        return True

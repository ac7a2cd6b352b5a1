"""Asking a publisher again for what did not arrive (RFC 4585 § 6.2.1)."""

MAX_MISSING = 128  # a larger hole is an outage: a keyframe mends it, not retransmission
MAX_TRIES = 8
FIRST_TRY_S = 0.0  # reordering on a school's line is rare and a duplicate is cheap
RETRY_S = 0.04
RETRY_GROWTH = 1.5


class _Missing:
    __slots__ = ("due_at", "interval_s", "tries")

    def __init__(self, now: float) -> None:
        self.due_at = now + FIRST_TRY_S
        self.interval_s = RETRY_S
        self.tries = 0


class NackGenerator:
    """Notices holes in a stream of extended sequence numbers and says when to ask for them."""

    __slots__ = ("_highest", "_missing", "given_up")

    def __init__(self) -> None:
        self._highest: int | None = None
        self._missing: dict[int, _Missing] = {}
        self.given_up = 0

    def receive(self, index: int, now: float) -> None:
        if self._highest is None:
            self._highest = index
        elif index > self._highest:
            if index - self._highest - 1 > MAX_MISSING:
                self.given_up += len(self._missing) + index - self._highest - 1
                self._missing.clear()
            else:
                for missing in range(self._highest + 1, index):
                    self._missing[missing] = _Missing(now)
            self._highest = index
        else:
            self._missing.pop(index, None)

    def due(self, now: float, rtt_s: float) -> list[int]:
        """Indices to ask for now. Gives up on each after `MAX_TRIES`; see `given_up`."""
        if not self._missing:
            return []
        wanted = []
        for index in sorted(self._missing):
            entry = self._missing[index]
            if entry.due_at > now:
                continue
            if entry.tries >= MAX_TRIES or len(self._missing) > MAX_MISSING:
                del self._missing[index]
                self.given_up += 1
                continue
            entry.tries += 1
            entry.due_at = now + max(entry.interval_s, rtt_s)
            entry.interval_s *= RETRY_GROWTH
            wanted.append(index)
        return wanted

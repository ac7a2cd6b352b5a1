"""The server's time on the agent's monotonic clock, from questions and answers on the control socket."""

from collections import deque

_KEPT = 16  # samples; the quickest answer among them knows best


class ServerClock:
    """NTP's idea (RFC 5905 § 8): the answer was written somewhere between question and arrival; half way is off by
    at most half the round trip. All in seconds."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float]] = deque(maxlen=_KEPT)

    def sample(self, asked_s: float, answered_s: float, server_unix_s: float) -> None:
        """`asked_s` and `answered_s` on the monotonic clock, `server_unix_s` as the server says."""
        round_trip_s = answered_s - asked_s
        self._samples.append((round_trip_s, server_unix_s - (asked_s + answered_s) / 2))

    def forget(self) -> None:
        """Another server, or one that was set right: what it said before counts no more."""
        self._samples.clear()

    @property
    def offset_s(self) -> float | None:
        """The server's Unix time minus our monotonic clock; None before the first answer."""
        return min(self._samples)[1] if self._samples else None

    @property
    def uncertainty_s(self) -> float:
        """How far off it may be."""
        return min(self._samples)[0] / 2 if self._samples else float("inf")

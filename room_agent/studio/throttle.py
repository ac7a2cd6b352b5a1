"""How fast the upload may be: what the line has left when the live lesson has had its share."""

_LEAST_BPS = 64_000
_FIRST_BPS = 1_000_000
_UNLIMITED_BPS = 1_000_000_000
_GROWTH = 1.1  # a second without trouble
_YIELD = 0.5  # at once, when the live stream loses packets
_REST_S = 3.0  # and then silence, for the queues on the way to empty
_TROUBLE = 0.01  # of packets sent again: a calm line sends none


class Throttle:
    """Additive patience, multiplicative yielding (as TCP does), but in favour of somebody else: the live stream.

    A token bucket; times are monotonic seconds.
    """

    def __init__(self, limit_bps: int, now_s: float) -> None:
        """`limit_bps`: never faster; 0: no limit."""
        self._limit_bps = limit_bps or _UNLIMITED_BPS
        self._live = False
        self._rest_until_s = now_s
        self._looked_s = now_s
        self._free_at_s = now_s
        self.rate_bps = float(self._limit_bps)

    def live(self, on: bool) -> None:
        """Whether a lesson is being published now; without one the whole line is ours."""
        if on and not self._live:
            self.rate_bps = min(_FIRST_BPS, self._limit_bps)
        elif not on:
            self.rate_bps = float(self._limit_bps)
        self._live = on

    def look(self, sent: int, troubled: int, now_s: float) -> None:
        """About once a second: packets of the live stream since last time, and how many were lost or given up."""
        seconds, self._looked_s = now_s - self._looked_s, now_s
        if not self._live:
            return
        if troubled > max(2, sent * _TROUBLE):
            self.rate_bps = max(_LEAST_BPS, self.rate_bps * _YIELD)
            self._rest_until_s = now_s + _REST_S
        elif now_s >= self._rest_until_s:
            self.rate_bps = min(self._limit_bps, self.rate_bps * _GROWTH ** min(seconds, 5.0))

    def wait_s(self, size_bytes: int, now_s: float) -> float:
        """How long to wait before sending so many bytes; they count as sent."""
        begin_s = max(self._free_at_s, now_s, self._rest_until_s if self._live else now_s)
        self._free_at_s = begin_s + size_bytes * 8 / self.rate_bps
        return begin_s - now_s

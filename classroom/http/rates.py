"""Rate limits: token buckets by key, in bounded memory. Pure: time is a parameter."""

from collections import OrderedDict

from classroom.errors import TooMany


class Rates:
    """At most `burst` at once and `per_s` in the long run, for each key.

    Memory is bounded: beyond `max_keys` the key unused for longest is forgotten (a full bucket again). Whoever can
    use that many addresses is stopped by the limit on the account, not by this one.
    """

    def __init__(self, burst: float, per_s: float, max_keys: int = 10_000) -> None:
        self._burst = burst
        self._per_s = per_s
        self._max_keys = max_keys
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, key: str, now_s: float) -> float:
        """Seconds until `key` may go on; 0 if it may now. Takes nothing."""
        tokens = self._tokens(key, now_s)
        return 0.0 if tokens >= 1 else (1 - tokens) / self._per_s

    def take(self, key: str, now_s: float) -> None:
        """Count one. Raises `TooMany("too_many_requests")` when the bucket is empty."""
        self.check(key, now_s)
        self.charge(key, now_s)

    def check(self, key: str, now_s: float) -> None:
        """Raise `TooMany("too_many_requests", retry_after_s=…)` when the bucket is empty; takes nothing."""
        wait_s = self.wait_s(key, now_s)
        if wait_s > 0:
            raise TooMany("too_many_requests", retry_after_s=max(1, round(wait_s + 0.5)))

    def charge(self, key: str, now_s: float) -> None:
        """Count one whatever the bucket holds (an attempt that failed), down to empty."""
        tokens = max(0.0, self._tokens(key, now_s) - 1)
        self._buckets[key] = (tokens, now_s)
        self._buckets.move_to_end(key)
        while len(self._buckets) > self._max_keys:
            self._buckets.popitem(last=False)

    def give_back(self, key: str, now_s: float) -> None:
        """Undo one `take` (the attempt turned out to be fine)."""
        if key in self._buckets:
            self._buckets[key] = (min(self._burst, self._tokens(key, now_s) + 1), now_s)

    def forget(self, key: str) -> None:
        self._buckets.pop(key, None)

    def __len__(self) -> int:
        return len(self._buckets)

    def _tokens(self, key: str, now_s: float) -> float:
        tokens, since_s = self._buckets.get(key, (self._burst, now_s))
        return min(self._burst, tokens + max(0.0, now_s - since_s) * self._per_s)

"""How long packets stay inside the server: from the burst they were read in to the system call that sends them on."""

from bisect import bisect_left
from typing import NamedTuple

# Upper ends in seconds; what takes longer than the last is in one more.
BUCKETS_S = (0.000_25, 0.000_5, 0.001, 0.002, 0.003, 0.005, 0.007_5, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5)
WINDOW_S = 60.0


class Percentiles(NamedTuple):
    """Seconds, each the upper end of the bucket it lies in (the last one's: the longest ever seen); 0 for no packet."""

    packets: int
    p50_s: float
    p99_s: float


class Residence:
    """A histogram over the life of the process, and percentiles of the last one or two minutes."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS_S) + 1)
        self.sum_s = 0.0
        self._longest_s = 0.0
        self._windows: tuple[list[int], list[int]] = (self.counts.copy(), self.counts.copy())
        self._window_began = 0.0

    def note(self, seconds: float, packets: int, now: float) -> None:
        """So many packets left that came so long ago, as far as the last of them knows."""
        self._begin_window(now)
        self.counts[bisect_left(BUCKETS_S, seconds)] += packets
        self.sum_s += seconds * packets
        self._longest_s = max(self._longest_s, seconds)

    def recent(self, now: float) -> Percentiles:
        self._begin_window(now)
        counts = [count - before for count, before in zip(self.counts, self._windows[0], strict=True)]
        total = sum(counts)
        return Percentiles(total, self._at(counts, total / 2), self._at(counts, 0.99 * total))

    def _begin_window(self, now: float) -> None:
        elapsed = now - self._window_began
        if elapsed >= WINDOW_S:
            before = self._windows[1] if elapsed < 2 * WINDOW_S else self.counts.copy()
            self._windows = (before, self.counts.copy())
            self._window_began = now

    def _at(self, counts: list[int], rank: float) -> float:
        ends = (*BUCKETS_S, self._longest_s)
        reached = 0
        for count, end in zip(counts, ends, strict=True):
            reached += count
            if count and reached >= rank:
                return min(end, self._longest_s)
        return 0.0

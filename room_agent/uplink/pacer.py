"""Sends a picture's packets one after another instead of at line rate: a keyframe of 45 kB in one burst overruns the
queue of a school's router, and the packets lost there are those of the keyframe.

Pure: time is a parameter.
"""

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")

_BURST_S = 0.01  # sent at once: what a timer of a few milliseconds needs to reach the rate
_BACKLOG_S = 1.0  # waiting longer than this, a live picture is worthless


class Pacer(Generic[T]):
    """A token bucket over `lanes` queues; lane 0 goes first. `rate_bps` should be some times the media's bitrate."""

    def __init__(self, rate_bps: float, lanes: int) -> None:
        self._bytes_per_s = rate_bps / 8
        self._lanes: list[deque[tuple[int, T]]] = [deque() for _ in range(lanes)]
        self._waiting_bytes = [0] * lanes
        self._tokens = 0.0
        self._at_s = float("-inf")

    @property
    def waiting_bytes(self) -> int:
        return sum(self._waiting_bytes)

    def push(self, lane: int, item: T, size_bytes: int) -> None:
        self._lanes[lane].append((size_bytes, item))
        self._waiting_bytes[lane] += size_bytes

    def overfull(self, lane: int) -> bool:
        """More waits in this lane than the rate carries in a second: drop it and begin again with a keyframe."""
        return self._waiting_bytes[lane] > self._bytes_per_s * _BACKLOG_S

    def drop(self, lane: int) -> int:
        """Empty a lane; returns how many items were in it."""
        dropped = len(self._lanes[lane])
        self._lanes[lane].clear()
        self._waiting_bytes[lane] = 0
        return dropped

    def take(self, now_s: float) -> list[T]:
        """What may be sent now."""
        limit = self._bytes_per_s * _BURST_S
        self._tokens = min(limit, self._tokens + (now_s - self._at_s) * self._bytes_per_s)
        self._at_s = now_s
        due: list[T] = []
        for lane, queue in enumerate(self._lanes):
            while queue and self._tokens > 0:
                size, item = queue.popleft()
                self._waiting_bytes[lane] -= size
                self._tokens -= size
                due.append(item)
        return due

    def wait_s(self) -> float | None:
        """Seconds after the last `take` until something may be sent again; None when nothing waits."""
        if not self.waiting_bytes:
            return None
        return max(0.0, (_BURST_S * self._bytes_per_s / 2 - self._tokens) / self._bytes_per_s)

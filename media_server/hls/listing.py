"""What a rendition's playlist lists: clips and holes, in order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

# Shorter than this, a hole is a few frames lost: nobody would see a gap, and players would stumble over listing one.
LEAST_HOLE_US = 500_000
# A long hole is listed in parts, so that none is longer than the target duration.
HOLE_PART_US = 4_000_000


@dataclass(frozen=True, slots=True)
class Clip:
    """A segment as a player may be offered it.

    `uri` and `header_uri` are relative to the playlist; `digest` is of the bytes it is made of. Times are microseconds
    from the recording's beginning.
    """

    uri: str
    header_uri: str
    digest: str
    size_bytes: int
    start_us: int
    end_us: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a playlist. Without a `clip` it is (part of) a hole. `breaks`: discontinuities just before it."""

    start_us: int
    end_us: int
    clip: Clip | None
    breaks: int

    @property
    def duration_s(self) -> float:
        return (self.end_us - self.start_us) / 1_000_000


class Listing:
    """Entries in order; `extend` adds what came since. What has been listed never changes."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._breaks = 0

    @classmethod
    def of(cls, clips: Iterable[Clip], breaks: Sequence[int] = ()) -> Self:
        """The listing of a track that is complete."""
        listing = cls()
        listing.extend(clips, breaks)
        return listing

    @property
    def end_us(self) -> int:
        return self.entries[-1].end_us if self.entries else 0

    @property
    def start_us(self) -> int:
        """Recording time of the playlist's own zero."""
        return self.entries[0].start_us if self.entries else 0

    def extend(self, clips: Iterable[Clip], breaks: Sequence[int] = ()) -> None:
        """List what begins or goes on after the last entry; `clips` and `breaks` (microseconds) in order of time.

        A clip that comes too late to be listed stays out: the playlist of the finished recording will have it.
        """
        for clip in clips:
            if clip.end_us <= self.end_us:
                continue
            hole_us = clip.start_us - self.end_us
            if hole_us >= LEAST_HOLE_US:
                self._add_hole(clip.start_us, breaks)
            # A smaller hole, and what overlaps, belong to the clip after it: so no playlist time is lost or doubled.
            start_us = self.end_us if self.entries else clip.start_us
            self._add(start_us, clip.end_us, clip, clip.start_us, breaks)

    def _add_hole(self, end_us: int, breaks: Sequence[int]) -> None:
        start_us = self.end_us
        parts = -(-(end_us - start_us) // HOLE_PART_US)
        edges = [start_us + (end_us - start_us) * part // parts for part in range(parts + 1)]
        for begin, end in pairwise(edges):
            self._add(begin, end, None, begin, breaks)

    def _add(self, start_us: int, end_us: int, clip: Clip | None, from_us: int, breaks: Sequence[int]) -> None:
        passed = sum(1 for moment in breaks if moment <= from_us) - self._breaks
        self._breaks += max(0, passed)
        self.entries.append(Entry(start_us, end_us, clip, max(0, passed)))


def breaks_of(clips: Sequence[Clip]) -> list[int]:
    """When the header of these clips changes, microseconds."""
    return [after.start_us for before, after in pairwise(clips) if before.header_uri != after.header_uri]

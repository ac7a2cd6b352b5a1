"""One timeline from several records of the same thing: the master's, and what others have of its gaps."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from classroom.model.recording import Segment, Track, TrackKind, TrackOrigin

# Whose record of the same source is shown where both have it: what never crossed a network comes first.
PRECEDENCE: Mapping[TrackOrigin, int] = {TrackOrigin.AGENT: 0, TrackOrigin.IMPORT: 1, TrackOrigin.SERVER: 2}
# A shorter hole is not worth changing the decoder for twice: players jump over it.
LEAST_FILLING_S = Fraction(1, 2)
_FOREVER_S = Fraction(10**9)  # longer than any recording

TrackSegments = tuple[Track, Sequence[Segment]]


@dataclass(frozen=True, slots=True)
class Piece:
    """From `begin_s` to `end_s` (seconds from the recording's `began_at`) `segment` of `track` is shown.

    The segment may hold more than that on either side; `whole` when it does not.
    """

    track: Track
    segment: Segment
    begin_s: Fraction
    end_s: Fraction

    @property
    def whole(self) -> bool:
        return (self.begin_s, self.end_s) == segment_range(self.track, self.segment)


def segment_range(track: Track, segment: Segment) -> tuple[Fraction, Fraction]:
    """Where a segment begins and ends, in seconds from the recording's `began_at`."""
    return Fraction(segment.start, track.timescale), Fraction(segment.start + segment.duration, track.timescale)


def merged(tracks: Iterable[TrackSegments]) -> dict[tuple[str, TrackKind], list[Piece]]:
    """For each source's picture and sound what to show when: pieces in order of time, which never overlap.

    Where tracks of the same name and kind hold the same time, the one whose origin comes first in `PRECEDENCE` is
    shown; the others fill its gaps of at least `LEAST_FILLING_S`. Segments of one track may come in any order.
    """
    alike: dict[tuple[str, TrackKind], list[TrackSegments]] = {}
    for track, segments in tracks:
        alike.setdefault((track.name, track.kind), []).append((track, segments))
    return {key: _merged(group) for key, group in alike.items()}


def _merged(group: list[TrackSegments]) -> list[Piece]:
    pieces: list[Piece] = []
    for track, segments in sorted(group, key=lambda each: (PRECEDENCE[each[0].origin], each[0].id)):
        pieces = sorted([*pieces, *_filling(track, segments, _holes(pieces))], key=lambda piece: piece.begin_s)
    return pieces


def _holes(pieces: Sequence[Piece]) -> Iterator[tuple[Fraction, Fraction]]:
    """What `pieces` leave free: before and between them where it is worth it, and after them."""
    free_s = Fraction(0)
    for piece in pieces:
        if piece.begin_s - free_s >= LEAST_FILLING_S:
            yield free_s, piece.begin_s
        free_s = piece.end_s
    yield free_s, _FOREVER_S


def _filling(track: Track, segments: Sequence[Segment], holes: Iterable[tuple[Fraction, Fraction]]) -> Iterator[Piece]:
    """The parts of `segments` that lie in `holes`, both by time."""
    ordered = sorted(segments, key=lambda each: (each.start, each.sequence))
    first = 0
    for hole_begin_s, hole_end_s in holes:
        free_s = hole_begin_s
        for index in range(first, len(ordered)):
            begin_s, end_s = segment_range(track, ordered[index])
            if begin_s >= hole_end_s:
                break
            if end_s <= hole_end_s:
                first = index + 1  # the holes after this one begin later still
            begin_s, end_s = max(begin_s, free_s), min(end_s, hole_end_s)
            if begin_s < end_s:
                yield Piece(track, ordered[index], begin_s, end_s)
                free_s = end_s

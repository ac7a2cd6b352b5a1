"""Reading segments back: every sample with its time, or what is wrong with it; and how much of a torn file is whole."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, repeat
from typing import NamedTuple

from classroom.fmp4.box import Box, Fields, MalformedMp4, boxes, find
from classroom.fmp4.fragment import (
    BASE_IS_MOOF,
    HAS_COMPOSITION,
    HAS_DATA_OFFSET,
    HAS_DEFAULT_DURATION,
    HAS_DEFAULT_FLAGS,
    HAS_DURATION,
    HAS_FLAGS,
    HAS_SIZE,
    NON_SYNC_BIT,
)
from classroom.fmp4.header import Defaults

MAX_SAMPLES = 20_000  # of a fragment; a second of sound has fifty
_HAS_BASE, _HAS_DESCRIPTION, _HAS_DEFAULT_SIZE = 0x1, 0x2, 0x10  # tfhd
_HAS_FIRST_FLAGS = 0x4  # trun
_NO_DEFAULTS = Defaults()
_SECTOR_BYTES = 512
_HOLE_BYTES = 8  # a sound packet may well end with a zero or two


class SampleAt(NamedTuple):
    """A sample and where its bytes lie in the segment; times in the track's timescale."""

    time: int
    duration: int
    composition_offset: int
    keyframe: bool
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Fragment:
    """`start` and `end` in the segment, of `moof` and `mdat` together; `decode_time` as in `tfdt`."""

    start: int
    end: int
    sequence: int
    decode_time: int
    samples: tuple[SampleAt, ...]

    @property
    def duration(self) -> int:
        return sum(sample.duration for sample in self.samples)


def read_segment(data: bytes, defaults: Defaults = _NO_DEFAULTS) -> list[Fragment]:
    """The fragments of a whole segment, at least one, in order of time without overlap. Raises `MalformedMp4`."""
    fragments = list(_fragments(data, defaults))
    if not fragments:
        raise MalformedMp4("no fragment")
    for before, after in pairwise(fragments):
        if after.decode_time < before.decode_time + before.duration:
            raise MalformedMp4("fragments overlap in time")
    return fragments


def whole_bytes(data: bytes) -> int:
    """How many bytes of a file that was being written are whole fragments; the rest was lost with its writer.

    `data` is the file from its beginning. After a power cut a file may have its length but not yet its last blocks,
    which then read as zeros; compressed media is never zero for a sector, so a fragment with such a hole is not whole.
    """
    whole = 0
    try:
        for fragment in _fragments(data, _NO_DEFAULTS):
            if _has_hole(data, fragment):
                break
            whole = fragment.end
    except MalformedMp4:
        pass
    return whole


def _has_hole(data: bytes, fragment: Fragment) -> bool:
    for sector in range(fragment.start // _SECTOR_BYTES * _SECTOR_BYTES, fragment.end, _SECTOR_BYTES):
        part = data[max(sector, fragment.start) : min(sector + _SECTOR_BYTES, fragment.end)]
        if len(part) >= _HOLE_BYTES and not any(part):
            return True
    return False


def _fragments(data: bytes, defaults: Defaults) -> Iterator[Fragment]:
    """Other boxes between fragments (`styp`, `sidx`, `emsg` …) are passed over."""
    movie: Box | None = None
    start: int | None = None
    for each in boxes(data):
        start = each.start if start is None else start
        if each.kind == b"moof":
            if movie is not None:
                raise MalformedMp4("fragment without data")
            movie = each
        elif each.kind == b"mdat":
            if movie is None:
                raise MalformedMp4("data without a fragment")
            yield _fragment(data, start, movie, each, defaults)
            movie = start = None
        elif each.kind in (b"moov", b"ftyp"):
            raise MalformedMp4("a header within a segment")
    if movie is not None:
        raise MalformedMp4("fragment without data")


def _fragment(data: bytes, start: int, movie: Box, media: Box, defaults: Defaults) -> Fragment:
    sequence = Fields(data, find(data, movie, b"mfhd"), skip=4).number(4)
    tracks = [each for each in boxes(data, movie.body, movie.end) if each.kind == b"traf"]
    if len(tracks) != 1:
        raise MalformedMp4("not exactly one track")
    track = tracks[0]
    fields = Fields(data, find(data, track, b"tfdt"))
    version, _ = fields.version_and_flags()
    decode_time = fields.number(8 if version == 1 else 4)
    defaults = _track_defaults(data, find(data, track, b"tfhd"), defaults)
    samples = _Samples(data, movie, media, decode_time)
    for run in (each for each in boxes(data, track.body, track.end) if each.kind == b"trun"):
        samples.add(run, defaults)
    if not samples.found:
        raise MalformedMp4("fragment without samples")
    return Fragment(start, media.end, sequence, decode_time, tuple(samples.found))


def _track_defaults(data: bytes, header: Box, defaults: Defaults) -> Defaults:
    fields = Fields(data, header)
    _, flags = fields.version_and_flags()
    fields.take(4)  # track_ID
    if flags & _HAS_BASE or not flags & BASE_IS_MOOF:  # CMAF § 7.5.16 wants it so
        raise MalformedMp4("data is not found from its fragment")
    if flags & _HAS_DESCRIPTION:
        fields.take(4)
    duration = fields.number(4) if flags & HAS_DEFAULT_DURATION else defaults.duration
    size = fields.number(4) if flags & _HAS_DEFAULT_SIZE else defaults.size
    return Defaults(duration, size, fields.number(4) if flags & HAS_DEFAULT_FLAGS else defaults.flags)


class _Samples:
    """Collects what the `trun` boxes of one fragment say."""

    def __init__(self, data: bytes, movie: Box, media: Box, time: int) -> None:
        self._data = data
        self._movie = movie
        self._media = media
        self._time = time
        self._position = media.body
        self.found: list[SampleAt] = []

    def add(self, run: Box, defaults: Defaults) -> None:
        fields = Fields(self._data, run)
        version, flags = fields.version_and_flags()
        count = fields.number(4)
        if count > MAX_SAMPLES - len(self.found):
            raise MalformedMp4("too many samples")
        if flags & HAS_DATA_OFFSET:
            self._position = self._movie.start + fields.number(4, signed=True)
        first_flags = fields.number(4) if flags & _HAS_FIRST_FLAGS else None
        said = sum(bool(flags & each) for each in (HAS_DURATION, HAS_SIZE, HAS_FLAGS))
        composed = bool(flags & HAS_COMPOSITION)
        row = struct.Struct(">" + "I" * said + ("i" if version else "I") * composed)
        table = fields.take(row.size * count)
        for index, numbers in enumerate(row.iter_unpack(table) if row.size else repeat((), count)):
            fields_of = iter(numbers)
            duration = next(fields_of) if flags & HAS_DURATION else defaults.duration
            size = next(fields_of) if flags & HAS_SIZE else defaults.size
            sample_flags = next(fields_of) if flags & HAS_FLAGS else defaults.flags
            offset = next(fields_of) if composed else 0
            if index == 0 and first_flags is not None:
                sample_flags = first_flags
            self._append(duration, size, offset, not sample_flags & NON_SYNC_BIT)

    def _append(self, duration: int, size: int, offset: int, keyframe: bool) -> None:
        start, end = self._position, self._position + size
        if start < self._media.body or end > self._media.end:
            raise MalformedMp4("sample outside its data")
        self.found.append(SampleAt(self._time, duration, offset, keyframe, start, size))
        self._time += duration
        self._position = end

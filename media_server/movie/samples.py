"""The samples of a segment as arrays: what a file's index needs of it, without its pictures and sounds."""

import zlib
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from classroom.fmp4.reader import read_segment

_FIELDS = (("times", "<i8"), ("durations", "<u4"), ("offsets", "<i4"), ("sizes", "<u4"), ("positions", "<u4"))


@dataclass(frozen=True, slots=True)
class SegmentSamples:
    """Arrays of one length, in order of decoding. `times` (of decoding), `durations` and `offsets` (of composition)
    are in the track's timescale, `positions` and `sizes` in bytes of the segment."""

    times: NDArray[np.int64]
    durations: NDArray[np.uint32]
    offsets: NDArray[np.int32]
    sizes: NDArray[np.uint32]
    positions: NDArray[np.uint32]
    keyframes: NDArray[np.bool_]

    @classmethod
    def of(cls, segment: bytes) -> Self:
        """Raises `MalformedMp4`."""
        samples = [sample for fragment in read_segment(segment) for sample in fragment.samples]
        times, durations, offsets, keyframes, positions, sizes = zip(*samples, strict=True)
        return cls(
            np.array(times, np.int64),
            np.array(durations, np.uint32),
            np.array(offsets, np.int32),
            np.array(sizes, np.uint32),
            np.array(positions, np.uint32),
            np.array(keyframes, np.bool_),
        )

    def __len__(self) -> int:
        return len(self.times)

    def __getitem__(self, part: slice) -> "SegmentSamples":
        return SegmentSamples(
            self.times[part],
            self.durations[part],
            self.offsets[part],
            self.sizes[part],
            self.positions[part],
            self.keyframes[part],
        )

    @property
    def end(self) -> int:
        """When the last sample ends."""
        return int(self.times[-1]) + int(self.durations[-1])

    def spans(self) -> list[tuple[int, int]]:
        """Where their bytes lie in the segment: (position, size) of each run without anything between."""
        ends = self.positions + self.sizes
        starts = np.flatnonzero(np.concatenate(([True], self.positions[1:] != ends[:-1])))
        stops = np.append(starts[1:], len(self)) - 1
        return [
            (int(self.positions[start]), int(ends[stop] - self.positions[start]))
            for start, stop in zip(starts, stops, strict=True)
        ]

    def pack(self) -> bytes:
        """A few hundred bytes; `unpack` reads them back."""
        arrays = [getattr(self, name).astype(kind).tobytes() for name, kind in _FIELDS]
        return zlib.compress(b"".join([len(self).to_bytes(4), *arrays, np.packbits(self.keyframes).tobytes()]), 1)

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """Raises `ValueError` for anything but what `pack` made."""
        try:
            data = zlib.decompress(packed)
        except zlib.error as error:
            raise ValueError("not packed samples") from error
        count, at = int.from_bytes(data[:4]), 4
        arrays = {}
        for name, kind in _FIELDS:
            arrays[name] = np.frombuffer(data, kind, count, at)
            at += arrays[name].nbytes
        keyframes = np.unpackbits(np.frombuffer(data, np.uint8, offset=at), count=count).astype(np.bool_)
        return cls(keyframes=keyframes, **arrays)

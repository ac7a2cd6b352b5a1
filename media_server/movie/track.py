"""One track of a file: its strips joined on the recording's clock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from classroom.fmp4.formats import Format
from classroom.model.recording import TrackKind
from media_server.movie.samples import SegmentSamples


@dataclass(frozen=True, slots=True)
class Strip:
    """What of a segment is shown: its samples from `begin_s` to `end_s`, seconds from the recording's beginning."""

    source: str  # under which the segment's bytes are found
    format: Format
    samples: SegmentSamples
    begin_s: Fraction
    end_s: Fraction


@dataclass(frozen=True, slots=True)
class Silence:
    """A packet without sound in a track's codec, for where nothing was recorded."""

    packet: bytes
    duration: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes in a row in the file: `spans` (position, size) of `source`, or `literal`. `time` in seconds."""

    time: float
    source: str
    spans: tuple[tuple[int, int], ...]
    literal: bytes
    samples: int
    description: int  # which sample entry, from 1

    @property
    def size(self) -> int:
        return len(self.literal) or sum(size for _, size in self.spans)


@dataclass(frozen=True, slots=True)
class MovieTrack:
    """`start` and all of `deltas` and `offsets` are in `timescale`; the arrays have one element a sample."""

    kind: TrackKind
    formats: tuple[Format, ...]
    timescale: int
    start: int
    deltas: NDArray[np.int64]
    offsets: NDArray[np.int32]
    sizes: NDArray[np.uint32]
    keyframes: NDArray[np.bool_]
    chunks: tuple[Chunk, ...]

    @property
    def duration(self) -> int:
        """From the first sample's decoding to the last one's end, in `timescale`."""
        return int(self.deltas.sum())


def join(strips: Sequence[Strip], silence: Silence | None) -> MovieTrack | None:
    """A track of these strips, in order of time; None when nothing of them is left.

    Every sample lies where it was recorded. A picture stays until the next one; where there is no sound for the length
    of a packet, `silence` is put (None: pictures).
    """
    kept = list(_kept([_on_one_timescale(strip, strips[0].format.timescale) for strip in strips]))
    if not kept:
        return None
    timescale = kept[0].format.timescale
    formats = tuple(dict.fromkeys(strip.format for strip in kept))
    parts: list[SegmentSamples] = []
    chunks: list[Chunk] = []
    for index, strip in enumerate(kept):
        description = formats.index(strip.format) + 1
        if silence is not None and index:
            missing = int(strip.samples.times[0]) - parts[-1].end
            quiet = _quiet(parts[-1].end, missing // silence.duration, silence)
            if len(quiet):
                parts.append(quiet)
                literal = silence.packet * len(quiet)
                time_s = int(quiet.times[0]) / timescale
                chunks.append(Chunk(time_s, "", (), literal, len(quiet), chunks[-1].description))
        parts.append(strip.samples)
        time_s = int(strip.samples.times[0]) / timescale
        spans = tuple(strip.samples.spans())
        chunks.append(Chunk(time_s, strip.source, spans, b"", len(strip.samples), description))
    times = np.concatenate([part.times for part in parts])
    return MovieTrack(
        kind=kept[0].format.kind,
        formats=formats,
        timescale=timescale,
        start=int(times[0]),
        deltas=np.append(np.diff(times), parts[-1].durations[-1]).astype(np.int64),
        offsets=np.concatenate([part.offsets for part in parts]),
        sizes=np.concatenate([part.sizes for part in parts]),
        keyframes=np.concatenate([part.keyframes for part in parts]),
        chunks=tuple(chunks),
    )


def _kept(strips: Sequence[Strip]) -> Iterator[Strip]:
    """The strips with what is shown of each and nothing twice."""
    kept: list[Strip] = []
    for strip in strips:
        shown = _from_begin(strip)
        if not len(shown):
            continue
        # What came before yields to it: a picture's strip begins at a keyframe, which may lie before the seam.
        begin = int(shown.times[0])
        while kept:
            left = int(np.searchsorted(kept[-1].samples.times, begin))
            if left:
                kept[-1] = replace(kept[-1], samples=kept[-1].samples[:left])
                break
            kept.pop()
        kept.append(replace(strip, samples=shown))
    return iter(kept)


def _from_begin(strip: Strip) -> SegmentSamples:
    samples, timescale = strip.samples, strip.format.timescale
    until = int(np.searchsorted(samples.times, round(strip.end_s * timescale)))
    samples = samples[:until]
    begin = round(strip.begin_s * timescale)
    if strip.format.kind is TrackKind.AUDIO:
        return samples[int(np.searchsorted(samples.times, begin)) :]
    possible = np.flatnonzero(samples.keyframes)
    if not len(possible):
        return samples[:0]
    before = possible[samples.times[possible] <= begin]
    return samples[int(before[-1] if len(before) else possible[0]) :]


def _on_one_timescale(strip: Strip, timescale: int) -> Strip:
    """An import may count otherwise than our recorders do."""
    own, samples = strip.format.timescale, strip.samples
    if own == timescale:
        return strip
    times = (samples.times * timescale + own // 2) // own
    durations = ((samples.durations.astype(np.int64) * timescale + own // 2) // own).astype(np.uint32)
    offsets = (samples.offsets.astype(np.int64) * timescale // own).astype(np.int32)
    moved = replace(samples, times=times, durations=durations, offsets=offsets)
    return replace(strip, samples=moved, format=replace(strip.format, timescale=timescale))


def _quiet(time: int, count: int, silence: Silence) -> SegmentSamples:
    count = max(0, count)
    return SegmentSamples(
        times=time + silence.duration * np.arange(count, dtype=np.int64),
        durations=np.full(count, silence.duration, np.uint32),
        offsets=np.zeros(count, np.int32),
        sizes=np.full(count, len(silence.packet), np.uint32),
        positions=np.zeros(count, np.uint32),
        keyframes=np.ones(count, np.bool_),
    )

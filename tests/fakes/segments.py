"""Tracks as recorders write them: headers and segments with the samples of real encoders."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from hashlib import sha256
from typing import cast

import av
import numpy as np

from classroom.codecs.av1 import join_units, split_units
from classroom.codecs.h264 import PPS, SPS, nal_type, split_nals
from classroom.fmp4.formats import (
    VIDEO_TIMESCALE,
    Format,
    aac_format,
    av1_format,
    h264_format,
    opus_format,
    vp8_format,
    vp9_format,
)
from classroom.fmp4.fragment import Sample, avc_sample, write_fragment
from classroom.fmp4.header import write_header
from classroom.model.recording import TrackKind
from tests.fakes.priority import usual_priority

FPS = 10
_WEBM = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
_OPTIONS = {
    "libx264": {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline"},
    "libvpx": _WEBM,
    "libvpx-vp9": _WEBM,
    "libsvtav1": {"preset": "12", "svtav1-params": "lookahead=0:pred-struct=1"},
}
ENCODERS = {
    "h264": "libx264",
    "vp8": "libvpx",
    "vp9": "libvpx-vp9",
    "av1": "libsvtav1",
    "opus": "libopus",
    "aac": "aac",
}


@dataclass(frozen=True)
class FakeTrack:
    """`segments[n]` begins `starts[n]` after media time 0, in the format's timescale."""

    format: Format
    header: bytes
    segments: tuple[bytes, ...]
    starts: tuple[int, ...]
    durations: tuple[int, ...]

    @property
    def digests(self) -> list[str]:
        return [sha256(segment).hexdigest() for segment in self.segments]

    @property
    def init_digest(self) -> str:
        return sha256(self.header).hexdigest()

    @property
    def file(self) -> bytes:
        """All of it as one file."""
        return self.header + b"".join(self.segments)


@cache
def fake_track(
    codec: str = "h264", *, segments: int = 3, segment_s: int = 2, size: tuple[int, int] = (160, 96), begin_s: int = 0
) -> FakeTrack:
    """A moving picture, or a tone, in `codec` (of `ENCODERS`); fragments of half a second."""
    if codec in ("opus", "aac"):
        form, samples = _sound(codec, segments * segment_s)
    else:
        form, samples = _picture(codec, segments * segment_s, segment_s, size)
    time = begin_s * form.timescale
    written, starts, durations, sequence = [], [], [], 0
    per_segment = len(samples) // segments
    for number in range(segments):
        mine = samples[number * per_segment : (number + 1) * per_segment]
        starts.append(time)
        parts = []
        half_second = max(1, per_segment // (2 * segment_s))
        for first in range(0, len(mine), half_second):
            sequence += 1
            fragment = mine[first : first + half_second]
            parts.append(write_fragment(sequence, time, fragment))
            time += sum(sample.duration for sample in fragment)
        written.append(b"".join(parts))
        durations.append(time - starts[-1])
    return FakeTrack(form, write_header(form), tuple(written), tuple(starts), tuple(durations))


def _picture(codec: str, seconds: int, segment_s: int, size: tuple[int, int]) -> tuple[Format, list[Sample]]:
    width, height = size
    context = cast(av.VideoCodecContext, av.CodecContext.create(ENCODERS[codec], "w"))
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base = Fraction(1, FPS)
    context.gop_size = FPS * segment_s
    context.options = _OPTIONS[ENCODERS[codec]]
    packets = []
    with usual_priority():
        for number in range(FPS * seconds):
            picture = np.full((height, width, 3), 40, np.uint8)
            left = number * 5 % (width - 16)
            picture[8:40, left : left + 16] = (200, 30, 220)
            frame = av.VideoFrame.from_ndarray(picture).reformat(format="yuv420p")
            frame.pts = number
            packets += context.encode(frame)
        packets += context.encode(None)
    data = [bytes(packet) for packet in packets]
    keyframes = [packet.is_keyframe for packet in packets]
    match codec:
        case "h264":
            units = [split_nals(each) for each in data]
            sets = {nal_type(nal): nal for nal in units[0]}
            form = h264_format(sets[SPS], sets[PPS])
            data = [avc_sample(each) for each in units]
        case "vp8":
            form = vp8_format(data[0])
        case "vp9":
            form = vp9_format(data[0])
        case _:
            form = av1_format(data[0])
            data = [join_units(split_units(each)) for each in data]
    duration = VIDEO_TIMESCALE // FPS
    return form, [Sample(each, duration, key) for each, key in zip(data, keyframes, strict=True)]


def _sound(codec: str, seconds: int) -> tuple[Format, list[Sample]]:
    context = cast(av.AudioCodecContext, av.CodecContext.create(ENCODERS[codec], "w"))
    context.sample_rate = 48_000
    context.layout = "mono"
    context.format = "s16" if codec == "opus" else "fltp"
    context.bit_rate = 32_000
    context.time_base = Fraction(1, 48_000)
    context.open()
    step = context.frame_size or 960
    total = seconds * 48_000 // step
    tone = (np.sin(np.arange(total * step) * 2 * np.pi * 440 / 48_000) * 8_000).astype(np.int16)
    packets = []
    for number in range(total):
        piece = tone[number * step : (number + 1) * step].reshape(1, -1)
        samples = piece if codec == "opus" else piece.astype(np.float32) / 32_768
        frame = av.AudioFrame.from_ndarray(samples, format=context.format.name, layout="mono")
        frame.sample_rate = 48_000
        frame.pts = number * step
        packets += context.encode(frame)
    form = opus_format(1) if codec == "opus" else aac_format(bytes(context.extradata or b""))
    assert form.kind is TrackKind.AUDIO
    return form, [Sample(bytes(packet), step) for packet in packets]

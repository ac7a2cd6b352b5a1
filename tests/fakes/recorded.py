"""Tracks as a recorder leaves them: real H.264 and Opus in segments of fragmented MP4, encoded once per test run."""

import hashlib
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import pairwise

import av
import numpy as np

from classroom.codecs.h264 import PPS, SPS, nal_type, split_nals
from classroom.fmp4.formats import Format, h264_format, opus_format
from classroom.fmp4.fragment import Sample, avc_sample, write_fragment
from classroom.fmp4.header import write_header
from classroom.model.recording import Segment

SEGMENT_S = 2
FPS = 10
OPUS_PACKET = 960  # samples of 20 ms


@dataclass(frozen=True)
class RecordedTrack:
    """The manifest of a track and the bytes it names."""

    format: Format
    segments: tuple[Segment, ...]
    blobs: dict[str, bytes]

    def without(self, *sequences: int) -> "RecordedTrack":
        """The same with a hole: sequences are counted anew."""
        kept = [segment for segment in self.segments if segment.sequence not in sequences]
        return replace(self, segments=tuple(replace(each, sequence=number) for number, each in enumerate(kept)))


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def track_of(form: Format, samples: list[Sample], first_time: int = 0) -> RecordedTrack:
    """Cut samples into segments of `SEGMENT_S` and fragments of half of that, as recorders do."""
    header = write_header(form)
    blobs, segments = {digest_of(header): header}, []
    length = SEGMENT_S * form.timescale
    times, at = [], first_time
    for sample in samples:
        times.append(at)
        at += sample.duration
    groups: list[list[int]] = []
    for index, sample in enumerate(samples):
        if not groups or (sample.keyframe and times[index] - times[groups[-1][0]] >= length):
            groups.append([])
        groups[-1].append(index)
    for sequence, group in enumerate(groups):
        cut = max(1, len(group) // 2)
        data = b"".join(
            write_fragment(2 * sequence + part, times[chosen[0]], [samples[index] for index in chosen])
            for part, chosen in enumerate((group[:cut], group[cut:]), start=1)
            if chosen
        )
        blobs[digest_of(data)] = data
        duration = sum(samples[index].duration for index in group)
        segments.append(Segment(sequence, digest_of(data), digest_of(header), len(data), times[group[0]], duration))
    return RecordedTrack(form, tuple(segments), blobs)


@cache
def a_picture(
    seconds: float = 8.0, *, width: int = 320, height: int = 180, slides_s: float | None = None, start_s: float = 0.0
) -> RecordedTrack:
    """Moving bars; with `slides_s` instead a new still picture every so many seconds."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, FPS), Fraction(FPS)
    encoder.options = {
        "preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "g": str(SEGMENT_S * FPS),
        "x264-params": "scenecut=0",
    }  # fmt: skip
    packets = []
    for number in range(round(seconds * FPS)):
        image = _slide(int(number / FPS / slides_s), width, height) if slides_s else _bars(number, width, height)
        frame = av.VideoFrame.from_ndarray(image, "rgb24").reformat(format="yuv420p")
        frame.pts = number
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    units = [split_nals(bytes(packet)) for packet in packets]
    form = h264_format(
        next(nal for nal in units[0] if nal_type(nal) == SPS), next(nal for nal in units[0] if nal_type(nal) == PPS)
    )
    duration = form.timescale // FPS
    samples = [
        Sample(avc_sample(nals), duration, packet.is_keyframe) for nals, packet in zip(units, packets, strict=True)
    ]
    return track_of(form, samples, round(start_s * form.timescale))


def _bars(number: int, width: int, height: int) -> np.ndarray:
    image = np.zeros((height, width, 3), np.uint8)
    image[:, :, 1] = 80
    at = number * 8 % width
    image[:, at : at + width // 8] = (240, 200, 40)
    return image


def _slide(number: int, width: int, height: int) -> np.ndarray:
    image = np.full((height, width, 3), 245, np.uint8)
    rng = np.random.default_rng(number)
    for line in range(4):
        top, length = 20 + line * 36, int(rng.integers(width // 4, width - 40))
        image[top : top + 16, 20 : 20 + length] = rng.integers(0, 120, 3)
    return image


@cache
def a_sound(seconds: float = 8.0, *, tone_hz: float = 440.0, start_s: float = 0.0) -> RecordedTrack:
    """A tone in Opus, with one click a second."""
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format, encoder.bit_rate = 48_000, "mono", "s16", 32_000
    time = np.arange(round(seconds * 48_000)) / 48_000
    sound = 0.3 * np.sin(2 * np.pi * tone_hz * time)
    packets = []
    for number in range(len(time) // OPUS_PACKET):
        part = sound[number * OPUS_PACKET : (number + 1) * OPUS_PACKET]
        frame = av.AudioFrame.from_ndarray((part * 32767).astype(np.int16)[None, :], "s16", "mono")
        frame.sample_rate, frame.pts = 48_000, number * OPUS_PACKET
        packets += encoder.encode(frame)
    samples = [Sample(bytes(packet), OPUS_PACKET) for packet in packets]
    return track_of(opus_format(1), samples, round(start_s * 48_000))


def check_manifest(track: RecordedTrack) -> None:
    """The segments lie one after another."""
    for before, after in pairwise(track.segments):
        assert before.start + before.duration == after.start

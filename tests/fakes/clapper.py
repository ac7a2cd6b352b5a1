"""A film whose picture flashes when its sound clicks: as payloads of real encoders, and what a file shows of it."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import av
import numpy as np

from classroom.codecs.h264 import split_nals
from room_agent.uplink.packetise import packetise

LOOP_S = 12  # the film begins again then, with a keyframe
CLAP_EVERY_S = 6
FPS = 5
GOP_S = 2
SOUND_HZ = 48_000
SIDE = 64
PACKET_BYTES = 300  # so that even these pictures need several packets


@dataclass(frozen=True)
class Film:
    """One loop: the payloads of each picture, and the packets of sound, each `sound_ticks` of 48 kHz long."""

    pictures: tuple[tuple[bytes, ...], ...]
    sounds: tuple[bytes, ...]
    sound_ticks: int


@cache
def film(sound_ms: int = 20) -> Film:
    return Film(tuple(_pictures()), tuple(_sounds(sound_ms)), SOUND_HZ * sound_ms // 1000)


def _pictures() -> Iterator[tuple[bytes, ...]]:
    context = av.CodecContext.create("libx264", "w")
    context.width = context.height = SIDE
    context.pix_fmt, context.time_base, context.gop_size = "yuv420p", Fraction(1, FPS), FPS * GOP_S
    context.options = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline"}
    noise = np.random.default_rng(1).integers(0, 60, (SIDE, SIDE, 3), np.uint8)
    for number in range(LOOP_S * FPS):
        picture = np.roll(noise, number, axis=1)
        if number % (CLAP_EVERY_S * FPS) == 0:
            picture = np.full_like(noise, 255)
        frame = av.VideoFrame.from_ndarray(picture).reformat(format="yuv420p")
        frame.pts = number
        [packet] = context.encode(frame)
        yield tuple(packetise(split_nals(bytes(packet)), PACKET_BYTES))


def _sounds(sound_ms: int) -> Iterator[bytes]:
    context = av.CodecContext.create("libopus", "w")
    context.sample_rate, context.layout, context.format = SOUND_HZ, "mono", "s16"
    context.bit_rate, context.time_base = 32_000, Fraction(1, SOUND_HZ)
    context.options = {"application": "audio", "frame_duration": str(sound_ms)}
    context.open()
    step = SOUND_HZ * sound_ms // 1000
    sound = (np.random.default_rng(2).standard_normal(LOOP_S * SOUND_HZ) * 20).astype(np.int16)
    tone = np.sin(np.arange(SOUND_HZ // 50) * 2 * np.pi * 1000 / SOUND_HZ) * 20_000
    for second in range(0, LOOP_S, CLAP_EVERY_S):
        sound[second * SOUND_HZ : second * SOUND_HZ + len(tone)] = tone.astype(np.int16)
    packets = []
    for start in range(0, len(sound) - step + 1, step):
        frame = av.AudioFrame.from_ndarray(sound[start : start + step].reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = SOUND_HZ, start
        packets += context.encode(frame)
    packets += context.encode(None)
    yield from (bytes(packet) for packet in packets[: len(sound) // step])


def flashes(file: bytes) -> list[float]:
    """When the picture turns white, in seconds of the file's own time."""
    found: list[float] = []
    with av.open(io.BytesIO(file), "r") as container:
        before = False
        for frame in container.decode(video=0):
            white = bool(frame.to_ndarray(format="gray").mean() > 200)
            if white and not before:
                assert frame.pts is not None
                assert frame.time_base is not None
                found.append(float(frame.pts * frame.time_base))
            before = white
    return found


def clicks(file: bytes) -> list[float]:
    """When the click begins, in seconds of the file's own time."""
    found: list[float] = []
    with av.open(io.BytesIO(file), "r") as container:
        for frame in container.decode(audio=0):
            samples = np.abs(frame.to_ndarray().astype(np.float64)).max(axis=0)
            loud = np.flatnonzero(samples > 0.1)
            assert frame.pts is not None
            assert frame.time_base is not None
            if len(loud):
                at = float(frame.pts * frame.time_base) + int(loud[0]) / frame.sample_rate
                if not found or at - found[-1] > 1:
                    found.append(at)
    return found

"""What becomes of a source's sound: levels all the time, Opus while a lesson runs. Works in the capture's thread."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from room_agent.capture.frames import Sound
from room_agent.encode.h264 import EncoderFault
from room_agent.encode.opus import OpusEncoder

FLOOR_DBFS = -96.0  # the quietest 16 bits can say
_LEVEL_PIECES = 5  # 100 ms


@dataclass(frozen=True, slots=True)
class EncodedSound:
    """20 ms of Opus. `position` counts samples of 48 kHz; `captured_s` is the moment of the first one."""

    payload: bytes
    position: int
    captured_s: float
    channels: int = 1


@dataclass(frozen=True, slots=True)
class Levels:
    """Of the last tenth of a second; dBFS, 0 is full scale."""

    rms_dbfs: float
    peak_dbfs: float


SoundEvent = EncodedSound | Levels | EncoderFault


class SoundPath:
    """`take` is called in one thread; `encode` from any."""

    def __init__(self, emit: Callable[[SoundEvent], None], bitrate_bps: int) -> None:
        self._emit = emit
        self._bitrate_bps = bitrate_bps
        self._encoding = False
        self._encoder: OpusEncoder | None = None
        self._energy = 0.0
        self._peak = 0
        self._pieces = 0

    def encode(self, on: bool) -> None:
        self._encoding = on

    def take(self, sound: Sound) -> None:
        self._measure(sound)
        if not self._encoding:
            self._encoder = None  # what it remembers would be heard as a click at the next start
            return
        channels = sound.samples.shape[1]
        try:
            if self._encoder is None or self._encoder.channels != channels:
                self._encoder = OpusEncoder(channels, self._bitrate_bps)
            payload = self._encoder.encode(sound.samples)
        except EncoderFault as fault:
            self._encoder = None
            self._emit(fault)
            return
        if payload:
            self._emit(EncodedSound(payload, sound.position, sound.captured_s, channels))

    def _measure(self, sound: Sound) -> None:
        samples = sound.samples.astype(np.float32)
        self._energy += float(np.mean(samples * samples))
        self._peak = max(self._peak, int(np.abs(samples).max()))
        self._pieces += 1
        if self._pieces == _LEVEL_PIECES:
            rms = (self._energy / _LEVEL_PIECES) ** 0.5
            self._emit(Levels(dbfs(rms), dbfs(self._peak)))
            self._energy, self._peak, self._pieces = 0.0, 0, 0


def dbfs(amplitude: float) -> float:
    """Of a 16-bit amplitude, not below `FLOOR_DBFS`."""
    return max(FLOOR_DBFS, round(20 * float(np.log10(max(amplitude, 1e-9) / 32768)), 1))

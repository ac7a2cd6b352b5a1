"""What captures give, pictures and sounds with their moment, and the interfaces around a capture."""

import threading
import time
from dataclasses import dataclass, field
from typing import Protocol

import av
import numpy as np
from numpy.typing import NDArray

from classroom.errors import ClassroomError
from classroom.messages.views import MediaKind

SAMPLE_RATE_HZ = 48_000
SOUND_SAMPLES = 960  # 20 ms, the frame Opus is sent in

Samples = NDArray[np.int16]


class CaptureFault(ClassroomError):
    """A device or file cannot be read (any more). Reported and retried; the text is in the catalogs under `code`."""

    status = 503


@dataclass(frozen=True, slots=True)
class Picture:
    """A frame; `captured_s` is on the clock of `Beat.now`."""

    frame: av.VideoFrame
    captured_s: float


@dataclass(frozen=True, slots=True)
class Sound:
    """20 ms: `samples` is 960 × channels, int16, 48 kHz. `position` counts samples since the capture began and has no
    gaps unless sound was lost; `captured_s` is the moment of the first sample."""

    samples: Samples
    position: int
    captured_s: float


@dataclass(frozen=True, slots=True)
class Opened:
    """What a capture turned out to be. Zero where there is no picture or no sound."""

    kinds: tuple[MediaKind, ...]
    width: int = 0
    height: int = 0
    fps: float = 0.0
    channels: int = 0


class Sink(Protocol):
    """Where a capture puts what it reads; called in the capture's thread and returns at once."""

    def opened(self, what: Opened) -> None: ...
    def picture(self, picture: Picture) -> None: ...
    def sound(self, sound: Sound) -> None: ...


class Beat(Protocol):
    """The clock of a capture thread."""

    def now(self) -> float:
        """Monotonic seconds."""

    def unix(self) -> float:
        """Seconds since the Unix epoch."""

    def wait_until(self, moment_s: float, stop: threading.Event) -> bool:
        """Block until `moment_s` on `now`; False when `stop` was set meanwhile."""


@dataclass(frozen=True, slots=True)
class SystemBeat:
    """The machine's clocks. Unix time follows the monotonic clock from one reading, so that a step of the wall clock
    (NTP) neither stalls a source nor tears sound from picture."""

    _offset_s: float = field(default_factory=lambda: time.time() - time.monotonic())

    def now(self) -> float:
        return time.monotonic()

    def unix(self) -> float:
        return time.monotonic() + self._offset_s

    def wait_until(self, moment_s: float, stop: threading.Event) -> bool:
        remaining_s = moment_s - time.monotonic()
        return not (stop.wait(remaining_s) if remaining_s > 0 else stop.is_set())


class Capture(Protocol):
    """A thing that can be read again and again."""

    def run(self, sink: Sink, stop: threading.Event) -> None:
        """Open, call `sink.opened`, then feed the sink until `stop` is set; blocks. Raises `CaptureFault`."""

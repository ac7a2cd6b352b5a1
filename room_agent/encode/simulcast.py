"""All encodings of one picture: scaled down step by step, each encoded by its own encoder."""

import os
import time
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import av
from av.video.reformatter import Interpolation, VideoReformatter

from room_agent.encode.h264 import CLOCK_RATE_HZ, SOFTWARE, AccessUnit, EncoderFault, H264Encoder
from room_agent.encode.ladder import Encoding, Rung, plan

# x264's presets from the best picture to the least work; on this ladder 7.4, 4.8 and 3.2 ms a 720p picture (2.5 GHz).
PRESETS = ("veryfast", "superfast", "ultrafast")
_OVERLOADED = 0.5  # of a picture's time spent encoding it: capture, network and the room's own software need the rest
_JUDGED_PICTURES = 50


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """An access unit of one encoding, with the moment its picture was captured."""

    encoding: Encoding
    unit: AccessUnit
    captured_s: float


def first_preset() -> str:
    """What to begin with on this machine; `Simulcast` goes down from there when it proves too slow."""
    cores = os.cpu_count() or 1
    return PRESETS[0] if cores >= 8 else PRESETS[1] if cores >= 4 else PRESETS[2]


class Simulcast:
    """Blocks; for use in one worker thread.

    A backend that fails is replaced by libx264 for good; when libx264 fails too, `EncoderFault` is raised.
    """

    def __init__(
        self,
        ladder: tuple[Rung, ...],
        fps: float,
        backend: str,
        preset: str | None = None,
        *,
        work_clock: Callable[[], float] = time.thread_time,
    ) -> None:
        """`work_clock` counts the seconds this thread has worked."""
        self._work_clock = work_clock
        self.ladder = ladder
        self._fps = fps
        self.backend = backend
        self.preset = preset or first_preset()
        self.encodings: tuple[Encoding, ...] = ()
        self._size = (0, 0)
        self._encoders: dict[str, H264Encoder] = {}
        self._scalers: dict[str, VideoReformatter] = {}
        self._busy_s = 0.0
        self._judged = 0

    def scale(self, frame: av.VideoFrame) -> list[tuple[Encoding, av.VideoFrame]]:
        """The picture in the size of every encoding."""
        if (frame.width, frame.height) != self._size:
            self._size = (frame.width, frame.height)
            self.encodings = plan(frame.width, frame.height, self.ladder)
            self._encoders = {}
            self._scalers = {encoding.rid: VideoReformatter() for encoding in self.encodings}
        pictures = []
        for encoding in self.encodings:
            # Each from the one before: half the pixels to read, and the average of an average is the same picture.
            frame = self._scalers[encoding.rid].reformat(
                frame, encoding.width, encoding.height, "yuv420p", interpolation=Interpolation.AREA
            )
            pictures.append((encoding, frame))
        return pictures

    def encode(
        self, pictures: list[tuple[Encoding, av.VideoFrame]], captured_s: float, keyframes: AbstractSet[str]
    ) -> Iterator[EncodedPicture]:
        """Encodes what `scale` returned; `keyframes` are the rids that must become one."""
        started_s = self._work_clock()
        pts = round(captured_s * CLOCK_RATE_HZ)
        for encoding, frame in pictures:
            for unit in self._encode_one(encoding, frame, pts, encoding.rid in keyframes):
                yield EncodedPicture(encoding, unit, captured_s)
        self._judge(self._work_clock() - started_s)

    def restart(self) -> None:
        """Begin anew with keyframes (after a pause, the old references are of no use)."""
        self._encoders = {}

    def _encode_one(self, encoding: Encoding, frame: av.VideoFrame, pts: int, keyframe: bool) -> list[AccessUnit]:
        try:
            encoder = self._encoders.get(encoding.rid)
            if encoder is None:
                encoder = H264Encoder(self.backend, encoding, self._fps, self.preset)
                self._encoders[encoding.rid] = encoder
            if encoder.pixel_format != "yuv420p":
                frame = frame.reformat(format=encoder.pixel_format)
            return encoder.encode(frame, pts, keyframe)
        except EncoderFault:
            if self.backend == SOFTWARE:
                raise
            self.backend = SOFTWARE
            self._encoders = {}
            return self._encode_one(encoding, frame.reformat(format="yuv420p"), pts, True)

    def _judge(self, busy_s: float) -> None:
        self._busy_s += busy_s
        self._judged += 1
        if self._judged < _JUDGED_PICTURES:
            return
        load = self._busy_s / self._judged * self._fps
        self._busy_s, self._judged = 0.0, 0
        if load > _OVERLOADED and self.backend == SOFTWARE and self.preset != PRESETS[-1]:
            self.preset = PRESETS[PRESETS.index(self.preset) + 1]
            self._encoders = {}

"""The worker thread of a picture source: scales, encodes while a lesson runs, and makes previews all the time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from room_agent.capture.framecode import STAMP_RATE_HZ, counter_at, draw_code
from room_agent.capture.frames import Picture
from room_agent.encode.h264 import EncoderFault
from room_agent.encode.ladder import Rung
from room_agent.encode.simulcast import EncodedPicture, Simulcast
from room_agent.handover import Newest
from room_agent.studio.health import PictureStatistics

PREVIEW_INTERVAL_S = 1 / 3
PREVIEW_SIZE = (320, 180)
_PREVIEW_QUALITY = 50  # of 100: 5 – 9 kB
_STILL_DIFFERENCE = 0.5  # mean difference in luma below which a preview shows nothing new
_STILL_INTERVAL_S = 2.0  # one is sent this often even then, for whoever begins to watch
_PREVIEW_LADDER = (Rung("preview", PREVIEW_SIZE[1], 0),)
_STATISTICS_STEP = 4  # every fourth pixel of every fourth line says how bright a picture is


@dataclass(frozen=True, slots=True)
class Preview:
    """A small JPEG, empty where it would show nothing new, and how bright the picture is.

    `width` and `height` are those of the source.
    """

    jpeg: bytes
    statistics: PictureStatistics
    width: int
    height: int
    captured_s: float


PictureEvent = EncodedPicture | Preview | EncoderFault


class PictureWorker:
    """`run` blocks until `close`; the other methods may be called from any thread and return at once."""

    def __init__(
        self,
        simulcast: Simulcast,
        emit: Callable[[PictureEvent], None],
        *,
        max_fps: float,
        unix_offset_s: float | None = None,
    ) -> None:
        """`unix_offset_s`: Unix time minus the captures' clock, to stamp pictures with their time (see `framecode`)."""
        self._simulcast = simulcast
        self._emit = emit
        self._interval_s = 1 / max_fps
        self._unix_offset_s = unix_offset_s
        self._pictures: Newest[Picture] = Newest()
        self._encoding = False
        self._keyframes: set[str] = set()
        self._paused: frozenset[str] = frozenset()
        self._next_s = float("-inf")
        self._next_preview_s = float("-inf")
        self._shown: NDArray[np.int16] | None = None
        self._shown_s = float("-inf")
        self._previewer = Simulcast(_PREVIEW_LADDER, 1, simulcast.backend)

    @property
    def dropped(self) -> int:
        """Pictures that were replaced by a newer one before this worker got to them."""
        return self._pictures.dropped

    @property
    def backend(self) -> str:
        return self._simulcast.backend

    def offer(self, picture: Picture) -> None:
        self._pictures.put(picture)

    def encode(self, on: bool) -> None:
        """Turn encoding on or off. Turning on begins with a keyframe of every encoding."""
        if on and not self._encoding:
            self.request_keyframes({rung.rid for rung in self._simulcast.ladder})
        self._encoding = on

    def request_keyframes(self, rids: set[str]) -> None:
        """The next picture of these encodings becomes a keyframe; requests until then are one."""
        # Replaced as a whole, never changed in place: the worker reads it without a lock.
        self._keyframes = self._keyframes | rids

    def pause(self, rids: set[str]) -> None:
        """Encode all but these. One that is encoded again begins with a keyframe only if that is requested after."""
        self._paused = frozenset(rids)

    def close(self) -> None:
        self._pictures.close()

    def run(self) -> None:
        while (picture := self._pictures.take()) is not None:
            self.work_on(picture)

    def work_on(self, picture: Picture) -> None:
        """What `run` does with each picture."""
        if picture.captured_s < self._next_s:
            return
        # A frame a quarter early is on time: clocks are never quite equal.
        self._next_s = max(self._next_s + self._interval_s, picture.captured_s + self._interval_s * 0.75)
        try:
            self._process(picture)
        except EncoderFault as fault:
            self._emit(fault)

    def _process(self, picture: Picture) -> None:
        preview_due = picture.captured_s >= self._next_preview_s
        smallest: av.VideoFrame | None = None
        if self._encoding:
            scaled = self._simulcast.scale(self._stamped(picture))
            smallest = scaled[-1][1]
            # In this order: who resumes an encoding requests its keyframe afterwards.
            keyframes, self._keyframes = self._keyframes, set()
            paused = self._paused
            wanted = [each for each in scaled if each[0].rid not in paused]
            for encoded in self._simulcast.encode(wanted, picture.captured_s, keyframes):
                self._emit(encoded)
        if preview_due:
            self._next_preview_s = picture.captured_s + PREVIEW_INTERVAL_S
            ((_, small),) = self._previewer.scale(smallest if smallest is not None else picture.frame)
            self._emit(self._preview(small, picture))

    def _preview(self, small: av.VideoFrame, picture: Picture) -> Preview:
        planes = small.to_ndarray(format="yuv420p")
        luma = planes[: small.height : _STATISTICS_STEP, ::_STATISTICS_STEP].astype(np.int16)
        jpeg = b""
        if not self._still(luma) or picture.captured_s >= self._shown_s + _STILL_INTERVAL_S:
            self._shown, self._shown_s = luma, picture.captured_s
            jpeg = _jpeg(planes)
        statistics = PictureStatistics(float(np.mean(luma)), float(np.std(luma)))
        return Preview(jpeg, statistics, picture.frame.width, picture.frame.height, picture.captured_s)

    def _still(self, luma: NDArray[np.int16]) -> bool:
        """Slides stand for minutes; sending them three times a second would cost as much as the lowest encoding."""
        if self._shown is None or self._shown.shape != luma.shape:
            return False
        return float(np.mean(np.abs(luma - self._shown))) < _STILL_DIFFERENCE

    def _stamped(self, picture: Picture) -> av.VideoFrame:
        if self._unix_offset_s is None:
            return picture.frame
        # Not in place: the decoder still refers to its frames.
        planes = picture.frame.to_ndarray(format="yuv420p").astype(np.uint8, copy=False)
        counter = counter_at(picture.captured_s + self._unix_offset_s, STAMP_RATE_HZ)
        draw_code(planes[: picture.frame.height], counter)
        return av.VideoFrame.from_ndarray(planes, format="yuv420p")


def _jpeg(planes: NDArray[Any]) -> bytes:
    image = cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420)
    _, jpeg = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, _PREVIEW_QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1))
    return jpeg.tobytes()

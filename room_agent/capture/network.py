"""Live inputs through FFmpeg: `rtsp:` network cameras and `screen:` an X11 display."""

import os
import threading
from fractions import Fraction

import av
import av.error

from classroom.messages.views import MediaKind
from room_agent.capture.assemble import SoundAssembler
from room_agent.capture.frames import SAMPLE_RATE_HZ, Beat, CaptureFault, Opened, Picture, Sink, Sound, SystemBeat

_OPEN_TIMEOUT_S = 10.0
_READ_TIMEOUT_S = 5.0  # a live input that is quiet this long is gone
_DRIFT = 0.001  # how fast the timeline follows a camera whose clock runs slow; it follows a fast one at once


class RtspCapture:
    """A network camera, over TCP. Faults: `rtsp_unreachable`, `rtsp_refused`, `rtsp_ended`; the password in the
    address is never part of them."""

    def __init__(self, url: str, beat: Beat | None = None) -> None:
        self._url = url
        self._beat = beat or SystemBeat()

    def run(self, sink: Sink, stop: threading.Event) -> None:
        address = without_password(self._url)
        options = {"rtsp_transport": "tcp", "fflags": "nobuffer", "flags": "low_delay"}
        try:
            with av.open(self._url, options=options, timeout=(_OPEN_TIMEOUT_S, _READ_TIMEOUT_S)) as container:
                _LiveReader(container, sink, stop, self._beat).read()
        except (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError) as error:
            raise CaptureFault("rtsp_refused", url=address) from error
        except (av.error.FFmpegError, OSError) as error:
            raise CaptureFault("rtsp_unreachable", url=address, reason=error.strerror or "no answer") from error
        if not stop.is_set():
            raise CaptureFault("rtsp_ended", url=address)


class ScreenCapture:
    """An X11 display. Fault: `screen_unavailable`."""

    def __init__(self, display: str, fps: int = 10, beat: Beat | None = None) -> None:
        self._display = display or os.environ.get("DISPLAY", "")
        self._fps = fps
        self._beat = beat or SystemBeat()

    def run(self, sink: Sink, stop: threading.Event) -> None:
        if not self._display:
            raise CaptureFault("screen_unavailable", display="$DISPLAY")
        options = {"framerate": str(self._fps), "draw_mouse": "1"}
        try:
            with av.open(self._display, format="x11grab", options=options) as container:
                _LiveReader(container, sink, stop, self._beat).read()
        except (av.error.FFmpegError, OSError) as error:
            raise CaptureFault("screen_unavailable", display=self._display) from error


class LiveTimeline:
    """The moments of a live input's timestamps on our clock, freed of network jitter.

    A packet can only be late, so the smallest difference between arrival and timestamp is the true one; it creeps up
    slowly in case the other clock runs slower than ours.
    """

    def __init__(self) -> None:
        self._offset_s: float | None = None
        self._last_s = 0.0

    def moment(self, stamp_s: float, now_s: float) -> float:
        difference_s = now_s - stamp_s
        # More than a few seconds off is not jitter but a camera that set its clock anew.
        if self._offset_s is None or difference_s < self._offset_s or difference_s > self._offset_s + 5:
            self._offset_s = difference_s
        else:
            self._offset_s += min(difference_s - self._offset_s, _DRIFT * max(0.0, now_s - self._last_s))
        self._last_s = now_s
        return stamp_s + self._offset_s


class _LiveReader:
    def __init__(self, container: av.container.InputContainer, sink: Sink, stop: threading.Event, beat: Beat) -> None:
        self._container = container
        self._sink = sink
        self._stop = stop
        self._beat = beat
        self._video = next(iter(container.streams.video), None)
        self._audio = next(iter(container.streams.audio), None)
        self._channels = min(self._audio.channels, 2) if self._audio is not None else 0
        self._assembler: SoundAssembler | None = None
        self._timeline = LiveTimeline()

    def read(self) -> None:
        kinds: list[MediaKind] = []
        if self._channels:
            kinds.append("audio")
        if self._video is not None:
            self._video.thread_type = "SLICE"  # frame threads hold pictures back
            kinds.append("video")
        width, height = (self._video.width, self._video.height) if self._video is not None else (0, 0)
        fps = float(self._video.average_rate or 0) if self._video is not None else 0.0
        self._sink.opened(Opened(tuple(kinds), width, height, fps, self._channels))
        for packet in self._container.demux([s for s in (self._video, self._audio) if s is not None]):
            if self._stop.is_set():
                return
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:  # lost packets; the next keyframe heals it
                continue
            for frame in frames:
                if isinstance(frame, av.VideoFrame | av.AudioFrame) and frame.pts is not None:
                    self._give(frame, frame.pts * (frame.time_base or Fraction(0)))

    def _give(self, frame: av.VideoFrame | av.AudioFrame, stamp: Fraction) -> None:
        moment_s = self._timeline.moment(float(stamp), self._beat.now())
        if isinstance(frame, av.VideoFrame):
            self._sink.picture(Picture(frame, moment_s))
            return
        # Our own clock counts the samples: the camera's may be set anew at any time.
        position = round(moment_s * SAMPLE_RATE_HZ)
        if self._assembler is None:
            self._assembler = SoundAssembler(self._channels, position)
        for place, samples in self._assembler.add(frame, position):
            self._sink.sound(Sound(samples, place, place / SAMPLE_RATE_HZ))


def without_password(url: str) -> str:
    """The address as it may be shown and logged."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"

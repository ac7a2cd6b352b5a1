"""`file:`: a video or sound file played in real time, over and over, without a gap in its timestamps.

The timeline is counted in samples of 48 kHz. One round is as long as the longest stream of the file; the next round
begins exactly there, and sound that is shorter is filled with silence.
"""

import heapq
import os
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import av.error

from classroom.messages.views import MediaKind
from room_agent.capture.assemble import SoundAssembler
from room_agent.capture.frames import (
    SAMPLE_RATE_HZ,
    Beat,
    CaptureFault,
    Opened,
    Picture,
    Samples,
    Sink,
    Sound,
    SystemBeat,
)
from room_agent.capture.upright import upright

_READ_AHEAD_S = 0.3  # decoded before its time, so that opening the file again and slow frames do not show
_MAX_HELD = 128  # decoded frames waiting; bounds memory when a file is badly interleaved
_LATE_S = 1.0  # behind by more than this (the machine slept), skip ahead instead of hurrying after

_Item = av.VideoFrame | Samples


class FileCapture:
    """One file. `run` raises `CaptureFault` with `file_missing`, `file_unreadable` or `file_empty`."""

    def __init__(self, path: Path, beat: Beat | None = None) -> None:
        self._path = path
        self._beat = beat or SystemBeat()

    def run(self, sink: Sink, stop: threading.Event) -> None:
        with _open(self._path) as container:
            what = _describe(container)
        if not what.kinds:
            raise CaptureFault("file_empty", path=str(self._path))
        sink.opened(what)
        player = _Player(self._path, sink, self._beat, stop)
        player.assembler = SoundAssembler(what.channels) if what.channels else None
        while not stop.is_set():
            player.play_round()


class _Player:
    """Plays rounds; all positions are samples since `_start_s`."""

    def __init__(self, path: Path, sink: Sink, beat: Beat, stop: threading.Event) -> None:
        self._path = path
        self._sink = sink
        self._beat = beat
        self._stop = stop
        self.assembler: SoundAssembler | None = None
        self._start_s = beat.now()
        self._base = 0  # where the current round begins
        self._end = 0  # of what was decoded
        self._order = 0
        self._waiting: list[tuple[int, int, _Item]] = []
        self._decoded_to: dict[int, int] = {}

    def play_round(self) -> None:
        """The file once, from where the last round ended; returns early when it is time to stop."""
        self._base = self._end
        with _open(self._path) as container:
            for _ in self._decode(container):
                while self._waiting and (len(self._waiting) > _MAX_HELD or self._far_enough()):
                    if not self._give():
                        return
        if self._end == self._base:
            raise CaptureFault("file_unreadable", path=str(self._path), reason="nothing in it can be decoded")
        if self.assembler is not None:
            for position, samples in self.assembler.pad_to(self._end):
                self._wait(position, samples)

    def _decode(self, container: av.container.InputContainer) -> Iterator[None]:
        """Decodes into `_waiting`; yields after every frame."""
        streams = [stream for stream in (_video(container), _audio(container)) if stream is not None]
        starts = [s.start_time * s.time_base for s in streams if s.start_time is not None and s.time_base is not None]
        first = min(starts, default=Fraction(0))
        self._decoded_to = {stream.index: self._base for stream in streams}
        try:
            for packet in container.demux(streams):
                try:
                    frames = packet.decode()
                except av.error.InvalidDataError:  # a damaged frame; the next keyframe heals it
                    continue
                for frame in frames:
                    if isinstance(frame, av.VideoFrame | av.AudioFrame) and frame.pts is not None:
                        time = frame.pts * (frame.time_base or Fraction(0)) - first
                        self._take(packet.stream, frame, self._base + max(0, round(time * SAMPLE_RATE_HZ)))
                        yield
        except av.error.FFmpegError as error:
            reason = error.strerror or str(error)
            raise CaptureFault("file_unreadable", path=str(self._path), reason=reason) from error

    def _take(self, stream: av.stream.Stream, frame: av.VideoFrame | av.AudioFrame, position: int) -> None:
        if isinstance(frame, av.VideoFrame):
            rate = stream.average_rate if isinstance(stream, av.video.stream.VideoStream) else None
            self._wait(position, upright(frame))
            end = position + round(SAMPLE_RATE_HZ / (rate or 25))
        else:
            end = position + frame.samples * SAMPLE_RATE_HZ // frame.sample_rate
            if self.assembler is not None:
                for place, samples in self.assembler.add(frame, position):
                    self._wait(place, samples)
        self._decoded_to[stream.index] = end
        self._end = max(self._end, end)

    def _wait(self, position: int, item: _Item) -> None:
        self._order += 1
        heapq.heappush(self._waiting, (position, self._order, item))

    def _far_enough(self) -> bool:
        ahead_s = self._start_s + min(self._decoded_to.values()) / SAMPLE_RATE_HZ - self._beat.now()
        return ahead_s > _READ_AHEAD_S

    def _give(self) -> bool:
        """The next item at its time; False when it is time to stop."""
        position, _, item = self._waiting[0]
        due_s = self._start_s + position / SAMPLE_RATE_HZ
        late_s = self._beat.now() - due_s
        if late_s > _LATE_S:
            self._skip(round(late_s * SAMPLE_RATE_HZ))
            return True
        if not self._beat.wait_until(due_s, self._stop):
            return False
        heapq.heappop(self._waiting)
        if isinstance(item, av.VideoFrame):
            self._sink.picture(Picture(item, due_s))
        else:
            self._sink.sound(Sound(item, position, due_s))
        return True

    def _skip(self, samples: int) -> None:
        """Move everything not yet played to a later place on the timeline."""
        self._base += samples
        self._end += samples
        self._waiting = [(position + samples, order, item) for position, order, item in self._waiting]
        self._decoded_to = {index: position + samples for index, position in self._decoded_to.items()}
        if self.assembler is not None:
            self.assembler.move(samples)


def _open(path: Path) -> av.container.InputContainer:
    # FFmpeg's message for a directory or a missing right is about data; ask the system first.
    if not path.is_file():
        raise CaptureFault("file_missing", path=str(path))
    if not os.access(path, os.R_OK):
        raise CaptureFault("file_unreadable", path=str(path), reason="no permission to read it")
    try:
        return av.open(str(path))
    except (av.error.FFmpegError, OSError) as error:
        raise CaptureFault("file_unreadable", path=str(path), reason=error.strerror or str(error)) from error


def _video(container: av.container.InputContainer) -> av.video.stream.VideoStream | None:
    # A cover picture of a sound file is a video stream too, of one frame.
    moving = (s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic)
    stream = next(moving, None)
    if stream is not None:
        stream.thread_type = "AUTO" if stream.height > 1080 else "SLICE"  # frame threads only where one cannot keep up
    return stream


def _audio(container: av.container.InputContainer) -> av.audio.stream.AudioStream | None:
    return next(iter(container.streams.audio), None)


def _describe(container: av.container.InputContainer) -> Opened:
    video, audio = _video(container), _audio(container)
    kinds: list[MediaKind] = []
    if audio is not None:
        kinds.append("audio")
    if video is not None:
        kinds.append("video")
    return Opened(
        tuple(kinds),
        width=video.width if video is not None else 0,
        height=video.height if video is not None else 0,
        fps=float(video.average_rate or 0) if video is not None else 0.0,
        channels=min(audio.channels, 2) if audio is not None else 0,
    )

"""The thread that writes: it takes what encoders make, as they make it, and depends on nothing but the disk."""

import errno
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from classroom.codecs.bits import MalformedStream
from classroom.codecs.h264 import PPS, SPS, nal_type
from classroom.errors import ClassroomError
from classroom.fmp4.formats import OPUS_TIMESCALE, VIDEO_TIMESCALE, Format, h264_format, opus_format
from classroom.fmp4.fragment import avc_sample
from classroom.logs import get_logger
from classroom.model.recording import TrackKind
from room_agent.encode.simulcast import EncodedPicture
from room_agent.encode.sounds import EncodedSound
from room_agent.recording.folders import LessonFolder, LessonNote, TrackFolder, lesson_folders
from room_agent.studio.segmenter import FragmentDone, Output, SegmentBegun, Segmenter
from room_agent.studio.soundline import SoundLine

_LOOK_S = 0.25  # how often the thread looks whether something waits too long
_ASK_EVERY_S = 2.0  # for a keyframe; a disk that is full must not cost the line one four times a second
_LONGEST_LESSON_S = 12 * 3600.0  # a lesson that began before that is over, whatever the server could not say
_WAITING_BYTES = 64_000_000  # while the disk stands still: minutes of one lesson
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

log = get_logger(__name__)


class RecordingFault(ClassroomError):
    """The disk does not take the recording: `recording_disk_full` or `recording_disk_failed`."""

    status = 503


@dataclass(slots=True)
class _Track:
    kind: TrackKind
    segmenter: Segmenter
    folder: TrackFolder
    form: Format
    asked_s: float = 0.0
    sounds: SoundLine = field(default_factory=lambda: SoundLine(OPUS_TIMESCALE))


@dataclass(slots=True)
class _Running:
    """The lesson being recorded; `began_s` is its media time 0 on the monotonic clock."""

    folder: LessonFolder
    began_s: float
    tracks: dict[tuple[str, TrackKind], _Track] = field(default_factory=dict)


_Item = tuple[str, EncodedPicture | EncodedSound] | Callable[[], None]


class Recorder:
    """`start`, then `begin` and `end` lessons from the loop, `take` from any thread; `close` waits for the disk.

    `on_keyframe(source)` asks an encoder for a keyframe; called in the recorder's thread.
    """

    def __init__(self, directory: Path, on_keyframe: Callable[[str], None]) -> None:
        self.directory = directory
        self._on_keyframe = on_keyframe
        self._changed = threading.Condition()
        self._items: deque[_Item] = deque()
        self._waiting_bytes = 0
        self._closing = False
        self._running: _Running | None = None
        self._waits: tuple[float, LessonNote, float] | None = None  # a lesson the disk did not take, and when to try
        self._failing: set[Path] = set()  # where writing last failed
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self.fault: RecordingFault | None = None
        self.lost_samples = 0
        self.lesson_id: str | None = None  # as the loop knows it; the thread follows

    def start(self) -> str | None:
        """Recover what a killed process left, and go on with its lesson if that did not end; returns its id.

        Blocks. Raises `RecordingFault` when the directory cannot be used.
        """
        resumed: LessonFolder | None = None
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            for folder in lesson_folders(self.directory):
                if not folder.note.ended:
                    folder.recover()
                    if resumed is not None:  # only one can have been running: the other is over
                        resumed.change(ended=True)
                    resumed = folder
        except (OSError, ValueError) as error:
            raise _fault(error, self.directory) from error
        if resumed is not None and time.time() - resumed.note.began_wall_s > _LONGEST_LESSON_S:
            resumed.change(ended=True)
        elif resumed is not None:
            began_s = time.monotonic() - (time.time() - resumed.note.began_wall_s)
            self._running, self.lesson_id = _Running(resumed, began_s), resumed.note.lesson_id
            log.info("recording goes on", lesson=self.lesson_id)
        self._thread.start()
        return self.lesson_id

    def begin(self, lesson_id: str, title: str, began_s: float) -> None:
        """Record this lesson from now on; `began_s`: when it was started, on the monotonic clock. Again: nothing."""
        if lesson_id != self.lesson_id:
            self.lesson_id = lesson_id
            note = LessonNote(lesson_id=lesson_id, title=title, began_wall_s=began_s + time.time() - time.monotonic())
            self._put(lambda: self._begin(note, began_s), 0)

    def end(self) -> None:
        """The lesson is over."""
        if self.lesson_id is not None:
            self.lesson_id = None
            self._put(self._end, 0)

    def take(self, source: str, event: EncodedPicture | EncodedSound) -> None:
        """What an encoder made; costs the caller nothing but a lock."""
        size = len(event.payload) if isinstance(event, EncodedSound) else sum(map(len, event.unit.nals))
        self._put((source, event), size)

    @property
    def waiting_bytes(self) -> int:
        """What was taken and is not on the disk yet."""
        return self._waiting_bytes

    def close(self) -> None:
        """Write what waits and stop; the lesson goes on at the next start. Blocks."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    # -- the thread --------------------------------------------------------------------------------------------------

    def _put(self, item: _Item, size: int) -> None:
        with self._changed:
            if self._closing or (size and self._waiting_bytes + size > _WAITING_BYTES):
                self.lost_samples += 1
                return
            self._waiting_bytes += size
            self._items.append(item)
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._items and not self._closing:
                    self._changed.wait(_LOOK_S)
                items = list(self._items)
                self._items.clear()
                self._waiting_bytes = 0
                closing = self._closing
            for item in items:
                if callable(item):
                    item()
                else:
                    self._record(*item)
            self._look(closing)
            if closing:
                return

    def _begin(self, note: LessonNote, began_s: float) -> None:
        self._end()
        try:
            self._running = _Running(LessonFolder.begin(self.directory, note), began_s)
        except OSError as error:
            self._failed(error)
            self._waits = (time.monotonic() + _ASK_EVERY_S, note, began_s)
            return
        self.fault = None
        if self._running.folder.note.ended:  # the same lesson again, after all
            self._running.folder.change(ended=False)
        log.info("recording", lesson=note.lesson_id)

    def _end(self) -> None:
        self._waits = None
        self._failing.clear()
        running, self._running = self._running, None
        if running is None:
            return
        for track in running.tracks.values():
            self._written(track, track.segmenter.flush(), ends=True)
        try:
            running.folder.recover()
            running.folder.change(ended=True)
        except (OSError, ValueError) as error:
            self._failed(error)
        else:
            self.fault = None
        log.info("recording ended", lesson=running.folder.note.lesson_id)

    def _record(self, source: str, event: EncodedPicture | EncodedSound) -> None:
        running = self._running
        media_s = event.captured_s - running.began_s if running is not None else -1.0
        if running is None or media_s < 0:
            return
        try:
            if isinstance(event, EncodedSound):
                track = self._track(running, source, TrackKind.AUDIO, opus_format(event.channels))
                ticks = track.sounds.ticks(event.position, media_s)
                done = track.segmenter.add(track.form, event.payload, ticks, True)
            else:
                track = self._picture_track(running, source, event)
                # the picture's own moment: a hardware encoder may return an earlier one than it was just given
                ticks = event.unit.pts - round(running.began_s * VIDEO_TIMESCALE)
                done = track.segmenter.add(track.form, avc_sample(event.unit.nals), ticks, event.unit.keyframe)
        except _NotYet:
            return
        except (OSError, ValueError) as error:
            self._failed(error)
            return
        except MalformedStream as error:
            log.error("picture not recorded", source=source, code=error.code, **error.data)
            return
        self._written(track, done)

    def _picture_track(self, running: _Running, source: str, event: EncodedPicture) -> _Track:
        known = running.tracks.get((source, TrackKind.VIDEO))
        if not event.unit.keyframe:
            if known is None:
                raise _NotYet
            return known
        sets = {nal_type(nal): nal for nal in event.unit.nals if nal_type(nal) in (SPS, PPS)}
        if SPS not in sets or PPS not in sets:
            raise MalformedStream("H.264", "keyframe without parameter sets")
        return self._track(running, source, TrackKind.VIDEO, h264_format(sets[SPS], sets[PPS]))

    def _track(self, running: _Running, source: str, kind: TrackKind, form: Format) -> _Track:
        track = running.tracks.get((source, kind))
        if track is None:
            folder = running.folder.track(source, kind, form)
            track = _Track(kind, Segmenter(folder.end), folder, form)
            running.tracks[source, kind] = track
        track.form = form
        return track

    def _written(self, track: _Track, done: list[Output], *, ends: bool = False) -> None:
        try:
            for each in done:
                if isinstance(each, SegmentBegun):
                    track.folder.begin_segment(each.header, each.start)
                elif isinstance(each, FragmentDone):
                    track.folder.write(each.data, each.end)
            if ends:
                track.folder.end_segment()
        except OSError as error:
            self._failed(error, track.folder.path)
            track.segmenter.restart()
            try:
                track.folder.abandon()
            except (OSError, ValueError) as again:
                log.error("segment not recovered", reason=str(again))
        else:
            if done:
                self._works(track.folder.path)

    def _look(self, closing: bool) -> None:
        running = self._running
        if running is None:
            if self._waits is not None and time.monotonic() > self._waits[0] and not closing:
                self._begin(*self._waits[1:])
            return
        media_s = time.monotonic() - running.began_s
        for (source, kind), track in running.tracks.items():
            now = round(media_s * track.form.timescale)
            done = track.segmenter.flush() if closing else track.segmenter.settle(now)
            self._written(track, done, ends=closing)
            waited_s = time.monotonic() - track.asked_s
            if kind is TrackKind.VIDEO and waited_s > _ASK_EVERY_S and track.segmenter.wants_keyframe(now):
                track.asked_s = time.monotonic()
                self._on_keyframe(source)

    def _works(self, path: Path) -> None:
        self._failing.discard(path)
        if self.fault is not None and not self._failing:
            log.info("recording works again")
            self.fault = None

    def _failed(self, error: Exception, path: Path | None = None) -> None:
        if path is not None:
            self._failing.add(path)
        if self.fault is None:
            self.fault = _fault(error, self.directory)
            log.error("recording not written", code=self.fault.code, reason=str(error))


class _NotYet(Exception):
    """A picture before the first keyframe."""


def _fault(error: Exception, directory: Path) -> RecordingFault:
    if isinstance(error, OSError) and error.errno in _FULL:
        return RecordingFault("recording_disk_full", where=str(directory))
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return RecordingFault("recording_disk_failed", where=str(directory), reason=reason)

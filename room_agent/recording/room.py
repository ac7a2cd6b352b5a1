"""The record of a room: recorder, upload and disk guard together, as the agent sees them."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from classroom.catalog import text_of
from classroom.clock import Clock
from classroom.errors import ClassroomError
from classroom.logs import get_logger
from classroom.messages.live import AgentLesson
from classroom.messages.views import AlarmCode, AlarmView, RoomRecordingView
from classroom.settings import default_data
from classroom.tasks import Tasks
from room_agent.config import RecordingConfig
from room_agent.recording.guard import DiskGuard
from room_agent.recording.recorder import Recorder
from room_agent.recording.server import RecordingServer
from room_agent.recording.upload import LessonUpload, Upload
from room_agent.studio.backoff import Backoff
from room_agent.studio.serverclock import ServerClock
from room_agent.studio.throttle import Throttle

_GUARD_EVERY_S = 10.0
_SHOWN = 5  # lessons; the newest that are not safe yet
_NAMED = 3  # damaged places of a lesson

log = get_logger(__name__)


class RoomRecording:
    """`start`, then tell it the `lesson`; the sources call `recorder.take` from their threads.

    `traffic` counts the live stream's packets: sent, and asked for again.
    """

    def __init__(
        self,
        *,
        config: RecordingConfig,
        room: str,
        server: RecordingServer,
        server_clock: ServerClock,
        clock: Clock,
        tasks: Tasks,
        random: Callable[[], float],
        language: str,
        on_keyframe: Callable[[str], None],
        traffic: Callable[[], tuple[int, int]],
        on_change: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._tasks = tasks
        self._language = language
        self._server_clock = server_clock
        self._traffic = traffic
        self._on_change = on_change
        directory = recordings_directory(config, room)
        self.recorder = Recorder(directory, on_keyframe)
        self._throttle = Throttle(config.upload_bps, clock.monotonic())
        self._guard = DiskGuard(directory, config.low_disk_gb * 1e9, config.keep_days)
        self._upload = Upload(
            directory=directory,
            server=server,
            clock=clock,
            backoff=Backoff(random, first_s=1.0, longest_s=30.0),
            policy=config.upload,
            pace=self._pace,
            running=lambda: self.recorder.lesson_id,
            on_change=on_change,
        )
        self._since: dict[AlarmCode, datetime] = {}

    async def start(self) -> str | None:
        """The lesson that goes on where a killed process left it, if any. Raises `RecordingFault`."""
        resumed = await asyncio.to_thread(self.recorder.start)
        self._throttle.live(resumed is not None)
        self._tasks.forever(self._upload.run, "upload")
        self._tasks.forever(self._watch_line, "upload throttle")
        self._tasks.forever(self._watch_disk, "disk guard")
        return resumed

    def lesson(self, message: AgentLesson) -> None:
        """What the server says: the lesson to record, or none."""
        if message.lesson_id is None:
            self.recorder.end()
        else:
            now_s = self._clock.monotonic()
            began_s, offset_s = now_s, self._server_clock.offset_s
            if message.began_at is not None and offset_s is not None:
                began_s = min(now_s, message.began_at.timestamp() - offset_s)
            self.recorder.begin(message.lesson_id, message.title or message.lesson_id, began_s)
        self._throttle.live(message.lesson_id is not None)
        self._upload.wake()

    def server_back(self) -> None:
        self._upload.wake()

    async def close(self) -> None:
        """Write what waits; a lesson that runs goes on at the next start."""
        await asyncio.to_thread(self.recorder.close)

    def views(self) -> list[RoomRecordingView]:
        """The lessons that are not wholly on the server yet, the newest first."""
        unsafe = [lesson for lesson in self._upload.lessons.values() if not lesson.safe]
        unsafe.sort(key=lambda lesson: lesson.folder.note.began_wall_s, reverse=True)
        return [self._view(lesson) for lesson in unsafe[:_SHOWN]]

    def alarms(self) -> Iterator[AlarmView]:
        raised: set[AlarmCode] = set()
        if self.recorder.fault is not None:
            raised.add("recording_failed")
        if self._guard.warning is not None:
            raised.add(self._guard.warning)
        now = self._clock.now().replace(microsecond=0)
        self._since = {code: self._since.get(code, now) for code in sorted(raised)}
        for code, since in self._since.items():
            yield AlarmView(code=code, source="", since=since)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _view(self, lesson: LessonUpload) -> RoomRecordingView:
        note = lesson.folder.note
        running = note.lesson_id == self.recorder.lesson_id
        problem: ClassroomError | None = self.recorder.fault if running else None
        if problem is None and note.refused is not None:
            problem = ClassroomError("upload_refused", reason=note.refused)
        if problem is None and lesson.damaged:
            where = [f"{_clock(begin_s)}–{_clock(end_s)}" for begin_s, end_s in lesson.damaged]
            problem = ClassroomError(
                "recording_damaged_here", where=[*where[:_NAMED], *(["…"] if where[_NAMED:] else [])]
            )
        problem = problem or self._upload.problem
        return RoomRecordingView(
            lesson_id=note.lesson_id,
            title=note.title,
            running=running,
            recorded_s=round(lesson.recorded_s),
            safe_s=round(lesson.safe_s),
            waiting_bytes=lesson.waiting_bytes,
            problem=problem.code if problem else None,
            problem_data=problem.data if problem else {},
            problem_text=text_of(problem, self._language).message if problem else None,
        )

    async def _pace(self, size_bytes: int) -> None:
        wait_s = self._throttle.wait_s(size_bytes, self._clock.monotonic())
        if wait_s > 0:
            await self._clock.sleep(wait_s)

    async def _watch_line(self) -> None:
        before = self._traffic()
        while True:
            await self._clock.sleep(1.0)
            now = self._traffic()
            # A new publication counts from nothing.
            sent, troubled = (max(0, new - old) for new, old in zip(now, before, strict=True))
            before = now
            self._throttle.look(sent, troubled, self._clock.monotonic())

    async def _watch_disk(self) -> None:
        while True:
            lessons = list(self._upload.lessons.values())
            lessons.sort(key=lambda lesson: lesson.folder.note.began_wall_s)
            before = self._guard.warning
            await asyncio.to_thread(self._guard.look, lessons, self.recorder.lesson_id)
            if self._guard.warning != before:
                self._on_change()
            await self._clock.sleep(_GUARD_EVERY_S)


def _clock(seconds: float) -> str:
    """As on a player: 62.5 is 1:02."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"


def recordings_directory(config: RecordingConfig, room: str) -> Path:
    """Where this room's lessons lie."""
    return Path(config.directory).expanduser() if config.directory else default_data() / "rooms" / room / "recordings"

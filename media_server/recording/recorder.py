"""Which sources are recorded, and the turns in which that happens: ten a second, beside the packet path."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import NamedTuple

from classroom.clock import Clock
from classroom.errors import ClassroomError
from classroom.logs import get_logger
from classroom.settings import RecordingRule
from media_server.engine import MediaEngine
from media_server.recording.core.recorder import Publication, TrackRecorder
from media_server.recording.core.segment import SegmentOpened, Step
from media_server.recording.handover import Handover
from media_server.recording.spool import Spool, TrackKey
from media_server.sfu.source import Source

TURN_S = 0.1
ASK_AGAIN_S = 1.0  # when nobody could say when a lesson began

log = get_logger(__name__)


class Counts(NamedTuple):
    """Of all that was recorded since the start: packets, samples, seconds of silence put in."""

    lost: int = 0
    dropped: int = 0
    malformed: int = 0
    concealed_s: float = 0.0

    def with_tracks(self, tracks: Iterable[TrackRecorder]) -> "Counts":
        lost, dropped, malformed, concealed_s = self
        for track in tracks:
            lost, dropped, malformed = lost + track.lost, dropped + track.dropped, malformed + track.malformed
            concealed_s += track.writer.concealed_s
        return Counts(lost, dropped, malformed, concealed_s)


class LessonRecorder:
    """The tracks of one lesson."""

    def __init__(self, lesson_id: str, began_at: float) -> None:
        """`began_at`: when the lesson was started, on the server's monotonic clock."""
        self.lesson_id = lesson_id
        self.tracks: dict[TrackKey, TrackRecorder] = {}
        self._began_at = began_at
        self._publications: dict[str, Publication] = {}

    @property
    def idle(self) -> bool:
        return not self._publications

    def turn(self, sources: dict[str, Source], now: float) -> Iterator[tuple[TrackKey, Step]]:
        """What is to be written now of these sources, by name."""
        for name, source in sources.items():
            known = self._publications.get(name)
            if known is None or known.source is not source:
                self._publications[name] = Publication(source)
            for kind in source.tracks:
                key = TrackKey(self.lesson_id, name, kind)
                if key not in self.tracks:
                    self.tracks[key] = TrackRecorder(name, kind, self._began_at, now)
        for name in [name for name in self._publications if name not in sources]:
            del self._publications[name]
        for key, track in self.tracks.items():
            for step in track.turn(self._publications.get(key.source), now):
                yield key, step


class Recorder:
    """Everything this server records. The disk is written by one thread, and while it is slow the next turn waits:
    packets queue up, and at last are dropped and counted, but none is ever held up on its way to a viewer.

    `lesson_began` tells when a lesson was started; None when it has not been, or is not to be recorded.
    """

    def __init__(
        self,
        engine: MediaEngine,
        spool: Spool,
        handover: Handover,
        clock: Clock,
        *,
        rule: RecordingRule,
        lesson_began: Callable[[str], Awaitable[datetime | None]],
    ) -> None:
        self.lessons: dict[str, LessonRecorder] = {}
        self._engine = engine
        self._spool = spool
        self._handover = handover
        self._clock = clock
        self._rule = rule
        self._lesson_began = lesson_began
        self._ask_at: dict[str, float] = {}
        self._steps: list[tuple[TrackKey, Step]] = []  # not on the disk yet
        self._ended = Counts()  # of lessons that are over
        self._disk = ThreadPoolExecutor(1, "recording")

    def counts(self) -> Counts:
        """For the metrics."""
        tracks = [track for lesson in self.lessons.values() for track in lesson.tracks.values()]
        return self._ended.with_tracks(tracks)

    async def recover(self) -> None:
        """Take over what servers that are gone have left."""
        loop = asyncio.get_running_loop()
        self._handover.take(await loop.run_in_executor(self._disk, self._spool.abandoned))

    async def run(self) -> None:
        """Record until cancelled; `close` afterwards."""
        while True:
            await self._clock.sleep(TURN_S)
            await self._begin_lessons()
            for lesson in list(self.lessons.values()):
                self._turn(lesson)
                await asyncio.sleep(0)  # packets first
            await self._write()
            for lesson in [lesson for lesson in self.lessons.values() if lesson.idle]:
                self._ended = self._ended.with_tracks(lesson.tracks.values())
                del self.lessons[lesson.lesson_id]

    async def close(self) -> None:
        """End all segments; what has been received is on the disk afterwards."""
        now = self._clock.monotonic()
        for lesson in self.lessons.values():
            self._steps.extend(lesson.turn({}, now))
        self.lessons.clear()
        await self._write()
        self._disk.shutdown()

    def _turn(self, lesson: LessonRecorder) -> None:
        room = self._engine.rooms.get(lesson.lesson_id)
        sources = {name: source for name, source in room.sources.items() if self._records(source)} if room else {}
        for key, step in lesson.turn(sources, self._clock.monotonic()):
            self._steps.append((key, step))
            if isinstance(step, SegmentOpened):
                self._handover.begins(key, step.format)

    def _records(self, source: Source) -> bool:
        if self._rule == "without_agent":
            return not source.from_agent
        return self._rule == "always"

    async def _begin_lessons(self) -> None:
        now = self._clock.monotonic()
        for room in list(self._engine.rooms.values()):
            id_ = room.lesson_id
            if id_ in self.lessons or not any(map(self._records, room.sources.values())):
                continue
            if now < self._ask_at.get(id_, now):
                continue
            began_at = await self._ask(id_)
            if began_at is None:
                self._ask_at[id_] = now + ASK_AGAIN_S
                continue
            self._ask_at.pop(id_, None)
            ago_s = (self._clock.now() - began_at) / timedelta(seconds=1)
            self.lessons[id_] = LessonRecorder(id_, self._clock.monotonic() - ago_s)

    async def _ask(self, lesson_id: str) -> datetime | None:
        try:
            return await self._lesson_began(lesson_id)
        except ClassroomError as error:
            log.warning("lesson not recorded yet", lesson=lesson_id, code=error.code)
            return None

    async def _write(self) -> None:
        if self._steps:
            steps, self._steps = self._steps, []
            loop = asyncio.get_running_loop()
            self._handover.take(await loop.run_in_executor(self._disk, self._spool.write, steps))

"""Recording as a part of the media service: built, begun, looked after and ended here."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

from classroom.access.lessons import access_lesson_to_see
from classroom.errors import ClassroomError
from classroom.logs import get_logger
from classroom.messages.events import LessonMoved
from classroom.model.principal import SYSTEM
from classroom.service import Context
from media_server.archive.keeper import Keeper
from media_server.archive.open_store import open_segment_store
from media_server.engine import MediaEngine
from media_server.recording.handover import Handover
from media_server.recording.metrics import RecordingMetrics
from media_server.recording.recorder import Recorder
from media_server.recording.spool import Spool

SETTLE_EVERY_S = 5.0
OTHERS_SETTLE_S = 60.0  # several servers: one that a source moved away from may still have segments of it
FAREWELL_S = 1.5  # at the end, for what is finished; the rest is handed over at the next start

log = get_logger(__name__)


class Recording:
    """See the module. Nothing of it exists where the settings say never."""

    def __init__(self, context: Context, engine: MediaEngine) -> None:
        """Raises `Unavailable("segment_store_down")` when there is no place to write to."""
        self._context = context
        settings = context.settings
        self._segments = open_segment_store(settings)
        self._spool = Spool(settings.recordings_path / "spool", settings.recordings_keep_free_mb * 1_000_000)
        keeper = Keeper(self._segments, context.store, context.clock)
        several = settings.bus_url not in {"", "memory://"}
        settle_after = timedelta(seconds=OTHERS_SETTLE_S if several else 0)
        self._handover = Handover(keeper, context.store, context.clock, settle_after=settle_after)
        self._recorder = Recorder(
            engine,
            self._spool,
            self._handover,
            context.clock,
            rule=settings.recordings_server,
            lesson_began=self._lesson_began,
        )
        self._running: asyncio.Task[None] | None = None
        RecordingMetrics(self._recorder, self._handover, self._spool, context.metrics)

    async def start(self) -> None:
        await self._recorder.recover()
        tasks = self._context.tasks
        self._running = tasks.forever(self._recorder.run, "recording")
        tasks.forever(self._handover.run, "recording handover")
        tasks.forever(self._settle, "recording settle")
        tasks.forever(self._follow_lessons, "recording lessons")

    async def stop(self) -> None:
        """Finish what was begun; publishers are gone by now."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
        await self._recorder.close()
        with suppress(ClassroomError, TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                await self._handover.drain()
        await asyncio.to_thread(self._spool.close)
        await self._segments.close()

    async def _lesson_began(self, lesson_id: str) -> datetime | None:
        return (await access_lesson_to_see(self._context.store, SYSTEM, lesson_id)).started_at

    async def _follow_lessons(self) -> None:
        """A lesson that has ended needs no more waiting than its last segment does."""
        async with self._context.bus.subscribe(LessonMoved) as events:
            async for _ in events:
                await self._settle_now()

    async def _settle(self) -> None:
        while True:
            await self._context.clock.sleep(SETTLE_EVERY_S)
            await self._settle_now()

    async def _settle_now(self) -> None:
        try:
            await self._handover.settle(set(self._recorder.lessons))
        except ClassroomError as error:
            log.warning("recordings not completed yet", code=error.code)

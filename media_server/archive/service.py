"""The archive as a service: takes recordings in, looks after what is kept, and says when a recording is complete."""

import asyncio
from typing import ClassVar

from classroom.access.blobs import access_damaged_blobs
from classroom.access.recordings import access_recording_settle, access_recordings_to_settle
from classroom.access.unused import access_unused
from classroom.errors import ClassroomError, Unavailable
from classroom.logs import get_logger
from classroom.messages.events import LessonMoved
from classroom.model.principal import SYSTEM
from classroom.service import Context, ServerRole
from media_server.archive.incoming import Incoming
from media_server.archive.keeper import Keeper
from media_server.archive.metrics import ArchiveMetrics, Stock
from media_server.archive.open_store import open_segment_store
from media_server.archive.scrub import Scrub
from media_server.archive.sweep import Sweep
from media_server.archive.upload_api import UploadApi

_LOOK_EVERY_S = 15.0

log = get_logger(__name__)


class ArchiveService:
    """See the module."""

    name: ClassVar[str] = "archive"
    runs_in: ClassVar[frozenset[ServerRole]] = frozenset({ServerRole.ALL, ServerRole.HUB})

    def __init__(self, context: Context) -> None:
        self._context = context
        self._keeper: Keeper | None = None
        self._incoming: Incoming | None = None
        self._stock = Stock()
        self._woken = asyncio.Event()

    async def start(self) -> None:
        context, settings = self._context, self._context.settings
        keeper = Keeper(open_segment_store(settings), context.store, context.clock)
        keeper.on_kept = self._woken.set
        self._keeper = keeper
        self._incoming = Incoming(settings.recordings_path / "incoming", keeper)
        scrub = Scrub(keeper, context.store, context.clock, settings.recordings_scrub_days)
        UploadApi(context.store, context.clock, self._incoming, self._woken.set).add_routes(context.routes)
        sweep = Sweep(keeper.segments, context.store, context.clock, settings.recordings_scrub_days)
        ArchiveMetrics(keeper, scrub, sweep, stock=self._stock, registry=context.metrics)
        context.tasks.forever(scrub.run, "archive scrub")
        context.tasks.forever(sweep.run, "archive sweep")
        context.tasks.forever(self._settle_when_woken, "archive settle")
        context.tasks.forever(self._look, "archive look")
        context.tasks.forever(self._follow_lessons, "archive lessons")
        log.info("recordings kept", where=keeper.segments.where)

    async def stop(self) -> None:
        if self._keeper is not None:
            await self._keeper.segments.close()

    async def _follow_lessons(self) -> None:
        """A lesson that ends may have everything here already."""
        async with self._context.bus.subscribe(LessonMoved) as events:
            async for _ in events:
                self._woken.set()

    async def _settle_when_woken(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            await self.settle()

    async def settle(self) -> None:
        """Complete every recording that has become so."""
        context = self._context
        for recording_id in await access_recordings_to_settle(context.store, SYSTEM):
            settled = await access_recording_settle(context.store, SYSTEM, recording_id, context.clock.now())
            if settled is None:
                continue
            _, lesson = settled
            log.info("recording complete", recording=recording_id, lesson=lesson.id)
            moved = LessonMoved(lesson_id=lesson.id, room_id=lesson.room_id, state=lesson.state)
            try:
                await context.bus.publish(moved)
            except Unavailable as error:
                log.warning("completion not announced", recording=recording_id, code=error.code)

    async def _look(self) -> None:
        """How the store is, for the metrics; and settle what an event was missed of."""
        while True:
            if self._keeper is not None and self._incoming is not None:
                try:
                    self._stock.free_bytes = await self._keeper.segments.free_bytes()
                    self._stock.damaged = await access_damaged_blobs(self._context.store, SYSTEM)
                    self._stock.unused_bytes = (await access_unused(self._context.store, SYSTEM)).size_bytes
                    await self._incoming.forget_stale()
                except ClassroomError as error:
                    log.warning("store of recordings not read", code=error.code)
            self._woken.set()
            await self._context.clock.sleep(_LOOK_EVERY_S)

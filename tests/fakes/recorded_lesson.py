"""A lesson that is running, and a server's recorder with the database and the store that it hands over to."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from classroom.access.lessons import access_lesson_to_see, access_step
from classroom.access.rows import segment_of, track_of
from classroom.clock import Clock
from classroom.model.lesson import LessonStep
from classroom.model.principal import SYSTEM
from classroom.model.recording import Segment, Track
from classroom.settings import RecordingRule
from classroom.store.recording_tables import SegmentRow, TrackRow
from classroom.store.store import Store
from media_server.archive.keeper import Keeper
from media_server.archive.local_store import LocalSegmentStore
from media_server.engine import MediaEngine
from media_server.recording.handover import Handover
from media_server.recording.recorder import Recorder
from media_server.recording.spool import Spool
from tests.fakes.county import build_county


def running_lesson(folder: Path, started_at: datetime) -> tuple[Path, str]:
    """A database with a lesson that is running, and the lesson's id. To be copied: making it takes a while."""
    path = folder / "qianshou.db"

    async def make() -> str:
        store = await Store.open(f"sqlite+aiosqlite:///{path}")
        county = await build_county(store)
        await access_step(store, SYSTEM, county.lesson.id, LessonStep.START, started_at)
        await store.close()
        return county.lesson.id

    return path, asyncio.run(make())


@asynccontextmanager
async def copied_store(template: Path, folder: Path) -> AsyncIterator[Store]:
    store = await Store.open(f"sqlite+aiosqlite:///{shutil.copy(template, folder / 'qianshou.db')}")
    yield store
    await store.close()


@dataclass
class RecordedLesson:
    """What a recorder makes of everything that is published in an engine."""

    lesson_id: str
    store: Store
    keeper: Keeper
    recorder: Recorder
    handover: Handover
    running: asyncio.Task[None]

    async def stop(self) -> None:
        """As when a server is stopped: what was received is handed over."""
        self.running.cancel()
        with suppress(asyncio.CancelledError):
            await self.running
        await self.recorder.close()
        await self.handover.drain()

    async def tracks(self) -> dict[tuple[str, str], tuple[Track, list[Segment]]]:
        """All tracks with their manifests, by name and kind."""
        async with self.store.reading() as db:
            tracks = [track_of(row) for row in await db.scalars(select(TrackRow))]
            lines = [
                (row.track_id, segment_of(row))
                for row in await db.scalars(select(SegmentRow).order_by(SegmentRow.track_id, SegmentRow.sequence))
            ]
        return {(t.name, t.kind.value): (t, [line for id_, line in lines if id_ == t.id]) for t in tracks}

    async def file(self, segments: list[Segment]) -> bytes:
        """Segments that share a header as one file."""
        [header] = {segment.init_digest for segment in segments}
        parts = [await self.keeper.read(digest) for digest in (header, *(each.digest for each in segments))]
        return b"".join(parts)


@asynccontextmanager
async def recorded_lesson(
    engine: MediaEngine, clock: Clock, template: tuple[Path, str], folder: Path, rule: RecordingRule = "always"
) -> AsyncIterator[RecordedLesson]:
    """Records until the block ends, or `RecordedLesson.stop`."""
    path, lesson_id = template
    async with copied_store(path, folder) as store:
        keeper = Keeper(LocalSegmentStore(folder / "segments"), store, clock)
        handover = Handover(keeper, store, clock, settle_after=timedelta(0))
        spool = Spool(folder / "spool")

        async def began(id_: str) -> datetime | None:
            return (await access_lesson_to_see(store, SYSTEM, id_)).started_at

        recorder = Recorder(engine, spool, handover, clock, rule=rule, lesson_began=began)
        await recorder.recover()
        running = asyncio.create_task(recorder.run())
        recorded = RecordedLesson(lesson_id, store, keeper, recorder, handover, running)
        try:
            yield recorded
        finally:
            await recorded.stop()
            spool.close()

"""The server is killed while it records: at most a second is lost, and the recording goes on by itself."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import av
import pytest
from sqlalchemy import select

from classroom.access.rows import segment_of
from classroom.clock import SystemClock
from classroom.fmp4.reader import read_segment, whole_bytes
from classroom.model.recording import Segment, TrackOrigin
from classroom.store.recording_tables import SegmentRow, TrackRow
from classroom.store.store import Store
from media_server.archive.local_store import LocalSegmentStore
from tests.harness.eventually import eventually
from tests.harness.world import World

RATES = {"video": 90_000, "audio": 48_000}
LOST_AT_MOST_S = 1.0


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A server that records also what a room's agent sends, which comes back by itself."""
    async with World.create(tmp_path, environment={"QIANSHOU_RECORDINGS_SERVER": "always"}) as made:
        yield made


def on_disk_s(world: World) -> dict[str, float]:
    """Until when, in seconds of the recording, what is recorded is safe on the disk, by kind."""
    found: dict[str, float] = {}
    for path in (world.server.data / "recordings" / "spool").glob("*/*/teacher.*/*.open"):
        kind, data = path.parent.suffix[1:], path.read_bytes()
        if whole := whole_bytes(data):
            last = read_segment(data[:whole])[-1]
            found[kind] = max(found.get(kind, 0.0), (last.decode_time + last.duration) / RATES[kind])
    return found


def since(started_at: datetime) -> float:
    return (SystemClock().now() - started_at).total_seconds()


async def manifests(store: Store) -> dict[str, list[Segment]] | None:
    """The segments of the server's tracks by kind, once all of them are complete."""
    async with store.reading() as db:
        tracks = list(await db.scalars(select(TrackRow).where(TrackRow.origin == TrackOrigin.SERVER)))
        if len(tracks) < 2 or any(track.expected_segments is None for track in tracks):
            return None
        return {
            track.kind.value: [
                segment_of(row)
                for row in await db.scalars(
                    select(SegmentRow).where(SegmentRow.track_id == track.id).order_by(SegmentRow.start)
                )
            ]
            for track in tracks
        }


async def test_a_kill_costs_a_second_at_most_and_nobody_has_to_do_anything(world: World) -> None:
    await world.agent()
    teacher = await world.live()
    started_at = (await teacher.lesson(world.lesson.id)).started_at
    assert started_at is not None

    async def recording_again(at_s: float) -> bool:
        safe = await asyncio.to_thread(on_disk_s, world)
        return len(safe) == 2 and min(safe.values()) > at_s

    begun_s = since(started_at)
    await eventually(lambda: recording_again(begun_s + 2), "two seconds to be recorded", 30)
    killed_s = since(started_at)
    await world.server.kill()
    safe = on_disk_s(world)
    assert killed_s - min(safe.values()) <= LOST_AT_MOST_S
    await world.server.start()
    back_s = since(started_at)
    await eventually(lambda: recording_again(back_s + 1), "the recording to go on", 30)
    teacher = await world.teacher()
    await teacher.stop(world.lesson.id)
    store = await Store.open(f"sqlite+aiosqlite:///{world.server.data / 'qianshou.db'}")
    try:
        tracks = await eventually(lambda: manifests(store), "all segments to be in the store", 30)
    finally:
        await store.close()
    assert tracks is not None
    segments = LocalSegmentStore(world.server.data / "recordings" / "segments")
    for kind, lines in tracks.items():
        ends_s = [(line.start / RATES[kind], (line.start + line.duration) / RATES[kind]) for line in lines]
        gaps = [(end, begin) for (_, end), (begin, _) in pairwise(ends_s) if begin - end > 0.01]
        assert len(gaps) == 1, "one gap: from the kill until the agent was back"
        assert gaps[0][0] >= safe[kind] - 0.001
        for line in lines:
            file = await segments.get(line.init_digest) + await segments.get(line.digest)
            with av.open(io.BytesIO(file), "r") as container:
                assert sum(1 for _ in container.decode(container.streams[0])) > 0

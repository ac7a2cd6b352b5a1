"""What no manifest names any more goes; what one names, or will in a moment, stays."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import delete, select

from classroom.access.unused import ABANDONED, GRACE, Unused, access_unused, access_unused_gone, access_unused_take
from classroom.clock import VirtualClock
from classroom.errors import Forbidden, Unavailable
from classroom.model.principal import SYSTEM
from classroom.store.recording_tables import BlobRow, TrackRow
from classroom.store.store import Store
from classroom.store.tables import AuditRow
from media_server.archive.keeper import Keeper
from media_server.archive.local_store import LocalSegmentStore
from media_server.archive.sweep import Sweep
from tests.fakes.county import NOW, County, build_county
from tests.fakes.kept_recordings import KeptRecording, keep_recording
from tests.fakes.recorded import a_sound
from tests.harness.eventually import eventually

T = TypeVar("T")
SHORT, LONG = a_sound(4.0), a_sound(12.0)  # the longer one begins with the same segments


class _Place:
    """A county's segment store, and its sweep."""

    def __init__(self, store: Store, county: County, data: Path) -> None:
        self.store = store
        self.county = county
        self.data = data
        self.clock = VirtualClock(NOW)
        self.segments = LocalSegmentStore(data / "recordings" / "segments")
        self.sweep = Sweep(self.segments, store, self.clock, every_days=1)

    async def keep(self, name: str) -> KeptRecording:
        track = {"short": SHORT, "long": LONG}[name]
        school = self.county.host.id
        return await keep_recording(self.store, self.data, {"teacher-a": track}, school_id=school, began_at=NOW)

    async def forget(self, recording: KeptRecording) -> None:
        async with self.store.session() as db:
            await db.execute(delete(TrackRow).where(TrackRow.recording_id == recording.id))

    async def passing(self, work: Awaitable[T]) -> T:
        """Time passes until `work` is done."""
        task = asyncio.ensure_future(work)
        while not task.done():
            if self.clock.sleeping:
                self.clock.advance(0.1)
            # a moment for the threads of the database and the disk: a loop that spins keeps the interpreter from them
            await asyncio.sleep(0.0005)
        return await task

    async def night(self) -> None:
        self.clock.advance(86_400)
        await self.passing(self.sweep.pass_once())

    async def kept(self) -> set[str]:
        return {digest async for digest, _ in self.segments.listed()}


@pytest.fixture
async def place(store: Store, tmp_path: Path) -> _Place:
    return _Place(store, await build_county(store), tmp_path)


async def test_what_only_purged_recordings_had_goes_and_the_rest_stays(place: _Place) -> None:
    short, long = await place.keep("short"), await place.keep("long")
    await place.night()
    assert await access_unused(place.store, SYSTEM) == Unused(0, 0)
    await place.forget(long)
    await place.night()
    assert await place.kept() == set(LONG.blobs), "noted, and not gone the same night"
    going = set(LONG.blobs) - set(SHORT.blobs)
    size = sum(len(LONG.blobs[digest]) for digest in going)
    assert 0 < len(going) < len(LONG.blobs)
    assert await access_unused(place.store, SYSTEM) == Unused(len(going), size)
    with pytest.raises(Forbidden):
        await access_unused(place.store, place.county["pupil"])
    await place.night()
    assert await place.kept() == set(SHORT.blobs)
    assert (place.sweep.removed, place.sweep.removed_bytes) == (len(going), size)
    async with place.store.reading() as db:
        [audit] = await db.scalars(select(AuditRow).where(AuditRow.action == "segments.removed"))
        assert audit.details == {"segments": len(going), "bytes": size}
        assert set(await db.scalars(select(BlobRow.digest))) == set(SHORT.blobs)
    await place.forget(short)
    for _ in range(2):
        await place.night()
    assert await place.kept() == set()


async def test_what_is_named_or_kept_again_before_it_went_stays(place: _Place) -> None:
    await place.forget(await place.keep("long"))
    await place.night()
    await place.keep("short")
    place.clock.advance(GRACE.total_seconds() - 1)
    keeper = Keeper(place.segments, place.store, place.clock)
    last = LONG.segments[-1].digest
    await keeper.keep(last, LONG.blobs[last])  # as an import does, hours before its recordings are made
    await place.night()
    assert await place.kept() == {*SHORT.blobs, last}


async def test_what_is_kept_while_it_is_removed_is_there_afterwards(place: _Place) -> None:
    await place.forget(await place.keep("short"))
    await place.night()
    place.clock.advance(86_400)
    taken = await access_unused_take(place.store, SYSTEM, place.clock.now(), 100)
    keeping = asyncio.ensure_future(Keeper(place.segments, place.store, place.clock).keep_all(SHORT.blobs))

    async def waits() -> int:
        return place.clock.sleeping

    await eventually(waits, "it waits: what it brought would be removed behind its back")
    for digest in taken:
        await place.segments.remove(digest)
    await access_unused_gone(place.store, SYSTEM, taken, place.clock.now())
    place.clock.advance(1)
    await keeping
    assert set(taken) == await place.kept() == set(SHORT.blobs)
    for digest, data in SHORT.blobs.items():
        assert await place.segments.get(digest) == data


async def test_what_a_killed_server_left_is_removed_by_another(place: _Place) -> None:
    await place.forget(await place.keep("short"))
    stray = b"brought, and its server killed before it could say so"
    await place.segments.put(sha256(stray).hexdigest(), stray)
    await place.night()
    place.clock.advance(86_400)
    taken = await access_unused_take(place.store, SYSTEM, place.clock.now(), 1)
    [digest] = taken
    keeper = Keeper(place.segments, place.store, place.clock)
    data = SHORT.blobs.get(digest, stray)
    with pytest.raises(Unavailable) as caught:
        await place.passing(keeper.keep(digest, data))
    assert caught.value.code == "segment_leaving"
    assert await access_unused_take(place.store, SYSTEM, place.clock.now() + timedelta(minutes=30), 100) != taken
    place.clock.advance(ABANDONED.total_seconds() + 1)
    await place.night()
    assert await place.kept() == set()
    await keeper.keep(digest, data)

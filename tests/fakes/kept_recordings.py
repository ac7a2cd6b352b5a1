"""Recordings in a store as recorders and uploads leave them there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from classroom.access.cataloguing import describe
from classroom.access.recordings import (
    NewTrack,
    access_segments_append,
    access_track_complete,
    access_track_register,
)
from classroom.clock import VirtualClock
from classroom.model.principal import SYSTEM
from classroom.model.recording import RecordingState, TrackOrigin
from classroom.store.recording_tables import RecordingRow
from classroom.store.store import Store
from classroom.store.types import new_id
from media_server.archive.keeper import Keeper
from media_server.archive.local_store import LocalSegmentStore
from tests.fakes.recorded import RecordedTrack


@dataclass
class KeptRecording:
    """Grows by `add`. `folder` is where its segments are."""

    id: str
    store: Store
    keeper: Keeper
    folder: Path
    now: datetime

    async def add(
        self, name: str, track: RecordedTrack, *, origin: TrackOrigin = TrackOrigin.AGENT, upto: int | None = None
    ) -> str:
        """Keep a track, or its first `upto` segments; again adds those that are new. The track's id."""
        form = track.format
        new = NewTrack(name, form.kind, origin, form.codec, form.timescale, form.width, form.height, form.channels)
        stock = await access_track_register(self.store, SYSTEM, self.id, new, self.now)
        chosen = track.segments[stock.next_sequence : upto]
        await access_segments_append(self.store, SYSTEM, stock.track.id, chosen)
        for digest in {each for segment in chosen for each in (segment.digest, segment.init_digest)}:
            await self.keeper.keep(digest, track.blobs[digest])
        if upto is None:
            await access_track_complete(self.store, SYSTEM, stock.track.id, len(track.segments), self.now)
        return stock.track.id

    async def come_to(self, state: RecordingState) -> None:
        async with self.store.session() as db:
            (await db.get_one(RecordingRow, self.id)).state = state

    def damage(self, digest: str) -> None:
        """Flip a byte of what is kept."""
        path = self._path(digest)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)

    def lose(self, digest: str) -> None:
        self._path(digest).unlink()

    def _path(self, digest: str) -> Path:
        [found] = self.folder.rglob(f"{digest}*")
        return found


async def keep_recording(
    store: Store,
    data: Path,
    tracks: Mapping[str, RecordedTrack],
    *,
    school_id: str,
    began_at: datetime,
    lesson_id: str | None = None,
    teacher_id: str | None = None,
    title: str = "古诗两首",
    state: RecordingState = RecordingState.COMPLETE,
) -> KeptRecording:
    """A recording in the server's data directory `data`; a track is named by what stands before a hyphen."""
    row = RecordingRow(
        id=new_id(),
        lesson_id=lesson_id,
        school_id=school_id,
        title=title,
        state=RecordingState.CAPTURING,
        began_at=began_at,
        duration_s=0.0,
        created_at=began_at,
    )
    async with store.session() as db:
        db.add(row)
        await db.flush()
        entry = await describe(db, row, began_at)
        entry.teacher_id = teacher_id or entry.teacher_id
    folder = data / "recordings" / "segments"
    keeper = Keeper(LocalSegmentStore(folder), store, VirtualClock(began_at))
    kept = KeptRecording(row.id, store, keeper, folder, began_at)
    for name, track in tracks.items():
        await kept.add(name.partition("-")[0], track)
    await kept.come_to(state)
    return kept

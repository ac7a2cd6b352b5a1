"""What a server has recorded itself, on record: bytes and lines of manifests in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.blobs import blobs_stored, require_keeper
from classroom.access.extras import extras_stale
from classroom.access.recordings import require_growing
from classroom.audit import append
from classroom.errors import NotFound
from classroom.model.principal import Principal
from classroom.model.recording import RecordingState, Segment
from classroom.store.recording_tables import RecordingRow, SegmentRow, TrackRow
from classroom.store.store import Store


async def access_segments_kept(
    store: Store,
    principal: Principal,
    segments: Mapping[str, Sequence[Segment]],
    sizes: Mapping[str, int],
    now: datetime,
) -> frozenset[str]:
    """The segment store has all of these (bytes by digest), and they come to the tracks (by id) in this order.

    Each takes its manifest's next free line, whatever its number says: other servers may have added theirs. One that is
    there already, since a server was killed before it could forget it, changes nothing; one that comes after the track
    was said to be complete is one more of it. As `access_blobs_stored` it returns what is being removed: then no line
    was added. Raises `NotFound("track_unknown")`, `Conflict("recording_closed")`.
    """
    require_keeper(principal)
    async with store.session() as db:
        leaving = await blobs_stored(db, principal, sizes, now)
        if not leaving:
            for track_id, lines in segments.items():
                await _append(db, principal, track_id, lines, now)
        return leaving


async def _append(
    db: AsyncSession, principal: Principal, track_id: str, lines: Sequence[Segment], now: datetime
) -> None:
    track = await db.get(TrackRow, track_id)
    if track is None:
        raise NotFound("track_unknown", track=track_id[:64])
    recording = await db.get_one(RecordingRow, track.recording_id, with_for_update=True)
    require_growing(recording)
    known = select(SegmentRow.digest, SegmentRow.start).where(
        SegmentRow.track_id == track_id, SegmentRow.digest.in_([line.digest for line in lines])
    )
    there = {tuple(each) for each in await db.execute(known)}
    last = await db.scalar(select(func.max(SegmentRow.sequence)).where(SegmentRow.track_id == track_id))
    sequence = -1 if last is None else last
    for line in lines:
        if (line.digest, line.start) in there:
            continue
        sequence += 1
        db.add(
            SegmentRow(
                track_id=track_id, sequence=sequence, digest=line.digest, init_digest=line.init_digest,
                size_bytes=line.size_bytes, start=line.start, duration=line.duration,
            )
        )  # fmt: skip
        recording.duration_s = max(recording.duration_s, (line.start + line.duration) / track.timescale)
    if track.expected_segments is not None and track.expected_segments <= sequence:
        track.expected_segments = sequence + 1
        append(db, principal, "track.late", f"track:{track_id}", {"segments": sequence + 1}, now=now)
    if recording.state is not RecordingState.CAPTURING:
        await db.flush()
        await extras_stale(db, [line.digest for line in lines])

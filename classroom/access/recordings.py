"""Recording a lesson: its recording, its tracks and the lines of their manifests. Bytes are in `blobs`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, not_, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.cataloguing import describe, touch
from classroom.access.lessons import lesson_row, take_step
from classroom.access.matrix import Deed, Relation
from classroom.access.relations import relations_to_lesson, require, require_somebody
from classroom.access.rows import recording_of, segment_of, track_of
from classroom.audit import append
from classroom.errors import Conflict, NotFound
from classroom.model.lesson import Lesson, LessonState, LessonStep
from classroom.model.principal import Principal, Role
from classroom.model.recording import Recording, RecordingState, RecordingStep, Segment, Track, TrackKind, TrackOrigin
from classroom.store.recording_tables import BlobRow, RecordingRow, SegmentRow, TrackRow
from classroom.store.store import Store
from classroom.store.tables import LessonRow, RoomRow
from classroom.store.types import new_id

MOST_MISSING = 200  # told at once


@dataclass(frozen=True, slots=True)
class NewTrack:
    """What a recorder says of a track before its first segment; see `Track`."""

    name: str
    kind: TrackKind
    origin: TrackOrigin
    codec: str
    timescale: int
    width: int = 0
    height: int = 0
    channels: int = 0


@dataclass(frozen=True, slots=True)
class Missing:
    """Bytes that a manifest names and the store has not, or only damaged. `size_bytes` is None for a header."""

    digest: str
    size_bytes: int | None


@dataclass(frozen=True, slots=True)
class TrackStock:
    """What is known of a track: `next_sequence` is the number of its lines; `missing` the first of what is missing."""

    track: Track
    next_sequence: int
    stored: int
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True)
class UnfinishedTrack:
    """A track whose lesson is over; its manifest has `segments` lines."""

    lesson_id: str
    track_id: str
    segments: int


async def access_recording_open(store: Store, principal: Principal, lesson_id: str, now: datetime) -> Recording:
    """The lesson's recording, made when this is the first to ask: its media time 0 is when the lesson was started.

    For the lesson's room and the server. Raises `NotFound("lesson_unknown")`, `Forbidden("recording_not_yours")`,
    `Conflict("lesson_not_started")`.
    """
    require_somebody(principal)
    async with store.session() as db:
        lesson = await lesson_row(db, lesson_id)
        require(
            Deed.RECORD_LESSON,
            await relations_to_lesson(db, principal, lesson),
            "recording_not_yours",
            lesson=lesson_id,
        )
        if lesson.started_at is None:
            raise Conflict("lesson_not_started", lesson=lesson.title)
        # Agent and server may begin in the same second: one of them makes it.
        await db.execute(select(LessonRow.id).where(LessonRow.id == lesson_id).with_for_update())
        row = await db.scalar(select(RecordingRow).where(RecordingRow.lesson_id == lesson_id))
        if row is None:
            row = await _new_recording(db, lesson, now)
            append(db, principal, "recording.began", f"recording:{row.id}", {"lesson": lesson_id}, now=now)
        return recording_of(row)


async def _new_recording(db: AsyncSession, lesson: LessonRow, now: datetime) -> RecordingRow:
    school_id = await db.scalar(select(RoomRow.school_id).where(RoomRow.id == lesson.room_id))
    row = RecordingRow(
        id=new_id(),
        lesson_id=lesson.id,
        school_id=school_id,
        title=lesson.title,
        state=RecordingState.CAPTURING,
        began_at=lesson.started_at,
        duration_s=0.0,
        created_at=now,
    )
    db.add(row)
    await db.flush()
    await describe(db, row, now)
    return row


async def access_track_register(
    store: Store, principal: Principal, recording_id: str, new: NewTrack, now: datetime
) -> TrackStock:
    """The track of that name, kind and origin, made when there is none yet; what there is of it.

    A room's agent records as `AGENT`. Raises `NotFound("recording_unknown")`, `Forbidden("recording_not_yours")`,
    `Conflict("recording_closed")`.
    """
    require_somebody(principal)
    async with store.session() as db:
        recording = await _recording(db, principal, recording_id)
        if principal.has(Role.DEVICE) and new.origin is not TrackOrigin.AGENT:
            raise Conflict("track_origin_wrong", origin=new.origin.value)
        row = await db.scalar(
            select(TrackRow).where(
                TrackRow.recording_id == recording_id,
                TrackRow.name == new.name,
                TrackRow.kind == new.kind,
                TrackRow.origin == new.origin,
            )
        )
        if row is None:
            require_growing(recording)
            row = TrackRow(
                id=new_id(),
                recording_id=recording_id,
                name=new.name,
                kind=new.kind,
                origin=new.origin,
                codec=new.codec,
                timescale=new.timescale,
                width=new.width,
                height=new.height,
                channels=new.channels,
                expected_segments=None,
            )
            db.add(row)
            await db.flush()
            details = {"recording": recording_id, "name": new.name, "kind": new.kind.value, "origin": new.origin.value}
            append(db, principal, "track.began", f"track:{row.id}", details, now=now)
        elif row.timescale != new.timescale:
            raise Conflict("track_differs", track=new.name, timescale=row.timescale)
        return await _stock(db, row)


async def access_segments_append(
    store: Store, principal: Principal, track_id: str, segments: Sequence[Segment]
) -> TrackStock:
    """Add lines to a track's manifest, in order; lines that are there already change nothing.

    Raises `NotFound("track_unknown")`, `Forbidden("recording_not_yours")`, and `Conflict` with `segment_out_of_order`
    (data: `expected`), `segment_differs` or `track_closed`; then nothing of it is kept.
    """
    require_somebody(principal)
    async with store.session() as db:
        recording, row = await _track(db, principal, track_id)
        numbers = [segment.sequence for segment in segments]
        known = {
            line.sequence: segment_of(line)
            for line in await db.scalars(
                select(SegmentRow).where(SegmentRow.track_id == track_id, SegmentRow.sequence.in_(numbers))
            )
        }
        # Whoever removes unused bytes finds these named, or we find them gone and ask for them.
        digests = {digest for segment in segments for digest in (segment.digest, segment.init_digest)}
        await db.execute(select(BlobRow.digest).where(BlobRow.digest.in_(digests)).with_for_update(read=True))
        expected = await _count(db, track_id)
        for segment in segments:
            if segment.sequence in known:
                if known[segment.sequence] != segment:
                    raise Conflict("segment_differs", sequence=segment.sequence)
                continue
            if segment.sequence != expected:
                raise Conflict("segment_out_of_order", sequence=segment.sequence, expected=expected)
            if row.expected_segments is not None and expected >= row.expected_segments:
                raise Conflict("track_closed", track=row.name, segments=row.expected_segments)
            db.add(
                SegmentRow(
                    track_id=track_id,
                    sequence=segment.sequence,
                    digest=segment.digest,
                    init_digest=segment.init_digest,
                    size_bytes=segment.size_bytes,
                    start=segment.start,
                    duration=segment.duration,
                )
            )
            expected += 1
            end_s = (segment.start + segment.duration) / row.timescale
            recording.duration_s = max(recording.duration_s, end_s)
        await db.flush()
        return await _stock(db, row)


async def access_track_complete(
    store: Store,
    principal: Principal,
    track_id: str,
    segments: int,
    now: datetime,
    *,
    given_up: bool = False,
    lost: Sequence[str] = (),
) -> TrackStock:
    """Whoever records it says that the track has so many segments and no more; again changes nothing.

    `given_up`: what is missing now is lost; the recording becomes complete with that gap. Should it come all the same,
    it is taken. So it is once nothing is missing but the `lost` digests; they are not among what this says is missing.
    Raises as `access_segments_append`, `Conflict("track_closed")` when another number was said or more are there.
    """
    require_somebody(principal)
    async with store.session() as db:
        _, row = await _track(db, principal, track_id)
        if row.expected_segments is None:
            if await _count(db, track_id) > segments:
                raise Conflict("track_closed", track=row.name, segments=segments)
            row.expected_segments = segments
            append(db, principal, "track.ended", f"track:{track_id}", {"segments": segments}, now=now)
        elif row.expected_segments != segments:
            raise Conflict("track_closed", track=row.name, segments=row.expected_segments)
        stock = await _stock(db, row, lost)
        if (given_up or (lost and not stock.missing)) and row.given_up_at is None:
            row.given_up_at = now
            left = {"segments": segments, "stored": stock.stored}
            append(db, principal, "track.given_up", f"track:{track_id}", left, now=now)
        return stock


async def access_track_stock(store: Store, principal: Principal, track_id: str) -> TrackStock:
    """What there is of a track, and what its recorder should send (again). Raises as `access_segments_append`."""
    require_somebody(principal)
    async with store.reading() as db:
        _, row = await _track(db, principal, track_id, lock=False)
        return await _stock(db, row)


async def access_tracks_unfinished(
    store: Store, principal: Principal, origin: TrackOrigin, ended_before: datetime
) -> list[UnfinishedTrack]:
    """Tracks of this origin that nobody has called complete, of lessons that ended by then."""
    require(Deed.KEEP_SEGMENTS, _relations(principal), "admin_needed")
    segments = select(func.count()).where(SegmentRow.track_id == TrackRow.id).scalar_subquery()
    async with store.reading() as db:
        found = await db.execute(
            select(LessonRow.id, TrackRow.id, segments)
            .join(RecordingRow, RecordingRow.lesson_id == LessonRow.id)
            .join(TrackRow, TrackRow.recording_id == RecordingRow.id)
            .where(
                TrackRow.origin == origin,
                TrackRow.expected_segments.is_(None),
                LessonRow.state.in_((LessonState.ENDED, LessonState.ARCHIVED)),  # archived: what came late
                LessonRow.ended_at <= ended_before,
            )
        )
        return [UnfinishedTrack(*row) for row in found]


async def access_recordings_to_settle(store: Store, principal: Principal) -> list[str]:
    """Recordings still captured whose lesson is over."""
    require(Deed.KEEP_SEGMENTS, _relations(principal), "admin_needed")
    async with store.reading() as db:
        found = await db.scalars(
            select(RecordingRow.id)
            .join(LessonRow, LessonRow.id == RecordingRow.lesson_id)
            .where(RecordingRow.state == RecordingState.CAPTURING, LessonRow.state == LessonState.ENDED)
        )
        return list(found)


async def access_recording_settle(
    store: Store, principal: Principal, recording_id: str, now: datetime
) -> tuple[Recording, Lesson] | None:
    """When the lesson is over, every track has all its segments and the store has all their bytes but for those that
    were given up: the recording is complete and the lesson archived. None when it is not so (yet), or was so already.
    """
    require(Deed.KEEP_SEGMENTS, _relations(principal), "admin_needed")
    async with store.session() as db:
        row = await db.get(RecordingRow, recording_id, with_for_update=True)
        if row is None or row.state is not RecordingState.CAPTURING or row.lesson_id is None:
            return None
        lesson = await lesson_row(db, row.lesson_id)
        if lesson.state is not LessonState.ENDED:
            return None
        tracks = list(await db.scalars(select(TrackRow).where(TrackRow.recording_id == recording_id)))
        stocks = [await _stock(db, track) for track in tracks]
        if not stocks or any(
            track.expected_segments != stock.next_sequence or (stock.missing and track.given_up_at is None)
            for track, stock in zip(tracks, stocks, strict=True)
        ):
            return None
        complete = recording_of(row).after(RecordingStep.COMPLETE)
        row.state, row.completed_at = complete.state, now
        await touch(db, row.id, now)
        details = {"tracks": len(tracks), "segments": sum(stock.stored for stock in stocks)}
        append(db, principal, "recording.completed", f"recording:{recording_id}", details, now=now)
        return complete, take_step(db, principal, lesson, LessonStep.ARCHIVE, now)


def require_growing(recording: RecordingRow) -> None:
    """What comes late is taken in, also into what was complete, as long as anybody may watch it.

    Raises `Conflict("recording_closed")`.
    """
    if recording.state is RecordingState.RETIRED or recording.trashed_at is not None:
        raise Conflict("recording_closed", recording=recording.title, state=recording.state.value)


async def _recording(db: AsyncSession, principal: Principal, recording_id: str, *, lock: bool = True) -> RecordingRow:
    """For whoever records it. Raises `NotFound("recording_unknown")`, `Forbidden("recording_not_yours")`."""
    row = await db.get(RecordingRow, recording_id, with_for_update=lock or None)
    if row is None:
        raise NotFound("recording_unknown", recording=recording_id[:64])
    relations = _relations(principal)
    if row.lesson_id is not None:
        relations |= await relations_to_lesson(db, principal, await lesson_row(db, row.lesson_id))
    require(Deed.RECORD_LESSON, relations, "recording_not_yours", recording=recording_id)
    return row


async def _track(
    db: AsyncSession, principal: Principal, track_id: str, *, lock: bool = True
) -> tuple[RecordingRow, TrackRow]:
    row = await db.get(TrackRow, track_id)
    if row is None:
        raise NotFound("track_unknown", track=track_id[:64])
    return await _recording(db, principal, row.recording_id, lock=lock), row


def _relations(principal: Principal) -> frozenset[Relation]:
    require_somebody(principal)
    return frozenset({Relation.ADMIN} if principal.has(Role.ADMIN) else ())


async def _count(db: AsyncSession, track_id: str) -> int:
    return await db.scalar(select(func.count()).where(SegmentRow.track_id == track_id)) or 0


async def _stock(db: AsyncSession, row: TrackRow, lost: Sequence[str] = ()) -> TrackStock:
    """`lost` is not said to be missing."""
    await db.flush()
    whole = and_(BlobRow.digest.is_not(None), BlobRow.damaged_at.is_(None))
    with_blobs = (
        select(SegmentRow).where(SegmentRow.track_id == row.id).outerjoin(BlobRow, BlobRow.digest == SegmentRow.digest)
    )
    missing = [
        Missing(line.digest, line.size_bytes)
        for line in await db.scalars(
            with_blobs.where(not_(whole), SegmentRow.digest.not_in(lost))
            .order_by(SegmentRow.sequence)
            .limit(MOST_MISSING)
        )
    ]
    headers = await db.scalars(
        select(SegmentRow.init_digest)
        .distinct()
        .where(SegmentRow.track_id == row.id)
        .outerjoin(BlobRow, BlobRow.digest == SegmentRow.init_digest)
        .where(not_(whole), SegmentRow.init_digest.not_in(lost))
    )
    counted = with_blobs.where(whole).with_only_columns(func.count(), maintain_column_froms=True)
    return TrackStock(
        track=track_of(row),
        next_sequence=await _count(db, row.id),
        stored=await db.scalar(counted) or 0,
        # a header first: without it nothing after it can be watched
        missing=(*(Missing(digest, None) for digest in headers), *missing),
    )

"""What there is of a recording to be watched. Who may is asked by `classroom.access.archive`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.lessons import lesson_row
from classroom.access.matrix import Deed
from classroom.access.relations import relations_to_lesson, require, require_somebody
from classroom.access.rows import recording_of, segment_of, track_of
from classroom.errors import NotFound
from classroom.model.lesson import RUNNING
from classroom.model.manifest import Manifest
from classroom.model.merging import TrackSegments
from classroom.model.principal import Principal
from classroom.model.recording import Recording, RecordingState, Segment
from classroom.store.catalogue_tables import CueRow, EntryRow, TranscriptRow
from classroom.store.recording_tables import BlobRow, RecordingRow, SegmentRow, TrackRow
from classroom.store.store import Store
from classroom.store.tables import LessonRow, SchoolRow


async def access_recording_of_lesson(store: Store, principal: Principal, lesson_id: str) -> Recording | None:
    """The lesson's recording, for whoever may watch the lesson; None when nothing was recorded."""
    require_somebody(principal)
    async with store.reading() as db:
        relations = await relations_to_lesson(db, principal, await lesson_row(db, lesson_id))
        require(Deed.WATCH_LESSON, relations, "lesson_forbidden", lesson=lesson_id)
        row = await db.scalar(select(RecordingRow).where(RecordingRow.lesson_id == lesson_id))
        return None if row is None else recording_of(row)


async def manifest_of(store: Store, recording_id: str, known: Manifest | None = None) -> Manifest:
    """The recording's manifest, on the server's own behalf: who may watch was asked before.

    While the lesson runs, of each track those segments count that are here with all before them: the others are still
    on their way. With what was `known` then only newer ones are read and `broken` stays as it was.
    Raises `NotFound("recording_unknown")`.
    """
    async with store.reading() as db:
        row = await _recording_row(db, recording_id)
        running = await _runs(db, row)
        before = {track.id: segments for track, segments in known.tracks} if known and running else {}
        wanted = select(TrackRow).where(TrackRow.recording_id == recording_id).order_by(TrackRow.name, TrackRow.id)
        tracks = [track_of(each) for each in await db.scalars(wanted)]
        first = {track.id: len(before.get(track.id, ())) for track in tracks}
        fresh = await _segments(db, first, only_here=running)
        whole: tuple[TrackSegments, ...] = tuple(
            (track, (*before.get(track.id, ()), *fresh.get(track.id, ()))) for track in tracks
        )
        broken = known.broken if known and running else await _broken(db, list(first))
        return Manifest(recording_of(row), whole, broken, running)


async def _recording_row(db: AsyncSession, recording_id: str) -> RecordingRow:
    row = await db.get(RecordingRow, recording_id)
    if row is None:
        raise NotFound("recording_unknown", recording=recording_id[:64])
    return row


async def _runs(db: AsyncSession, row: RecordingRow) -> bool:
    if row.state is not RecordingState.CAPTURING or row.lesson_id is None:
        return False
    return await db.scalar(select(LessonRow.state).where(LessonRow.id == row.lesson_id)) in RUNNING


async def _segments(db: AsyncSession, first: Mapping[str, int], *, only_here: bool) -> dict[str, list[Segment]]:
    """Of each track (by id) its segments from this sequence on; `only_here`: up to the first that is not stored."""
    if not first:
        return {}
    newer = (and_(SegmentRow.track_id == track, SegmentRow.sequence >= number) for track, number in first.items())
    wanted = select(SegmentRow).where(or_(*newer)).order_by(SegmentRow.track_id, SegmentRow.sequence)
    found: dict[str, list[Segment]] = {}
    here = await _stored(db, first) if only_here else None
    ended: set[str] = set()
    for row in await db.scalars(wanted):
        if here is not None and (row.track_id in ended or not here.issuperset((row.digest, row.init_digest))):
            ended.add(row.track_id)
            continue
        found.setdefault(row.track_id, []).append(segment_of(row))
    return found


async def _stored(db: AsyncSession, first: Mapping[str, int]) -> set[str]:
    """Digests of these segments and their headers that the store has, whole or not."""
    found: set[str] = set()
    newer = or_(*(and_(SegmentRow.track_id == track, SegmentRow.sequence >= number) for track, number in first.items()))
    for column in (SegmentRow.digest, SegmentRow.init_digest):
        found |= set(await db.scalars(select(BlobRow.digest).join(SegmentRow, BlobRow.digest == column).where(newer)))
    return found


async def _broken(db: AsyncSession, tracks: Sequence[str]) -> frozenset[str]:
    """Digests of these tracks that the store has not, or not whole."""
    found: set[str] = set()
    for column in (SegmentRow.digest, SegmentRow.init_digest):
        wanted = (
            select(column)
            .distinct()
            .outerjoin(BlobRow, BlobRow.digest == column)
            .where(SegmentRow.track_id.in_(tracks), or_(BlobRow.digest.is_(None), BlobRow.damaged_at.is_not(None)))
        )
        found |= set(await db.scalars(wanted))
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class CaptionCue:
    begin_ms: int
    end_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class RecordingHeading:
    """What stands above a recording."""

    subject: str
    teacher_name: str
    school_name: str
    lesson_code: str | None


async def heading_of(store: Store, recording_id: str) -> RecordingHeading:
    """Who may watch was asked before. Raises `NotFound("recording_unknown")`."""
    async with store.reading() as db:
        row = await _recording_row(db, recording_id)
        entry = await db.get(EntryRow, recording_id)
        school = await db.scalar(select(SchoolRow.name).where(SchoolRow.id == row.school_id))
        code = None
        if row.lesson_id is not None:
            code = await db.scalar(select(LessonRow.code).where(LessonRow.id == row.lesson_id))
        subject, teacher = (entry.subject, entry.teacher_name) if entry is not None else ("", "")
        return RecordingHeading(subject, teacher, school or "", code)


async def captions_of(store: Store, recording_id: str) -> list[str]:
    """In which languages there are captions, the one written first first. Who may watch was asked before."""
    wanted = select(TranscriptRow.language).where(TranscriptRow.recording_id == recording_id)
    async with store.reading() as db:
        return list(await db.scalars(wanted.order_by(TranscriptRow.made_at)))


async def cues_of(store: Store, recording_id: str, language: str) -> list[CaptionCue]:
    """What is said, in order. Raises `NotFound("captions_missing")`."""
    wanted = select(TranscriptRow.id).where(
        TranscriptRow.recording_id == recording_id, TranscriptRow.language == language
    )
    async with store.reading() as db:
        transcript_id = await db.scalar(wanted)
        if transcript_id is None:
            raise NotFound("captions_missing", language=language[:16])
        cues = select(CueRow).where(CueRow.transcript_id == transcript_id).order_by(CueRow.position)
        return [CaptionCue(row.begin_ms, row.end_ms, row.text) for row in await db.scalars(cues)]

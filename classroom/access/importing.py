"""Libraries of films that others made: what a table says of them becomes recordings, all of them or none."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.archive import kept_by
from classroom.access.cataloguing import apply_edit, describe, touch
from classroom.access.relations import require_somebody
from classroom.access.retention import require_keeper
from classroom.audit import append
from classroom.captions import Cue
from classroom.errors import Forbidden, NotFound
from classroom.messages.archive import EntryEdit
from classroom.model.catalogue import Consent, KnowledgeKind
from classroom.model.principal import Principal, Role
from classroom.model.recording import RecordingState, Segment, TrackKind, TrackOrigin
from classroom.store.catalogue_tables import CueRow, EntryRow, KnowledgeRow, TextbookRow, TranscriptRow
from classroom.store.recording_tables import BlobRow, RecordingRow, SegmentRow, TrackRow
from classroom.store.store import Store
from classroom.store.tables import SchoolRow
from classroom.store.types import new_id

_AT_ONCE = 5_000  # rows in one statement


@dataclass(frozen=True, slots=True)
class ImportPlaces:
    """What rows name: ids of the schools whose archive is kept, by code; and of all other schools the codes."""

    kept: Mapping[str, str]
    others: frozenset[str]


@dataclass(frozen=True, slots=True)
class NewFilmTrack:
    """See `classroom.model.recording.Track`; all of its bytes are in the segment store already."""

    name: str
    kind: TrackKind
    codec: str
    timescale: int
    width: int
    height: int
    channels: int
    segments: Sequence[Segment]


@dataclass(frozen=True, slots=True)
class NewFilm:
    """A recording to be. `source_digest`: SHA-256 of the file it came from; `cues` in the entry's language."""

    school_id: str
    title: str
    began_at: datetime
    source_digest: str
    entry: EntryEdit
    consent: Consent
    consent_note: str
    tracks: Sequence[NewFilmTrack]
    cues: Sequence[Cue]


async def access_import_places(store: Store, principal: Principal, codes: Collection[str]) -> ImportPlaces:
    """Which of these schools somebody imports for: those whose archive they keep. For whoever keeps an archive."""
    require_somebody(principal)
    async with store.reading() as db:
        await require_keeper(db, principal, None, anywhere=True)
        wanted = select(SchoolRow.code, SchoolRow.id).where(SchoolRow.code.in_(codes))
        kept = await kept_by(db, principal, Role.ARCHIVIST)
        every = dict(iter(await db.execute(wanted)))
        mine = every if kept is None else dict(iter(await db.execute(wanted.where(kept))))
        return ImportPlaces(mine, frozenset(every) - frozenset(mine))


async def access_import_book(
    store: Store, *, subject: str, grade: int, edition: str, volume: str
) -> tuple[str, dict[str, str]] | None:
    """A textbook's id, and its knowledge points' ids by name; None when there is no such book."""
    async with store.reading() as db:
        book = select(TextbookRow.id).filter_by(subject=subject, grade=grade, edition=edition, volume=volume)
        book_id = await db.scalar(book)
        if book_id is None:
            return None
        points = select(KnowledgeRow.name, KnowledgeRow.id).where(
            KnowledgeRow.textbook_id == book_id, KnowledgeRow.kind == KnowledgeKind.POINT
        )
        return book_id, dict(iter(await db.execute(points)))


async def access_imported(store: Store, digests: Collection[str]) -> set[str]:
    """Which of these files are in the archive already, by SHA-256. On the server's own behalf."""
    async with store.reading() as db:
        return {
            digest
            for digest in await db.scalars(select(EntryRow.source_digest).where(EntryRow.source_digest.in_(digests)))
            if digest is not None
        }


async def access_import(store: Store, principal: Principal, films: Sequence[NewFilm], now: datetime) -> list[str]:
    """Make recordings of all these films in one transaction: their ids. What is there already is left out.

    Raises `Forbidden("archive_forbidden")` when one is for a school whose archive `principal` does not keep, and
    `NotFound("segment_missing")` when the segment store has not (any more) all of a film.
    """
    require_somebody(principal)
    made = []
    async with store.session() as db:
        for school_id in {film.school_id for film in films}:
            school = await db.get_one(SchoolRow, school_id)
            if not await _keeps(db, principal, school):
                raise Forbidden("archive_forbidden")
        await _require_kept(db, films)
        for film in films:
            there = select(func.count()).select_from(EntryRow).where(EntryRow.source_digest == film.source_digest)
            if not await db.scalar(there):
                made.append(await _make(db, principal, film, now))
        append(db, principal, "recordings.imported", "archive:", {"recordings": len(made)}, now=now)
    return made


async def _require_kept(db: AsyncSession, films: Sequence[NewFilm]) -> None:
    """What was kept days ago and not named since may have been removed as unused; from now on it is not."""
    names = sorted(
        {
            name
            for film in films
            for track in film.tracks
            for each in track.segments
            for name in (each.digest, each.init_digest)
        }
    )
    for first in range(0, len(names), _AT_ONCE):
        some = names[first : first + _AT_ONCE]
        known = set(await db.scalars(select(BlobRow.digest).where(BlobRow.digest.in_(some)).with_for_update(read=True)))
        if len(known) < len(some):
            raise NotFound("segment_missing", digest=next(name for name in some if name not in known))


async def _keeps(db: AsyncSession, principal: Principal, school: SchoolRow) -> bool:
    kept = await kept_by(db, principal, Role.ARCHIVIST)
    return kept is None or await db.scalar(select(SchoolRow.id).where(SchoolRow.id == school.id, kept)) is not None


async def _make(db: AsyncSession, principal: Principal, film: NewFilm, now: datetime) -> str:
    ends = [
        (each.segments[-1].start + each.segments[-1].duration) / each.timescale for each in film.tracks if each.segments
    ]
    row = RecordingRow(
        id=new_id(), lesson_id=None, school_id=film.school_id, title=film.title, state=RecordingState.COMPLETE,
        began_at=film.began_at, duration_s=max(ends, default=0.0), created_at=now, completed_at=now, trashed_at=None,
    )  # fmt: skip
    db.add(row)
    await db.flush()
    entry = await describe(db, row, now)
    await apply_edit(db, row, entry, film.entry)
    entry.consent, entry.consent_note, entry.source_digest = film.consent, film.consent_note, film.source_digest
    for track in film.tracks:
        await _track(db, row.id, track)
    if film.cues:
        await _transcript(db, principal, row.id, film, now)
    await touch(db, row.id, now)
    append(db, principal, "recording.imported", f"recording:{row.id}", {"source": film.source_digest}, now=now)
    return row.id


async def _track(db: AsyncSession, recording_id: str, track: NewFilmTrack) -> None:
    row = TrackRow(
        id=new_id(), recording_id=recording_id, name=track.name, kind=track.kind, origin=TrackOrigin.IMPORT,
        codec=track.codec, timescale=track.timescale, width=track.width, height=track.height, channels=track.channels,
        expected_segments=len(track.segments),
    )  # fmt: skip
    db.add(row)
    await db.flush()
    lines = [
        {
            "track_id": row.id, "sequence": each.sequence, "digest": each.digest, "init_digest": each.init_digest,
            "size_bytes": each.size_bytes, "start": each.start, "duration": each.duration,
        }
        for each in track.segments
    ]  # fmt: skip
    for first in range(0, len(lines), _AT_ONCE):
        await db.execute(insert(SegmentRow), lines[first : first + _AT_ONCE])


async def _transcript(db: AsyncSession, principal: Principal, recording_id: str, film: NewFilm, now: datetime) -> None:
    row = TranscriptRow(
        recording_id=recording_id, language=film.entry.language, recogniser=None, made_by=principal.id, made_at=now
    )
    db.add(row)
    await db.flush()
    db.add_all(
        CueRow(transcript_id=row.id, position=at, begin_ms=cue.begin_ms, end_ms=cue.end_ms, text=cue.text)
        for at, cue in enumerate(film.cues)
    )
    await db.flush()

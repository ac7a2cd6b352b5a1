"""What goes out with a recording's files: all that is known of it, for whoever may take it away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from classroom.access.archive import access_recording_to_download, ask
from classroom.access.cataloguing import entry_of
from classroom.access.lifecycle import decide
from classroom.access.matrix import Deed
from classroom.access.retention import require_keeper
from classroom.model.catalogue import Entry
from classroom.model.principal import Principal
from classroom.model.recording import RecordingState
from classroom.store.catalogue_tables import KnowledgeRow, TextbookRow, TranscriptRow
from classroom.store.recording_tables import RecordingRow, SegmentRow, TrackRow
from classroom.store.store import Store
from classroom.store.tables import SchoolRow


@dataclass(frozen=True, slots=True)
class Exported:
    """`topics`: names of the knowledge points; `languages`: of the transcripts there are."""

    recording_id: str
    title: str
    state: RecordingState
    school_code: str
    school_name: str
    began_at: datetime
    duration_s: float
    edition: str
    volume: str
    topics: tuple[str, ...]
    languages: tuple[str, ...]
    entry: Entry


async def access_recording_to_export(store: Store, principal: Principal, recording_id: str, now: datetime) -> Exported:
    """A recording with its entry. Raises as `access_recording_to_download`."""
    await access_recording_to_download(store, principal, recording_id, now)
    async with store.reading() as db:
        asked = await ask(db, principal, recording_id, Deed.DOWNLOAD_RECORDING, now=now)
        row, school = asked.row, await db.get_one(SchoolRow, asked.row.school_id)
        entry = await entry_of(db, asked.entry)
        book = await db.get(TextbookRow, entry.textbook_id) if entry.textbook_id else None
        topics = select(KnowledgeRow.name).where(KnowledgeRow.id.in_(entry.knowledge))
        languages = select(TranscriptRow.language).where(TranscriptRow.recording_id == recording_id)
        return Exported(
            recording_id=row.id,
            title=row.title,
            state=row.state,
            school_code=school.code,
            school_name=school.name,
            began_at=row.began_at,
            duration_s=row.duration_s,
            edition=book.edition if book else "",
            volume=book.volume if book else "",
            topics=tuple(await db.scalars(topics.order_by(KnowledgeRow.position, KnowledgeRow.id))),
            languages=tuple(await db.scalars(languages.order_by(TranscriptRow.language))),
            entry=entry,
        )


async def access_export_sizes(
    store: Store, principal: Principal, recording_ids: Sequence[str]
) -> dict[str, tuple[str, int]]:
    """Titles and bytes of recordings by id, those that are not there left out: how much work it is, before any of it.

    For whoever keeps an archive; whether each of them may be taken away is asked when it is.
    """
    async with store.reading() as db:
        await require_keeper(db, principal, None, anywhere=True)
        rows = await db.execute(
            select(RecordingRow.id, RecordingRow.title, func.coalesce(func.sum(SegmentRow.size_bytes), 0))
            .outerjoin(TrackRow, TrackRow.recording_id == RecordingRow.id)
            .outerjoin(SegmentRow, SegmentRow.track_id == TrackRow.id)
            .where(RecordingRow.id.in_(recording_ids))
            .group_by(RecordingRow.id)
        )
        return {recording_id: (title, int(size)) for recording_id, title, size in rows}


async def access_recording_exported(
    store: Store, principal: Principal, recording_id: str, export: str, now: datetime
) -> None:
    """It was taken away with others, in this export: audited with the recording."""
    async with store.session() as db:
        await ask(db, principal, recording_id, Deed.DOWNLOAD_RECORDING, now=now)
        decide(db, principal, recording_id, "exported", now=now, export=export)

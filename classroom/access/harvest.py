"""What other platforms may harvest: recordings that are public, and tombstones of those that once were."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.cataloguing import entry_of
from classroom.model.catalogue import Audience, Entry, widest
from classroom.model.recording import RecordingState
from classroom.store.catalogue_tables import EntryRow, KnowledgeRow, TextbookRow
from classroom.store.recording_tables import RecordingRow
from classroom.store.store import Store
from classroom.store.tables import SchoolRow


@dataclass(frozen=True, slots=True)
class Tombstone:
    """All that is said of a recording that is no longer public."""

    recording_id: str
    changed_at: datetime
    sets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Harvested:
    """A public recording with everything that metadata is made of."""

    recording_id: str
    changed_at: datetime
    sets: tuple[str, ...]
    title: str
    school_name: str
    began_at: datetime
    duration_s: float
    edition: str
    topics: tuple[str, ...]
    entry: Entry


@dataclass(frozen=True, slots=True)
class Slice:
    """What to list: changed from `since` to `until` (both included), of one set; after this place of the list."""

    since: datetime | None = None
    until: datetime | None = None
    set_spec: str | None = None
    after: tuple[datetime, str] | None = None


async def access_harvest(store: Store, wanted: Slice, limit: int) -> tuple[list[Harvested | Tombstone], bool, int]:
    """Records in the order in which they changed, whether there are more, and how many there are in all."""
    conditions = _conditions(wanted)
    after = _after(wanted)
    async with store.reading() as db:
        of = select(EntryRow, RecordingRow, SchoolRow)
        joined = of.join(RecordingRow, RecordingRow.id == EntryRow.recording_id).join(
            SchoolRow, SchoolRow.id == RecordingRow.school_id
        )
        total = await db.scalar(select(func.count()).select_from(joined.where(*conditions).subquery("wanted")))
        ordered = joined.where(*conditions, *after).order_by(EntryRow.changed_at, EntryRow.recording_id)
        rows = list(await db.execute(ordered.limit(limit + 1)))
        found = [await _harvested(db, entry, row, school) for entry, row, school in rows[:limit]]
    return found, len(rows) > limit, total or 0


async def access_harvested(store: Store, recording_id: str) -> Harvested | Tombstone | None:
    """One record; None when it never was public."""
    async with store.reading() as db:
        entry = await db.get(EntryRow, recording_id)
        if entry is None or entry.public_since is None:
            return None
        row = await db.get_one(RecordingRow, recording_id)
        return await _harvested(db, entry, row, await db.get_one(SchoolRow, row.school_id))


async def access_earliest(store: Store) -> datetime | None:
    """When the record that changed longest ago did."""
    async with store.reading() as db:
        return await db.scalar(select(func.min(EntryRow.changed_at)).where(EntryRow.public_since.is_not(None)))


async def access_sets(store: Store) -> list[tuple[str, str]]:
    """Sets there are: a spec and a name. By collection level, grade and school."""
    async with store.reading() as db:
        public = EntryRow.public_since.is_not(None)
        levels = await db.scalars(select(EntryRow.level).where(public).distinct())
        grades = await db.scalars(select(EntryRow.grade).where(public, EntryRow.grade.is_not(None)).distinct())
        schools = await db.execute(
            select(SchoolRow.code, SchoolRow.name)
            .join(RecordingRow, RecordingRow.school_id == SchoolRow.id)
            .join(EntryRow, EntryRow.recording_id == RecordingRow.id)
            .where(public)
            .distinct()
        )
        return [
            *sorted((f"level:{level.value}", level.value) for level in levels),
            *((f"grade:{grade}", str(grade)) for grade in sorted(grade for grade in grades if grade is not None)),
            *sorted((f"school:{code}", name) for code, name in schools),
        ]


def _conditions(wanted: Slice) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [EntryRow.public_since.is_not(None)]
    if wanted.since is not None:
        conditions.append(EntryRow.changed_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(EntryRow.changed_at <= wanted.until)
    if wanted.set_spec is not None:
        kind, _, value = wanted.set_spec.partition(":")
        column: ColumnElement[bool] = {
            "level": EntryRow.level == value,
            "grade": EntryRow.grade == (int(value) if value.isdigit() else 0),
            "school": SchoolRow.code == value,
        }[kind]
        conditions.append(column)
    return conditions


def _after(wanted: Slice) -> list[ColumnElement[bool]]:
    if wanted.after is None:
        return []
    at, recording_id = wanted.after
    later = and_(EntryRow.changed_at == at, EntryRow.recording_id > recording_id)
    return [or_(EntryRow.changed_at > at, later)]


async def _harvested(db: AsyncSession, entry: EntryRow, row: RecordingRow, school: SchoolRow) -> Harvested | Tombstone:
    sets = (f"level:{entry.level.value}", *([f"grade:{entry.grade}"] if entry.grade else []), f"school:{school.code}")
    there = row.state is RecordingState.PUBLISHED and row.trashed_at is None
    if not there or widest(entry.audience, entry.consent) is not Audience.PUBLIC:
        return Tombstone(row.id, entry.changed_at, sets)
    whole = await entry_of(db, entry)
    book = await db.get(TextbookRow, entry.textbook_id) if entry.textbook_id else None
    return Harvested(
        recording_id=row.id,
        changed_at=entry.changed_at,
        sets=sets,
        title=row.title,
        school_name=school.name,
        began_at=row.began_at,
        duration_s=row.duration_s,
        edition=book.edition if book else "",
        topics=tuple(await _topics(db, whole.knowledge)),
        entry=whole,
    )


async def _topics(db: AsyncSession, ids: Sequence[str]) -> list[str]:
    names = select(KnowledgeRow.name).where(KnowledgeRow.id.in_(ids))
    return list(await db.scalars(names.order_by(KnowledgeRow.position, KnowledgeRow.id)))

"""Catalogue entries: made from the lesson by themselves, corrected by people, found by search."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.archive import ask, scope_of
from classroom.access.matrix import Deed
from classroom.audit import append
from classroom.clock import SCHOOL_ZONE
from classroom.errors import Conflict, NotFound
from classroom.messages.archive import EntryEdit
from classroom.model.catalogue import Audience, Entry, LessonType, widest
from classroom.model.lesson import LessonMode
from classroom.model.principal import Principal, Role
from classroom.model.recording import RecordingState
from classroom.search import index
from classroom.search.words import mark
from classroom.store.catalogue_tables import (
    CueRow,
    EntryRow,
    KnowledgeRow,
    RecordingKnowledgeRow,
    RecordingPartnerRow,
    RecordingTagRow,
    TextbookRow,
    TranscriptRow,
)
from classroom.store.recording_tables import RecordingRow
from classroom.store.store import Store
from classroom.store.tables import AccountRow, LessonPointRow, LessonRow, SchoolRow

# As long as nobody has begun to judge it, its teacher describes it.
_TEACHERS_OWN = frozenset({RecordingState.CAPTURING, RecordingState.COMPLETE, RecordingState.RETURNED})


async def describe(db: AsyncSession, recording: RecordingRow, now: datetime) -> EntryRow:
    """Give a new recording its catalogue entry, in the transaction that makes the recording.

    What the lesson says of itself goes in: subject, grade, teacher, who took part, in which of the three classrooms.
    """
    school = await db.get_one(SchoolRow, recording.school_id)
    entry = EntryRow(
        recording_id=recording.id, subject="", grade=None, textbook_id=None, teacher_id=None, mode=None,
        rights_holder=school.name, hold_reason=None, published_at=None, retired_at=None, retired_reason=None,
        purged_at=None, changed_at=now,
    )  # fmt: skip
    if recording.lesson_id is not None:
        lesson = await db.get_one(LessonRow, recording.lesson_id)
        teacher = await db.get_one(AccountRow, lesson.teacher_id)
        entry.subject, entry.grade, entry.mode = lesson.subject, lesson.grade, lesson.mode
        entry.teacher_id, entry.teacher_name, entry.authors = teacher.id, teacher.name, [teacher.name]
        if lesson.mode is LessonMode.RESEARCH:
            entry.lesson_type = LessonType.RESEARCH
        points = select(LessonPointRow).where(LessonPointRow.lesson_id == lesson.id)
        for point in await db.scalars(points.order_by(LessonPointRow.position)):
            db.add(
                RecordingPartnerRow(
                    recording_id=recording.id, position=point.position, name=point.name, school_id=point.school_id
                )
            )
    db.add(entry)
    await db.flush()
    await reindex(db, recording.id)
    return entry


async def access_undescribed_recordings(store: Store, now: datetime) -> int:
    """Describe recordings that have no entry (made by an older program): how many there were."""
    async with store.session() as db:
        missing = select(RecordingRow).where(RecordingRow.id.not_in(select(EntryRow.recording_id)))
        rows = list(await db.scalars(missing))
        for row in rows:
            await describe(db, row, now)
    return len(rows)


async def access_entry(
    store: Store, principal: Principal, recording_id: str, now: datetime, share: str | None = None
) -> Entry:
    """The catalogue entry, for whoever may see the recording."""
    async with store.reading() as db:
        asked = await ask(db, principal, recording_id, Deed.SEE_RECORDING, now=now, share=share)
        return await entry_of(db, asked.entry)


async def access_recording_to_describe(store: Store, principal: Principal, recording_id: str, now: datetime) -> str:
    """For whoever may say what it is about, before a file with it is read: its language.

    Raises as `access_recording_to_see`.
    """
    async with store.reading() as db:
        return (await ask(db, principal, recording_id, Deed.DESCRIBE_RECORDING, now=now)).entry.language


async def access_entry_edit(
    store: Store, principal: Principal, recording_id: str, edit: EntryEdit, now: datetime
) -> Entry:
    """Change what is given in `edit`. A teacher describes an own recording until it is submitted.

    Raises `Conflict("entry_closed")` for a teacher after that, `NotFound` for an unknown textbook, knowledge point or
    teacher, and as `access_recording_to_see`.
    """
    async with store.session() as db:
        asked = await ask(db, principal, recording_id, Deed.DESCRIBE_RECORDING, now=now)
        keeper = principal.has(Role.ADMIN, Role.ARCHIVIST)
        if not keeper and asked.row.state not in _TEACHERS_OWN:
            raise Conflict("entry_closed", recording=asked.row.title, state=asked.row.state.value)
        changed = await apply_edit(db, asked.row, asked.entry, edit)
        if changed:
            await touch(db, recording_id, now)
            append(db, principal, "recording.described", f"recording:{recording_id}", {"fields": changed}, now=now)
        return await entry_of(db, asked.entry)


async def access_tag(store: Store, principal: Principal, recording_id: str, tag: str, now: datetime) -> None:
    """Add a tag to a recording. Raises as `access_entry_edit`."""
    entry = await access_entry(store, principal, recording_id, now)
    edit = EntryEdit(tags=sorted({*entry.tags, tag}))
    await access_entry_edit(store, principal, recording_id, edit, now)


async def apply_edit(db: AsyncSession, row: RecordingRow, entry: EntryRow, edit: EntryEdit) -> list[str]:
    """Write the given fields: the names of those that changed anything."""
    given = edit.model_dump(exclude_unset=True, exclude={"knowledge", "tags"})
    changed = []
    if "title" in given and (title := given.pop("title")) is not None and title != row.title:
        row.title = title
        changed.append("title")
    if given.get("textbook_id") is not None and await db.get(TextbookRow, given["textbook_id"]) is None:
        raise NotFound("textbook_unknown", textbook=given["textbook_id"][:64])
    for field, value in given.items():
        if getattr(entry, field) != value:
            setattr(entry, field, value)
            changed.append(field)
    if edit.tags is not None and await _replace_tags(db, row.id, edit.tags):
        changed.append("tags")
    if edit.knowledge is not None and await _replace_knowledge(db, row.id, edit.knowledge):
        changed.append("knowledge")
    return sorted(changed)


async def touch(db: AsyncSession, recording_id: str, now: datetime) -> None:
    """What is known of a recording has changed: harvesters and search must know."""
    entry = await db.get_one(EntryRow, recording_id)
    # harvesters compare whole seconds
    entry.changed_at = now.replace(microsecond=0)
    if entry.public_since is None and await _is_public(db, entry):
        entry.public_since = entry.changed_at
    await db.flush()
    await reindex(db, recording_id)


async def _is_public(db: AsyncSession, entry: EntryRow) -> bool:
    row = await db.get_one(RecordingRow, entry.recording_id)
    return row.state is RecordingState.PUBLISHED and widest(entry.audience, entry.consent) is Audience.PUBLIC


async def _replace_tags(db: AsyncSession, recording_id: str, wanted: Sequence[str]) -> bool:
    of = RecordingTagRow.recording_id == recording_id
    before = set(await db.scalars(select(RecordingTagRow.tag).where(of)))
    after = set(wanted)
    if gone := before - after:
        await db.execute(delete(RecordingTagRow).where(of, RecordingTagRow.tag.in_(gone)))
    db.add_all(RecordingTagRow(recording_id=recording_id, tag=tag) for tag in after - before)
    return before != after


async def _replace_knowledge(db: AsyncSession, recording_id: str, wanted: Sequence[str]) -> bool:
    after = set(wanted)
    known = set(await db.scalars(select(KnowledgeRow.id).where(KnowledgeRow.id.in_(after))))
    if unknown := after - known:
        raise NotFound("knowledge_unknown", knowledge=min(unknown)[:64])
    of = RecordingKnowledgeRow.recording_id == recording_id
    before = set(await db.scalars(select(RecordingKnowledgeRow.knowledge_id).where(of)))
    if gone := before - after:
        await db.execute(delete(RecordingKnowledgeRow).where(of, RecordingKnowledgeRow.knowledge_id.in_(gone)))
    db.add_all(RecordingKnowledgeRow(recording_id=recording_id, knowledge_id=each) for each in after - before)
    return before != after


async def entry_of(db: AsyncSession, row: EntryRow) -> Entry:
    """The entry with what stands in other tables."""
    key = row.recording_id
    partners = select(RecordingPartnerRow.name).where(RecordingPartnerRow.recording_id == key)
    tags = select(RecordingTagRow.tag).where(RecordingTagRow.recording_id == key)
    knowledge = (
        select(RecordingKnowledgeRow.knowledge_id)
        .join(KnowledgeRow)
        .where(RecordingKnowledgeRow.recording_id == key)
        .order_by(KnowledgeRow.position, KnowledgeRow.id)
    )
    return Entry(
        recording_id=key,
        subject=row.subject,
        grade=row.grade,
        textbook_id=row.textbook_id,
        knowledge=tuple(await db.scalars(knowledge)),
        teacher_id=row.teacher_id,
        teacher_name=row.teacher_name,
        partners=tuple(await db.scalars(partners.order_by(RecordingPartnerRow.position))),
        mode=row.mode,
        lesson_type=row.lesson_type,
        description=row.description,
        language=row.language,
        tags=tuple(await db.scalars(tags.order_by(RecordingTagRow.tag))),
        authors=tuple(row.authors),
        rights_holder=row.rights_holder,
        licence=row.licence,
        level=row.level,
        audience=row.audience,
        downloads=row.downloads,
        embed=row.embed,
        consent=row.consent,
        consent_note=row.consent_note,
        hold_reason=row.hold_reason,
        views=row.views,
        downloaded=row.downloaded,
        published_at=row.published_at,
        retired_at=row.retired_at,
        retired_reason=row.retired_reason,
        changed_at=row.changed_at,
    )


async def reindex(db: AsyncSession, recording_id: str) -> None:
    """Renew what search knows of a recording. After everything that changes what it is found by."""
    row = await db.get_one(RecordingRow, recording_id)
    entry = await db.get_one(EntryRow, recording_id)
    if entry.purged_at is not None:
        await index.drop(db, recording_id)
        return
    school = await db.get_one(SchoolRow, row.school_id)
    audience = widest(entry.audience, entry.consent)
    published = row.state is RecordingState.PUBLISHED and row.trashed_at is None
    textbook = await db.get(TextbookRow, entry.textbook_id) if entry.textbook_id else None
    whole = await entry_of(db, entry)
    topics = await _knowledge_over(db, whole.knowledge)
    partners = select(RecordingPartnerRow.school_id).where(RecordingPartnerRow.recording_id == recording_id)
    recorded = row.began_at.astimezone(SCHOOL_ZONE)
    document = index.Document(
        recording_id=recording_id,
        day=recorded.date(),
        title=row.title,
        names=(
            entry.teacher_name, school.name, entry.subject, *whole.partners, *whole.authors, *whole.tags,
            *(topic.name for topic in topics),
        ),
        text=f"{entry.description}\n{await _said(db, recording_id)}",
        marks={
            *(mark("tag", tag) for tag in whole.tags),
            *(mark("knowledge", topic.id) for topic in topics),
            *(mark("partner", partner) for partner in await db.scalars(partners) if partner is not None),
            *([mark("knowledge", entry.textbook_id)] if entry.textbook_id else []),
            *([mark("teacher", entry.teacher_id)] if entry.teacher_id else []),
        },
        facets={
            "school": school.id,
            # nobody is of the audience of what is not published
            "scope": await scope_of(db, school, audience) if published else "",
            "state": "trashed" if row.trashed_at is not None else row.state.value,
            "subject": entry.subject,
            "grade": "" if entry.grade is None else str(entry.grade),
            "edition": textbook.edition if textbook else "",
            "mode": entry.mode.value if entry.mode else "",
            "type": entry.lesson_type.value,
            "level": entry.level.value,
            "consent": entry.consent.value,
            "year": str(recorded.year),
        },
    )  # fmt: skip
    await index.put(db, document)


async def _knowledge_over(db: AsyncSession, ids: Sequence[str]) -> list[KnowledgeRow]:
    """These knowledge points with the sections and units they belong to: a unit finds what its points find."""
    found: dict[str, KnowledgeRow] = {}
    wanted = set(ids)
    while wanted:
        rows = list(await db.scalars(select(KnowledgeRow).where(KnowledgeRow.id.in_(wanted))))
        found.update((row.id, row) for row in rows)
        wanted = {row.parent_id for row in rows if row.parent_id is not None} - found.keys()
    return list(found.values())


async def _said(db: AsyncSession, recording_id: str) -> str:
    cues = (
        select(CueRow.text)
        .join(TranscriptRow)
        .where(TranscriptRow.recording_id == recording_id)
        .order_by(TranscriptRow.language, CueRow.position)
    )
    return "\n".join(await db.scalars(cues))

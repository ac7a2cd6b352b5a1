"""Searching the archive: what is found is exactly what the principal may see, counted by facets."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import reduce

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.archive import kept_by, places_of
from classroom.errors import BadInput
from classroom.model.catalogue import CollectionLevel, Consent
from classroom.model.principal import Principal, Role
from classroom.model.recording import RecordingState
from classroom.search import index
from classroom.search.packed import FACETS, Documents, day_number
from classroom.search.query import Expression, Word, parse
from classroom.search.words import mark
from classroom.store.catalogue_tables import EntryRow, RecordingExpertRow, RecordingPartnerRow, SearchDocumentRow
from classroom.store.recording_tables import RecordingRow
from classroom.store.store import Store
from classroom.store.tables import SchoolRow

# What can be narrowed and is counted; `scope` is nobody's affair.
SHOWN_FACETS = tuple(facet for facet in FACETS if facet != "scope")
MOST_PER_PAGE = 100
TRASHED = "trashed"  # stands in the facet of states, as what is in the trash has lost its own
_DOCUMENT_BITS = 27  # 90**4 documents at most
_TITLE_BIT = 60
_STAFF = (Role.ARCHIVIST, Role.COORDINATOR, Role.SUPERVISOR)

Mask = npt.NDArray[np.bool_]


class Order(StrEnum):
    """Hits in the title stand first with `RELEVANCE`, the newest of them before older ones."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for. `facets`: wanted values by facet, several of one are alternatives. `tag`, `knowledge` (a point,
    section, unit or textbook), `teacher` and `partner` are ids or words that every hit must have.
    """

    text: str = ""
    facets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    tag: str | None = None
    knowledge: str | None = None
    teacher: str | None = None
    partner: str | None = None
    since: date | None = None
    until: date | None = None
    order: Order = Order.RELEVANCE
    offset: int = 0
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Hit:
    """A line of the list."""

    recording_id: str
    title: str
    state: RecordingState
    trashed: bool
    began_at: datetime
    duration_s: float
    school_id: str
    school_name: str
    subject: str
    grade: int | None
    teacher_name: str
    level: CollectionLevel
    consent: Consent
    held: bool
    views: int
    downloads: int


@dataclass(frozen=True, slots=True)
class Found:
    """`facets`: for each of `SHOWN_FACETS`, how many there would be with each value, whatever is wanted of that facet
    itself; `schools`: names by id.
    """

    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, Mapping[str, int]]
    schools: Mapping[str, str]


async def access_search(store: Store, principal: Principal, wanted: Wanted) -> Found:
    """Find recordings. Nobody needs to be signed in: everybody finds what is public."""
    async with store.reading() as db:
        words = parse(wanted.text)
        values = await index.values(db)
        documents = await _shown(db, principal, words, wanted, values)
        masks = {facet: _one_of(documents, facet, chosen, values) for facet, chosen in wanted.facets.items() if chosen}
        chosen = documents.where(_all(masks.values(), len(documents)))
        facets = {facet: _counts(documents, masks, facet, values) for facet in SHOWN_FACETS}
        page = chosen.where(await _page(db, chosen, words, wanted))
        hits = await _hits(db, [int(number) for number in page.column("document")])
        schools = select(SchoolRow.id, SchoolRow.name).where(SchoolRow.id.in_(facets["school"]))
        names = dict(iter(await db.execute(schools)))
    return Found(len(chosen), tuple(hits), facets, names)


async def access_found_ids(store: Store, principal: Principal, wanted: Wanted, most: int) -> list[str]:
    """All that a search finds, in its order, whatever its page: for deeds on all of it.

    Raises `BadInput("too_many_found")` beyond `most`.
    """
    async with store.reading() as db:
        words = parse(wanted.text)
        values = await index.values(db)
        documents = await _shown(db, principal, words, wanted, values)
        masks = [_one_of(documents, facet, chosen, values) for facet, chosen in wanted.facets.items() if chosen]
        chosen = documents.where(_all(masks, len(documents)))
        if len(chosen) > most:
            raise BadInput("too_many_found", found=len(chosen), most=most)
        rank = await _rank(db, chosen, words, wanted)
        numbers = chosen.column("document")[np.argsort(-rank)].tolist()
        rows = await db.execute(
            select(SearchDocumentRow.id, SearchDocumentRow.recording_id).where(SearchDocumentRow.id.in_(numbers))
        )
        found = dict(iter(rows))
    return [found[number] for number in numbers if number in found]


async def _shown(
    db: AsyncSession,
    principal: Principal,
    words: Sequence[Expression],
    wanted: Wanted,
    values: Mapping[str, Mapping[int, str]],
) -> Documents:
    """What has the words and may be seen; not narrowed yet by facets."""
    documents = await index.find(db, [*words, *_marks(wanted)])
    # what is in the trash is shown alone, or not at all
    trashed = _one_of(documents, "state", {TRASHED}, values)
    shown = trashed if TRASHED in wanted.facets.get("state", ()) else ~trashed
    shown &= _between(documents, wanted)
    return documents.where(shown & await _visible(db, principal, documents, values))


def _marks(wanted: Wanted) -> list[Expression]:
    given = {
        "tag": wanted.tag, "knowledge": wanted.knowledge, "teacher": wanted.teacher, "partner": wanted.partner
    }  # fmt: skip
    return [Word(mark(kind, value)) for kind, value in given.items() if value]


async def _visible(
    db: AsyncSession, principal: Principal, documents: Documents, values: Mapping[str, Mapping[int, str]]
) -> Mask:
    """Which of the documents `principal` may see, as `classroom.access.archive` decides it one by one."""
    if principal.has(Role.ADMIN):
        return np.ones(len(documents), bool)
    mask = _one_of(documents, "scope", await places_of(db, principal), values)
    if not principal.signed_in or principal.lesson_id is not None:
        return mask
    schools = await kept_by(db, principal, *_STAFF)
    if schools is not None:
        kept = await db.scalars(select(SchoolRow.id).where(schools))
        mask |= _one_of(documents, "school", set(kept), values)
    return mask | np.isin(documents.column("document"), await _own(db, principal))


async def _own(db: AsyncSession, principal: Principal) -> npt.NDArray[np.int64]:
    """What is one's own: taught, asked to judge, or one's school took part in it."""
    ids = select(SearchDocumentRow.id)
    own = []
    if principal.has(Role.TEACHER):
        own.append(select(EntryRow.recording_id).where(EntryRow.teacher_id == principal.id))
        if principal.school_id is not None:
            own.append(select(RecordingRow.id).where(RecordingRow.school_id == principal.school_id))
    asked = select(RecordingExpertRow.recording_id).join(
        EntryRow, EntryRow.recording_id == RecordingExpertRow.recording_id
    )
    own.append(
        asked.where(RecordingExpertRow.account_id == principal.id, RecordingExpertRow.submission == EntryRow.submission)
    )
    if principal.school_id is not None:
        partner = select(RecordingPartnerRow.recording_id).where(RecordingPartnerRow.school_id == principal.school_id)
        if not principal.has(Role.TEACHER):
            partner = partner.join(RecordingRow, RecordingRow.id == RecordingPartnerRow.recording_id).where(
                RecordingRow.state == RecordingState.PUBLISHED, RecordingRow.trashed_at.is_(None)
            )
        own.append(partner)
    numbers: set[int] = set()
    for each in own:
        numbers |= set(await db.scalars(ids.where(SearchDocumentRow.recording_id.in_(each))))
    return np.fromiter(numbers, np.int64, len(numbers))


def _one_of(documents: Documents, facet: str, wanted: Collection[str], values: Mapping[str, Mapping[int, str]]) -> Mask:
    numbers = [number for number, value in values[facet].items() if value in wanted]
    return np.isin(documents.column(facet), numbers)


def _between(documents: Documents, wanted: Wanted) -> Mask:
    mask = np.ones(len(documents), bool)
    if wanted.since is not None:
        mask &= documents.column("day") >= day_number(wanted.since)
    if wanted.until is not None:
        mask &= documents.column("day") <= day_number(wanted.until)
    return mask


def _all(masks: Iterable[Mask], length: int) -> Mask:
    return reduce(np.logical_and, masks, np.ones(length, bool))


def _counts(
    documents: Documents, masks: Mapping[str, Mask], facet: str, values: Mapping[str, Mapping[int, str]]
) -> dict[str, int]:
    """How many there are with each value, narrowed by all other facets."""
    others = [mask for other, mask in masks.items() if other != facet]
    counted = documents.where(_all(others, len(documents))) if others else documents
    return {values[facet][number]: count for number, count in counted.count(facet).items()}


async def _page(
    db: AsyncSession, documents: Documents, words: Sequence[Expression], wanted: Wanted
) -> npt.NDArray[np.int64]:
    """The places of the documents to show, in order."""
    rank = await _rank(db, documents, words, wanted)
    end = min(wanted.offset + min(wanted.limit, MOST_PER_PAGE), len(rank))
    # only the page is put in order, not all the hits
    first = np.argpartition(rank, len(rank) - end)[len(rank) - end :] if 0 < end < len(rank) else np.arange(len(rank))
    return first[np.argsort(-rank[first])][wanted.offset : end]


async def _rank(
    db: AsyncSession, documents: Documents, words: Sequence[Expression], wanted: Wanted
) -> npt.NDArray[np.int64]:
    """One number that sorts as day and document do, the newest first; hits in the title before all others."""
    rank = (documents.column("day") << _DOCUMENT_BITS) | documents.column("document")
    if wanted.order is Order.OLDEST:
        rank = -rank
    elif wanted.order is Order.RELEVANCE and words:
        in_title = np.isin(documents.column("document"), await index.find_in_titles(db, words))
        rank += in_title.astype(np.int64) << _TITLE_BIT
    return rank


async def _hits(db: AsyncSession, numbers: Sequence[int]) -> list[Hit]:
    rows = await db.execute(
        select(SearchDocumentRow.id, RecordingRow, EntryRow, SchoolRow.name)
        .join(RecordingRow, RecordingRow.id == SearchDocumentRow.recording_id)
        .join(EntryRow, EntryRow.recording_id == RecordingRow.id)
        .join(SchoolRow, SchoolRow.id == RecordingRow.school_id)
        .where(SearchDocumentRow.id.in_(numbers))
    )
    found = {number: hit_of(row, entry, school) for number, row, entry, school in rows}
    return [found[number] for number in numbers if number in found]


def hit_of(row: RecordingRow, entry: EntryRow, school_name: str) -> Hit:
    return Hit(
        recording_id=row.id,
        title=row.title,
        state=row.state,
        trashed=row.trashed_at is not None,
        began_at=row.began_at,
        duration_s=row.duration_s,
        school_id=row.school_id,
        school_name=school_name,
        subject=entry.subject,
        grade=entry.grade,
        teacher_name=entry.teacher_name,
        level=entry.level,
        consent=entry.consent,
        held=entry.hold_reason is not None,
        views=entry.views,
        downloads=entry.downloaded,
    )

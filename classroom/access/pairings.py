"""Pairings: a strong school helps another one for a term, with a goal; what was planned and held is counted."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from classroom.access.matrix import Deed
from classroom.access.relations import require_somebody, schools_below
from classroom.access.terms import planning_term
from classroom.audit import append
from classroom.errors import NotFound, Unprocessable
from classroom.messages.plans import PairingEdit
from classroom.model.lesson import LessonState
from classroom.model.place import SchoolKind
from classroom.model.principal import Principal
from classroom.store.plan_tables import PairingRow, TermLessonRow
from classroom.store.store import Store
from classroom.store.tables import LessonPointRow, LessonRow, RoomRow, SchoolRow
from classroom.store.types import new_id

_HELD = frozenset({LessonState.ENDED, LessonState.ARCHIVED})


@dataclass(frozen=True, slots=True)
class Pairing:
    """`lessons` a week is the goal; `planned` and `held` count the term's lessons between the two schools. Without an
    `id`, nobody has signed anything: the timetable pairs them."""

    id: str | None
    strong_id: str
    helped_id: str
    lessons: int
    goal: str
    signed_on: date | None
    planned: int
    held: int


async def access_pairings(store: Store, principal: Principal, term_id: str) -> list[Pairing]:
    """All pairings of a term, agreed or only published. Raises `NotFound("term_unknown")`, `Forbidden`."""
    require_somebody(principal)
    counted = (
        select(RoomRow.school_id, LessonPointRow.school_id, LessonRow.state, func.count(LessonRow.id.distinct()))
        .select_from(TermLessonRow)
        .join(LessonRow, LessonRow.id == TermLessonRow.lesson_id)
        .join(RoomRow, RoomRow.id == LessonRow.room_id)
        .join(LessonPointRow, LessonPointRow.lesson_id == LessonRow.id)
        .where(
            TermLessonRow.term_id == term_id,
            LessonRow.state != LessonState.CANCELLED,
            LessonPointRow.school_id.is_not(None),
        )
        .group_by(RoomRow.school_id, LessonPointRow.school_id, LessonRow.state)
    )
    async with store.reading() as db:
        await planning_term(db, principal, term_id, Deed.SEE_PLANNING)
        planned: dict[tuple[str, str], int] = {}
        held: dict[tuple[str, str], int] = {}
        for strong_id, helped_id, state, count in await db.execute(counted):
            key = strong_id, helped_id or ""
            planned[key] = planned.get(key, 0) + count
            if state in _HELD:
                held[key] = held.get(key, 0) + count
        rows = await db.scalars(select(PairingRow).where(PairingRow.term_id == term_id))
        agreed = {(row.strong_id, row.helped_id): row for row in rows}
    found = []
    for strong_id, helped_id in sorted(agreed.keys() | planned.keys()):
        key = strong_id, helped_id
        row = agreed.get(key)
        found.append(
            Pairing(
                id=None if row is None else row.id,
                strong_id=strong_id,
                helped_id=helped_id,
                lessons=0 if row is None else row.lessons,
                goal="" if row is None else row.goal,
                signed_on=None if row is None else row.signed_on,
                planned=planned.get(key, 0),
                held=held.get(key, 0),
            )
        )
    return found


async def access_pairing_edit(
    store: Store, principal: Principal, term_id: str, edit: PairingEdit, now: datetime
) -> None:
    """Agree on a pairing, or change it. Raises `NotFound` with `term_unknown` or `school_unknown`,
    `Unprocessable("pairing_wrong")` unless a strong school helps one that is not, `Forbidden`."""
    require_somebody(principal)
    async with store.session() as db:
        term = await planning_term(db, principal, term_id, Deed.MANAGE_PLANNING)
        wanted = select(SchoolRow).where(
            SchoolRow.id.in_((edit.strong_id, edit.helped_id)), schools_below({term.region_id})
        )
        kinds = {row.id: row.kind for row in await db.scalars(wanted)}
        for school_id in (edit.strong_id, edit.helped_id):
            if school_id not in kinds:
                raise NotFound("school_unknown", school=school_id[:64])
        if kinds[edit.strong_id] is not SchoolKind.STRONG or kinds[edit.helped_id] is SchoolKind.STRONG:
            raise Unprocessable("pairing_wrong")
        row = await db.scalar(
            select(PairingRow).where(
                PairingRow.term_id == term_id,
                PairingRow.strong_id == edit.strong_id,
                PairingRow.helped_id == edit.helped_id,
            )
        )
        if row is None:
            row = PairingRow(id=new_id(), term_id=term_id, strong_id=edit.strong_id, helped_id=edit.helped_id)
            db.add(row)
        row.lessons, row.goal, row.signed_on = edit.lessons, edit.goal, edit.signed_on
        append(db, principal, "pairing.edited", f"pairing:{row.id}", {"term": term_id}, now=now)


async def access_pairing_remove(store: Store, principal: Principal, pairing_id: str, now: datetime) -> None:
    """Take an agreement back. Raises `NotFound("pairing_unknown")`, `Forbidden`."""
    require_somebody(principal)
    async with store.session() as db:
        row = await db.get(PairingRow, pairing_id)
        if row is None:
            raise NotFound("pairing_unknown")
        await planning_term(db, principal, row.term_id, Deed.MANAGE_PLANNING)
        await db.delete(row)
        append(db, principal, "pairing.removed", f"pairing:{pairing_id}", now=now)

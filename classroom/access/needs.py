"""What the classes of a region lack in a term."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.matrix import Deed
from classroom.access.registry import load_registry, periods_of
from classroom.access.registry_edit import pairs
from classroom.access.relations import require_somebody, schools_below
from classroom.access.terms import planning_term
from classroom.audit import append
from classroom.errors import NotFound
from classroom.messages.planning import NeedEdit
from classroom.model.principal import Principal
from classroom.model.registry import ComputedNeed, RegisteredNeed, Registry
from classroom.model.term import Term
from classroom.store.planning_tables import ClassGroupRow, NeedRow, TeacherPlanRow
from classroom.store.store import Store
from classroom.store.tables import SchoolRow
from classroom.store.types import new_id


async def access_term_registry(store: Store, principal: Principal, term_id: str) -> tuple[Term, Registry]:
    """A term and everything a timetable for it is computed from, needs included.

    Raises `NotFound("term_unknown")`, `Forbidden`.
    """
    require_somebody(principal)
    async with store.reading() as db:
        term = await planning_term(db, principal, term_id, Deed.SEE_PLANNING)
        return term, await load_term_registry(db, term)


async def load_term_registry(db: AsyncSession, term: Term) -> Registry:
    """The registry of the term's region, with the term's needs."""
    registry = await load_registry(db, term.region_id)
    known = {group.id for group in registry.classes}
    rows = await db.scalars(select(NeedRow).where(NeedRow.term_id == term.id))
    order = {group.id: index for index, group in enumerate(registry.classes)}
    needs = sorted(
        (need_of(row) for row in rows if row.class_id in known), key=lambda need: (order[need.class_id], need.subject)
    )
    return replace(registry, needs=tuple(needs))


async def access_needs_computed(
    store: Store, principal: Principal, term_id: str, computed: Sequence[ComputedNeed], now: datetime
) -> None:
    """Replace what was computed before. What somebody has edited stays edited; a need that is neither goes.

    Classes outside the term's region are passed over: they were moved while the needs were computed.
    """
    require_somebody(principal)
    async with store.session() as db:
        term = await planning_term(db, principal, term_id, Deed.MANAGE_PLANNING)
        rows = await db.scalars(select(NeedRow).where(NeedRow.term_id == term_id))
        known = {(row.class_id, row.subject): row for row in rows}
        classes = set(await db.scalars(select(ClassGroupRow.id).join(SchoolRow).where(schools_below({term.region_id}))))
        for need in computed:
            row = known.pop((need.class_id, need.subject), None)
            if row is not None:
                row.computed, row.edition = need.lessons, need.edition
                await _remove_if_nothing(db, row)
            elif need.lessons > 0 and need.class_id in classes:
                db.add(need_row(term_id, need))
        for row in known.values():
            row.computed = 0
            await _remove_if_nothing(db, row)
        append(db, principal, "needs.computed", f"term:{term_id}", {"needs": len(computed)}, now=now)


async def access_need_edit(
    store: Store, principal: Principal, term_id: str, edit: NeedEdit, *, edition: str, now: datetime
) -> RegisteredNeed | None:
    """Say what a class really wants of a subject, also where nothing was computed; None when that is nothing any more.

    `edition` is the class's textbook. Raises `NotFound` with `class_unknown` or `teacher_unknown`, `Forbidden`.
    """
    require_somebody(principal)
    async with store.session() as db:
        term = await planning_term(db, principal, term_id, Deed.MANAGE_PLANNING)
        here = select(ClassGroupRow.id).join(SchoolRow).where(schools_below({term.region_id}))
        if await db.scalar(here.where(ClassGroupRow.id == edit.class_id)) is None:
            raise NotFound("class_unknown", class_id=edit.class_id[:64])
        previous = edit.previous_teacher_id
        if previous is not None and await db.get(TeacherPlanRow, previous) is None:
            raise NotFound("teacher_unknown", teacher=previous[:64])
        row = await db.scalar(
            select(NeedRow).where(
                NeedRow.term_id == term_id, NeedRow.class_id == edit.class_id, NeedRow.subject == edit.subject
            )
        )
        if row is None:
            row = need_row(term_id, ComputedNeed(edit.class_id, edit.subject, edition, 0))
            db.add(row)
        row.edited, row.priority, row.previous_teacher_id = edit.lessons, edit.priority, previous
        row.allowed = None if edit.allowed is None else pairs(sorted(set(edit.allowed)))
        row.preferred = pairs(sorted(set(edit.preferred)))
        await db.flush()
        need = need_of(row)
        append(db, principal, "need.edited", f"need:{row.id}", {"lessons": edit.lessons}, now=now)
        return None if await _remove_if_nothing(db, row) else need


def need_of(row: NeedRow) -> RegisteredNeed:
    return RegisteredNeed(
        id=row.id,
        class_id=row.class_id,
        subject=row.subject,
        edition=row.edition,
        computed=row.computed,
        edited=row.edited,
        priority=row.priority,
        allowed=None if row.allowed is None else periods_of(row.allowed),
        preferred=periods_of(row.preferred),
        previous_teacher=row.previous_teacher_id,
    )


async def _remove_if_nothing(db: AsyncSession, row: NeedRow) -> bool:
    """A need that nobody computed and nobody asked for is none."""
    nothing = row.computed == 0 and row.edited is None
    if nothing:
        await db.delete(row)
    return nothing


def need_row(term_id: str, need: ComputedNeed) -> NeedRow:
    return NeedRow(
        id=new_id(),
        term_id=term_id,
        class_id=need.class_id,
        subject=need.subject,
        edition=need.edition,
        computed=need.lessons,
        edited=None,
        priority=1,
        allowed=None,
        preferred=[],
        previous_teacher_id=None,
    )

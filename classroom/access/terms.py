"""Terms: their days and rules."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.matrix import Deed
from classroom.access.places import checked_name
from classroom.access.registry import planning_region
from classroom.access.relations import require_somebody
from classroom.audit import append
from classroom.errors import BadInput, Conflict, NotFound
from classroom.messages.planning import TermDayView, TermEdit
from classroom.model.principal import Principal
from classroom.model.term import PlanRules, Term, TermDay
from classroom.store.planning_tables import TermDayRow, TermRow
from classroom.store.store import Store
from classroom.store.types import new_id

# half a year and a bit: a school year has two terms
LONGEST_TERM = timedelta(days=250)

_RULES = tuple(PlanRules.__dataclass_fields__)


async def access_terms(store: Store, principal: Principal, region_id: str) -> list[Term]:
    """The terms of a region, the latest first. Raises `NotFound("region_unknown")`, `Forbidden`."""
    require_somebody(principal)
    async with store.reading() as db:
        await planning_region(db, principal, region_id, Deed.SEE_PLANNING)
        rows = await db.scalars(
            select(TermRow).where(TermRow.region_id == region_id).order_by(TermRow.first_day.desc(), TermRow.id)
        )
        return [await _term_of(db, row) for row in list(rows)]


async def access_term(store: Store, principal: Principal, term_id: str) -> Term:
    """One term, for whoever may see its region's planning. Raises `NotFound("term_unknown")`, `Forbidden`."""
    require_somebody(principal)
    async with store.reading() as db:
        return await planning_term(db, principal, term_id, Deed.SEE_PLANNING)


async def access_new_term(
    store: Store, principal: Principal, region_id: str, edit: TermEdit, *, days: Sequence[TermDayView], now: datetime
) -> Term:
    """Add a term to a region. `days` are those that are not like their weekday.

    Raises `BadInput` with `term_days_wrong` or `term_day_outside`, `Conflict("already_exists")`, `NotFound`,
    `Forbidden`.
    """
    require_somebody(principal)
    async with store.session() as db:
        await planning_region(db, principal, region_id, Deed.MANAGE_PLANNING)
        row = TermRow(id=new_id(), region_id=region_id)
        await _set(db, row, edit, days)
        append(db, principal, "term.added", f"term:{row.id}", {"region": region_id}, now=now)
        return await _term_of(db, row)


async def access_term_edit(
    store: Store, principal: Principal, term_id: str, edit: TermEdit, *, days: Sequence[TermDayView], now: datetime
) -> Term:
    """Set a term's days and rules. Lessons that are published already stay where they are until the next publication.

    Raises as `access_new_term`, and `NotFound("term_unknown")`.
    """
    require_somebody(principal)
    async with store.session() as db:
        await planning_term(db, principal, term_id, Deed.MANAGE_PLANNING)
        row = await db.get_one(TermRow, term_id)
        await _set(db, row, edit, days)
        append(db, principal, "term.edited", f"term:{term_id}", now=now)
        return await _term_of(db, row)


async def planning_term(db: AsyncSession, principal: Principal, term_id: str, deed: Deed) -> Term:
    """The term, for whoever may do the deed in its region. Raises `NotFound("term_unknown")`, `Forbidden`."""
    row = await db.get(TermRow, term_id)
    if row is None:
        raise NotFound("term_unknown", term=term_id[:64])
    await planning_region(db, principal, row.region_id, deed)
    return await _term_of(db, row)


async def _set(db: AsyncSession, row: TermRow, edit: TermEdit, days: Sequence[TermDayView]) -> None:
    if not timedelta() < edit.last_day - edit.first_day <= LONGEST_TERM:
        raise BadInput("term_days_wrong", longest_days=LONGEST_TERM.days)
    name = checked_name(edit.name)
    twin = select(TermRow.id).where(TermRow.region_id == row.region_id, TermRow.name == name, TermRow.id != row.id)
    with db.no_autoflush:
        if await db.scalar(twin) is not None:
            raise Conflict("already_exists", kind="term", key=name)
    row.name, row.first_day, row.last_day = name, edit.first_day, edit.last_day
    for rule in _RULES:
        setattr(row, rule, getattr(edit.rules, rule))
    db.add(row)
    await db.flush()
    await db.execute(delete(TermDayRow).where(TermDayRow.term_id == row.id))
    seen: set[date] = set()
    for day in days:
        if not edit.first_day <= day.day <= edit.last_day:
            raise BadInput("term_day_outside", day=day.day.isoformat())
        if day.day in seen:
            raise Conflict("already_exists", kind="day", key=day.day.isoformat())
        seen.add(day.day)
        db.add(TermDayRow(term_id=row.id, **day.model_dump()))
    await db.flush()


async def term_of(db: AsyncSession, term_id: str) -> Term:
    """A term that is there, for whoever has been let in already."""
    return await _term_of(db, await db.get_one(TermRow, term_id))


async def _term_of(db: AsyncSession, row: TermRow) -> Term:
    days = await db.scalars(select(TermDayRow).where(TermDayRow.term_id == row.id).order_by(TermDayRow.day))
    return Term(
        id=row.id,
        region_id=row.region_id,
        name=row.name,
        first_day=row.first_day,
        last_day=row.last_day,
        rules=PlanRules(**{rule: getattr(row, rule) for rule in _RULES}),
        days={day.day: TermDay(day.day, day.kind, day.follows, day.note) for day in days},
    )

"""Requests for single lessons: asked by a school, decided by whoever manages the term."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.lesson_writer import LessonWriter
from classroom.access.matrix import Deed
from classroom.access.notices import notify, notify_refused
from classroom.access.places import managed_school
from classroom.access.publish import TOO_SOON, Published, Standing, lock_term, standing_of
from classroom.access.registry_edit import managed_class
from classroom.access.relations import regions_over, require_somebody
from classroom.access.terms import planning_term, term_of
from classroom.audit import append
from classroom.clock import SCHOOL_ZONE
from classroom.errors import BadInput, Conflict, Forbidden, NotFound
from classroom.messages.bookings import NewBooking
from classroom.model.lesson import UPCOMING, LessonState
from classroom.model.plan import Booking, BookingState, ClassAttending, Publication
from classroom.model.principal import Principal
from classroom.model.term import Term
from classroom.store.plan_tables import BookingRow, TermLessonRow
from classroom.store.planning_tables import ClassGroupRow, TermRow
from classroom.store.store import Store
from classroom.store.tables import AccountRow, LessonRow, SchoolRow
from classroom.store.types import new_id


@dataclass(frozen=True, slots=True)
class BookingDesk:
    """What a school asks with: terms as (id, name, first day, last day), classes as (id, name, grade)."""

    school_name: str
    terms: Sequence[tuple[str, str, date, date]]
    classes: Sequence[tuple[str, str, int]]
    bookings: Sequence[Booking]


async def access_booking_desk(store: Store, principal: Principal, now: datetime) -> BookingDesk:
    """For the coordinator of a school. Raises `Forbidden` for everybody else."""
    require_somebody(principal)
    async with store.reading() as db:
        if principal.school_id is None:
            raise Forbidden("school_forbidden", school="")
        school = await managed_school(db, principal, principal.school_id)
        over = (await regions_over(db, {school.region_id}))[school.region_id]
        today = now.astimezone(SCHOOL_ZONE).date()
        terms = await db.scalars(
            select(TermRow).where(TermRow.region_id.in_(over), TermRow.last_day >= today).order_by(TermRow.first_day)
        )
        groups = await db.scalars(
            select(ClassGroupRow)
            .where(ClassGroupRow.school_id == school.id)
            .order_by(ClassGroupRow.grade, ClassGroupRow.name)
        )
        return BookingDesk(
            school.name,
            [(row.id, row.name, row.first_day, row.last_day) for row in terms],
            [(row.id, row.name, row.grade) for row in groups],
            await _found(db, _bookings().where(ClassGroupRow.school_id == school.id)),
        )


async def access_new_booking(
    store: Store, principal: Principal, term_id: str, new: NewBooking, now: datetime
) -> Booking:
    """Ask for a lesson. Raises `NotFound` with `class_unknown` or `term_unknown` (or one of another region),
    `BadInput("booking_days_wrong")`, `Forbidden`."""
    require_somebody(principal)
    async with store.session() as db:
        group = await managed_class(db, principal, new.class_id)
        school = await db.get_one(SchoolRow, group.school_id)
        term = await db.get(TermRow, term_id)
        if term is None or term.region_id not in (await regions_over(db, {school.region_id}))[school.region_id]:
            raise NotFound("term_unknown", term=term_id[:64])
        today = now.astimezone(SCHOOL_ZONE).date()
        if not max(term.first_day, today) <= new.first_day <= new.last_day <= term.last_day:
            raise BadInput("booking_days_wrong")
        row = BookingRow(
            id=new_id(),
            term_id=term_id,
            **new.model_dump(),
            state=BookingState.ASKED,
            asked_by=principal.id,
            asked_at=now,
            answer="",
        )
        db.add(row)
        append(db, principal, "booking.asked", f"booking:{row.id}", {"term": term_id}, now=now)
        await db.flush()
        return await _booking(db, row.id)


async def access_booking_withdraw(
    store: Store, principal: Principal, booking_id: str, now: datetime
) -> tuple[Booking, Published | None]:
    """The school has changed its mind. Its class leaves the lesson it was given, which goes on for others; a
    lesson that was for this class alone is cancelled.

    Raises `NotFound("booking_unknown")`; `Conflict` with `booking_decided`, or `booking_too_late` when the lesson has
    begun or begins within `TOO_SOON`; `Forbidden`.
    """
    require_somebody(principal)
    async with store.session() as db:
        row = await _row(db, booking_id)
        await managed_class(db, principal, row.class_id)
        done = None
        if row.state is BookingState.APPROVED:
            done = await _give_back(db, row, now)
        else:
            _require_asked(row)
        row.state = BookingState.WITHDRAWN
        append(db, principal, "booking.withdrawn", f"booking:{booking_id}", {"lesson": row.lesson_id}, now=now)
        await db.flush()
        return await _booking(db, booking_id), done


async def _give_back(db: AsyncSession, row: BookingRow, now: datetime) -> Published | None:
    term = await term_of(db, row.term_id)
    await lock_term(db, term)
    standing = await standing_of(db, term, now)
    before = {lesson.lesson_id: lesson for lesson in standing.published}
    lesson = before.get(row.lesson_id or "")
    if lesson is None or lesson.state is LessonState.CANCELLED:
        return None
    plan = lesson.plan
    if lesson.state not in UPCOMING or plan.starts_at < now + TOO_SOON:
        raise Conflict("booking_too_late")
    group = await db.get_one(ClassGroupRow, row.class_id)
    school = await db.get_one(SchoolRow, group.school_id)
    needs = tuple(need for need in plan.needs if need != row.id)
    if needs:
        points = _without(plan.points, ClassAttending(school.name, school.id), group.name)
        publication = Publication(change=((lesson.lesson_id, replace(plan, needs=needs, points=points)),))
    else:
        publication = Publication(cancel=(lesson.lesson_id,))
    # a lesson that is the plan's again follows the plan again
    planned = lesson.stands_for is None and any(
        (course.key, course.teacher, course.needs) == (plan.course, plan.teacher_id, needs)
        for course in standing.courses
    )
    changes = await LessonWriter(db, term, now, fixed=not planned).apply(publication, before)
    await notify(db, term, 0, publication, before, now=now)
    return Published(publication, None, changes)


def _without(points: Sequence[ClassAttending], school: ClassAttending, group_name: str) -> tuple[ClassAttending, ...]:
    """A class has left. Where two of a school attended, both stood there with the class's name; one needs none."""
    home = [point for point in points if point.school_id == school.school_id]
    named = f"{school.name} {group_name}"[:80]
    gone = home[0] if len(home) == 1 else next((point for point in home if point.name == named), None)
    left = [point for point in points if point is not gone]
    if len(home) == 2:
        left = [school if point.school_id == school.school_id else point for point in left]
    return tuple(left)


async def access_bookings(store: Store, principal: Principal, term_id: str) -> list[Booking]:
    """All requests of a term, the latest first. Raises `NotFound("term_unknown")`, `Forbidden`."""
    require_somebody(principal)
    async with store.reading() as db:
        await planning_term(db, principal, term_id, Deed.SEE_PLANNING)
        return await _found(db, _bookings().where(BookingRow.term_id == term_id))


async def access_booking(store: Store, principal: Principal, booking_id: str) -> Booking:
    """For whoever decides about it. Raises `NotFound("booking_unknown")`, `Forbidden`."""
    require_somebody(principal)
    async with store.reading() as db:
        booking = await _booking(db, booking_id)
        await planning_term(db, principal, booking.term_id, Deed.MANAGE_PLANNING)
        return booking


async def access_booking_refuse(
    store: Store, principal: Principal, booking_id: str, answer: str, now: datetime
) -> Booking:
    """Say no; the school gets a notice. Raises as `access_booking_withdraw`."""
    require_somebody(principal)
    async with store.session() as db:
        row = await _row(db, booking_id)
        term = await planning_term(db, principal, row.term_id, Deed.MANAGE_PLANNING)
        _decide(row, BookingState.REFUSED, principal, answer, now)
        group = await db.get_one(ClassGroupRow, row.class_id)
        notify_refused(db, term, group.school_id, f"{group.name} {row.subject}", now=now)
        append(db, principal, "booking.refused", f"booking:{booking_id}", now=now)
        await db.flush()
        return await _booking(db, booking_id)


async def access_booking_approve(
    store: Store,
    principal: Principal,
    booking_id: str,
    decide: Callable[[Term, Standing], Publication],
    *,
    answer: str,
    now: datetime,
) -> tuple[Booking, Published]:
    """Make the lesson that `decide` says, or let the class join it; `decide` is pure and runs in a thread. Teacher and
    school get a notice.

    Publications to come leave the lesson as it is. Raises what `decide` does, `NotFound("booking_unknown")`,
    `Conflict("booking_decided")`, `Forbidden`.
    """
    require_somebody(principal)
    async with store.session() as db:
        row = await _row(db, booking_id)
        term = await planning_term(db, principal, row.term_id, Deed.MANAGE_PLANNING)
        await lock_term(db, term)
        _decide(row, BookingState.APPROVED, principal, answer, now)
        standing = await standing_of(db, term, now)
        before = {lesson.lesson_id: lesson for lesson in standing.published}
        publication = await asyncio.to_thread(decide, term, standing)
        changes = await LessonWriter(db, term, now, fixed=True).apply(publication, before)
        (row.lesson_id,) = changes
        await notify(db, term, 0, publication, before, now=now)
        append(db, principal, "booking.approved", f"booking:{booking_id}", {"lesson": row.lesson_id}, now=now)
        await db.flush()
        return await _booking(db, booking_id), Published(publication, None, changes)


def _decide(row: BookingRow, state: BookingState, principal: Principal, answer: str, now: datetime) -> None:
    _require_asked(row)
    row.state, row.answer = state, answer
    row.decided_by, row.decided_at = principal.id, now


def _require_asked(row: BookingRow) -> None:
    if row.state is not BookingState.ASKED:
        raise Conflict("booking_decided")


async def _row(db: AsyncSession, booking_id: str) -> BookingRow:
    # two who decide at once must not both find it open
    row = await db.scalar(select(BookingRow).where(BookingRow.id == booking_id).with_for_update())
    if row is None:
        raise NotFound("booking_unknown")
    return row


_Joined = Select[BookingRow, ClassGroupRow, SchoolRow, LessonRow, str, str]


def _bookings() -> _Joined:
    return (
        select(BookingRow, ClassGroupRow, SchoolRow, LessonRow, AccountRow.name, TermLessonRow.course)
        .join(ClassGroupRow, ClassGroupRow.id == BookingRow.class_id)
        .join(SchoolRow, SchoolRow.id == ClassGroupRow.school_id)
        .outerjoin(LessonRow, LessonRow.id == BookingRow.lesson_id)
        .outerjoin(AccountRow, AccountRow.id == LessonRow.teacher_id)
        .outerjoin(TermLessonRow, TermLessonRow.lesson_id == LessonRow.id)
        .order_by(BookingRow.asked_at.desc(), BookingRow.id)
    )


async def _found(db: AsyncSession, wanted: _Joined) -> list[Booking]:
    return [
        Booking(
            id=row.id,
            term_id=row.term_id,
            class_id=row.class_id,
            class_name=group.name,
            school_name=school.name,
            grade=group.grade,
            subject=row.subject,
            wish=row.wish,
            first_day=row.first_day,
            last_day=row.last_day,
            state=row.state,
            asked_at=row.asked_at,
            answer=row.answer,
            lesson_id=row.lesson_id,
            starts_at=None if row.lesson_id is None else lesson.starts_at,
            teacher_name=teacher,
            # a lesson made for a request is a course of its own
            joined=course not in {None, row.id},
        )
        for row, group, school, lesson, teacher, course in await db.execute(wanted)
    ]


async def _booking(db: AsyncSession, booking_id: str) -> Booking:
    for booking in await _found(db, _bookings().where(BookingRow.id == booking_id)):
        return booking
    raise NotFound("booking_unknown")

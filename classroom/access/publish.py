"""Publishing a timetable: the lessons of a term become those of a plan, in one transaction."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.lesson_writer import AT_ONCE, LessonWriter, Touched
from classroom.access.matrix import Deed
from classroom.access.notices import notify
from classroom.access.plan_rows import courses_of, json_of, version_of
from classroom.access.relations import require_somebody, schools_below
from classroom.access.terms import planning_term
from classroom.audit import append
from classroom.clock import SCHOOL_ZONE
from classroom.errors import Conflict, NotFound
from classroom.model.lesson import RUNNING, UPCOMING
from classroom.model.plan import (
    BookingState,
    ClassAttending,
    Guest,
    LessonPlan,
    Occupied,
    PlanCourse,
    Publication,
    PublishedLesson,
    Version,
)
from classroom.model.principal import Principal
from classroom.model.term import Term
from classroom.store.plan_tables import BookingRow, PlanVersionRow, TermLessonRow
from classroom.store.store import Store
from classroom.store.tables import AccountRow, LessonPointRow, LessonRow, RoomRow, SchoolRow
from classroom.store.types import new_id

# The room's people are there by then, and the lesson is on their panel: it begins as it was.
TOO_SOON = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is there before a publication: the courses of the last one, the lessons made so far, what others occupy,
    and who attends lessons beside those whom the term's needs name.

    Nothing before `not_before` may be changed.
    """

    courses: tuple[PlanCourse, ...]
    published: tuple[PublishedLesson, ...]
    occupied: tuple[Occupied, ...]
    not_before: datetime
    guests: tuple[Guest, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The courses under the keys they are published with, and what has to be done."""

    courses: tuple[PlanCourse, ...]
    publication: Publication


@dataclass(frozen=True, slots=True)
class Published:
    """What was done, and the version it made; None where nothing had to be done, and in a dry run.

    `changes` are the lessons that are new or different, by id.
    """

    publication: Publication
    version: Version | None
    changes: Mapping[str, Touched] = field(default_factory=dict)


async def access_publish(
    store: Store,
    principal: Principal,
    term_id: str,
    decide: Callable[[Term, Standing], Decision],
    *,
    proposal_id: str | None,
    from_day: date,
    dry_run: bool = False,
    with_clashes: bool = False,
    now: datetime,
) -> Published:
    """Make the lessons of a term from `from_day` on those that `decide` says, and tell whom it concerns.

    `decide` is pure and runs in a thread. Lessons that have begun, or begin within `TOO_SOON`, are not touched.
    Doing it again changes nothing. Raises `Conflict("publication_clashes")` when lessons find no room or teacher,
    unless `with_clashes` leaves those out; `NotFound("term_unknown")`, `Forbidden`.
    """
    require_somebody(principal)
    not_before = max(now + TOO_SOON, datetime.combine(from_day, time(), SCHOOL_ZONE).astimezone(UTC))
    async with store.session() as db:
        term = await planning_term(db, principal, term_id, Deed.MANAGE_PLANNING)
        await lock_term(db, term)
        standing = await standing_of(db, term, not_before)
        decision = await asyncio.to_thread(decide, term, standing)
        publication = decision.publication
        if dry_run:
            return Published(publication, None)
        if publication.clashes and not with_clashes:
            first = publication.clashes[0].plan
            raise Conflict("publication_clashes", count=len(publication.clashes), lesson=first.title)
        before = {lesson.lesson_id: lesson for lesson in standing.published}
        changes = await LessonWriter(db, term, now).apply(publication, before)
        if not changes and decision.courses == standing.courses:
            return Published(publication, None)
        version = await _version(db, principal, term, decision, proposal_id=proposal_id, from_day=from_day, now=now)
        await notify(db, term, version.number, publication, before, now=now)
        details = {"created": version.created, "moved": version.moved, "cancelled": version.cancelled}
        append(db, principal, "term.published", f"term:{term.id}", {"version": version.number, **details}, now=now)
        return Published(publication, version, changes)


async def access_standing(store: Store, principal: Principal, term_id: str, now: datetime) -> Standing:
    """What is published of a term, for whoever manages it. Raises `NotFound("term_unknown")`, `Forbidden`."""
    require_somebody(principal)
    async with store.reading() as db:
        term = await planning_term(db, principal, term_id, Deed.MANAGE_PLANNING)
        return await standing_of(db, term, now)


async def access_standing_to_see(store: Store, principal: Principal, term_id: str, now: datetime) -> Standing:
    """As `access_standing`, for whoever only looks at it."""
    require_somebody(principal)
    async with store.reading() as db:
        return await standing_of(db, await planning_term(db, principal, term_id, Deed.SEE_PLANNING), now)


async def access_replan(
    store: Store,
    principal: Principal,
    term_id: str,
    decide: Callable[[Term, Standing], Publication],
    *,
    now: datetime,
) -> Published:
    """Change single lessons of a term, as a replan of one week does: publications to come leave them as they are now.

    `decide` is pure and runs in a thread; it may raise a `ClassroomError` when the week is not what was planned for.
    Raises `Conflict("publication_clashes")`, `NotFound("term_unknown")`, `Forbidden`.
    """
    require_somebody(principal)
    async with store.session() as db:
        term = await planning_term(db, principal, term_id, Deed.MANAGE_PLANNING)
        await lock_term(db, term)
        standing = await standing_of(db, term, now)
        publication = await asyncio.to_thread(decide, term, standing)
        if publication.clashes:
            first = publication.clashes[0].plan
            raise Conflict("publication_clashes", count=len(publication.clashes), lesson=first.title)
        before = {lesson.lesson_id: lesson for lesson in standing.published}
        changes = await LessonWriter(db, term, now, fixed=True).apply(publication, before)
        number = await db.scalar(select(func.max(PlanVersionRow.number)).where(PlanVersionRow.term_id == term.id))
        await notify(db, term, number or 0, publication, before, now=now)
        details = {
            "created": len(publication.create),
            "moved": len(publication.change),
            "cancelled": len(publication.cancel),
        }
        append(db, principal, "term.replanned", f"term:{term.id}", details, now=now)
        return Published(publication, None, changes)


async def access_versions(store: Store, principal: Principal, term_id: str) -> list[Version]:
    """What was published of a term, the latest first. Raises `NotFound("term_unknown")`, `Forbidden`."""
    require_somebody(principal)
    async with store.reading() as db:
        await planning_term(db, principal, term_id, Deed.SEE_PLANNING)
        rows = await db.scalars(
            select(PlanVersionRow).where(PlanVersionRow.term_id == term_id).order_by(PlanVersionRow.number.desc())
        )
        return [version_of(row) for row in rows]


async def access_version(store: Store, principal: Principal, term_id: str, number: int | None = None) -> Version:
    """One version, or the latest. Raises `NotFound` with `term_unknown` or `version_unknown`, `Forbidden`."""
    for version in await access_versions(store, principal, term_id):
        if number is None or version.number == number:
            return version
    raise NotFound("version_unknown")


async def lock_term(db: AsyncSession, term: Term) -> None:
    """So that nobody plans, starts or publishes meanwhile: rooms first, then teachers, as `access_new_lesson` does.
    (SQLite: one writer.)"""
    here = select(SchoolRow.id).where(schools_below({term.region_id}))
    await db.execute(select(RoomRow.id).where(RoomRow.school_id.in_(here)).order_by(RoomRow.id).with_for_update())
    teachers = select(AccountRow.id).where(AccountRow.school_id.in_(here)).order_by(AccountRow.id)
    await db.execute(teachers.with_for_update(of=AccountRow))


async def standing_of(db: AsyncSession, term: Term, not_before: datetime) -> Standing:
    """What is published of a term, for whoever has been let in already."""
    last = await db.scalar(
        select(PlanVersionRow).where(PlanVersionRow.term_id == term.id).order_by(PlanVersionRow.number.desc()).limit(1)
    )
    published = await _published(db, term.id)
    here = select(RoomRow.id).join(SchoolRow).where(schools_below({term.region_id}))
    teachers = select(AccountRow.id).join(SchoolRow).where(schools_below({term.region_id}))
    others = await db.scalars(
        select(LessonRow)
        .outerjoin(TermLessonRow, TermLessonRow.lesson_id == LessonRow.id)
        .where(
            TermLessonRow.term_id.is_distinct_from(term.id),
            LessonRow.state.in_(RUNNING | UPCOMING),
            LessonRow.ends_at > not_before,
            LessonRow.room_id.in_(here) | LessonRow.teacher_id.in_(teachers),
        )
    )
    occupied = tuple(Occupied(row.title, row.room_id, row.teacher_id, row.starts_at, row.ends_at) for row in others)
    asked = await db.scalars(
        select(BookingRow).where(BookingRow.term_id == term.id, BookingRow.state == BookingState.APPROVED)
    )
    guests = tuple(Guest(row.id, row.class_id, row.subject) for row in asked)
    return Standing(courses_of(last.courses) if last is not None else (), published, occupied, not_before, guests)


async def _published(db: AsyncSession, term_id: str) -> tuple[PublishedLesson, ...]:
    """Columns and not rows of the mapper, which costs five times as much: a prefecture's term has tens of thousands."""
    at_once = {"yield_per": AT_ONCE}
    points: dict[str, list[ClassAttending]] = defaultdict(list)
    attending = (
        select(LessonPointRow.lesson_id, LessonPointRow.name, LessonPointRow.school_id)
        .join(TermLessonRow, TermLessonRow.lesson_id == LessonPointRow.lesson_id)
        .where(TermLessonRow.term_id == term_id)
        .order_by(LessonPointRow.lesson_id, LessonPointRow.position)
    )
    async for some in (await db.stream(attending, execution_options=at_once)).partitions():
        for lesson_id, name, school_id in some:
            points[lesson_id].append(ClassAttending(name, school_id or ""))
    lesson, link = LessonRow, TermLessonRow
    lessons = (
        select(
            lesson.id, lesson.state, link.dropped, link.fixed, link.stands_for, link.course, link.week, link.needs,
            lesson.title, lesson.subject, lesson.grade, lesson.room_id, lesson.teacher_id, lesson.starts_at,
            lesson.ends_at,
        )
        .join(link, link.lesson_id == lesson.id)
        .where(link.term_id == term_id)
        .order_by(lesson.starts_at, lesson.id)
    )  # fmt: skip
    return tuple(
        [
            PublishedLesson(row.id, row.state, row.dropped, _plan_of(row, points[row.id]), row.fixed, row.stands_for)
            async for some in (await db.stream(lessons, execution_options=at_once)).partitions()
            for row in some
        ]
    )


def _plan_of(row: Any, points: Sequence[ClassAttending]) -> LessonPlan:
    return LessonPlan(
        course=row.course,
        week=row.week,
        title=row.title,
        subject=row.subject,
        grade=row.grade,
        room_id=row.room_id,
        teacher_id=row.teacher_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        points=tuple(points),
        # a lesson made for a request is that of its class
        needs=tuple(row.needs) or (row.course,),
    )


async def _version(
    db: AsyncSession,
    principal: Principal,
    term: Term,
    decision: Decision,
    *,
    proposal_id: str | None,
    from_day: date,
    now: datetime,
) -> Version:
    last = await db.scalar(
        select(PlanVersionRow.number).where(PlanVersionRow.term_id == term.id).order_by(PlanVersionRow.number.desc())
    )
    row = PlanVersionRow(
        id=new_id(),
        term_id=term.id,
        number=(last or 0) + 1,
        proposal_id=proposal_id,
        courses=json_of(decision.courses),
        from_day=from_day,
        created=len(decision.publication.create),
        moved=len(decision.publication.change),
        cancelled=len(decision.publication.cancel),
        published_by=principal.id,
        published_at=now,
    )
    db.add(row)
    return version_of(row)

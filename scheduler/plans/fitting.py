"""Fitting a single lesson that a school asks for into the running timetable of a term."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from classroom.access.publish import TOO_SOON, Standing
from classroom.clock import SCHOOL_ZONE
from classroom.errors import Conflict
from classroom.model.place import SchoolKind
from classroom.model.plan import Booking, Clash, Guest, LessonPlan, Publication, PublishedLesson
from scheduler.planning.instance import Start
from scheduler.planning.publish import Rooms
from scheduler.planning.replan.dated import week_instance, week_lessons
from scheduler.planning.replan.single import offers
from scheduler.plans.desk import Desk

# More than anybody reads; who wants others asks for fewer days.
MOST_OPTIONS = 60
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Option:
    """A lesson that could be given as asked; `joins`: it takes place anyway, and has room for one class more."""

    plan: LessonPlan
    joins: PublishedLesson | None = None


def options(desk: Desk, standing: Standing, booking: Booking, now: datetime) -> list[Option]:
    """Every way to give the lesson, each beside all others and in a room that is free: lessons to join first, then the
    earliest."""
    found: list[Option] = []
    desk = _with_all(desk, standing, booking)
    monday = booking.first_day - booking.first_day.weekday() * _DAY
    while monday <= booking.last_day:
        found += _of_week(desk, standing, booking, monday, now)
        monday += 7 * _DAY
    found.sort(key=lambda one: (one.joins is None, one.plan.starts_at, one.plan.teacher_id))
    return found[:MOST_OPTIONS]


def chosen(
    desk: Desk,
    standing: Standing,
    booking: Booking,
    *,
    joins: str | None,
    teacher_id: str,
    starts_at: datetime,
    now: datetime,
) -> Publication:
    """What makes this option come true: a lesson to join, or a new one. Raises `Conflict("booking_option_gone")`."""
    day = starts_at.astimezone(SCHOOL_ZONE).date()
    if booking.first_day <= day <= booking.last_day:
        all_known = _with_all(desk, standing, booking)
        for one in _of_week(all_known, standing, booking, day - day.weekday() * _DAY, now):
            lesson_id = None if one.joins is None else one.joins.lesson_id
            if (lesson_id, one.plan.teacher_id, one.plan.starts_at) == (joins, teacher_id, starts_at):
                return Publication(create=(one.plan,)) if joins is None else Publication(change=((joins, one.plan),))
    raise Conflict("booking_option_gone")


def _with_all(desk: Desk, standing: Standing, booking: Booking) -> Desk:
    return desk.joined_by((*standing.guests, Guest(booking.id, booking.class_id, booking.subject)))


def _of_week(desk: Desk, standing: Standing, booking: Booking, monday: date, now: datetime) -> Iterator[Option]:
    group = desk.classes.get(booking.class_id)
    if group is None or desk.schools[group.school].kind is SchoolKind.STRONG:
        return
    local = now.astimezone(SCHOOL_ZONE)
    today = (local.date() - monday).days
    if today > 6:
        return
    at: Start | None = None if today < 0 else (today, local.hour * 60 + local.minute)
    pinned = {course.key for course in standing.courses if course.pinned}
    instance = week_instance(desk.instance, desk.term, monday)
    week = week_lessons(standing.published, instance, monday, now=now + TOO_SOON, zone=SCHOOL_ZONE, pinned=pinned)
    around = {lesson.lesson_id: lesson for lesson in standing.published if _in_week(lesson, monday)}
    for offer in offers(instance, week, booking.id, now=at):
        day = monday + offer.start[0] * _DAY
        if not booking.first_day <= day <= booking.last_day:
            continue
        if offer.joins is not None:
            joined = _joined(desk, around[offer.joins].plan, booking)
            if joined is not None:
                yield Option(joined, around[offer.joins])
            continue
        plan, rooms = _plan(desk, booking, offer.teacher, day, offer.start[1])
        placed = Rooms(standing.occupied, around.values()).place(plan, rooms, None)
        if not isinstance(placed, Clash):
            yield Option(placed)


def _in_week(lesson: PublishedLesson, monday: date) -> bool:
    return 0 <= (lesson.plan.starts_at.astimezone(SCHOOL_ZONE).date() - monday).days < 7


def _joined(desk: Desk, plan: LessonPlan, booking: Booking) -> LessonPlan | None:
    """The lesson with one class more; None where it is not known who attends it."""
    if not all(need in desk.needs for need in plan.needs):
        return None
    needs = (*plan.needs, booking.id)
    return replace(plan, needs=needs, points=desk.facts(plan.teacher_id, needs).points)


def _plan(desk: Desk, booking: Booking, teacher: str, day: date, minute: int) -> tuple[LessonPlan, tuple[str, ...]]:
    """The lesson, and the rooms it may be given in."""
    facts = desk.facts(teacher, (booking.id,))
    midnight = datetime.combine(day, time(), SCHOOL_ZONE)
    starts_at = (midnight + timedelta(minutes=minute)).astimezone(UTC)
    plan = LessonPlan(
        course=booking.id,
        week=desk.term.week_of(day),
        title=facts.title,
        subject=booking.subject,
        grade=booking.grade,
        room_id="",
        teacher_id=teacher,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=desk.term.rules.lesson_min),
        points=facts.points,
        needs=(booking.id,),
    )
    return plan, facts.rooms

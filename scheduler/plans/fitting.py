"""Fitting a single lesson that a school asks for into the running timetable of a term."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from classroom.access.publish import Standing
from classroom.clock import SCHOOL_ZONE
from classroom.errors import Conflict
from classroom.model.lesson import LessonState
from classroom.model.plan import Booking, Clash, LessonPlan, PublishedLesson
from scheduler.io.national_plan import national_plan
from scheduler.planning.curriculum import Curriculum
from scheduler.planning.instance import Need, Start
from scheduler.planning.publish import Rooms
from scheduler.planning.replan.dated import week_lessons
from scheduler.planning.replan.single import single_lessons
from scheduler.planning.term import weekday_taught
from scheduler.plans.desk import Desk

# More than anybody reads; who wants others asks for fewer days.
MOST_OPTIONS = 60
_DAY = timedelta(days=1)


def options(desk: Desk, standing: Standing, booking: Booking, now: datetime) -> list[LessonPlan]:
    """Lessons that could be given as asked, the earliest first: each fits beside all others, in a room that is free."""
    found: list[LessonPlan] = []
    monday = booking.first_day - booking.first_day.weekday() * _DAY
    while monday <= booking.last_day and len(found) < MOST_OPTIONS:
        found += _of_week(desk, standing, booking, monday, now)
        monday += 7 * _DAY
    return sorted(found, key=lambda plan: (plan.starts_at, plan.teacher_id))[:MOST_OPTIONS]


def chosen(
    desk: Desk, standing: Standing, booking: Booking, *, teacher_id: str, starts_at: datetime, now: datetime
) -> LessonPlan:
    """The option with this teacher at this time. Raises `Conflict("booking_option_gone")`."""
    day = starts_at.astimezone(SCHOOL_ZONE).date()
    if booking.first_day <= day <= booking.last_day:
        for plan in _of_week(desk, standing, booking, day - day.weekday() * _DAY, now):
            if (plan.teacher_id, plan.starts_at) == (teacher_id, starts_at):
                return plan
    raise Conflict("booking_option_gone")


def _of_week(desk: Desk, standing: Standing, booking: Booking, monday: date, now: datetime) -> Iterator[LessonPlan]:
    local = now.astimezone(SCHOOL_ZONE)
    today = (local.date() - monday).days
    if today >= desk.instance.meta.days:
        return
    at: Start | None = None if today < 0 else (today, local.hour * 60 + local.minute)
    week = week_lessons(standing.published, desk.instance, monday, now=now, zone=SCHOOL_ZONE)
    around = [lesson for lesson in standing.published if _in_week(lesson, monday)]
    for teacher, (day, minute) in single_lessons(desk.instance, week, _need(desk, booking), now=at):
        date_of = monday + day * _DAY
        # days without lessons, and those with another weekday's, are left alone
        if booking.first_day <= date_of <= booking.last_day and weekday_taught(desk.term, date_of) == day:
            plan, rooms = _plan(desk, booking, teacher, date_of, minute)
            placed = Rooms(standing.occupied, around).place(plan, rooms, None)
            if not isinstance(placed, Clash) and not _attends_another(plan, around):
                yield placed


def _in_week(lesson: PublishedLesson, monday: date) -> bool:
    return 0 <= (lesson.plan.starts_at.astimezone(SCHOOL_ZONE).date() - monday).days < 7


def _need(desk: Desk, booking: Booking) -> Need:
    group = desk.classes[booking.class_id]
    school = desk.schools[group.school]
    days = range(desk.instance.meta.days)
    allowed = group.allowed or tuple((day, period) for day in days for period in range(len(school.bell)))
    return Need(
        id=booking.id,
        point=school.id,
        class_id=group.id,
        subject=booking.subject,
        grade=group.grade,
        edition=Curriculum(national_plan(), desk.registry).edition(school.id, booking.subject),
        lessons_per_week=1,
        allowed=tuple(period for period in allowed if period[0] in days and period[1] < len(school.bell)),
        preferred=(),
        priority=1,
        previous_teacher=None,
    )


def _plan(desk: Desk, booking: Booking, teacher: str, day: date, minute: int) -> tuple[LessonPlan, tuple[str, ...]]:
    """The lesson, and the rooms it may be given in."""
    group = desk.classes[booking.class_id]
    facts = desk.facts_of(teacher, booking.subject, [group])
    midnight = datetime.combine(day, time(), SCHOOL_ZONE)
    starts_at = (midnight + timedelta(minutes=minute)).astimezone(UTC)
    # where the class has a need of the subject, later replans see that it attends
    needs = [need.id for need in desk.registry.needs if (need.class_id, need.subject) == (group.id, booking.subject)]
    plan = LessonPlan(
        course=booking.id,
        week=desk.term.week_of(day),
        title=facts.title,
        subject=booking.subject,
        grade=group.grade,
        room_id="",
        teacher_id=teacher,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=desk.term.rules.lesson_min),
        points=facts.points,
        needs=tuple(needs),
    )
    return plan, facts.rooms


def _attends_another(plan: LessonPlan, around: Sequence[PublishedLesson]) -> bool:
    """Lessons that came of other requests need not be known to the planner: nobody of the school is at two at once."""
    schools = {point.school_id for point in plan.points}
    return any(
        lesson.state is not LessonState.CANCELLED
        and not lesson.plan.needs
        and lesson.plan.starts_at < plan.ends_at
        and lesson.plan.ends_at > plan.starts_at
        and schools & {point.school_id for point in lesson.plan.points}
        for lesson in around
    )

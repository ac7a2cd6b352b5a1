"""A replan of one week of a term: the published lessons of that week, an outage, and what becomes of them.

Each published lesson is a course of its own with one lesson, so that earlier replans of the week count as they are.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from classroom.model.lesson import UPCOMING, LessonState
from classroom.model.plan import Clash, LessonPlan, Occupied, Publication, PublishedLesson
from classroom.model.term import Term
from scheduler.planning.instance import Instance, Outage, Start
from scheduler.planning.lookup import Lookup
from scheduler.planning.publish import CourseFacts, Rooms
from scheduler.planning.replan.changes import changes
from scheduler.planning.replan.replan import replan
from scheduler.planning.solution import Change, Course, Solution
from scheduler.planning.term import weekday_taught


@dataclass(frozen=True, slots=True)
class WeekLesson:
    """A published lesson as the planner sees it; `open`: it may still be changed."""

    lesson_id: str
    course: Course
    open: bool


@dataclass(frozen=True, slots=True)
class WeekStep:
    """A lesson as it shall be: one that is there (`lesson_id`), or a new one. Steps of one group need each other."""

    group: int
    lesson_id: str | None
    teacher: str
    needs: tuple[str, ...]
    start: Start


@dataclass(frozen=True, slots=True)
class WeekReplan:
    """What is proposed. `staying`: whom the outage leaves of each lesson it touches. `lost` lessons of classes, `gone`
    of them for good; `proved`: nothing covers more. The same proposal has the same `digest`."""

    staying: Mapping[str, tuple[str, ...]]
    steps: tuple[WeekStep, ...]
    changes: tuple[Change, ...]
    lost: int
    gone: int
    proved: bool

    @property
    def digest(self) -> str:
        """For whoever accepts what it has seen."""
        seen = repr((sorted(self.staying.items()), self.steps))
        return hashlib.sha256(seen.encode()).hexdigest()[:16]


def week_instance(instance: Instance, term: Term, monday: date) -> Instance:
    """The problem as it stands in one week: each date has the free and allowed periods of the weekday it follows, so a
    swapped workday at the weekend is a day like others, and a holiday has none (H9)."""
    taught = [weekday_taught(term, monday + timedelta(days=day)) for day in range(7)]

    def dated(periods: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
        return tuple((day, period) for day, weekday in enumerate(taught) for at, period in periods if at == weekday)

    return replace(
        instance,
        meta=replace(instance.meta, days=len(taught)),
        teachers=tuple(replace(row, free=dated(row.free)) for row in instance.teachers),
        needs=tuple(replace(row, allowed=dated(row.allowed), preferred=dated(row.preferred)) for row in instance.needs),
    )


def week_lessons(
    published: Sequence[PublishedLesson],
    instance: Instance,
    monday: date,
    *,
    now: datetime,
    zone: tzinfo,
    pinned: Collection[str] = (),
) -> tuple[WeekLesson, ...]:
    """The lessons of a week that take place, in order of time; those of `pinned` courses are not open. `instance` is
    that of the week."""
    lookup = Lookup.of(instance)
    found = []
    for lesson in sorted(published, key=lambda lesson: (lesson.plan.starts_at, lesson.lesson_id)):
        local = lesson.plan.starts_at.astimezone(zone)
        day = (local.date() - monday).days
        needs = tuple(need for need in lesson.plan.needs if need in lookup.needs)
        known = lesson.plan.teacher_id in lookup.teachers and needs
        if not known or lesson.state is LessonState.CANCELLED or not 0 <= day < instance.meta.days:
            continue
        course = Course(
            lesson.plan.teacher_id,
            lesson.plan.subject,
            lesson.plan.grade,
            lookup.needs[needs[0]].edition,
            needs,
            ((day, local.hour * 60 + local.minute),),
        )
        coming = lesson.state in UPCOMING and lesson.plan.starts_at > now
        found.append(WeekLesson(lesson.lesson_id, course, coming and lesson.plan.course not in pinned))
    return tuple(found)


def replan_week(
    instance: Instance, week: Sequence[WeekLesson], outages: Sequence[Outage], *, now: Start | None, moves: int
) -> WeekReplan:
    """What to do about the outages; `now` is a time of that week, or None when it is still to come."""
    courses = tuple(lesson.course if lesson.open else replace(lesson.course, pinned=True) for lesson in week)
    proposal = replan(Lookup.of(instance), Solution(courses=courses), outages, now=now, moves=moves)
    held = {lesson.origin: lesson for lesson in proposal.week.held if lesson.origin is not None}
    staying: dict[str, tuple[str, ...]] = {}
    for index, lesson in enumerate(week):
        left = held.get(index)
        needs = () if left is None else tuple(str(need) for need in left.needs)
        if len(needs) < len(lesson.course.needs):
            staying[lesson.lesson_id] = needs
    steps = []
    for step in proposal.steps:
        origin = None if step.before is None else step.before.origin
        steps.append(
            WeekStep(
                group=step.group + 1,
                lesson_id=None if origin is None else week[origin].lesson_id,
                teacher=str(step.after.teacher),
                needs=tuple(str(need) for need in step.after.needs),
                start=step.after.start,
            )
        )
    found = changes(proposal)
    return WeekReplan(staying, tuple(steps), found, len(proposal.week.lost), len(proposal.gone), proposal.proved)


@dataclass(frozen=True, slots=True)
class WeekFacts:
    """What lessons of the week look like: `of` by teacher and needs, of every lesson in a step or staying in part."""

    term: Term
    monday: date
    zone: tzinfo
    of: Mapping[tuple[str, tuple[str, ...]], CourseFacts]

    def at(self, start: Start) -> datetime:
        """A time of the week."""
        midnight = datetime.combine(self.monday, time(), self.zone)
        return (midnight + timedelta(days=start[0], minutes=start[1])).astimezone(UTC)


def accepted(
    facts: WeekFacts,
    found: WeekReplan,
    groups: Collection[int] | None,
    published: Sequence[PublishedLesson],
    occupied: Sequence[Occupied],
) -> Publication:
    """The outage, with the steps of these groups (None: of all), as changes of lessons."""
    plans = {lesson.lesson_id: lesson.plan for lesson in published}
    wanted: dict[str, LessonPlan] = {}
    for lesson_id, needs in found.staying.items():
        if needs:
            plan = plans[lesson_id]
            wanted[lesson_id] = replace(plan, needs=needs, points=facts.of[plan.teacher_id, needs].points)
    fresh: list[LessonPlan] = []
    for number, step in enumerate(found.steps):
        if groups is not None and step.group not in groups:
            continue
        if step.lesson_id is not None:
            wanted[step.lesson_id] = _as_step(facts, plans[step.lesson_id], step)
        else:
            made = _like(plans, step, f"{found.digest}-{number}", facts.term.week_of(facts.monday))
            fresh.append(_as_step(facts, made, step))
    cancel = tuple(lesson_id for lesson_id in found.staying if lesson_id not in wanted)
    return _placed(facts, wanted, fresh, cancel=cancel, published=published, occupied=occupied)


def _as_step(facts: WeekFacts, plan: LessonPlan, step: WeekStep) -> LessonPlan:
    starts_at = facts.at(step.start)
    return replace(
        plan,
        teacher_id=step.teacher,
        needs=step.needs,
        points=facts.of[step.teacher, step.needs].points,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=facts.term.rules.lesson_min),
    )


def _like(plans: Mapping[str, LessonPlan], step: WeekStep, course: str, week: int) -> LessonPlan:
    """A new lesson, after one of those its classes have lost."""
    pattern = next(plan for plan in plans.values() if set(plan.needs) & set(step.needs))
    return replace(pattern, course=course, week=week, room_id="")


def _placed(
    facts: WeekFacts,
    wanted: Mapping[str, LessonPlan],
    fresh: Sequence[LessonPlan],
    *,
    cancel: tuple[str, ...],
    published: Sequence[PublishedLesson],
    occupied: Sequence[Occupied],
) -> Publication:
    """All of it in rooms that are free, in order of time."""
    by_id = {lesson.lesson_id: lesson for lesson in published}
    touched = {*wanted, *cancel}
    rooms = Rooms(occupied, [lesson for lesson in published if lesson.lesson_id not in touched])
    pairs: list[tuple[str, LessonPlan]] = [*wanted.items(), *(("", plan) for plan in fresh)]
    create, change, clashes = [], [], []
    for lesson_id, plan in sorted(pairs, key=lambda pair: (pair[1].starts_at, pair[0])):
        placed = rooms.place(plan, facts.of[plan.teacher_id, plan.needs].rooms, by_id.get(lesson_id))
        if isinstance(placed, Clash):
            clashes.append(placed)
        elif lesson_id:
            change.append((lesson_id, placed))
        else:
            create.append(placed)
    return Publication(tuple(create), tuple(change), cancel, 0, tuple(clashes))

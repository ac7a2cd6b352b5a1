"""What a publication has to do so that a term's lessons are those of the plan, and nothing more.

Every lesson keeps its identity as far as it can: it is the same one while it is the n-th lesson of its course in its
week, so that calendars move it instead of losing it. What has begun, or begins too soon to be changed, stays.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo

from classroom.model.lesson import UPCOMING, LessonState
from classroom.model.plan import (
    Clash,
    ClassAttending,
    LessonPlan,
    Occupied,
    PlanCourse,
    Publication,
    PublishedLesson,
)
from classroom.model.term import Term
from scheduler.planning.term import DatedLesson, WeeklyLesson, dated_lessons


@dataclass(frozen=True, slots=True)
class CourseFacts:
    """What a course's lessons look like: its title, the rooms it may be given in (best first), who attends."""

    title: str
    rooms: tuple[str, ...]
    points: tuple[ClassAttending, ...]


def carry_keys(old: Sequence[PlanCourse], new: Sequence[PlanCourse]) -> tuple[PlanCourse, ...]:
    """The new courses under the keys of the old ones they continue: same teacher and subject, most needs in common.

    A solver knows no keys; without them every lesson of the term would be another one after a new run.
    """
    taken = {course.key for course in new} & {course.key for course in old}
    free = [course for course in old if course.key not in taken]
    pairs = sorted(
        (
            (-len({*one.needs} & {*other.needs}), index, number)
            for number, other in enumerate(new)
            if other.key not in taken
            for index, one in enumerate(free)
            if (one.teacher, one.subject) == (other.teacher, other.subject) and {*one.needs} & {*other.needs}
        ),
    )
    carried = list(new)
    used: set[int] = set()
    named: set[int] = set()
    for _, index, number in pairs:
        if index not in used and number not in named:
            used.add(index)
            named.add(number)
            carried[number] = replace(new[number], key=free[index].key)
    return tuple(carried)


def publication(
    term: Term,
    courses: Iterable[PlanCourse],
    facts: Mapping[str, CourseFacts],
    published: Sequence[PublishedLesson],
    occupied: Iterable[Occupied],
    *,
    not_before: datetime,
    zone: tzinfo,
) -> Publication:
    """From what is published now to what shall be.

    `facts` by course key; `zone` is the schools'. Nothing that starts before `not_before` is made, moved or cancelled,
    nor anything that has begun. What somebody cancelled by hand stays cancelled.
    """
    plans = {course.key: course for course in courses}
    week = [
        WeeklyLesson(course.key, day, minute, course.weeks)
        for course in plans.values()
        for day, minute in course.lessons
    ]
    wanted: dict[tuple[str, int], list[LessonPlan]] = defaultdict(list)
    for dated in dated_lessons(term, week):
        plan = _plan(term, dated, plans[dated.course], facts[dated.course], zone)
        if plan.starts_at >= not_before:
            wanted[plan.course, plan.week].append(plan)
    there: dict[tuple[str, int], list[PublishedLesson]] = defaultdict(list)
    for lesson in published:
        if not lesson.dropped:
            there[lesson.plan.course, lesson.plan.week].append(lesson)
    matched: list[tuple[PublishedLesson | None, LessonPlan]] = []
    cancel: list[str] = []
    for key in wanted.keys() | there.keys():
        found, left = _match(there.get(key, []), wanted.get(key, []), not_before)
        matched += found
        cancel += left
    rooms = Rooms(occupied, [lesson for lesson in published if not _open(lesson, not_before)])
    create, change, clashes, kept = [], [], [], 0
    for existing, plan in sorted(matched, key=lambda pair: (pair[1].starts_at, pair[1].course)):
        placed = rooms.place(plan, facts[plan.course].rooms, existing)
        if isinstance(placed, Clash):
            clashes.append(placed)
            if existing is not None:
                cancel.append(existing.lesson_id)
        elif existing is None:
            create.append(placed)
        elif placed != existing.plan:
            change.append((existing.lesson_id, placed))
        else:
            kept += 1
    return Publication(tuple(create), tuple(change), tuple(sorted(cancel)), kept, tuple(clashes))


def _open(lesson: PublishedLesson, not_before: datetime) -> bool:
    """Whether a publication may still change it."""
    return not lesson.fixed and lesson.state in UPCOMING and lesson.plan.starts_at >= not_before


def _match(
    there: Sequence[PublishedLesson], wanted: Sequence[LessonPlan], not_before: datetime
) -> tuple[list[tuple[PublishedLesson | None, LessonPlan]], list[str]]:
    """The lessons of one course in one week: which of them each wanted one is, and which are to be cancelled."""
    left = list(wanted)
    held = 0
    for lesson in there:
        if not _open(lesson, not_before):
            # it was given, cancelled by hand or replanned: the plan's lesson of that time needs no other one
            same = _take(left, lesson.stands_for or lesson.plan.starts_at)
            only_joined = lesson.fixed and lesson.stands_for is None and lesson.state in UPCOMING
            held += same is None and only_joined
    movable = [lesson for lesson in there if _open(lesson, not_before)]
    matched: list[tuple[PublishedLesson | None, LessonPlan]] = []
    for lesson in list(movable):
        if (same := _take(left, lesson.plan.starts_at)) is not None:
            matched.append((lesson, same))
            movable.remove(lesson)
    # where the plan has moved on, a lesson that others have joined is still one of the course's in that week
    del left[len(left) - min(held, len(left)) :]
    movable.sort(key=lambda lesson: lesson.plan.starts_at)
    for lesson, plan in zip(movable, left, strict=False):
        matched.append((lesson, plan))
    matched += [(None, plan) for plan in left[len(movable) :]]
    return matched, [lesson.lesson_id for lesson in movable[len(left) :]]


def _take(wanted: list[LessonPlan], starts_at: datetime) -> LessonPlan | None:
    for plan in wanted:
        if plan.starts_at == starts_at:
            wanted.remove(plan)
            return plan
    return None


def _plan(term: Term, dated: DatedLesson, course: PlanCourse, facts: CourseFacts, zone: tzinfo) -> LessonPlan:
    midnight = datetime.combine(dated.day, time(), zone)
    starts_at = (midnight + timedelta(minutes=dated.start_min)).astimezone(UTC)
    return LessonPlan(
        course=course.key,
        week=dated.week,
        title=facts.title,
        subject=course.subject,
        grade=course.grade,
        room_id="",
        teacher_id=course.teacher,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=term.rules.lesson_min),
        points=facts.points,
        needs=course.needs,
    )


class Rooms:
    """Who and what is taken when. Lessons are placed in order of time; a course stays in its room where it can."""

    def __init__(self, occupied: Iterable[Occupied], fixed: Iterable[PublishedLesson]) -> None:
        self._busy: dict[str, list[tuple[datetime, datetime, str]]] = defaultdict(list)
        self._usual: dict[str, str] = {}
        for taken in occupied:
            self._take((taken.room_id, taken.teacher_id), taken.starts_at, taken.ends_at, taken.title)
        for lesson in fixed:
            plan = lesson.plan
            self._usual[plan.course] = plan.room_id
            if lesson.state is not LessonState.CANCELLED:
                self._take((plan.room_id, plan.teacher_id), plan.starts_at, plan.ends_at, plan.title)

    def place(self, plan: LessonPlan, rooms: Sequence[str], existing: PublishedLesson | None) -> LessonPlan | Clash:
        """The plan in a free room, or what is in the way."""
        other = self._other(plan.teacher_id, plan)
        if other is not None:
            return Clash(plan, other, teacher=True)
        best = [existing.plan.room_id] if existing is not None else []
        best += [self._usual[plan.course]] if plan.course in self._usual else []
        for room in dict.fromkeys([*(room for room in best if room in rooms), *rooms]):
            if self._other(room, plan) is None:
                self._usual[plan.course] = room
                self._take((room, plan.teacher_id), plan.starts_at, plan.ends_at, plan.title)
                return replace(plan, room_id=room)
        return Clash(plan, self._other(rooms[0], plan) or "" if rooms else "", teacher=False)

    def _take(self, keys: Iterable[str], begins: datetime, ends: datetime, title: str) -> None:
        for key in keys:
            self._busy[key].append((begins, ends, title))

    def _other(self, key: str, plan: LessonPlan) -> str | None:
        return next(
            (title for begins, ends, title in self._busy[key] if begins < plan.ends_at and ends > plan.starts_at), None
        )

"""A proposal as people work on it: courses under keys, beside the instance they have to fit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from classroom.errors import Conflict, NotFound
from classroom.model.plan import PlanCourse, WeeklyStart
from classroom.model.term import Weeks
from scheduler.planning.board import Board, board_of
from scheduler.planning.check import Violation, check
from scheduler.planning.instance import Instance, Pin
from scheduler.planning.lookup import Lookup
from scheduler.planning.names import Names
from scheduler.planning.objectives import coverage
from scheduler.planning.solution import Course, Solution
from scheduler.planning.targets import Targets, targets

# The record of a solution (its coverage, its score) is not kept in a proposal.
_RECORD = "record"


@dataclass(frozen=True, slots=True)
class Workbench:
    """The courses of a proposal that still fit the instance, and how many do not. Made by `workbench`."""

    lookup: Lookup
    courses: tuple[PlanCourse, ...]
    gone: int

    @property
    def plain(self) -> tuple[Course, ...]:
        """The courses as the solver knows them, in the same order."""
        return tuple(course_of(course) for course in self.courses)

    @property
    def solution(self) -> Solution:
        return Solution(courses=self.plain)

    @property
    def coverage(self) -> int:
        """How many lessons a week are given."""
        return coverage(self.lookup, self.plain)

    @property
    def wanted(self) -> int:
        return self.lookup.instance.lessons

    @property
    def names(self) -> Names:
        return Names(self.lookup, self.plain)

    def broken(self) -> list[Violation]:
        """The rules that the courses break as things are now."""
        return [each for each in check(self.lookup.instance, self.solution) if each.rule != _RECORD]

    def index(self, key: str) -> int:
        """Raises `NotFound("course_unknown")`."""
        for index, course in enumerate(self.courses):
            if course.key == key:
                return index
        raise NotFound("course_unknown", course=key[:32])

    def board(self) -> Board:
        """All courses placed."""
        return board_of(self.lookup, self.plain)

    def targets(self, key: str, lesson: int | None) -> Targets:
        """Where a lesson may be, or a further one be added. Raises `NotFound("course_unknown")`."""
        index = self._lesson(key, lesson)
        return targets(self.board(), self.plain, index, lesson)

    def move(self, key: str, lesson: int | None, to: WeeklyStart | None) -> tuple[PlanCourse, ...]:
        """The courses after a lesson was moved, added (`lesson` None) or taken away (`to` None).

        Raises `Conflict` with the first reason that speaks against it, `NotFound("course_unknown")`.
        """
        index = self._lesson(key, lesson)
        course = self.courses[index]
        rest = [start for number, start in enumerate(course.lessons) if number != lesson]
        if to is None:
            if course.pinned:
                raise Conflict("why_pinned", course=self.names.course(index))
            return self._with(index, replace(course, lessons=tuple(rest)))
        found = self.targets(key, lesson)
        speaking = found.against.get(to)
        if speaking is None:
            raise Conflict("start_outside")
        if speaking:
            cause = speaking[0]
            raise Conflict(cause.code, **self.names.named(cause.code, cause.data))
        return self._with(index, replace(course, lessons=tuple(sorted([*rest, to]))))

    def pin(self, keys: Iterable[str], pinned: bool) -> tuple[PlanCourse, ...]:
        """With these courses pinned, or free again. Raises `NotFound("course_unknown")`."""
        chosen = {self.courses[self.index(key)].key for key in keys}
        return tuple(replace(course, pinned=pinned) if course.key in chosen else course for course in self.courses)

    def set_weeks(self, key: str, weeks: Weeks) -> tuple[PlanCourse, ...]:
        """With a course given in other weeks. Raises `NotFound("course_unknown")`."""
        index = self.index(key)
        return self._with(index, replace(self.courses[index], weeks=weeks))

    def remove(self, key: str) -> tuple[PlanCourse, ...]:
        """Without a course. Raises `NotFound("course_unknown")`, `Conflict("why_pinned")`."""
        index = self.index(key)
        if self.courses[index].pinned:
            raise Conflict("why_pinned", course=self.names.course(index))
        return (*self.courses[:index], *self.courses[index + 1 :])

    def _lesson(self, key: str, lesson: int | None) -> int:
        index = self.index(key)
        if lesson is not None and lesson >= len(self.courses[index].lessons):
            raise NotFound("course_unknown", course=key[:32])
        return index

    def _with(self, index: int, course: PlanCourse) -> tuple[PlanCourse, ...]:
        if not course.lessons:
            return (*self.courses[:index], *self.courses[index + 1 :])
        return (*self.courses[:index], course, *self.courses[index + 1 :])


def workbench(instance: Instance, courses: Sequence[PlanCourse]) -> Workbench:
    """Courses whose teacher is no more, or none of whose classes wants the subject any more, are left out."""
    lookup = Lookup.of(instance)
    fitting, gone = [], 0
    for course in courses:
        needs = tuple(need for need in course.needs if need in lookup.needs)
        if course.teacher in lookup.teachers and needs:
            fitting.append(replace(course, needs=needs))
        else:
            gone += 1
    return Workbench(lookup, tuple(fitting), gone)


def course_of(course: PlanCourse) -> Course:
    """As the solver knows it."""
    return Course(
        course.teacher, course.subject, course.grade, course.edition, course.needs, course.lessons, course.pinned
    )


def plan_course(course: Course, key: str) -> PlanCourse:
    """As people work on it."""
    return PlanCourse(
        key=key,
        teacher=str(course.teacher),
        subject=course.subject,
        grade=course.grade,
        edition=course.edition,
        needs=tuple(str(need) for need in course.needs),
        lessons=tuple(sorted(course.lessons)),
        pinned=course.pinned,
    )


def with_pins(instance: Instance, courses: Iterable[PlanCourse]) -> Instance:
    """The instance with the pinned ones of these courses as pins."""
    pins = tuple(
        Pin(course.teacher, course.subject, course.grade, course.edition, course.needs, course.lessons)
        for course in courses
        if course.pinned
    )
    return replace(instance, pins=pins)

"""The timetable grid's question: where may this lesson stand, and what speaks against the other places?"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from scheduler.planning.board import Board
from scheduler.planning.causes import Cause, causes
from scheduler.planning.instance import Start
from scheduler.planning.objectives import attended
from scheduler.planning.solution import Course


@dataclass(frozen=True, slots=True)
class Targets:
    """Where a lesson may be put. `against(start)` says what speaks against any start, legal or not."""

    legal: tuple[Start, ...]
    against: Mapping[Start, Sequence[Cause]]


def targets(board: Board, courses: Sequence[Course], course: int, lesson: int | None = None) -> Targets:
    """Where a lesson of a course could be moved to, or a further one be added (`lesson` None).

    `board` has all `courses` placed, and has them again afterwards. Answers for all starts of the grid between the
    first and the last bell of the schools concerned.
    """
    moving = courses[course]
    rest = tuple(start for i, start in enumerate(moving.lessons) if i != lesson)
    lifted = replace(moving, lessons=() if lesson is None else (moving.lessons[lesson],))
    board.remove(lifted)
    found = [*_week_causes(board, courses, course, rest, adds=lesson is None)]
    found += causes(board, moving.teacher, moving.needs)
    board.place(lifted)
    against: dict[Start, Sequence[Cause]] = {}
    for start in _grid(board, moving):
        bit = 1 << board.week.bit(start)
        against[start] = [cause for cause in found if cause.starts & bit]
    return Targets(tuple(start for start, speaking in against.items() if not speaking), against)


def _week_causes(
    board: Board, courses: Sequence[Course], course: int, rest: Sequence[Start], *, adds: bool
) -> Iterator[Cause]:
    moving, week = courses[course], board.week
    if moving.pinned:
        yield Cause("why_pinned", week.everything, {"course": course})
    if adds and board.lessons_left(moving.teacher) <= 0:
        yield Cause("why_teacher_week", week.everything, {"teacher": moving.teacher})
    if adds:
        counts = attended(courses)
        for need in moving.needs:
            if counts[need] >= board.lookup.needs[need].lessons_per_week:
                yield Cause("why_need_complete", week.everything, {"need": need})
    for day in {day for day, _ in rest}:
        yield Cause("why_course_day", week.day(day), {"course": course, "day": day})
    needs = set(moving.needs)
    for index, other in enumerate(courses):
        for need in needs.intersection(other.needs) if index != course else ():
            days = sum(week.day(day) for day in {day for day, _ in other.lessons})
            yield Cause("why_need_day", days, {"need": need, "course": index})


def _grid(board: Board, course: Course) -> Iterable[Start]:
    lookup, meta = board.lookup, board.lookup.instance.meta
    schools = [lookup.host(lookup.teachers[course.teacher])]
    schools += [lookup.schools[lookup.needs[need].point] for need in course.needs]
    minutes = [minute for school in schools for period in school.bell for minute in period]
    if minutes:
        for day in range(meta.days):
            for minute in range(min(minutes), max(minutes), meta.grid_min):
                yield day, minute

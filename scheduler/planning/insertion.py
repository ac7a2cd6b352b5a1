"""Put one more need into a timetable in which everything else stays: in a course that is there, or in a new one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from scheduler.planning.board import Board
from scheduler.planning.instance import Id, Need, Start, Teacher
from scheduler.planning.lookup import Lookup, edition_fits
from scheduler.planning.objectives import attended, is_preferred, neighbours
from scheduler.planning.solution import Course


@dataclass(frozen=True, slots=True)
class _Way:
    """Course `index` becomes `course`; None: a new one. More lessons are better, then less cost."""

    lessons: int
    cost: int
    index: int | None
    course: Course


def insert(board: Board, courses: list[Course], need: Id) -> int:
    """Give a need more lessons, changing nobody else's; returns how many lessons there are more.

    `board` has the courses on it; both are brought up to date. A need that has a course stays in it if that can have
    further lessons, which all who attend must lack; else it leaves, if another gives it more.
    """
    row = board.lookup.needs[need]
    own = own_course(courses, need)
    if own is None:
        return _take(board, courses, [*_joins(board, courses, row), *_opens(board, row)])
    if courses[own].pinned:
        return 0
    if gained := _take(board, courses, [*_further_lessons(board, courses, own)]):
        return gained
    before = courses[own]
    have = len(before.lessons)
    leave(board, courses, own, need)
    ways = [way for way in (*_joins(board, courses, row), *_opens(board, row)) if way.lessons > have]
    if gained := _take(board, courses, ways):
        return gained - have
    leave_undone(board, courses, own, before)
    return 0


def own_course(courses: Sequence[Course], need: Id) -> int | None:
    """The one course of a need that is no cover."""
    return next((i for i, course in enumerate(courses) if need in course.needs and not course.cover), None)


def leave(board: Board, courses: list[Course], own: int, need: Id) -> None:
    """A need leaves its course, which is then perhaps nobody's any more."""
    board.remove(courses[own])
    rest = tuple(each for each in courses[own].needs if each != need)
    courses[own] = replace(courses[own], needs=rest, lessons=courses[own].lessons if rest else ())
    board.place(courses[own])


def leave_undone(board: Board, courses: list[Course], own: int, before: Course) -> None:
    board.remove(courses[own])
    courses[own] = before
    board.place(before)


def _take(board: Board, courses: list[Course], ways: Sequence[_Way]) -> int:
    best = max(ways, key=lambda way: (way.lessons, -way.cost), default=None)
    if best is None:
        return 0
    if best.index is None:
        courses.append(best.course)
    else:
        board.remove(courses[best.index])
        courses[best.index] = best.course
    board.place(best.course)
    return best.lessons


def qualified(lookup: Lookup, need: Need) -> Iterator[Teacher]:
    """Who may teach a need (H1)."""
    for teacher in lookup.teachers_of(need.subject):
        fits = need.grade in teacher.grades and edition_fits(teacher, need.edition)
        if fits and lookup.in_scope(teacher, need):
            yield teacher


def alike(course: Course, need: Need) -> bool:
    return (course.subject, course.grade, course.edition) == (need.subject, need.grade, need.edition)


def joinable(board: Board, course: Course, need: Need) -> bool:
    """Can a need attend a course that is on the board, by every hard rule?"""
    lookup = board.lookup
    full = len(course.needs) >= lookup.instance.meta.max_points
    if full or not course.needs or course.pinned or course.cover or not alike(course, need):
        return False
    in_scope = lookup.in_scope(lookup.teachers[course.teacher], need)
    return in_scope and len(course.lessons) <= need.lessons_per_week and board.can_join(course, need.id)


def _joins(board: Board, courses: Sequence[Course], need: Need) -> Iterator[_Way]:
    for index, course in enumerate(courses):
        if joinable(board, course, need):
            joined = replace(course, needs=(*course.needs, need.id))
            yield _Way(len(course.lessons), _cost(board, need, course.lessons), index, joined)


def _opens(board: Board, need: Need) -> Iterator[_Way]:
    for teacher in qualified(board.lookup, need):
        most = min(board.lessons_left(teacher.id), need.lessons_per_week)
        starts = board.legal_starts(teacher.id, [need.id]) if most > 0 else 0
        for lessons in _days(board, need, starts, most):
            course = Course(teacher.id, need.subject, need.grade, need.edition, (need.id,), lessons)
            yield _Way(len(lessons), _cost(board, need, lessons) + 1, None, course)


def _further_lessons(board: Board, courses: Sequence[Course], own: int) -> Iterator[_Way]:
    course, lookup = courses[own], board.lookup
    counts = attended(courses)
    lacking = min(lookup.needs[need].lessons_per_week - counts[need] for need in course.needs)
    most = min(lacking, board.lessons_left(course.teacher))
    if most <= 0:
        return
    taken = 0
    for other in courses:
        if set(other.needs) & set(course.needs):
            for day, _ in other.lessons:
                taken |= board.week.day(day)
    need = lookup.needs[course.needs[0]]
    starts = board.legal_starts(course.teacher, course.needs) & ~taken
    for lessons in _days(board, need, starts, most):
        grown = replace(course, lessons=tuple(sorted((*course.lessons, *lessons))))
        yield _Way(len(lessons) * len(course.needs), _cost(board, need, grown.lessons), own, grown)


def _days(board: Board, need: Need, starts: int, most: int) -> Iterator[tuple[Start, ...]]:
    """As many lessons as can be, one a day: the best start of each day, in every combination of days."""
    point = board.lookup.schools[need.point]
    best: dict[int, Start] = {}
    for start in board.week.starts(starts):
        known = best.get(start[0])
        if known is None or (is_preferred(need, point, start) and not is_preferred(need, point, known)):
            best[start[0]] = start
    count = min(most, len(best))
    if count > 0:
        yield from combinations(sorted(best.values()), count)


def _cost(board: Board, need: Need, lessons: Sequence[Start]) -> int:
    weights, point = board.lookup.instance.meta.weights, board.lookup.schools[need.point]
    strange = sum(not is_preferred(need, point, lesson) for lesson in lessons)
    return weights.neighbouring_days * neighbours(lessons) + weights.not_preferred * strange

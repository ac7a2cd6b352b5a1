"""The smallest single changes that cover more, each of them solved before it is shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scheduler.planning.board import Board, board_of
from scheduler.planning.explain import relaxations as relax
from scheduler.planning.explain.relaxations import Relaxation
from scheduler.planning.explain.ways import Way, way, ways
from scheduler.planning.insertion import alike, insert, leave, leave_undone, own_course
from scheduler.planning.instance import Id, Need
from scheduler.planning.lookup import Lookup
from scheduler.planning.objectives import attended, missing
from scheduler.planning.solution import Course
from scheduler.planning.starts import need_starts, teacher_starts

# So many are shown for a need, at most one of each kind, and so many are solved to find them.
MOST_SHOWN = 3
MOST_SOLVED = 8


@dataclass(frozen=True, slots=True)
class Remedy:
    """With the relaxation, `courses` is a timetable with `lessons` more, of these needs; nobody else's changed."""

    relaxation: Relaxation
    needs: tuple[Id, ...]
    lessons: int
    courses: tuple[Course, ...]


def remedies(board: Board, courses: Sequence[Course], need: Need) -> list[Remedy]:
    """What would cover an uncovered need: most lessons first, then the least effort."""
    found: dict[str, Remedy] = {}
    solved = 0
    promising = sorted(_promising(board, courses, need), key=lambda each: (each[0].effort, -_days(board, each[1])))
    for relaxation, _ in promising:
        if relaxation.code in found or solved >= MOST_SOLVED:
            continue
        solved += 1
        remedy = solve(board.lookup, courses, need, relaxation)
        if remedy is not None:
            found[relaxation.code] = remedy
        if len(found) == MOST_SHOWN:
            break
    return sorted(found.values(), key=lambda each: (-each.lessons, each.relaxation.effort))


def solve(lookup: Lookup, courses: Sequence[Course], need: Need, relaxation: Relaxation) -> Remedy | None:
    """Apply a relaxation and cover the need, and whatever else of its point or subject it lets cover; None: nothing."""
    relaxed = Lookup.of(relaxation.apply(lookup.instance))
    board, after = board_of(relaxed, courses), list(courses)
    if "bell" in relaxation.fields and not _still_stand(board, courses, relaxation.id):
        return None
    if not insert(board, after, need.id):
        return None
    for other in missing(relaxed, courses):
        if other != need.id and _related(relaxed, need, relaxed.needs[other]):
            insert(board, after, other)
    before, now = attended(courses), attended(after)
    helped = tuple(each.id for each in relaxed.instance.needs if now[each.id] > before[each.id])
    attending = tuple(course for course in after if course.needs)
    return Remedy(relaxation, helped, sum(now.values()) - sum(before.values()), attending)


def _related(lookup: Lookup, need: Need, other: Need) -> bool:
    """Another edition would be covered by whoever changes to any edition: that is not what is proposed."""
    return other.edition == need.edition and (other.point == need.point or other.subject == need.subject)


def _still_stand(board: Board, courses: Sequence[Course], point: Id) -> bool:
    """Do the lessons that a point has keep a period of its moved bell?"""
    needs = board.lookup.needs
    return all(
        not board.week.bits(course.lessons) & ~board.need_starts(need)
        for course in courses
        for need in course.needs
        if needs[need].point == point
    )


# -- what may help: by bits, before anything is solved -----------------------------------------------------------------

# A relaxation, and the starts at which a lesson would then be possible.
_Option = tuple[Relaxation, int]


def _days(board: Board, starts: int) -> int:
    return sum(bool(starts & board.week.day(day)) for day in range(board.week.days))


def _promising(board: Board, courses: Sequence[Course], need: Need) -> Iterator[_Option]:
    """For a need with a course: what gives that course more lessons, and what gives the need more lessons elsewhere."""
    times = list(_need_times(board, need))
    own = own_course(courses, need.id)
    if own is None:
        yield from _elsewhere(board, courses, need, times, have=0)
        return
    course, lookup = courses[own], board.lookup
    if course.pinned:
        return
    counts = attended(courses)
    if all(counts[each] < lookup.needs[each].lessons_per_week for each in course.needs):
        yield from _of_way(board, way(board, courses, lookup.teachers[course.teacher], course.needs), need, times, 0)
    without = list(courses)
    leave(board, without, own, need.id)
    yield from _elsewhere(board, without, need, times, have=len(course.lessons))
    leave_undone(board, without, own, course)


def _elsewhere(
    board: Board, courses: Sequence[Course], need: Need, times: Sequence[_Option], *, have: int
) -> Iterator[_Option]:
    for each in ways(board, courses, need):
        yield from _of_way(board, each, need, times, have)
    yield from _of_joining(board, courses, need, times, have)


def _of_way(board: Board, each: Way, need: Need, times: Sequence[_Option], have: int) -> Iterator[_Option]:
    """What makes more than so many lessons possible."""
    options: list[_Option] = []
    if len(each.deficits) == 1:
        options += _of_deficit(board.lookup, each, need)
    elif not each.deficits:
        options += [*_of_blocks(board, each, need), *_of_times(board, each, times)]
    days = min(_days(board, each.free), need.lessons_per_week)
    if not each.deficits and each.lessons_left < days:
        for lessons in sorted({max(have + 1, each.lessons_left + 1), days} if have < days else ()):
            yield relax.of_teacher_hours(each.teacher, lessons - each.lessons_left), each.free
    if each.lessons_left > have:
        yield from (option for option in options if _days(board, option[1]) > have)


def _of_deficit(lookup: Lookup, each: Way, need: Need) -> Iterator[_Option]:
    (deficit,) = each.deficits
    if deficit == "scope":
        home, there = lookup.host(each.teacher).county, lookup.schools[need.point].county
        if each.teacher.scope == "prefecture" or lookup.counties[home].prefecture != lookup.counties[there].prefecture:
            return
    if each.free:
        yield relax.of_deficit(each.teacher, need, deficit), each.free


def _of_blocks(board: Board, each: Way, need: Need) -> Iterator[_Option]:
    """What alone stands in the way at some start."""
    for block in each.blocks:
        free = each.common & ~each.blocked(without=block)
        if not free & block.starts:
            continue
        if block.code == "teacher_day":
            yield relax.of_teacher_day(each.teacher), free
        elif block.code == "screen" and len(each.needs) == 1:
            lesson_min = board.lookup.instance.meta.lesson_min
            yield relax.of_screen(board.lookup.classes[need.class_id], need, lesson_min), free
        elif block.demand is not None and (more := relax.of_resource(board, block.demand)) is not None:
            yield more, free


def _of_times(board: Board, each: Way, times: Sequence[_Option]) -> Iterator[_Option]:
    """Teacher and class free at the same time, were one of them a little more so."""
    lookup, meta = board.lookup, board.lookup.instance.meta
    school, unblocked = lookup.host(each.teacher), ~each.blocked()
    for relaxation in relax.of_teacher_times(each.teacher, school, meta.days, meta.grid_min):
        teacher = replace(each.teacher, **relaxation.fields)
        starts = board.week.bits(teacher_starts(lookup.instance, teacher, school, board.calendar))
        free = starts & each.need_starts & unblocked
        if free & ~each.teacher_starts:
            yield relaxation, free
    # With companions, all would have to be free.
    if len(each.needs) == 1:
        for relaxation, starts in times:
            free = starts & each.teacher_starts & unblocked
            if free & ~each.need_starts:
                yield relaxation, free


def _need_times(board: Board, need: Need) -> Iterator[_Option]:
    lookup, meta = board.lookup, board.lookup.instance.meta
    point = lookup.schools[need.point]
    for relaxation in relax.of_need_times(need, point, meta.days, meta.grid_min):
        of_school = relaxation.table == "schools"
        school = replace(point, **relaxation.fields) if of_school else point
        row = need if of_school else replace(need, **relaxation.fields)
        starts, _ = need_starts(lookup.instance, row, school, board.calendar)
        yield relaxation, board.week.bits(starts) & ~board.past


def _of_joining(
    board: Board, courses: Sequence[Course], need: Need, times: Sequence[_Option], have: int
) -> Iterator[_Option]:
    """A course that it could join, were its class there, or its room."""
    lookup = board.lookup
    for course in courses:
        full = len(course.needs) >= lookup.instance.meta.max_points or not course.needs
        fits = alike(course, need) and have < len(course.lessons) <= need.lessons_per_week
        if full or not fits or course.pinned or course.cover:
            continue
        if not lookup.in_scope(lookup.teachers[course.teacher], need):
            continue
        lessons, known = board.week.bits(course.lessons), board.need_starts(need.id)
        taken = [demand for demand in board.joining(course.teacher, need.id) if lessons & board.taken(demand)]
        if lessons & ~known and not taken:
            yield from ((relaxation, lessons) for relaxation, starts in times if not lessons & ~starts)
        elif not lessons & ~known and len(taken) == 1 and (more := relax.of_resource(board, taken[0])) is not None:
            yield more, lessons

"""The state in which a search begins, and plans into and out of it."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

import numpy as np

from scheduler.planning.instance import DAY_MIN, Id
from scheduler.planning.kernel import layout as at
from scheduler.planning.kernel.compiled import Ints
from scheduler.planning.kernel.place import may_join
from scheduler.planning.kernel.places import can_host, take_span, undo
from scheduler.planning.kernel.sections import join_section, open_section, stay
from scheduler.planning.problem import Clock, Problem, Rows
from scheduler.planning.solution import Course

# A step writes some dozens of integers for each lesson; this is more than the longest can.
LOG_SIZE = 1 << 16


def new_log() -> Ints:
    log = np.zeros(LOG_SIZE, np.int64)
    log[0] = 1
    return log


def first_state(rows: Rows, clock: Clock, p: Ints, size: int) -> Ints:
    """Nothing placed yet; rooms that are out are taken."""
    x = np.zeros(size, np.int64)
    wants = len(rows.wants)
    x[at.LACKING_COUNT] = x[at.FREE_COUNT] = wants
    for name in (at.LACKING, at.LACKING_AT, at.FREE):
        x[p[name] : p[name] + wants] = np.arange(wants)
    x[p[at.N_SECTION] : p[at.N_SECTION] + wants] = -1
    x[at.COST] = sum(want.lessons * int(p[p[at.N_WEIGHT] + i]) for i, want in enumerate(rows.wants)) + _given_up(rows)
    _take_rooms(rows, clock, p, x)
    return x


def _given_up(rows: Rows) -> int:
    """S1 for lessons that nothing can give: what standing courses leave of their needs."""
    weights = rows.instance.meta.weights
    wanted: Counter[Id] = Counter()
    for want in rows.wants:
        wanted[want.need.id] += want.lessons
    return sum(
        max(0, need.lessons_per_week - wanted[need.id]) * (weights.uncovered + weights.priority * (need.priority - 1))
        for need in rows.instance.needs
    )


def _take_rooms(rows: Rows, clock: Clock, p: Ints, x: Ints) -> None:
    log = new_log()
    for school, row in enumerate(rows.schools):
        seat = int(p[p[at.S_SEAT] + school])
        places = int(p[p[at.SEAT_PLACES] + seat])
        for rooms, day, first, last in _rooms_out(rows, clock, row.id, row.rooms):
            for _ in range(min(rooms, places)):
                take_span(p, x, log, seat, day * clock.span + first, last - first)
                log[0] = 1


def _rooms_out(rows: Rows, clock: Clock, school: Id, rooms: int) -> Iterator[tuple[int, int, int, int]]:
    """How many rooms are out, on which day, from which slot to before which."""
    if rooms == 0:
        yield from ((1, day, 0, clock.span) for day in range(rows.instance.meta.days))
    for out in rows.instance.outages:
        if out.kind == "room" and out.id == school and out.day < rows.instance.meta.days:
            first = max(0, out.start // clock.grid_min - clock.first_slot)
            last = min(clock.span, -(-min(out.end, DAY_MIN) // clock.grid_min) - clock.first_slot)
            if first < last:
                yield out.rooms, out.day, first, last


def adopt(problem: Problem, x: Ints, courses: Iterable[Course], frozen: Collection[Course]) -> tuple[Course, ...]:
    """Place what still fits of the courses of a former plan; returns the frozen ones that do not fit as they are."""
    frozen = set(frozen)
    pair_starts = {(pair.teacher, pair.want): pair.starts for pair in problem.pairs}
    refused: list[Course] = []
    # What must stay comes first.
    for course in sorted(courses, key=lambda course: course not in frozen):
        if course not in problem.rows.standing:
            fits = _adopt(problem, x, course, pair_starts, whole=course in frozen)
            if course in frozen and not fits:
                refused.append(course)
    return tuple(refused)


def _adopt(
    problem: Problem, x: Ints, course: Course, pair_starts: Mapping[tuple[int, int], int], *, whole: bool
) -> bool:
    """Place a course with those of its needs that still fit, or with all or not at all."""
    rows, clock, p = problem.rows, problem.clock, problem.p
    teacher = rows.teacher_of.get(course.teacher)
    if not all(map(clock.has, course.lessons)):
        return False
    bits = clock.bits(course.lessons)
    wants = [rows.want_of[need] for need in course.needs if need in rows.want_of]
    wants = [want for want in wants if teacher is not None and pair_starts.get((teacher, want), 0) & bits == bits]
    if teacher is None or not wants or (whole and len(wants) < len(course.needs)):
        return False
    lessons = len(course.lessons)
    if (
        len({day for day, _ in course.lessons}) < lessons
        or x[p[at.T_WEEK] + teacher] + lessons > p[p[at.T_MAX_WEEK] + teacher]
        or not all(can_host(p, x, teacher, clock.code(start), 1) for start in course.lessons)
    ):
        return False
    log = new_log()
    section = _open(problem, x, log, course, wants[0])
    joined = 0
    for want in wants:
        if may_join(p, x, section, want):
            join_section(p, x, log, section, want)
            joined += 1
    if joined == 0 or (whole and joined < len(course.needs)):
        undo(x, log)
        return False
    stay(p, x, log, section, at.MAY_GAIN if whole else at.FREELY)
    return True


def stand(problem: Problem, x: Ints) -> None:
    """The standing courses are there, allowed or not."""
    members: defaultdict[int | None, list[int]] = defaultdict(list)
    for i, want in enumerate(problem.rows.wants):
        members[want.standing].append(i)
    for number, course in enumerate(problem.rows.standing):
        log = new_log()
        section = _open(problem, x, log, course, members[number][0])
        for member in members[number]:
            join_section(problem.p, x, log, section, member)
        stay(problem.p, x, log, section, at.SHUT)


def _open(problem: Problem, x: Ints, log: Ints, course: Course, want: int) -> int:
    p = problem.p
    starts = np.array([problem.clock.code(start) for start in course.lessons], np.int64)
    group = int(p[p[at.N_GROUP] + want])
    return open_section(p, x, log, problem.rows.teacher_of[course.teacher], group, starts, len(starts))


def courses_of(problem: Problem, kept: Ints | None = None) -> list[Course]:
    """The plan in a state, or in what `kernel.search.keep` remembered of it: standing courses as they were given."""
    p, rows = problem.p, problem.rows
    wants = len(rows.wants)
    x = problem.x if kept is None else kept
    first = int(p[at.N_SECTION]) if kept is None else 2
    sections = first + int(p[at.SECTIONS]) - int(p[at.N_SECTION])
    stride, most = int(p[at.STRIDE]), int(p[at.MOST_MEMBERS])
    found: list[Course] = list(rows.standing)
    for section in dict.fromkeys(int(s) for s in x[first : first + wants] if s >= 0):
        record = x[sections + section * stride : sections + (section + 1) * stride]
        members = [rows.wants[w] for w in record[at.RECORD : at.RECORD + record[at.MEMBERS]]]
        if members[0].standing is not None:
            continue
        need = members[0].need
        starts = record[at.RECORD + most : at.RECORD + most + record[at.LESSONS]]
        found.append(
            Course(
                teacher=rows.instance.teachers[record[at.TEACHER]].id,
                subject=need.subject,
                grade=need.grade,
                edition=need.edition,
                needs=tuple(want.need.id for want in members),
                lessons=tuple(sorted(problem.clock.start(code) for code in starts)),
                cover=any(want.cover for want in members),
            )
        )
    return found

"""From an instance to a `Problem`: every id becomes an index, every rule about one or two rows is answered once."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from scheduler.planning.instance import Id, Instance, Outage, Start
from scheduler.planning.problem import WORD_BITS, Clock, Pair, Problem, Rows, Want
from scheduler.planning.solution import Course
from scheduler.planning.starts import Calendar, can_teach, need_starts, teacher_starts
from scheduler.planning.state import first_state, stand
from scheduler.planning.tables import tables


def compile_instance(
    instance: Instance,
    *,
    standing: Iterable[Course] = (),
    outages: Iterable[Outage] = (),
    cover_rest: bool = False,
) -> Problem:
    """The arrays of an instance, perhaps with more outages than its own.

    Pins and `standing` courses are as they are: nothing joins or moves them, and what they take is taken. What they
    leave of a need stays uncovered, unless `cover_rest`: then covers (`Course.cover`) may give it, on other days.
    """
    courses = _standing(instance, standing)
    instance = replace(instance, outages=(*instance.outages, *outages))
    rows = Rows.of(instance, courses, wants_of(instance, courses, cover_rest=cover_rest))
    calendar = Calendar.of(instance.outages)
    when = [teacher_starts(instance, t, rows.school(t.school), calendar) for t in instance.teachers]
    where = [_want_starts(rows, want, calendar) for want in rows.wants]
    clock = _clock(instance, courses, [*when, *(starts for starts, _ in where)])
    free = [clock.bits(starts) for starts in when]
    allowed = [clock.bits(starts) for starts, _ in where]
    liked = [clock.bits(starts) for _, starts in where]
    pairs = _pairs(rows, free, allowed)
    p, state_size = tables(rows, clock, pairs, allowed, liked)
    problem = Problem(rows, clock, pairs, p, first_state(rows, clock, p, state_size))
    stand(problem, problem.x)
    return problem


def wants_of(instance: Instance, standing: Sequence[Course], *, cover_rest: bool) -> tuple[Want, ...]:
    """What is to be placed, point by point: needs, those in standing courses as they stand, and what those leave."""
    given: Counter[Id] = Counter()
    days: defaultdict[Id, set[int]] = defaultdict(set)
    needs = {need.id: need for need in instance.needs}
    wants: list[Want] = []
    for i, course in enumerate(standing):
        for need_id in course.needs:
            given[need_id] += len(course.lessons)
            days[need_id] |= {day for day, _ in course.lessons}
            wants.append(Want(needs[need_id], len(course.lessons), standing=i))
    for need in instance.needs:
        if need.id not in given:
            wants.append(Want(need, need.lessons_per_week))
        elif cover_rest and given[need.id] < need.lessons_per_week:
            rest = need.lessons_per_week - given[need.id]
            wants.append(Want(need, rest, cover=True, taken_days=frozenset(days[need.id])))
    order = {point: i for i, point in enumerate(dict.fromkeys(want.need.point for want in wants))}
    return tuple(sorted(wants, key=lambda want: order[want.need.point]))


def _standing(instance: Instance, standing: Iterable[Course]) -> tuple[Course, ...]:
    pinned = [
        Course(pin.teacher, pin.subject, pin.grade, pin.edition, pin.needs, pin.lessons, pinned=True)
        for pin in instance.pins
    ]
    known = {(course.teacher, frozenset(course.needs), frozenset(course.lessons)) for course in pinned}
    others = (c for c in standing if (c.teacher, frozenset(c.needs), frozenset(c.lessons)) not in known)
    return (*pinned, *others)


def _want_starts(rows: Rows, want: Want, calendar: Calendar) -> tuple[list[Start], set[Start]]:
    starts, liked = need_starts(rows.instance, want.need, rows.school(want.need.point), calendar)
    if want.standing is not None:
        return [], liked
    return [start for start in starts if start[0] not in want.taken_days], liked


def _clock(instance: Instance, standing: Sequence[Course], starts: Sequence[Sequence[Start]]) -> Clock:
    meta = instance.meta
    minutes = {minute for each in starts for _, minute in each}
    minutes |= {minute for course in standing for _, minute in course.lessons}
    first_slot = min(minutes, default=0) // meta.grid_min
    busy = -(-meta.busy_min // meta.grid_min)
    live = -(-meta.lesson_min // meta.grid_min)
    slots = max(minutes, default=0) // meta.grid_min - first_slot + 1 + busy
    return Clock(meta.grid_min, first_slot, -(-slots // WORD_BITS) * WORD_BITS, busy, live)


def _pairs(rows: Rows, free: Sequence[int], allowed: Sequence[int]) -> tuple[Pair, ...]:
    """In order of wants."""
    teachers: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for i, teacher in enumerate(rows.instance.teachers):
        for grade in set(teacher.grades):
            teachers[teacher.subject, grade].append(i)
    pairs: list[Pair] = []
    for w, want in enumerate(rows.wants):
        need = want.need
        for i in teachers[need.subject, need.grade]:
            teacher = rows.instance.teachers[i]
            starts = free[i] & allowed[w]
            if starts and can_teach(teacher, need) and rows.in_scope(teacher, need):
                pairs.append(Pair(i, w, starts))
    return tuple(pairs)

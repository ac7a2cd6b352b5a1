"""The best that can be done about lost lessons: the choices as an integer program, and back."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from scheduler.planning.board import Gauge, Resource
from scheduler.planning.instance import Id, Start
from scheduler.planning.program import Program
from scheduler.planning.replan.choices import Choices, choices, uses
from scheduler.planning.replan.week import Held, Week


@dataclass(frozen=True, slots=True)
class Filling:
    """The lessons of the week afterwards. `joined` had needs added, `moved` has what stood where before.

    `proved`: no other choice covers more lessons, or as many with fewer changes.
    """

    held: tuple[Held, ...]
    opened: tuple[Held, ...]
    joined: Mapping[Held, tuple[Id, ...]]
    moved: tuple[tuple[Held, Held], ...]
    proved: bool


def fill(
    week: Week, movable: Sequence[Held] = (), moves: int = 0, *, seconds: float, hint: Filling | None = None
) -> Filling:
    """Cover as many of the lost lessons as can be, while at most `moves` courses of the movable lessons change.

    `hint` is what to begin with. The board is left as it was.
    """
    moving = set(movable)
    fixed = [lesson for lesson in week.held if lesson not in moving]
    for lesson in movable:
        week.board.remove(lesson)
    found = choices(week.board, fixed, movable, week.lost)
    program = Program(found.costs)
    _attendance_rows(program, found)
    _place_rows(program, found, moves)
    _resource_rows(program, found)
    _count_rows(program, found)
    for lesson in movable:
        week.board.place(lesson)
    known = _columns(found, hint)
    answer = program.solve(seconds, known) if found.attends else None
    ones = answer.ones if answer is not None else known
    return _filling(week, found, ones, proved=answer.proved if answer is not None else not found.attends)


def _columns(found: Choices, hint: Filling | None) -> frozenset[int]:
    """The columns of a filling that moves nothing."""
    columns = {places[0].column for places in found.places.values()}
    if hint is not None:
        opened = {(need, lesson.teacher, lesson.start) for lesson in hint.opened for need in lesson.needs}
        joined = {(need, lesson) for lesson, needs in hint.joined.items() for need in needs}
        teachers = {open_.column: open_.teacher for open_ in found.opens.values()}
        for attend in found.attends:
            if attend.held is not None:
                taken = (attend.need, attend.held) in joined
            else:
                taken = attend.at is not None and (attend.need, teachers[attend.at], attend.start) in opened
            if taken:
                columns |= {attend.column} if attend.at is None else {attend.column, attend.at}
    return frozenset(columns)


# -- rows --------------------------------------------------------------------------------------------------------------


def _attendance_rows(program: Program, found: Choices) -> None:
    """Nobody attends what is not opened; there are at most so many; nobody gains more lessons than were lost."""
    most = found.board.lookup.instance.meta.max_points
    members: defaultdict[int, list[int]] = defaultdict(list)
    joining: defaultdict[Held, list[int]] = defaultdict(list)
    often: defaultdict[Id, list[int]] = defaultdict(list)
    for attend in found.attends:
        often[attend.need].append(attend.column)
        if attend.held is not None:
            joining[attend.held].append(attend.column)
        if attend.at is not None:
            program.at_most({attend.column: 1, attend.at: -1}, 0)
            members[attend.at].append(attend.column)
    for at, columns in members.items():
        if len(columns) > most:
            program.at_most({at: -most, **dict.fromkeys(columns, 1)}, 0)
    for lesson, columns in joining.items():
        program.at_most(dict.fromkeys(columns, 1), most - len(lesson.needs))
    for need, columns in often.items():
        program.at_most(dict.fromkeys(columns, 1), len(found.lost[need]))


def _place_rows(program: Program, found: Choices, moves: int) -> None:
    """Every lesson that may move is somewhere; the courses that change are counted."""
    changed: dict[int | Held, int] = {}
    for lesson, places in found.places.items():
        program.exactly({place.column: 1 for place in places}, 1)
        key = lesson.origin if lesson.origin is not None else lesson
        if len(places) > 1:
            column = changed.setdefault(key, program.column(0) if key not in changed else -1)
            for place in places[1:]:
                program.at_most({place.column: 1, column: -1}, 0)
    program.at_most(dict.fromkeys(changed.values(), 1), moves)


def _resource_rows(program: Program, found: Choices) -> None:
    """At no slot more than is left; it is enough to look where something begins, or begins to be taken."""
    week = found.board.week
    spans: defaultdict[Resource, list[tuple[int, int, int, int]]] = defaultdict(list)
    for column, start, demand in uses(found):
        first = week.bit(start)
        spans[demand.resource].append((first, first + demand.slots, column, demand.units))
    for resource, intervals in spans.items():
        gauge = found.board.gauge(resource)
        intervals.sort()
        for slot in {first for first, _, _, _ in intervals} | _rising(gauge):
            terms: defaultdict[int, int] = defaultdict(int)
            for first, after, column, units in intervals:
                if first > slot:
                    break
                if slot < after:
                    terms[column] += units
            program.at_most(terms, gauge.limit - _used(gauge, slot))


def _rising(gauge: Gauge) -> set[int]:
    edges = 0
    for layer in gauge.layers:
        edges |= layer & ~(layer << 1)
    return {bit for bit in range(edges.bit_length()) if edges >> bit & 1}


def _used(gauge: Gauge, slot: int) -> int:
    return sum(layer >> slot & 1 for layer in gauge.layers)


def _count_rows(program: Program, found: Choices) -> None:
    """Lessons of a teacher in a day and a week, of a need in a day, and minutes of a class in a day."""
    board, lookup = found.board, found.board.lookup
    weeks: defaultdict[Id, dict[int, int]] = defaultdict(dict)
    days: defaultdict[tuple[Id, int], dict[int, int]] = defaultdict(dict)
    for column, teacher, (day, _) in _teaching(found):
        weeks[teacher][column] = days[teacher, day][column] = 1
    for teacher, terms in weeks.items():
        program.at_most(terms, board.lessons_left(teacher))
    for (teacher, day), terms in days.items():
        program.at_most(terms, lookup.teachers[teacher].max_day - board.teacher_day[teacher, day])
    needs: defaultdict[tuple[Id, int], dict[int, int]] = defaultdict(dict)
    classes: defaultdict[tuple[Id, int], defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
    for column, need, (day, _) in _attending(found):
        needs[need, day][column] = 1
        classes[lookup.needs[need].class_id, day][column] += 1
    for terms in needs.values():
        program.at_most(terms, 1)
    for (class_id, day), units in classes.items():
        lessons = lookup.classes[class_id].screen_min_day // lookup.instance.meta.lesson_min
        program.at_most(units, lessons - board.class_day[class_id, day])


def _teaching(found: Choices) -> Iterator[tuple[int, Id, Start]]:
    for open_ in found.opens.values():
        yield open_.column, open_.teacher, open_.start
    for place in (each for places in found.places.values() for each in places):
        yield place.column, place.teacher, place.start


def _attending(found: Choices) -> Iterator[tuple[int, Id, Start]]:
    for attend in found.attends:
        yield attend.column, attend.need, attend.start
    for place in (each for places in found.places.values() for each in places):
        for need in place.lesson.needs:
            yield place.column, need, place.start


# -- and back ----------------------------------------------------------------------------------------------------------


def _filling(week: Week, found: Choices, ones: frozenset[int], *, proved: bool) -> Filling:
    members: defaultdict[int, list[Id]] = defaultdict(list)
    joined: defaultdict[Held, list[Id]] = defaultdict(list)
    for attend in found.attends:
        if attend.column in ones and attend.held is not None:
            joined[attend.held].append(attend.need)
        elif attend.column in ones and attend.at is not None:
            members[attend.at].append(attend.need)
    opened = [
        Held(open_.teacher, tuple(members[open_.column]), open_.start)
        for open_ in found.opens.values()
        if members[open_.column]
    ]
    moved = {
        lesson: replace(lesson, teacher=place.teacher, start=place.start)
        for lesson, places in found.places.items()
        for place in places
        if place.column in ones and not place.stays
    }
    after = [
        replace(lesson, needs=(*lesson.needs, *joined.get(lesson, ())))
        if lesson in joined
        else moved.get(lesson, lesson)
        for lesson in week.held
    ]
    return Filling(
        tuple(after), tuple(opened), {key: tuple(needs) for key, needs in joined.items()}, tuple(moved.items()), proved
    )

"""One week lesson by lesson, and what an outage takes of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from scheduler.planning.board import Board, Demand
from scheduler.planning.instance import Id, Instance, Outage, Start
from scheduler.planning.lookup import Lookup
from scheduler.planning.objectives import uncovered_cost
from scheduler.planning.solution import Course


@dataclass(frozen=True, slots=True)
class Held:
    """A lesson that takes place. `origin`: index of its course, None when the replan made it. `fixed`: stays."""

    teacher: Id
    needs: tuple[Id, ...]
    start: Start
    origin: int | None = None
    fixed: bool = False

    @property
    def lessons(self) -> tuple[Start]:
        return (self.start,)


@dataclass(frozen=True, slots=True)
class Lost:
    """A lesson that a need cannot attend as planned, and because of what."""

    need: Id
    held: Held
    outage: Outage


@dataclass(frozen=True, slots=True)
class Week:
    """`board` has all of `held` on it, and knows the outages."""

    board: Board
    held: tuple[Held, ...]
    lost: tuple[Lost, ...]


def from_now(instance: Instance, outages: Iterable[Outage], now: Start | None) -> tuple[Outage, ...]:
    """What is left of the outages: they begin no earlier than the last lesson ends that has begun already."""
    if now is None:
        return tuple(outages)
    meta, (today, minute) = instance.meta, now
    last_begun = -(-minute // meta.grid_min) * meta.grid_min - meta.grid_min
    left: list[Outage] = []
    for outage in outages:
        length = meta.busy_min if outage.kind == "room" else meta.lesson_min
        start = max(outage.start, last_begun + length) if outage.day == today else outage.start
        if outage.day >= today and start < outage.end:
            left.append(replace(outage, start=start))
    return tuple(left)


def week_under(lookup: Lookup, courses: Sequence[Course], outages: Sequence[Outage], now: Start | None) -> Week:
    """What of a week can be held, and what is lost. Outages are those still to come (`from_now`)."""
    held: list[Held] = []
    lost: list[Lost] = []
    for index, course in enumerate(courses):
        for start in course.lessons:
            fixed = course.pinned or (now is not None and start < now)
            _divide(lookup, Held(course.teacher, course.needs, start, index, fixed), outages, held, lost)
    board = Board(lookup, outages, now)
    _fill_rooms(board, held, lost, [out for out in outages if out.kind == "room"])
    return Week(board, tuple(held), tuple(lost))


def touches(lookup: Lookup, lesson: Held, outage: Outage) -> bool:
    """Is it an outage of the lesson's teacher or host, at its time?"""
    host = lookup.teachers[lesson.teacher].school
    concerned = lesson.teacher if outage.kind == "teacher" else host
    return outage.kind != "room" and outage.id == concerned and _meanwhile(lookup, lesson, outage)


def _meanwhile(lookup: Lookup, lesson: Held, outage: Outage) -> bool:
    meta = lookup.instance.meta
    day, minute = lesson.start
    # A room is left later than the lesson ends.
    length = meta.busy_min if outage.kind == "room" else meta.lesson_min
    return day == outage.day and minute < outage.end and outage.start < minute + length


def _divide(lookup: Lookup, lesson: Held, outages: Sequence[Outage], held: list[Held], lost: list[Lost]) -> None:
    """A lesson without its teacher is lost to all; one that a point cannot receive goes on for the others."""
    if (outage := next((out for out in outages if touches(lookup, lesson, out)), None)) is not None:
        lost += [Lost(need, lesson, outage) for need in lesson.needs]
        return
    staying: list[Id] = []
    for need in lesson.needs:
        point = lookup.needs[need].point
        gone = (out for out in outages if out.kind in {"school", "line"} and out.id == point)
        found = next((out for out in gone if _meanwhile(lookup, lesson, out)), None)
        if found is None:
            staying.append(need)
        else:
            lost.append(Lost(need, lesson, found))
    if staying:
        held.append(lesson if len(staying) == len(lesson.needs) else replace(lesson, needs=tuple(staying)))


def _fill_rooms(board: Board, held: list[Held], lost: list[Lost], outages: Sequence[Outage]) -> None:
    """Place the lessons; where too few rooms are left, the heaviest lessons keep theirs."""
    lookup = board.lookup
    crowded: list[tuple[Held, Outage]] = []
    for lesson in held:
        schools = {lookup.teachers[lesson.teacher].school, *(lookup.needs[need].point for need in lesson.needs)}
        near = (out for out in outages if out.id in schools and _meanwhile(lookup, lesson, out))
        if (outage := next(near, None)) is None:
            board.place(lesson)
        else:
            crowded.append((lesson, outage))
    crowded.sort(key=lambda pair: (not pair[0].fixed, -_weight(lookup, pair[0])))
    for lesson, outage in crowded:
        held.remove(lesson)
        if board.week.bits([lesson.start]) & board.past:
            staying = lesson.needs
        elif _room_taken(board, lesson, lookup.teachers[lesson.teacher].school, 1):
            staying = ()
        else:
            staying = _with_rooms(board, lesson)
        lost += [Lost(need, lesson, outage) for need in lesson.needs if need not in staying]
        if staying:
            rest = replace(lesson, needs=staying)
            held.append(rest)
            board.place(rest)


def _weight(lookup: Lookup, lesson: Held) -> int:
    return sum(uncovered_cost(lookup.needs[need], lookup.instance.meta.weights) for need in lesson.needs)


def _room_taken(board: Board, lesson: Held, school: Id, rooms: int) -> bool:
    return bool(board.week.bits([lesson.start]) & board.taken(Demand(("room", school), rooms, board.week.busy)))


def _with_rooms(board: Board, lesson: Held) -> tuple[Id, ...]:
    staying: list[Id] = []
    asked: list[Id] = []
    for need in lesson.needs:
        point = board.lookup.needs[need].point
        if not _room_taken(board, lesson, point, asked.count(point) + 1):
            staying.append(need)
            asked.append(point)
    return tuple(staying)

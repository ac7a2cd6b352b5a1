"""Why a lesson cannot start at a time: for every rule, the starts it forbids.

One list serves the timetable grid (which targets are legal, and what speaks against the others) and the explanation of
what is uncovered (what was in the way at the times both ends could meet). Codes are stable; texts are in the catalog.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from scheduler.planning.board import Board, Demand, Resource, reaching
from scheduler.planning.instance import DAY_MIN, Id, starts_near
from scheduler.planning.lookup import Lookup
from scheduler.planning.solution import Course, Datum

_TAKEN = {
    "teacher": "why_teacher_taken",
    "class": "why_class_taken",
    "room": "why_rooms_taken",
    "up": "why_line_up",
    "down": "why_line_down",
    "node": "why_node_full",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """`starts` (bits of `Week`) are forbidden by the rule behind `code`; `demand` is what is taken, if that is it."""

    code: str
    starts: int
    data: Mapping[str, Datum] = field(default_factory=dict)
    demand: Demand | None = None


def causes(board: Board, teacher: Id, needs: Sequence[Id]) -> Iterator[Cause]:
    """Everything that speaks against one more lesson of this teacher for these needs, first what no plan can change.

    A start that no cause forbids is legal. The week's number of lessons is not among the causes: moving changes nothing
    about it.
    """
    yield Cause("why_past", board.past)
    yield from _teacher_causes(board, teacher)
    for need in needs:
        yield from _need_causes(board, need)
    yield Cause("why_teacher_day", board.teacher_days_full(teacher), {"teacher": teacher})
    for need in needs:
        row = board.lookup.needs[need]
        yield Cause("why_screen", board.class_days_full([need]), {"need": need, "class": row.class_id})
    for demand in (*board.hosting(teacher, len(needs)), *board.receiving(needs)):
        yield Cause(
            _TAKEN[demand.resource[0]], board.taken(demand), _of_resource(board.lookup, demand.resource), demand
        )


def _teacher_causes(board: Board, teacher: Id) -> Iterator[Cause]:
    lookup, week = board.lookup, board.week
    row = lookup.teachers[teacher]
    bell = lookup.host(row).bell
    free = set(row.free)
    near = week.bits(
        (day, minute)
        for day, period in row.free
        for minute in starts_near(bell[period][0], row.flex_min, week.grid_min)
    )
    changeover = lookup.instance.meta.changeover_min
    own = 0
    for day in range(week.days):
        for period, (start, end) in enumerate(bell):
            if (day, period) not in free:
                own |= week.between(day, start, min(end + changeover, DAY_MIN))
    data: dict[str, Datum] = {"teacher": teacher}
    yield Cause("why_teacher_not_free", week.everything & ~near, data)
    yield Cause("why_teacher_teaches", reaching(own, week.busy), data)
    yield Cause("why_teacher_away", near & ~board.teacher_starts(teacher) & ~reaching(own, week.busy), data)


def _need_causes(board: Board, need: Id) -> Iterator[Cause]:
    lookup, week = board.lookup, board.week
    row = lookup.needs[need]
    point = lookup.schools[row.point]
    allowed = week.bits(
        (day, minute)
        for day, period in row.allowed
        for minute in starts_near(point.bell[period][0], point.tolerance_min, week.grid_min)
    )
    yield Cause("why_class_not_free", week.everything & ~allowed, {"need": need, "class": row.class_id})
    yield Cause("why_point_closed", allowed & ~board.need_starts(need), {"school": row.point})


def _of_resource(lookup: Lookup, resource: Resource) -> dict[str, Datum]:
    kind, key = resource
    if kind == "teacher":
        return {"teacher": key}
    if kind == "class":
        return {"class": key}
    if kind == "node":
        return {"county": key, "limit": lookup.counties[key].sfu_participants}
    school = lookup.schools[key]
    limit = {"room": school.rooms, "up": school.up_mbps, "down": school.down_mbps}[kind]
    return {"school": key, "limit": limit}


class Users:
    """Which courses use a resource when, to say by whom it is taken."""

    def __init__(self, board: Board, courses: Sequence[Course]) -> None:
        self._board = board
        self._users: defaultdict[Resource, list[tuple[int, int]]] = defaultdict(list)
        for index, course in enumerate(courses):
            for demand in (*board.hosting(course.teacher, len(course.needs)), *board.receiving(course.needs)):
                span = 0
                for lesson in course.lessons:
                    span |= board.week.span(lesson, demand.slots)
                self._users[demand.resource].append((index, span))

    def of_teacher(self, teacher: Id) -> list[int]:
        """The courses (by index) of a teacher."""
        return [index for index, _ in self._users["teacher", teacher]]

    def of(self, demand: Demand, starts: int) -> list[int]:
        """The courses (by index) that hold the resource while a lesson that begins at one of `starts` would need it."""
        slots = 0
        for start in self._board.week.starts(starts):
            slots |= self._board.week.span(start, demand.slots)
        return [index for index, span in self._users[demand.resource] if span & slots]

"""What could be done about lost lessons: every possible step, what it takes, and what it costs.

A step is a column of an integer program that is 0 or 1:

- *open* a lesson of a teacher at a start, for needs of one subject, grade and edition;
- a need *attends* a lesson: an opened one, or one that is held anyway;
- a lesson that may move *stays*, or goes *elsewhere*: to another start, to another teacher, or both.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from scheduler.planning.board import Board, Demand
from scheduler.planning.instance import Id, Need, Start, Teacher
from scheduler.planning.lookup import Lookup, edition_fits
from scheduler.planning.objectives import is_preferred, uncovered_cost
from scheduler.planning.replan.week import Held, Lost

# Costs of a replan, far below that of a lesson. A lesson of a need that was not affected: 20 a start, 40 a teacher.
MOVED_START = 20
MOVED_TEACHER = 40
# For the needs affected: as few lessons as possible, as like the lost one as possible.
OPENED = 3
OTHER_START = 2
OTHER_DAY = 1
NOT_PREFERRED = 1
NEW_PARTNER = 1
JOINED = 1

Group = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Open:
    """`column` is 1 when the teacher gives a lesson of the group at the start."""

    column: int
    group: Group
    teacher: Id
    start: Start


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lesson that may move could be; its own place is one of them."""

    column: int
    lesson: Held
    teacher: Id
    start: Start

    @property
    def stays(self) -> bool:
        return (self.teacher, self.start) == (self.lesson.teacher, self.lesson.start)


@dataclass(frozen=True, slots=True)
class Attend:
    """A need takes part: in an opened lesson (`at` is its column), in one held anyway, or both if that may move."""

    column: int
    need: Id
    start: Start
    at: int | None
    held: Held | None


@dataclass(slots=True)
class Choices:
    """All steps. `board` has the fixed lessons on it (`held`), and none of those that may move (`movable`)."""

    board: Board
    held: Sequence[Held]
    movable: Sequence[Held]
    lost: Mapping[Id, Sequence[Lost]]
    costs: list[float] = field(default_factory=list)
    opens: dict[tuple[Group, Id, Start], Open] = field(default_factory=dict)
    places: dict[Held, list[Place]] = field(default_factory=dict)
    attends: list[Attend] = field(default_factory=list)

    def column(self, cost: float) -> int:
        self.costs.append(cost)
        return len(self.costs) - 1


def choices(board: Board, held: Sequence[Held], movable: Sequence[Held], lost: Sequence[Lost]) -> Choices:
    """Everything that could be done about these lost lessons."""
    of_need: defaultdict[Id, list[Lost]] = defaultdict(list)
    for each in lost:
        of_need[each.need].append(each)
    found = Choices(board, held, movable, of_need)
    taken = days_of(held)
    for lesson in movable:
        _move(found, lesson, taken)
    partners = _partners(board.lookup, (*held, *movable))
    for need in map(board.lookup.needs.__getitem__, of_need):
        _open(found, need, taken, partners)
        _join(found, need, taken)
    return found


def group_of(need: Need) -> Group:
    return need.subject, need.grade, need.edition


def days_of(held: Sequence[Held]) -> Mapping[Id, set[int]]:
    """The days on which needs have a lesson."""
    days: defaultdict[Id, set[int]] = defaultdict(set)
    for lesson in held:
        for need in lesson.needs:
            days[need].add(lesson.start[0])
    return days


def qualified(lookup: Lookup, needs: Sequence[Id]) -> Iterator[Teacher]:
    """Who may teach these needs at all (H1)."""
    subject, grade, edition = group_of(lookup.needs[needs[0]])
    for teacher in lookup.teachers_of(subject):
        fits = grade in teacher.grades and edition_fits(teacher, edition)
        if fits and all(lookup.in_scope(teacher, lookup.needs[need]) for need in needs):
            yield teacher


def _partners(lookup: Lookup, lessons: Sequence[Held]) -> Mapping[Id, set[Id]]:
    partners: defaultdict[Id, set[Id]] = defaultdict(set)
    for lesson in lessons:
        for need in lesson.needs:
            partners[lookup.needs[need].point].add(lookup.teachers[lesson.teacher].school)
    return partners


def _free_days(board: Board, needs: Sequence[Id], taken: Mapping[Id, set[int]]) -> int:
    bits = board.week.everything
    for need in needs:
        for day in taken.get(need, ()):
            bits &= ~board.week.day(day)
    return bits


def _move(found: Choices, lesson: Held, taken: Mapping[Id, set[int]]) -> None:
    board = found.board
    places = [Place(found.column(0), lesson, lesson.teacher, lesson.start)]
    free = _free_days(board, lesson.needs, taken)
    for teacher in qualified(board.lookup, lesson.needs):
        if board.lessons_left(teacher.id) <= 0:
            continue
        for start in board.week.starts(board.legal_starts(teacher.id, lesson.needs) & free):
            handed, shifted = teacher.id != lesson.teacher, start != lesson.start
            if handed or shifted:
                cost = len(lesson.needs) * (handed * MOVED_TEACHER + shifted * MOVED_START)
                places.append(Place(found.column(cost), lesson, teacher.id, start))
    found.places[lesson] = places


def _open(found: Choices, need: Need, taken: Mapping[Id, set[int]], partners: Mapping[Id, set[Id]]) -> None:
    board, group = found.board, group_of(need)
    free = _free_days(board, [need.id], taken)
    for teacher in qualified(board.lookup, [need.id]):
        if board.lessons_left(teacher.id) <= 0:
            continue
        stranger = NEW_PARTNER * (teacher.school not in partners.get(need.point, ()))
        for start in board.week.starts(board.legal_starts(teacher.id, [need.id]) & free):
            key = (group, teacher.id, start)
            if key not in found.opens:
                found.opens[key] = Open(found.column(OPENED), *key)
            cost = _attending_cost(found, need, start) + stranger
            found.attends.append(Attend(found.column(cost), need.id, start, found.opens[key].column, None))


def _join(found: Choices, need: Need, taken: Mapping[Id, set[int]]) -> None:
    board, lookup = found.board, found.board.lookup
    for lesson in (*found.held, *found.movable):
        if lesson.fixed or group_of(lookup.needs[lesson.needs[0]]) != group_of(need) or need.id in lesson.needs:
            continue
        in_scope = lookup.in_scope(lookup.teachers[lesson.teacher], need)
        full = len(lesson.needs) >= lookup.instance.meta.max_points
        if not in_scope or full or lesson.start[0] in taken.get(need.id, ()) or not board.can_join(lesson, need.id):
            continue
        stays = found.places[lesson][0].column if lesson in found.places else None
        cost = _attending_cost(found, need, lesson.start) + JOINED
        found.attends.append(Attend(found.column(cost), need.id, lesson.start, stays, lesson))


def _attending_cost(found: Choices, need: Need, start: Start) -> float:
    """Below zero: what an uncovered lesson costs is saved."""
    lookup = found.board.lookup
    before = [lost.held.start for lost in found.lost[need.id]]
    cost = -uncovered_cost(need, lookup.instance.meta.weights)
    if start not in before:
        cost += OTHER_START + OTHER_DAY * (start[0] not in {day for day, _ in before})
    return cost + NOT_PREFERRED * (not is_preferred(need, lookup.schools[need.point], start))


def uses(found: Choices) -> Iterator[tuple[int, Start, Demand]]:
    """What every column takes when it is 1; what a lesson held anyway takes is on the board already."""
    board = found.board
    for open_ in found.opens.values():
        for demand in board.hosting(open_.teacher, 0):
            yield open_.column, open_.start, demand
    teachers = {open_.column: open_.teacher for open_ in found.opens.values()}
    for attend in found.attends:
        teacher = attend.held.teacher if attend.held is not None else teachers[attend.at or 0]
        for demand in board.joining(teacher, attend.need):
            yield attend.column, attend.start, demand
    for place in (each for places in found.places.values() for each in places):
        needs = place.lesson.needs
        for demand in (*board.hosting(place.teacher, len(needs)), *board.receiving(needs)):
            yield place.column, place.start, demand

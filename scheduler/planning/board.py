"""Who and what is taken when: a week as bits, for questions about a few lessons among many that stay.

The search has arrays of its own; this serves what a person asks (may this lesson stand there, and why not), what a
replan needs (few courses move, the rest is frozen), and explanation. All in Python integers used as sets of slots: one
question about a whole week costs some microseconds.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from scheduler.planning.instance import DAY_MIN, Id, Instance, Outage, Start
from scheduler.planning.lookup import Lookup
from scheduler.planning.starts import Calendar, need_starts, teacher_starts

# Sums of decimal fractions of a megabit are off by less than this.
_EPSILON_MBPS = 1e-6
_UNLIMITED = 1 << 30

# ("teacher", id), ("class", id), ("room" | "up" | "down", school), ("node", county)
Resource = tuple[str, Id]


@dataclass(frozen=True, slots=True)
class Week:
    """Starts as bit numbers. Days are far enough apart that no lesson reaches from one into the next."""

    days: int
    grid_min: int
    per_day: int
    busy: int
    live: int

    @classmethod
    def of(cls, instance: Instance) -> "Week":
        meta = instance.meta
        busy = -(-meta.busy_min // meta.grid_min)
        live = -(-meta.lesson_min // meta.grid_min)
        return cls(meta.days, meta.grid_min, DAY_MIN // meta.grid_min + busy + 1, busy, live)

    @property
    def everything(self) -> int:
        return (1 << self.days * self.per_day) - 1

    def bit(self, start: Start) -> int:
        return start[0] * self.per_day + start[1] // self.grid_min

    def start(self, bit: int) -> Start:
        day, slot = divmod(bit, self.per_day)
        return day, slot * self.grid_min

    def day(self, day: int) -> int:
        """All starts of a day."""
        return ((1 << self.per_day) - 1) << day * self.per_day

    def span(self, start: Start, slots: int) -> int:
        return ((1 << slots) - 1) << self.bit(start)

    def between(self, day: int, start_min: int, end_min: int) -> int:
        """The slots that lie at least partly in [start, end) of a day."""
        first, last = start_min // self.grid_min, -(-end_min // self.grid_min)
        return ((1 << last - first) - 1) << day * self.per_day + first

    def bits(self, starts: Iterable[Start]) -> int:
        found = 0
        for start in starts:
            found |= 1 << self.bit(start)
        return found

    def starts(self, bits: int) -> Iterator[Start]:
        """In order of time."""
        while bits:
            lowest = bits & -bits
            yield self.start(lowest.bit_length() - 1)
            bits ^= lowest


def reaching(slots: int, length: int) -> int:
    """The starts from which a lesson of `length` slots touches one of `slots`."""
    found = slots
    for back in range(1, length):
        found |= slots >> back
    return found


class Gauge:
    """How much of something is used in each slot: layer k has the slots in which more than k units are."""

    __slots__ = ("layers", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.layers: list[int] = []

    def add(self, slots: int, units: int) -> None:
        for _ in range(units):
            rest = slots
            for level, layer in enumerate(self.layers):
                self.layers[level] = layer | rest
                rest &= layer
                if not rest:
                    break
            if rest:
                self.layers.append(rest)

    def remove(self, slots: int, units: int) -> None:
        for _ in range(units):
            rest = slots
            for level in range(len(self.layers) - 1, -1, -1):
                there = self.layers[level] & rest
                self.layers[level] ^= there
                rest ^= there
                if not rest:
                    break
            while self.layers and not self.layers[-1]:
                self.layers.pop()

    def full(self, units: int, everything: int) -> int:
        """The slots that cannot take so many more."""
        level = self.limit - units
        if level < 0:
            return everything
        return self.layers[level] if level < len(self.layers) else 0


class Meeting(Protocol):
    """Somebody teaches somebody: a course, or one lesson of it."""

    @property
    def teacher(self) -> Id: ...
    @property
    def needs(self) -> tuple[Id, ...]: ...
    @property
    def lessons(self) -> tuple[Start, ...]: ...


@dataclass(frozen=True, slots=True)
class Demand:
    """What a lesson takes of a resource, and for how many slots."""

    resource: Resource
    units: int
    slots: int


@dataclass(slots=True)
class Board:
    """The lessons placed so far, under the outages given; `place` and `remove` ask no questions.

    Nothing can start before `now` any more.
    """

    lookup: Lookup
    outages: Sequence[Outage] = ()
    now: Start | None = None
    week: Week = field(init=False)
    past: int = field(init=False)
    gauges: dict[Resource, Gauge] = field(init=False, default_factory=dict)
    teacher_week: Counter[Id] = field(init=False, default_factory=Counter)
    teacher_day: Counter[tuple[Id, int]] = field(init=False, default_factory=Counter)
    class_day: Counter[tuple[Id, int]] = field(init=False, default_factory=Counter)
    calendar: Calendar = field(init=False)
    _rooms_out: Mapping[Id, Sequence[Outage]] = field(init=False)
    _teacher_starts: dict[Id, int] = field(init=False, default_factory=dict)
    _need_starts: dict[Id, int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        outages = (*self.lookup.instance.outages, *self.outages)
        self.week = Week.of(self.lookup.instance)
        self.past = (1 << self.week.bit(self.now)) - 1 if self.now is not None else 0
        self.calendar = Calendar.of(outages)
        rooms: defaultdict[Id, list[Outage]] = defaultdict(list)
        for outage in outages:
            if outage.kind == "room":
                rooms[outage.id].append(outage)
        self._rooms_out = rooms

    # -- what never changes ------------------------------------------------------------------------------------------

    def teacher_starts(self, teacher: Id) -> int:
        """When the teacher may start a lesson, were there no other (H3, H9)."""
        if teacher not in self._teacher_starts:
            row = self.lookup.teachers[teacher]
            starts = teacher_starts(self.lookup.instance, row, self.lookup.host(row), self.calendar)
            self._teacher_starts[teacher] = self.week.bits(starts)
        return self._teacher_starts[teacher]

    def need_starts(self, need: Id) -> int:
        """When the class may attend, were there no other lesson (H4, H9)."""
        if need not in self._need_starts:
            row = self.lookup.needs[need]
            starts, _ = need_starts(self.lookup.instance, row, self.lookup.schools[row.point], self.calendar)
            self._need_starts[need] = self.week.bits(starts)
        return self._need_starts[need]

    def gauge(self, resource: Resource) -> Gauge:
        if resource not in self.gauges:
            self.gauges[resource] = self._new_gauge(resource)
        return self.gauges[resource]

    def _new_gauge(self, resource: Resource) -> Gauge:
        kind, key = resource
        mbps = self.lookup.instance.meta.mbps
        if kind in {"teacher", "class"}:
            return Gauge(1)
        if kind == "node":
            return Gauge(self.lookup.counties[key].sfu_participants)
        school = self.lookup.schools[key]
        # A strong school only hosts, a point only receives: so whatever adds up on a line is of one size.
        hosts = school.kind == "strong"
        if kind == "up":
            return Gauge(_fitting(school.up_mbps, mbps.host_up if hosts else mbps.point_up))
        if kind == "down":
            return Gauge(_fitting(school.down_mbps, mbps.host_down_per_point if hosts else mbps.point_down))
        gauge = Gauge(school.rooms)
        for outage in self._rooms_out.get(key, ()):
            gauge.add(self.week.between(outage.day, outage.start, outage.end), min(outage.rooms, school.rooms))
        return gauge

    # -- what a lesson takes -----------------------------------------------------------------------------------------

    def hosting(self, teacher: Id, points: int) -> list[Demand]:
        """What a lesson takes at the teacher's end."""
        host = self.lookup.host(self.lookup.teachers[teacher])
        week = self.week
        return [
            Demand(("teacher", teacher), 1, week.busy),
            Demand(("room", host.id), 1, week.busy),
            Demand(("up", host.id), 1, week.live),
            Demand(("down", host.id), points, week.live),
            Demand(("node", host.county), 1 + points, week.live),
        ]

    def receiving(self, needs: Iterable[Id]) -> list[Demand]:
        """What it takes at the other ends; two classes of a point take twice as much there."""
        units: Counter[Resource] = Counter()
        for need in map(self.lookup.needs.__getitem__, needs):
            units[("class", need.class_id)] += 1
            for kind in ("room", "up", "down"):
                units[(kind, need.point)] += 1
        busy, live = self.week.busy, self.week.live
        return [Demand(key, count, busy if key[0] in {"class", "room"} else live) for key, count in units.items()]

    def place(self, course: Meeting) -> None:
        self._count(course, 1)
        for demand in (*self.hosting(course.teacher, len(course.needs)), *self.receiving(course.needs)):
            gauge = self.gauge(demand.resource)
            for lesson in course.lessons:
                gauge.add(self.week.span(lesson, demand.slots), demand.units)

    def remove(self, course: Meeting) -> None:
        self._count(course, -1)
        for demand in (*self.hosting(course.teacher, len(course.needs)), *self.receiving(course.needs)):
            gauge = self.gauge(demand.resource)
            for lesson in course.lessons:
                gauge.remove(self.week.span(lesson, demand.slots), demand.units)

    def _count(self, course: Meeting, sign: int) -> None:
        self.teacher_week[course.teacher] += sign * len(course.lessons)
        classes = [self.lookup.needs[need].class_id for need in course.needs]
        for day, _ in course.lessons:
            self.teacher_day[course.teacher, day] += sign
            for class_id in classes:
                self.class_day[class_id, day] += sign

    # -- what is in the way ------------------------------------------------------------------------------------------

    def taken(self, demand: Demand) -> int:
        """The starts at which what a lesson takes is not there."""
        return reaching(self.gauge(demand.resource).full(demand.units, self.week.everything), demand.slots)

    def teacher_days_full(self, teacher: Id) -> int:
        """All starts of the days on which the teacher has given enough."""
        most = self.lookup.teachers[teacher].max_day
        return self._days(day for day in range(self.week.days) if self.teacher_day[teacher, day] >= most)

    def lessons_left(self, teacher: Id) -> int:
        """How many more lessons the teacher may give in the week."""
        return self.lookup.teachers[teacher].max_week - self.teacher_week[teacher]

    def class_days_full(self, needs: Iterable[Id]) -> int:
        """All starts of the days on which one of the classes has looked at a screen long enough."""
        length = self.lookup.instance.meta.lesson_min
        full = 0
        for class_id, more in Counter(self.lookup.needs[need].class_id for need in needs).items():
            most = self.lookup.classes[class_id].screen_min_day
            days = range(self.week.days)
            full |= self._days(day for day in days if (self.class_day[class_id, day] + more) * length > most)
        return full

    def _days(self, days: Iterable[int]) -> int:
        found = 0
        for day in days:
            found |= self.week.day(day)
        return found

    def common_starts(self, teacher: Id, needs: Iterable[Id]) -> int:
        """When teacher and classes could all meet, were there no other lesson."""
        found = self.teacher_starts(teacher)
        for need in needs:
            found &= self.need_starts(need)
        return found

    def legal_starts(self, teacher: Id, needs: Sequence[Id]) -> int:
        """The starts at which one more lesson of these can be placed; the teacher's week is for the caller to watch."""
        found = self.common_starts(teacher, needs)
        if not found:
            return 0
        found &= ~(self.past | self.teacher_days_full(teacher) | self.class_days_full(needs))
        for demand in (*self.hosting(teacher, len(needs)), *self.receiving(needs)):
            if not found:
                return 0
            found &= ~self.taken(demand)
        return found

    def can_join(self, course: Meeting, need: Id) -> bool:
        """Can one more need attend a course that is placed, all its lessons?"""
        row = self.lookup.needs[need]
        if any(self.lookup.needs[other].class_id == row.class_id for other in course.needs):
            return False
        bits = self.week.bits(course.lessons)
        if bits & ~self.need_starts(need) or bits & (self.past | self.class_days_full([need])):
            return False
        return not any(bits & self.taken(demand) for demand in self.joining(course.teacher, need))

    def join(self, course: Meeting, need: Id) -> None:
        """Place one more need beside those of a course that is placed."""
        self._join(course, need, 1)

    def leave(self, course: Meeting, need: Id) -> None:
        """Undo `join`."""
        self._join(course, need, -1)

    def joining(self, teacher: Id, need: Id) -> list[Demand]:
        """What a lesson takes more when one more need attends."""
        host = self.lookup.host(self.lookup.teachers[teacher])
        more = [Demand(("down", host.id), 1, self.week.live), Demand(("node", host.county), 1, self.week.live)]
        return [*more, *self.receiving([need])]

    def _join(self, course: Meeting, need: Id, sign: int) -> None:
        for demand in self.joining(course.teacher, need):
            gauge = self.gauge(demand.resource)
            for lesson in course.lessons:
                span = self.week.span(lesson, demand.slots)
                (gauge.add if sign > 0 else gauge.remove)(span, demand.units)
        for day, _ in course.lessons:
            self.class_day[self.lookup.needs[need].class_id, day] += sign


def _fitting(mbps: float, each: float) -> int:
    return int((mbps + _EPSILON_MBPS) / each) if each > 0 else _UNLIMITED


def board_of(
    lookup: Lookup, courses: Iterable[Meeting], outages: Sequence[Outage] = (), now: Start | None = None
) -> Board:
    """A board with these courses on it."""
    board = Board(lookup, outages, now)
    for course in courses:
        board.place(course)
    return board

"""An instance compiled into flat arrays: everything the search asks, answered once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from scheduler.planning.instance import County, Id, Instance, Need, School, Start, Teacher
from scheduler.planning.kernel.compiled import Ints
from scheduler.planning.solution import Course

WORD_BITS = 32


@dataclass(frozen=True, slots=True)
class Want:
    """So many lessons of a need that the search is to place.

    `standing`: the number of a standing course that gives them. `cover`: what such courses leave of the need, to be
    given on other days than `taken_days`.
    """

    need: Need
    lessons: int
    standing: int | None = None
    cover: bool = False
    taken_days: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Clock:
    """Codes of starts, as in `kernel.layout`: days are `span` codes apart, slot 0 is the earliest start there is."""

    grid_min: int
    first_slot: int
    span: int
    busy: int
    live: int

    def has(self, start: Start) -> bool:
        """Is there a code for it?"""
        slot, off = divmod(start[1], self.grid_min)
        return off == 0 and 0 <= slot - self.first_slot < self.span - self.busy

    def code(self, start: Start) -> int:
        return start[0] * self.span + start[1] // self.grid_min - self.first_slot

    def start(self, code: int) -> Start:
        day, slot = divmod(int(code), self.span)
        return day, (slot + self.first_slot) * self.grid_min

    def bits(self, starts: Iterable[Start]) -> int:
        bits = 0
        for start in starts:
            bits |= 1 << self.code(start)
        return bits

    @staticmethod
    def codes(bits: int) -> Iterator[int]:
        """The codes in a set of bits, in order of time."""
        while bits:
            lowest = bits & -bits
            yield lowest.bit_length() - 1
            bits ^= lowest


@dataclass(frozen=True, slots=True)
class Rows:
    """Which row has which index: teachers and wants as listed; hosts before other schools; points, classes."""

    instance: Instance
    standing: tuple[Course, ...]
    wants: tuple[Want, ...]
    schools: tuple[School, ...]
    hosts: int
    want_of: Mapping[Id, int]
    """Of the needs that the search may place."""
    teacher_of: Mapping[Id, int]
    school_of: Mapping[Id, int]
    point_of: Mapping[Id, int]
    class_of: Mapping[Id, int]
    county_of: Mapping[Id, County]

    @classmethod
    def of(cls, instance: Instance, standing: tuple[Course, ...], wants: tuple[Want, ...]) -> "Rows":
        by_id = {school.id: school for school in instance.schools}
        hosts = dict.fromkeys(teacher.school for teacher in instance.teachers)
        points = dict.fromkeys(want.need.point for want in wants)
        schools = (*hosts, *(key for key in points if key not in hosts))
        return cls(
            instance=instance,
            standing=standing,
            wants=wants,
            schools=tuple(by_id[key] for key in schools),
            hosts=len(hosts),
            want_of={want.need.id: i for i, want in enumerate(wants) if want.standing is None},
            teacher_of={teacher.id: i for i, teacher in enumerate(instance.teachers)},
            school_of={key: i for i, key in enumerate(schools)},
            point_of={key: i for i, key in enumerate(points)},
            class_of={key: i for i, key in enumerate(dict.fromkeys(want.need.class_id for want in wants))},
            county_of={county.id: county for county in instance.counties},
        )

    def school(self, id: Id) -> School:
        return self.schools[self.school_of[id]]

    def in_scope(self, teacher: Teacher, need: Need) -> bool:
        """May the teacher serve the need's point? Nobody needs a line to the own school."""
        home = self.county_of[self.school(teacher.school).county]
        there = self.county_of[self.school(need.point).county]
        if teacher.school == need.point:
            return False
        return home.id == there.id or (teacher.scope == "prefecture" and home.prefecture == there.prefecture)


@dataclass(frozen=True, slots=True)
class Pair:
    """A teacher who can serve a want (H1), and the starts that both can keep (H3, H4) as bits by code."""

    teacher: int
    want: int
    starts: int


@dataclass(frozen=True)
class Problem:
    """`p` is read by the kernel; `x` is the state in which nothing but the standing courses is placed."""

    rows: Rows
    clock: Clock
    pairs: tuple[Pair, ...] = field(repr=False)
    p: Ints = field(repr=False)
    x: Ints = field(repr=False)

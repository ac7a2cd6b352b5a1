"""What a county knows of its schools before it plans: bells, lines, teachers, classes, and what is taught where.

An `id` is the store's, or, for what comes from a workbook, the natural key people write (学校标识码, 工号, 班级). A
period is (day, index into the school's bell); day 0 is Monday. Minutes are after midnight, bandwidth is in Mbps.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from classroom.model.place import Room, RoomKind, SchoolKind

# (day, index into the bell)
Period = tuple[int, int]
# (first minute, minute after the last)
BellPeriod = tuple[int, int]

ANY_EDITION = "*"
GRADES = range(1, 10)


class TeachingScope(StrEnum):
    """How far a teacher may be asked to teach."""

    COUNTY = "county"
    PREFECTURE = "prefecture"


@dataclass(frozen=True, slots=True)
class RegisteredSchool:
    """A school as planning sees it.

    It lies directly in `region`, which is of `county` and `prefecture`; `rooms_limit` None: as many lessons at once as
    it has rooms; a lesson may begin `tolerance_min` off its bell.
    """

    id: str
    code: str
    name: str
    kind: SchoolKind
    region: str
    county: str
    prefecture: str
    bell: tuple[BellPeriod, ...] = ()
    rooms_limit: int | None = None
    up_mbps: float = 0
    down_mbps: float = 0
    tolerance_min: int = 0


@dataclass(frozen=True, slots=True)
class RegisteredTeacher:
    """Somebody who teaches other schools' classes: one subject, in `grades`, with one `edition` (`*`: any), in `free`
    periods of the own bell ± `flex_min`."""

    id: str
    username: str
    name: str
    school: str
    subject: str
    grades: tuple[int, ...]
    edition: str
    free: tuple[Period, ...]
    flex_min: int
    max_week: int
    max_day: int
    scope: TeachingScope


@dataclass(frozen=True, slots=True)
class RegisteredClass:
    """Children who attend together. `allowed` None: any period of the school's bell; `screen_min_day` None: what the
    grade allows."""

    id: str
    school: str
    name: str
    grade: int
    size: int
    screen_min_day: int | None
    allowed: tuple[Period, ...] | None


@dataclass(frozen=True, slots=True)
class EditionChoice:
    """The textbook used for a subject: in one school, or with `school` None in the whole region."""

    school: str | None
    subject: str
    edition: str


@dataclass(frozen=True, slots=True)
class CurriculumChange:
    """Lessons a week of a subject in a grade, where a region asks for another number than the national plan."""

    grade: int
    subject: str
    lessons: int


@dataclass(frozen=True, slots=True)
class OwnTeaching:
    """How many lessons a week of a subject the school itself can give a class that should have more. A subject without
    a row is taught in full."""

    class_id: str
    subject: str
    lessons: int


@dataclass(frozen=True, slots=True)
class ComputedNeed:
    """What the curriculum minus the school's own teaching leaves of a subject for a class; `lessons` may be 0."""

    class_id: str
    subject: str
    edition: str
    lessons: int


@dataclass(frozen=True, slots=True)
class RegisteredNeed:
    """What a class lacks of a subject, and what somebody wants about it.

    `computed` is the curriculum minus what the school teaches itself; `edited` overrides it (0: not wanted).
    `allowed` None: the class's; `preferred` are periods it would rather have.
    """

    id: str
    class_id: str
    subject: str
    edition: str
    computed: int
    edited: int | None
    priority: int
    allowed: tuple[Period, ...] | None
    preferred: tuple[Period, ...]
    previous_teacher: str | None

    @property
    def lessons(self) -> int:
        """How many lessons a week are wanted."""
        return self.computed if self.edited is None else self.edited


@dataclass(frozen=True, slots=True)
class Registry:
    """All of it, for one region. What is not in `curriculum` is as in the national plan."""

    schools: tuple[RegisteredSchool, ...] = ()
    rooms: tuple[Room, ...] = ()
    teachers: tuple[RegisteredTeacher, ...] = ()
    classes: tuple[RegisteredClass, ...] = ()
    editions: tuple[EditionChoice, ...] = ()
    curriculum: tuple[CurriculumChange, ...] = ()
    own_teaching: tuple[OwnTeaching, ...] = ()
    needs: tuple[RegisteredNeed, ...] = ()

    def rooms_of(self, school: RegisteredSchool) -> int:
        """How many lessons the school can give or receive at once. Strong schools give: their receiving rooms do not
        count."""
        if school.rooms_limit is not None:
            return school.rooms_limit
        giving = school.kind is SchoolKind.STRONG
        return sum(
            room.school_id == school.id and (room.kind is RoomKind.RECORDING or not giving) for room in self.rooms
        )


def bell_problem(bell: Sequence[BellPeriod]) -> int | None:
    """The index of the first period that ends before it begins or begins before the last one ends; None: all good."""
    end = 0
    for index, (begins, ends) in enumerate(bell):
        if begins < end or ends <= begins:
            return index
        end = ends
    return None


def periods_outside(periods: Iterable[Period], bell: Sequence[BellPeriod]) -> list[Period]:
    """Those that the bell does not have."""
    return [period for period in periods if period[1] >= len(bell)]


def screen_cap_min(grade: int, bell: Sequence[BellPeriod]) -> int:
    """Minutes of lessons on screens a class may have a day where nobody has said otherwise.

    One lesson in the first two grades, two above, and never more than 30 % of the day's teaching: 综合防控儿童青少年
    近视实施方案 (2018), 使用电子产品开展教学时长原则上不超过教学总时长的30%.
    """
    taught = sum(ends - begins for begins, ends in bell)
    cap = 40 if grade <= 2 else 80
    return cap if taught * 30 >= cap * 100 else min(cap, 40)

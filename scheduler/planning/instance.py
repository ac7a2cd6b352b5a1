"""One timetable problem, field by field as in `instance.json`.

Shapes and ranges are in the annotations, for whoever reads a file (`scheduler.io.read`); what fields must have to do
with each other is in `scheduler.planning.consistency`. Times are minutes after midnight, bandwidth is in Mbps.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, with_config

DAY_MIN = 24 * 60

# Unknown fields, numbers as text, `true` for 1 and NaN are refused.
STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, str_max_length=200, populate_by_name=False)

Word = Annotated[str, Field(min_length=1, max_length=100)]
Id = int | Word
Day = Annotated[int, Field(ge=0, le=6)]
Minute = Annotated[int, Field(ge=0, le=DAY_MIN)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
AtLeastOne = Annotated[int, Field(ge=1, le=1_000_000)]
Mbps = Annotated[float, Field(ge=0, le=1_000_000)]
Weight = Annotated[int, Field(ge=0, le=10_000)]
Period = tuple[Minute, Minute]
# (day, index into the bell) and (day, minute): both are pairs of integers, told apart by their names.
Slot = tuple[Day, Count]
Start = tuple[Day, Minute]

Edition = Word
ANY_EDITION = "*"
SchoolKind = Literal["strong", "point"]
Scope = Literal["county", "prefecture"]
OutageKind = Literal["teacher", "school", "room", "line"]


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Mbps4:
    """What a lesson takes of the lines at its two ends."""

    host_up: Mbps
    host_down_per_point: Mbps
    point_down: Mbps
    point_up: Mbps


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Weights:
    """What each unit of an objective costs. Their order is the operator's; 1000 against 20 is nearly, not strictly,
    "first of all"."""

    uncovered: Weight = 1000  # S1, a lesson
    priority: Weight = 50  # S1, a lesson, for each step of priority above 1
    teacher_changed: Weight = 20  # S2, a need that loses last term's teacher
    partner_school: Weight = 10  # S3, a partner school of a point, beyond the first
    load_above_half: Weight = 3  # S4, a lesson above 50 % of what the school's teachers can give
    load_above_three_quarters: Weight = 6  # S4, a lesson above 75 %
    neighbouring_days: Weight = 3  # S5, two lessons of a course on neighbouring days
    not_preferred: Weight = 1  # S6, a lesson of a need outside its preferred periods


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Meta:
    """What holds for the whole instance. `preset`, `seed` and `tight` say how a synthetic one was made."""

    days: Annotated[int, Field(ge=1, le=7)]
    grid_min: Annotated[int, Field(ge=1, le=60)]
    lesson_min: Annotated[int, Field(ge=1, le=240)]
    max_points: Annotated[int, Field(ge=1, le=100)]
    changeover_min: Annotated[int, Field(ge=0, le=120)]
    mbps: Mbps4
    weights: Weights = Weights()
    preset: str | None = None
    seed: int | None = None
    tight: float | None = None

    @property
    def busy_min(self) -> int:
        """How long a lesson keeps its teacher, class and room."""
        return self.lesson_min + self.changeover_min


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class County:
    """`sfu_participants`: most participants at one minute on the county's media node."""

    id: Id
    prefecture: Id
    sfu_participants: Count
    name: str = ""


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class School:
    id: Id
    kind: SchoolKind
    county: Id
    bell: tuple[Period, ...]
    rooms: Count
    up_mbps: Mbps
    down_mbps: Mbps
    tolerance_min: Annotated[int, Field(ge=0, le=120)]
    name: str = ""


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Teacher:
    id: Id
    school: Id
    subject: Word
    grades: tuple[AtLeastOne, ...]
    edition: Edition
    free: tuple[Slot, ...]
    flex_min: Annotated[int, Field(ge=0, le=120)]
    max_week: Count
    max_day: Count
    scope: Scope
    name: str = ""


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Need:
    """`class_id` is `class` in the file. A higher `priority` is covered first; 1 is the lowest."""

    id: Id
    point: Id
    class_id: Annotated[Id, Field(alias="class")]
    subject: Word
    grade: AtLeastOne
    edition: Edition
    lessons_per_week: Annotated[int, Field(ge=1, le=7)]
    allowed: tuple[Slot, ...]
    preferred: tuple[Slot, ...]
    priority: Annotated[int, Field(ge=1, le=9)]
    previous_teacher: Id | None


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class ClassGroup:
    id: Id
    screen_min_day: Count
    name: str = ""


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Outage:
    """`id` is of a teacher or of a school; `rooms` is how many of a school's rooms are out (kind `room`).

    A line that is down carries nothing; a closed school neither hosts nor receives. From `start` to before `end`.
    """

    kind: OutageKind
    id: Id
    day: Day
    start: Minute = 0
    end: Minute = DAY_MIN
    rooms: AtLeastOne = 1


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Pin:
    """A course that must be in the solution with exactly these needs and lessons."""

    teacher: Id
    subject: Word
    grade: AtLeastOne
    edition: Edition
    needs: tuple[Id, ...]
    lessons: tuple[Start, ...]


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Instance:
    """Lists as in the file, in its order; every id resolves once `consistency.faults` finds nothing."""

    meta: Meta
    counties: tuple[County, ...]
    schools: tuple[School, ...]
    teachers: tuple[Teacher, ...]
    needs: tuple[Need, ...]
    classes: tuple[ClassGroup, ...]
    outages: tuple[Outage, ...] = ()
    pins: tuple[Pin, ...] = ()

    @property
    def lessons(self) -> int:
        """How many lessons a week are lacking."""
        return sum(need.lessons_per_week for need in self.needs)


def starts_near(minute: int, off_min: int, grid_min: int) -> Iterator[int]:
    """The minutes on the grid that are at most `off_min` away from `minute`, within the day."""
    first = -(-max(0, minute - off_min) // grid_min) * grid_min
    return iter(range(first, min(DAY_MIN, minute + off_min) + 1, grid_min))

"""Bodies of /api/v1/planning: the registry, terms and needs.

A period is `[day, index into the school's bell]`, both from 0, day 0 being Monday; minutes are after midnight.
"""

from datetime import date
from typing import Annotated

from pydantic import Field

from classroom.messages.base import Message
from classroom.model.place import RegionLevel, RoomKind, SchoolKind
from classroom.model.registry import TeachingScope
from classroom.model.term import DayKind

Name = Annotated[str, Field(min_length=1, max_length=80)]
Subject = Annotated[str, Field(min_length=1, max_length=20)]
Edition = Annotated[str, Field(min_length=1, max_length=40)]
Grade = Annotated[int, Field(ge=1, le=9)]
Minute = Annotated[int, Field(ge=0, le=1440)]
Mbps = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]
Lessons = Annotated[int, Field(ge=0, le=20)]
Period = tuple[Annotated[int, Field(ge=0, le=6)], Annotated[int, Field(ge=0, le=19)]]
Periods = Annotated[list[Period], Field(max_length=140)]
# a day with twenty periods is none
Bell = Annotated[list[tuple[Minute, Minute]], Field(max_length=20)]
OffBell = Annotated[int, Field(ge=0, le=60)]


class IdView(Message):
    """What was added."""

    id: str


class PlanningRegionView(Message):
    """A region whose planning one may see; `may_change` whether one may also change it."""

    id: str
    name: str
    level: RegionLevel
    parent_id: str | None
    may_change: bool


class PlanningRegionsView(Message):
    regions: list[PlanningRegionView]


class SchoolPlanView(Message):
    """`rooms`: how many lessons it gives or receives at once, by its rooms unless `rooms_limit` says otherwise."""

    id: str
    code: str
    name: str
    kind: SchoolKind
    region_id: str
    bell: Bell
    rooms: int
    rooms_limit: int | None
    up_mbps: float
    down_mbps: float
    tolerance_min: int


class RoomPlanView(Message):
    id: str
    code: str
    name: str
    kind: RoomKind
    school_id: str


class TeacherPlanView(Message):
    id: str
    username: str
    name: str
    school_id: str
    subject: str
    grades: list[int]
    edition: str
    free: list[Period]
    flex_min: int
    max_week: int
    max_day: int
    scope: TeachingScope


class OwnTeachingView(Message):
    """What the class's own school can give it of a subject it cannot give in full."""

    subject: Subject
    lessons: Lessons


class ClassGroupView(Message):
    """`allowed` null: any period of the bell; `screen_min_day` null: `screen_cap_min`, what the grade allows."""

    id: str
    school_id: str
    name: str
    grade: int
    size: int
    screen_min_day: int | None
    screen_cap_min: int
    allowed: list[Period] | None
    own_teaching: list[OwnTeachingView]


class EditionLine(Message):
    """The textbook of a subject; `school_id` null: in the whole region."""

    school_id: str | None = None
    subject: Subject
    edition: Edition


class CurriculumLine(Message):
    """Weekly lessons of a subject in a grade."""

    grade: Grade
    subject: Subject
    lessons: Lessons


class CurriculumLineView(Message):
    """`national` is the national plan's number, 0 where it has no such subject."""

    grade: int
    subject: str
    lessons: int
    national: int


class SubjectView(Message):
    """`edition_free`: any teacher of the subject can teach it, whatever the textbook."""

    name: str
    edition_free: bool


class RegistryView(Message):
    """All a region knows of its schools."""

    region: PlanningRegionView
    schools: list[SchoolPlanView]
    rooms: list[RoomPlanView]
    teachers: list[TeacherPlanView]
    classes: list[ClassGroupView]
    editions: list[EditionLine]
    curriculum: list[CurriculumLineView]
    subjects: list[SubjectView]


class CellFaultView(Message):
    """One thing wrong in one cell, in the caller's language; `cell` such as `C5`, empty when it is about the sheet."""

    sheet: str
    cell: str
    code: str
    message: str
    remedy: str


class ImportCount(Message):
    """Of one kind of thing (`schools`, `rooms`, `teachers` …): how many are new, how many were there and set again."""

    what: str
    added: int
    changed: int


class ImportView(Message):
    """`applied` false: nothing was changed, because it was a dry run or because of faults. `fault_count` may be more
    than are shown."""

    applied: bool
    counts: list[ImportCount]
    faults: list[CellFaultView]
    fault_count: int


class NewSchool(Message):
    code: Annotated[str, Field(max_length=40)]
    name: Name
    kind: SchoolKind
    region_id: str


class SchoolEdit(Message):
    """The whole form of a school: what is left out gets its default."""

    name: Name
    kind: SchoolKind
    bell: Bell = []
    rooms_limit: Annotated[int, Field(ge=0, le=100)] | None = None
    up_mbps: Mbps = 0
    down_mbps: Mbps = 0
    tolerance_min: OffBell = 0


class NewRoom(Message):
    code: Annotated[str, Field(min_length=1, max_length=32)]
    name: Name
    kind: RoomKind
    school_id: str


class RoomEdit(Message):
    """A room's code stays: its device signs in with it."""

    name: Name
    kind: RoomKind


class TeacherEdit(Message):
    """What a teacher offers; `edition` `*`: any."""

    subject: Subject
    grades: Annotated[list[Grade], Field(min_length=1, max_length=9)]
    edition: Edition = "*"
    free: Periods
    flex_min: OffBell = 0
    max_week: Annotated[int, Field(ge=0, le=40)]
    max_day: Annotated[int, Field(ge=0, le=10)]
    scope: TeachingScope = TeachingScope.COUNTY


class NewTeacher(Message):
    """An account that cannot sign in until somebody sets its password."""

    username: Annotated[str, Field(min_length=1, max_length=64)]
    name: Name
    school_id: str
    offer: TeacherEdit


class ClassEdit(Message):
    name: Annotated[str, Field(min_length=1, max_length=40)]
    grade: Grade
    size: Annotated[int, Field(ge=0, le=200)] = 0
    screen_min_day: Annotated[int, Field(ge=0, le=480)] | None = None
    allowed: Periods | None = None
    own_teaching: Annotated[list[OwnTeachingView], Field(max_length=40)] = []


class NewClass(Message):
    school_id: str
    group: ClassEdit


class EditionsEdit(Message):
    editions: Annotated[list[EditionLine], Field(max_length=2000)]


class CurriculumEdit(Message):
    """The lines that differ from the national plan; all others are as there."""

    lines: Annotated[list[CurriculumLine], Field(max_length=400)]


class TermDayView(Message):
    """A day that is not like its weekday: with the lessons of weekday `follows` (0 = Monday), or without any."""

    day: date
    kind: DayKind
    follows: Annotated[int, Field(ge=0, le=6)] | None = None
    note: Annotated[str, Field(max_length=80)] = ""


class PlanRulesView(Message):
    """What holds for every lesson of a term; bandwidth in Mbps as planned for each end of a lesson."""

    lesson_min: Annotated[int, Field(ge=10, le=120)] = 40
    grid_min: Annotated[int, Field(ge=1, le=30)] = 5
    max_points: Annotated[int, Field(ge=1, le=20)] = 3
    changeover_min: Annotated[int, Field(ge=0, le=30)] = 5
    host_up_mbps: Mbps = 6.0
    host_down_per_point_mbps: Mbps = 1.5
    point_down_mbps: Mbps = 6.0
    point_up_mbps: Mbps = 1.5
    node_participants: Annotated[int, Field(ge=2, le=100_000)] = 200


class TermEdit(Message):
    """`days` null: the public holidays and swapped workdays between the two days, as known."""

    name: Name
    first_day: date
    last_day: date
    rules: PlanRulesView = PlanRulesView()
    days: Annotated[list[TermDayView], Field(max_length=400)] | None = None


class NewTerm(Message):
    region_id: str
    term: TermEdit


class TermView(Message):
    """`undecided` are swapped workdays of which nobody has said which weekday's lessons they have;
    `holidays_unknown_from` the first day of the term whose public holidays are not announced yet."""

    id: str
    region_id: str
    name: str
    first_day: date
    last_day: date
    weeks: int
    rules: PlanRulesView
    days: list[TermDayView]
    undecided: list[date]
    holidays_unknown_from: date | None


class TermsView(Message):
    terms: list[TermView]


class NeedView(Message):
    """`lessons` is `edited`, or else `computed`: what the curriculum asks for and the school cannot teach itself."""

    id: str
    school_id: str
    class_id: str
    grade: int
    subject: str
    edition: str
    computed: int
    edited: int | None
    lessons: int
    priority: int
    allowed: list[Period] | None
    preferred: list[Period]
    previous_teacher_id: str | None


class NeedsView(Message):
    needs: list[NeedView]


class NeedEdit(Message):
    """What a class wants of a subject; `lessons` null: as computed."""

    class_id: str
    subject: Subject
    lessons: Annotated[int, Field(ge=0, le=7)] | None = None
    priority: Annotated[int, Field(ge=1, le=9)] = 1
    allowed: Periods | None = None
    preferred: Periods = []
    previous_teacher_id: str | None = None


class CoverageCell(Message):
    """Weekly lessons of one subject at one school: required by the curriculum, taught by itself, wanted from others,
    and given by the published timetable."""

    school_id: str
    subject: str
    required: int
    own: int
    wanted: int
    given: int


class CoverageView(Message):
    """`wanted` and `given` are the sums; a cell is there where anything is required."""

    term_id: str
    schools: list[str]
    subjects: list[str]
    cells: list[CoverageCell]
    wanted: int
    given: int


# What pages send; everything else here is what they are sent.
SENT: tuple[type[Message], ...] = (
    NewSchool,
    SchoolEdit,
    NewRoom,
    RoomEdit,
    TeacherEdit,
    NewTeacher,
    ClassEdit,
    NewClass,
    EditionsEdit,
    CurriculumEdit,
    TermEdit,
    NewTerm,
    NeedEdit,
)

"""Bodies of /api/v1/planning about timetables: runs, proposals, pairings, and what to do when somebody is missing.

A start is `[day, minute after midnight]`, day 0 being Monday.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from classroom.messages.base import Message
from classroom.messages.planning import Name
from classroom.model.plan import RunState
from classroom.model.term import Weeks

WeeklyStart = tuple[Annotated[int, Field(ge=0, le=6)], Annotated[int, Field(ge=0, lt=1440)]]
Key = Annotated[str, Field(min_length=1, max_length=32)]


class ReasonView(Message):
    """Why something is not so, in the caller's language; `remedy` what would change it, where that is known."""

    code: str
    message: str
    remedy: str | None = None


class RunPointView(Message):
    """After so many seconds: lessons given by the best plan, what no plan can exceed, and what the plan costs."""

    seconds: float
    coverage: int
    bound: int
    cost: int


class RunView(Message):
    """A run of the solver; `points` is its chart. `problem` says what went wrong, in the caller's language."""

    id: str
    term_id: str
    state: RunState
    seconds: float
    seed: int
    start_id: str | None
    points: list[RunPointView]
    proposal_id: str | None
    problem: ReasonView | None
    created_at: datetime
    ended_at: datetime | None


class RunsView(Message):
    runs: list[RunView]


class NewRun(Message):
    """Solve for so many seconds. `start_id`: begin with that proposal; its pinned courses stay as they are."""

    seconds: Annotated[float, Field(ge=1, le=3600)] = 10
    workers: Annotated[int, Field(ge=1, le=64)] = 2
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    start_id: str | None = None
    name: Name | None = None


class AttendingView(Message):
    """A class that takes part in a course."""

    need_id: str
    class_id: str
    class_name: str
    school_id: str
    school_name: str


class CourseView(Message):
    key: str
    teacher_id: str
    teacher_name: str
    school_id: str
    subject: str
    grade: int
    edition: str
    attending: list[AttendingView]
    lessons: list[WeeklyStart]
    pinned: bool
    weeks: Weeks


class ProposalHead(Message):
    """A proposal without its courses; `bound` is what no plan can exceed, where a run has found out."""

    id: str
    term_id: str
    name: str
    coverage: int
    wanted: int
    bound: int | None
    revision: int
    undo: int
    redo: int
    run_id: str | None
    copied_from: str | None
    created_at: datetime
    changed_at: datetime


class ProposalsView(Message):
    proposals: list[ProposalHead]


class ProposalView(Message):
    """`broken`: rules it breaks as things are now. `gone`: courses left out because teacher or needs are no more."""

    head: ProposalHead
    courses: list[CourseView]
    broken: list[ReasonView]
    gone: int


class NewProposal(Message):
    """A copy of another proposal, of a published version, or an empty one."""

    name: Name
    copy_of: str | None = None
    version: int | None = None


class MoveLesson(Message):
    """Move a lesson of a course (by its number, from 0), add one (`lesson` null), or take it away (`to` null)."""

    kind: Literal["move"] = "move"
    course: Key
    lesson: Annotated[int, Field(ge=0, le=6)] | None
    to: WeeklyStart | None


class PinCourses(Message):
    """Pinned courses stay as they are, for people and for the solver."""

    kind: Literal["pin"] = "pin"
    courses: Annotated[list[Key], Field(min_length=1, max_length=5000)]
    pinned: bool


class SetWeeks(Message):
    """In which weeks a course is given."""

    kind: Literal["weeks"] = "weeks"
    course: Key
    weeks: Weeks


class RemoveCourse(Message):
    kind: Literal["remove"] = "remove"
    course: Key


class Undo(Message):
    kind: Literal["undo"] = "undo"


class Redo(Message):
    kind: Literal["redo"] = "redo"


Edit = Annotated[
    MoveLesson | PinCourses | SetWeeks | RemoveCourse | Undo | Redo,
    Field(discriminator="kind"),
]


class ProposalEdit(Message):
    """One change to a proposal; refused when it is not at `revision` any more."""

    revision: int
    edit: Edit


class TargetView(Message):
    """A start, and which of the reasons speak against it; none: the lesson may stand there."""

    start: WeeklyStart
    reasons: list[int]


class TargetsView(Message):
    """Where a lesson could be. `reasons` in the caller's language; targets name them by their number."""

    reasons: list[ReasonView]
    targets: list[TargetView]


class LessonRoomsView(Message):
    """The rooms in which a lesson of the week would be given, the usual one first; an empty id: in none."""

    course: str
    lesson: int
    rooms: list[str]


class PlanRoomView(Message):
    id: str
    name: str
    school_name: str


class ProposalRoomsView(Message):
    """The rooms that lessons get when the proposal is published. A lesson without any comes to pass no more."""

    rooms: list[PlanRoomView]
    lessons: list[LessonRoomsView]


class UncoveredView(Message):
    """A need that is not given in full, why, and which single changes would help: each was tried out and solved."""

    need_id: str
    class_name: str
    school_id: str
    school_name: str
    subject: str
    missing: int
    reasons: list[ReasonView]


class UncoveredsView(Message):
    uncovered: list[UncoveredView]


class CourseChange(Message):
    """A course in both proposals, in one, or in the other."""

    before: CourseView | None
    after: CourseView | None


class ComparisonView(Message):
    """What is different; courses that are the same in both are only counted."""

    before: ProposalHead
    after: ProposalHead
    same: int
    changes: list[CourseChange]


class OutageEdit(Message):
    """Somebody or something is not there: a teacher (account), or a school's whole, line or `rooms` of its rooms. Day 0
    is the Monday of the week; minutes after midnight."""

    kind: Literal["teacher", "school", "room", "line"]
    id: str
    day: Annotated[int, Field(ge=0, le=6)]
    start_min: Annotated[int, Field(ge=0, lt=1440)] = 0
    end_min: Annotated[int, Field(gt=0, le=1440)] = 1440
    rooms: Annotated[int, Field(ge=1, le=100)] = 1


class Accept(Message):
    """Take the steps of these groups (null: of all) of the proposal with this digest; losses are losses either way."""

    digest: Annotated[str, Field(max_length=32)]
    groups: Annotated[list[int], Field(max_length=500)] | None = None


class Replan(Message):
    """What to do about outages in the week of `week_of`; `moves`: how many other lessons may change for it."""

    week_of: date
    outages: Annotated[list[OutageEdit], Field(min_length=1, max_length=50)]
    moves: Annotated[int, Field(ge=0, le=6)] = 3
    accept: Accept | None = None


class ReplanChange(Message):
    """One change, in words; those of one group need each other. Group 0: lost, and nothing is proposed for it."""

    group: int
    code: str
    message: str


class ReplanView(Message):
    """`lost` lessons of classes, `gone` of them without a proposal; `proved`: no proposal covers more."""

    digest: str
    lost: int
    gone: int
    proved: bool
    changes: list[ReplanChange]
    applied: bool


class PairingEdit(Message):
    """A strong school helps another one for a term; `lessons` a week is the goal."""

    strong_id: str
    helped_id: str
    lessons: Annotated[int, Field(ge=0, le=200)]
    goal: Annotated[str, Field(max_length=500)] = ""
    signed_on: date | None = None


class PairingView(Message):
    """`id` null: nobody has signed anything, the timetable pairs them. `planned` and `held` lessons of the term."""

    id: str | None
    strong_id: str
    helped_id: str
    lessons: int
    goal: str
    signed_on: date | None
    planned: int
    held: int


class PairingsView(Message):
    pairings: list[PairingView]


# What pages send; everything else here is what they are sent.
SENT: tuple[type[Message], ...] = (
    NewRun,
    NewProposal,
    MoveLesson,
    PinCourses,
    SetWeeks,
    RemoveCourse,
    Undo,
    Redo,
    ProposalEdit,
    OutageEdit,
    Accept,
    Replan,
    PairingEdit,
)

"""Timetables of a term: runs of the solver, proposals people work on, what is published of them, and what surrounds it.

A start is (day, minute after midnight); day 0 is Monday.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from classroom.model.lesson import LessonState
from classroom.model.term import Weeks

WeeklyStart = tuple[int, int]


class RunState(StrEnum):
    """How far a run of the solver is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PlanCourse:
    """A teacher gives a subject to classes, week after week. `key` stays the same while the course is changed.

    `teacher` is an account, `needs` are ids of needs; `pinned`: nobody and no solver changes it.
    """

    key: str
    teacher: str
    subject: str
    grade: int
    edition: str
    needs: tuple[str, ...]
    lessons: tuple[WeeklyStart, ...]
    pinned: bool = False
    weeks: Weeks = Weeks.ALL


@dataclass(frozen=True, slots=True)
class RunPoint:
    """One point of the chart: after so many seconds, lessons given in the best plan, and what none can exceed."""

    seconds: float
    coverage: int
    bound: int
    cost: int


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the solver. `seconds` is its limit; `error` the code of what went wrong."""

    id: str
    term_id: str
    state: RunState
    seconds: float
    seed: int
    start_id: str | None
    points: tuple[RunPoint, ...]
    proposal_id: str | None
    error: str | None
    started_by: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A timetable to work on. `revision` grows with every change; `undo` and `redo` count the steps either way.

    `coverage` of `wanted` lessons a week; `bound` is what no plan can exceed, where a run has found out.
    """

    id: str
    term_id: str
    name: str
    courses: tuple[PlanCourse, ...]
    coverage: int
    wanted: int
    bound: int | None
    revision: int
    undo: int
    redo: int
    run_id: str | None
    copied_from: str | None
    created_by: str
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Version:
    """A publication: from `from_day` on, the lessons of the term are those of `courses`."""

    id: str
    term_id: str
    number: int
    proposal_id: str | None
    courses: tuple[PlanCourse, ...]
    from_day: date
    created: int
    moved: int
    cancelled: int
    published_by: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class ClassAttending:
    """A class that takes part in a lesson, under the name the lesson shows."""

    name: str
    school_id: str


@dataclass(frozen=True, slots=True)
class LessonPlan:
    """A dated lesson as it shall be. `course` and `week` say which of the plan's lessons it is, `needs` for whom."""

    course: str
    week: int
    title: str
    subject: str
    grade: int
    room_id: str
    teacher_id: str
    starts_at: datetime
    ends_at: datetime
    points: tuple[ClassAttending, ...]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PublishedLesson:
    """A lesson that a publication made, as it is now.

    `dropped`: a later publication cancelled it. `fixed`: a replan of its week made or changed it, and publications
    leave it alone; it then `stands_for` the lesson the plan has at that time, if it was moved away from it.
    """

    lesson_id: str
    state: LessonState
    dropped: bool
    plan: LessonPlan
    fixed: bool = False
    stands_for: datetime | None = None


@dataclass(frozen=True, slots=True)
class Occupied:
    """A lesson that the plan did not make: its room and its teacher are taken."""

    title: str
    room_id: str
    teacher_id: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Clash:
    """A lesson that finds no free room, or its teacher in another lesson; `other` is what is in the way."""

    plan: LessonPlan
    other: str
    teacher: bool


@dataclass(frozen=True, slots=True)
class Publication:
    """What has to be done so that the lessons are those of the plan. `kept` are right already."""

    create: Sequence[LessonPlan] = ()
    change: Sequence[tuple[str, LessonPlan]] = ()
    cancel: Sequence[str] = ()
    kept: int = 0
    clashes: Sequence[Clash] = ()


class BookingState(StrEnum):
    """How a request for a lesson stands."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Booking:
    """A request for one lesson between two days; the lesson that came of it, and the coordinator's answer.

    `joined`: the lesson is one that others attend as well.
    """

    id: str
    term_id: str
    class_id: str
    class_name: str
    school_name: str
    grade: int
    subject: str
    wish: str
    first_day: date
    last_day: date
    state: BookingState
    asked_at: datetime
    answer: str
    lesson_id: str | None
    starts_at: datetime | None
    teacher_name: str | None
    joined: bool


@dataclass(frozen=True, slots=True)
class Guest:
    """A class whose request was granted: to the planner a need of its own, met by the lessons that have `id` among
    their needs."""

    id: str
    class_id: str
    subject: str


class FeedKind(StrEnum):
    """Whose lessons a calendar feed has."""

    TEACHER = "teacher"
    ROOM = "room"
    SCHOOL = "school"


class NoticeKind(StrEnum):
    """What somebody is told."""

    TIMETABLE = "timetable"  # a publication changed one's lessons
    BOOKING = "booking"  # a request was decided


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a teacher or the people of a school should know; `data` as the kind has it."""

    id: str
    kind: NoticeKind
    data: Mapping[str, Any]
    created_at: datetime
    read_at: datetime | None

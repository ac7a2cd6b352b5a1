"""A lesson and the table of its states."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from classroom.errors import Conflict


class LessonState(StrEnum):
    PLANNED = "planned"
    READY = "ready"
    LIVE = "live"
    INTERRUPTED = "interrupted"
    ENDED = "ended"
    ARCHIVED = "archived"
    CANCELLED = "cancelled"


class LessonStep(StrEnum):
    """What may happen to a lesson."""

    ROOM_READY = "room_ready"
    ROOM_GONE = "room_gone"
    START = "start"
    INTERRUPT = "interrupt"
    RESUME = "resume"
    STOP = "stop"
    ARCHIVE = "archive"
    CANCEL = "cancel"


class LessonMode(StrEnum):
    """The three classrooms of policy (三个课堂), and teacher research beside them."""

    DELIVERY = "delivery"  # 专递课堂
    MASTER = "master"  # 名师课堂
    OPEN = "open"  # 名校网络课堂
    RESEARCH = "research"  # 网络教研


class Topology(StrEnum):
    ONE_TO_N = "1+N"
    N_TO_N = "N+N"


# The one table of a lesson's life; docs/architecture.md draws its diagram from it.
TRANSITIONS: Mapping[LessonState, Mapping[LessonStep, LessonState]] = {
    LessonState.PLANNED: {
        LessonStep.ROOM_READY: LessonState.READY,
        LessonStep.START: LessonState.LIVE,
        LessonStep.CANCEL: LessonState.CANCELLED,
    },
    LessonState.READY: {
        LessonStep.ROOM_GONE: LessonState.PLANNED,
        LessonStep.START: LessonState.LIVE,
        LessonStep.CANCEL: LessonState.CANCELLED,
    },
    LessonState.LIVE: {
        LessonStep.INTERRUPT: LessonState.INTERRUPTED,
        LessonStep.STOP: LessonState.ENDED,
    },
    LessonState.INTERRUPTED: {
        LessonStep.RESUME: LessonState.LIVE,
        LessonStep.STOP: LessonState.ENDED,
    },
    LessonState.ENDED: {LessonStep.ARCHIVE: LessonState.ARCHIVED},
    LessonState.ARCHIVED: {},
    LessonState.CANCELLED: {},
}

RUNNING = frozenset({LessonState.LIVE, LessonState.INTERRUPTED})
UPCOMING = frozenset({LessonState.PLANNED, LessonState.READY})


@dataclass(frozen=True, slots=True)
class Lesson:
    """One dated meeting. Times are aware; `code` is what children type after /join/."""

    id: str
    code: str
    title: str
    subject: str
    grade: int
    mode: LessonMode
    topology: Topology
    state: LessonState
    room_id: str
    teacher_id: str
    starts_at: datetime
    ends_at: datetime
    open_join: bool
    points: tuple[str, ...] = ()
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def running(self) -> bool:
        return self.state in RUNNING

    def after(self, step: LessonStep, now: datetime) -> "Lesson":
        """This lesson after `step`.

        Raises `Conflict` with code `lesson_step_illegal` when the table has no such step from this state.
        """
        state = TRANSITIONS[self.state].get(step)
        if state is None:
            raise Conflict("lesson_step_illegal", lesson=self.title, state=self.state.value, step=step.value)
        started_at = now if step is LessonStep.START else self.started_at
        ended_at = now if state is LessonState.ENDED and self.ended_at is None else self.ended_at
        return replace(self, state=state, started_at=started_at, ended_at=ended_at)

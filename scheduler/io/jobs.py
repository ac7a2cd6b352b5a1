"""What solver processes are asked and what they answer."""

from dataclasses import dataclass

from scheduler.planning.instance import Instance
from scheduler.planning.solution import Course


@dataclass(frozen=True, slots=True)
class SearchJob:
    """Search a part for so many seconds after start-up, or so many rounds.

    `prove`: solve it to the proof if it is small enough. `other_proves`: another job does that, so this one leaves the
    core to it.
    """

    part: int
    instance: Instance
    seed: int
    seconds: float | None
    rounds: int | None
    prove: bool
    other_proves: bool = False
    start: tuple[Course, ...] = ()
    frozen: tuple[Course, ...] = ()


@dataclass(frozen=True, slots=True)
class BoundJob:
    """Bound the lessons of one subject; `relaxed` is sooner and weaker. `background`: others go first."""

    part: int
    instance: Instance
    subject: str
    seconds: float
    relaxed: bool
    background: bool


@dataclass(frozen=True, slots=True)
class Ready:
    """The job begins: imports, machine code and arrays are there. `alone`: a first bound for each subject."""

    part: int
    alone: dict[str, int]


@dataclass(frozen=True, slots=True)
class Found:
    """A better plan, so many seconds and rounds into the job; its courses only where the job may not live to tell.

    `proved`: no plan costs less. `bound_cost`: none costs less than that.
    """

    part: int
    seed: int
    seconds: float
    rounds: int
    coverage: int
    cost: int
    courses: tuple[Course, ...] = ()
    bound_cost: int | None = None
    proved: bool = False


@dataclass(frozen=True, slots=True)
class Bounded:
    part: int
    subject: str
    lessons: int
    proved: bool


@dataclass(frozen=True, slots=True)
class Done:
    """The end of a job; `courses` of a search, in the order they were found. `refused` were to stay and cannot."""

    part: int
    seed: int
    courses: tuple[Course, ...] = ()
    cost: int = 0
    refused: tuple[Course, ...] = ()
    rss_mb: int = 0


Job = SearchJob | BoundJob
Report = Ready | Found | Bounded | Done


@dataclass(frozen=True, slots=True)
class Order:
    """A job with its number."""

    number: int
    job: Job


@dataclass(frozen=True, slots=True)
class Stop:
    """The job of this number is to end and to say what it has; one that came too late says nothing about the next."""

    number: int

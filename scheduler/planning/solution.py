"""One answer to a timetable problem, field by field as in `solution.json`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field, with_config

from scheduler.planning.instance import STRICT, AtLeastOne, Count, Edition, Id, Outage, Start, Word

Datum = str | int | float | bool | list[str]
Text = Mapping[str, str]
"""By language: a text that a program can show without our catalog."""


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Course:
    """`lessons` are in order of time. `pinned`: no one may change it. `cover`: stands in during an outage."""

    teacher: Id
    subject: Word
    grade: AtLeastOne
    edition: Edition
    needs: tuple[Id, ...]
    lessons: tuple[Start, ...]
    pinned: bool = False
    cover: bool = False


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Reason:
    """Why a need is not covered, or what would cover it: a stable code with data; texts are made from the catalog.

    `remedy` is set only when the change was made and solved: it says how many lessons it then covers.
    """

    code: Word
    data: Mapping[str, Datum] = field(default_factory=dict)
    text: Text | None = None
    remedy: Text | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Uncovered:
    """`missing` of the need's lessons are not given."""

    need: Id
    missing: AtLeastOne
    reasons: tuple[Reason, ...] = ()


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Change:
    """What a replan changed: a stable code with data. Changes of one `group` need each other."""

    code: Word
    data: Mapping[str, Datum] = field(default_factory=dict)
    group: Count = 0
    text: Text | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Score:
    """The cost of each objective, weights included; less is better."""

    s1_uncovered: int = 0
    s2_teacher_changed: int = 0
    s3_partner_schools: int = 0
    s4_load: int = 0
    s5_neighbouring_days: int = 0
    s6_not_preferred: int = 0

    @property
    def total(self) -> int:
        return (
            self.s1_uncovered
            + self.s2_teacher_changed
            + self.s3_partner_schools
            + self.s4_load
            + self.s5_neighbouring_days
            + self.s6_not_preferred
        )


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Solution:
    """`coverage` and `bound_coverage` count lessons: how many are given, and how many anybody could give at most.

    `outages` are those a replan had to live with, beyond the instance's own, and `changes` what it did about them.
    """

    courses: tuple[Course, ...]
    uncovered: tuple[Uncovered, ...] = ()
    coverage: Count = 0
    bound_coverage: Count | None = None
    score: Score = Score()
    seed: int | None = None
    seconds: Annotated[float, Field(ge=0)] | None = None
    outages: tuple[Outage, ...] = ()
    changes: tuple[Change, ...] = ()

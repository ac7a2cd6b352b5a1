"""A term: its days, and the rules lessons are planned by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum


class DayKind(StrEnum):
    """Why a day is not like its weekday."""

    HOLIDAY = "holiday"  # 节假日
    SWAPPED = "swapped"  # 调休上班的周末
    EXAM = "exam"  # 考试
    OTHER = "other"  # 运动会、停课 …


class Weeks(StrEnum):
    """In which weeks of the term a weekly lesson is given; the week of the first day is week 1."""

    ALL = "all"
    ODD = "odd"
    EVEN = "even"


@dataclass(frozen=True, slots=True)
class TermDay:
    """A day that is not like its weekday: it has the lessons of weekday `follows` (0 = Monday), or none."""

    day: date
    kind: DayKind
    follows: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class PlanRules:
    """What holds for every lesson of a term; `node_participants` is what the county's media node carries at once.

    Bandwidth in Mbps is what a lesson takes of the lines at its two ends, as planned, not measured.
    """

    lesson_min: int = 40
    grid_min: int = 5
    max_points: int = 3
    changeover_min: int = 5
    host_up_mbps: float = 6.0
    host_down_per_point_mbps: float = 1.5
    point_down_mbps: float = 6.0
    point_up_mbps: float = 1.5
    node_participants: int = 200


@dataclass(frozen=True, slots=True)
class Term:
    """Both days included. `days` holds the exceptions only."""

    id: str
    region_id: str
    name: str
    first_day: date
    last_day: date
    rules: PlanRules = PlanRules()
    days: Mapping[date, TermDay] = field(default_factory=dict)

    def week_of(self, day: date) -> int:
        """1 for the week (from Monday) of the first day."""
        return (_monday(day) - _monday(self.first_day)).days // 7 + 1


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())

"""From a week to a term: which lessons are on which day."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from classroom.model.term import DayKind, Term, Weeks


@dataclass(frozen=True, slots=True)
class WeeklyLesson:
    """One lesson of a course in the week: weekday (0 = Monday) and minutes after midnight."""

    course: str
    day: int
    start_min: int
    weeks: Weeks = Weeks.ALL


@dataclass(frozen=True, slots=True)
class DatedLesson:
    """A lesson of a course on a day of the term; `week` counts from 1."""

    course: str
    week: int
    day: date
    start_min: int


def days_of(term: Term) -> Iterator[date]:
    """Every day of the term, in order."""
    for number in range((term.last_day - term.first_day).days + 1):
        yield term.first_day + timedelta(days=number)


def weekday_taught(term: Term, day: date) -> int | None:
    """The weekday whose lessons are given on a day, 0 being Monday; None when there are none."""
    special = term.days.get(day)
    return day.weekday() if special is None else special.follows


def undecided(term: Term) -> list[date]:
    """Swapped workdays of which nobody has said which weekday's lessons they have."""
    return [day for day, special in sorted(term.days.items()) if _undecided(special.kind, special.follows)]


def _undecided(kind: DayKind, follows: int | None) -> bool:
    return kind is DayKind.SWAPPED and follows is None


def dated_lessons(term: Term, week: Iterable[WeeklyLesson]) -> Iterator[DatedLesson]:
    """All lessons of the term in order of time.

    A day that follows another weekday has that one's lessons, those of odd or even weeks by the week it lies in.
    """
    by_day: dict[int, list[WeeklyLesson]] = {}
    for lesson in sorted(week, key=lambda lesson: (lesson.start_min, lesson.course)):
        by_day.setdefault(lesson.day, []).append(lesson)
    for day in days_of(term):
        taught = weekday_taught(term, day)
        if taught is None:
            continue
        number = term.week_of(day)
        for lesson in by_day.get(taught, ()):
            if lesson.weeks is Weeks.ALL or (lesson.weeks is Weeks.ODD) == (number % 2 == 1):
                yield DatedLesson(lesson.course, number, day, lesson.start_min)

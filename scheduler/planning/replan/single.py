"""A single lesson that somebody asks for, beside all lessons of a week: one of those to join, or who could give it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scheduler.planning.board import board_of
from scheduler.planning.insertion import joinable, qualified
from scheduler.planning.instance import Id, Instance, Start
from scheduler.planning.lookup import Lookup
from scheduler.planning.replan.dated import WeekLesson


@dataclass(frozen=True, slots=True)
class Offer:
    """A lesson that can be had: one that takes place anyway (`joins` is its id), or another."""

    teacher: str
    start: Start
    joins: str | None = None


def offers(instance: Instance, week: Sequence[WeekLesson], need_id: Id, *, now: Start | None) -> Iterator[Offer]:
    """First the lessons that the class can join, by every hard rule. Then every teacher who may (H1), with the starts
    at which nothing speaks against it (H3 to H8): of the starts around one period of the class, the one nearest its
    bell.

    `now` is a time of that week, or None when it is still to come.
    """
    lookup = Lookup.of(instance)
    board = board_of(lookup, [lesson.course for lesson in week], now=now)
    need = lookup.needs[need_id]
    for lesson in week:
        if lesson.open and joinable(board, lesson.course, need):
            yield Offer(str(lesson.course.teacher), lesson.course.lessons[0], lesson.lesson_id)
    bell = [begins for begins, _ in lookup.schools[need.point].bell]
    for teacher in qualified(lookup, need):
        if board.lessons_left(teacher.id) <= 0:
            continue
        nearest: dict[tuple[int, int], tuple[int, Start]] = {}
        for day, minute in board.week.starts(board.legal_starts(teacher.id, (need.id,))):
            off, period = min((abs(begins - minute), begins) for begins in bell)
            best = nearest.get((day, period))
            if best is None or off < best[0]:
                nearest[day, period] = (off, (day, minute))
        yield from (Offer(str(teacher.id), start) for _, start in nearest.values())

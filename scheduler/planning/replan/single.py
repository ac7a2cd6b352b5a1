"""A single lesson that somebody asks for, beside all lessons of a week: who could give it, and when."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from scheduler.planning.board import board_of
from scheduler.planning.insertion import qualified
from scheduler.planning.instance import Instance, Need, Start
from scheduler.planning.lookup import Lookup
from scheduler.planning.replan.dated import WeekLesson


def single_lessons(
    instance: Instance, week: Sequence[WeekLesson], need: Need, *, now: Start | None
) -> Iterator[tuple[str, Start]]:
    """Every teacher who may (H1), with the starts at which nothing speaks against it (H3 to H8): of the starts around
    one period of the class, the one nearest its bell.

    `need` is not one of the instance's; `now` is a time of that week, or None when it is still to come.
    """
    lookup = Lookup.of(replace(instance, needs=(*instance.needs, need)))
    board = board_of(lookup, [lesson.course for lesson in week], now=now)
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
        yield from ((str(teacher.id), start) for _, start in nearest.values())

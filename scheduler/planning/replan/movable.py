"""Which other lessons it may help to move."""

from collections.abc import Sequence

from scheduler.planning.board import Resource
from scheduler.planning.replan.choices import qualified
from scheduler.planning.replan.week import Held, Week


def movable(week: Week) -> Sequence[Held]:
    """The lessons that take what a lost one would need: a teacher, its class, rooms and lines at both ends."""
    board, lookup = week.board, week.board.lookup
    wanted: set[Resource] = set()
    for need in {lost.need for lost in week.lost}:
        for teacher in qualified(lookup, [need]):
            if board.common_starts(teacher.id, [need]):
                demands = (*board.hosting(teacher.id, 1), *board.receiving([need]))
                wanted |= {demand.resource for demand in demands if demand.resource[0] != "node"}
    return [lesson for lesson in week.held if not lesson.fixed and _takes(week, lesson) & wanted]


def _takes(week: Week, lesson: Held) -> set[Resource]:
    board = week.board
    demands = (*board.hosting(lesson.teacher, 1), *board.receiving(lesson.needs))
    return {demand.resource for demand in demands}

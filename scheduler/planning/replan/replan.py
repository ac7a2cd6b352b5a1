"""From an outage to a proposal."""

from collections.abc import Sequence

from scheduler.planning.instance import Outage, Start
from scheduler.planning.lookup import Lookup
from scheduler.planning.replan.fill import fill
from scheduler.planning.replan.movable import movable
from scheduler.planning.replan.proposal import Proposal, proposal_of
from scheduler.planning.replan.week import from_now, week_under
from scheduler.planning.solution import Solution

# How many other courses may change. With six a little more is covered, at four times the effort.
MOVES = 3
# Somebody waits for the answer, two seconds at most; the rest is for finding what could be done at all.
SECONDS = 1.0


def replan(
    lookup: Lookup,
    solution: Solution,
    outages: Sequence[Outage],
    *,
    now: Start | None = None,
    moves: int = MOVES,
    seconds: float = SECONDS,
) -> Proposal:
    """Cover what these outages take, changing nothing else if that suffices, and at most `moves` other courses if not.

    `now` is a time of the week: lessons that began before it stay, and none can begin before it.
    """
    coming = from_now(lookup.instance, outages, now)
    week = week_under(lookup, solution.courses, (*solution.outages, *coming), now)
    filling = fill(week, seconds=seconds)
    covered = sum(len(lesson.needs) for lesson in filling.opened) + sum(map(len, filling.joined.values()))
    if moves and covered < len(week.lost):
        filling = fill(week, movable(week), moves, seconds=seconds, hint=filling)
    return proposal_of(solution, coming, week, filling)

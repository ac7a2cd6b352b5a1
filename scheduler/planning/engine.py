"""The search from outside: begin, go on, look at the best plan so far, stop. Anytime, seeded, and the same every time.

A search works in cycles: each begins hot, where almost any change is accepted, and cools down; the next begins where
it ended. Short cycles come first, so that there is a good plan at once; longer ones find what short ones cannot.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

import numpy as np

from scheduler.planning.kernel import layout as at
from scheduler.planning.kernel import place as knob
from scheduler.planning.kernel.compiled import Ints
from scheduler.planning.kernel.search import anneal, fill, keep
from scheduler.planning.lookup import Lookup
from scheduler.planning.objectives import missing, score
from scheduler.planning.problem import Problem
from scheduler.planning.solution import Course, Solution, Uncovered
from scheduler.planning.state import adopt, courses_of, new_log

# Rounds for each need in the first cycle, which is for the first second, and in the longest, which are for quality.
FIRST_CYCLE, LONGEST_CYCLE = 20, 1000
# Rounds between two looks at the clock: some ten milliseconds.
STEP = 1000
# Found by trying on synthetic counties; an uncovered lesson costs 1000 points, the smallest difference is 1.
KNOBS = {
    knob.PER_LESSON: 200,
    knob.PER_COMPANION: 400,
    knob.BLINK: 10,
    knob.CHANCE: 50,
    knob.MOST_TEACHERS: 4,
    knob.HOT: 300,
    knob.COLD: 20,
}


@dataclass(frozen=True, slots=True)
class Progress:
    """The best plan so far after so many rounds; `seconds` by the caller's clock, if it has one."""

    rounds: int
    coverage: int
    cost: int
    seconds: float | None = None


class Search:
    """One search of one problem. Two with the same problem, seed and rounds find the same plan.

    `start`: courses to begin with; what no longer fits of them is left out, or in `refused` if it was to stay.
    `frozen`: those of `start` that stay as they are, though others may join them.
    """

    def __init__(
        self, problem: Problem, *, seed: int, start: Iterable[Course] = (), frozen: Collection[Course] = ()
    ) -> None:
        p, wants = problem.p, len(problem.rows.wants)
        self.problem = problem
        self.rounds = 0
        self._x = problem.x.copy()
        self._log = new_log()
        self._work = new_work(wants)
        # Any odd number but 0 will do; neighbouring seeds are made as different as any others.
        self._rng = np.array([(2 * seed + 1) * 0x9E3779B97F4A7C15 % 2**63 | 1], np.int64)
        self._best = np.zeros(2 + int(p[at.SECTIONS] - p[at.N_SECTION] + wants * p[at.STRIDE]), np.int64)
        self._left = self._length = 0
        self.refused = adopt(problem, self._x, start, frozen)
        fill(p, self._x, self._log, self._work, self._rng)
        keep(p, self._x, self._best)

    def _next_length(self, budget: int | None) -> int:
        """Twice the last cycle; but the last one ends with the budget, and what would not make another joins it."""
        wants = len(self.problem.rows.wants)
        length = max(STEP, min(2 * self._length or FIRST_CYCLE * wants, LONGEST_CYCLE * wants))
        if budget is not None and budget < 1.5 * length:
            return max(STEP, budget)
        return length

    @property
    def cost(self) -> int:
        return int(self._best[0])

    @property
    def coverage(self) -> int:
        return int(self._best[1])

    def run(self, rounds: int, budget: int | None = None) -> None:
        """So many rounds more, of about `budget` in all that are still to come, if that is known: the last cycle ends
        with it, cold."""
        while rounds > 0:
            if self._left == 0:
                self._left = self._length = self._next_length(budget)
            step = min(rounds, self._left)
            first = self._length - self._left
            p, x, log = self.problem.p, self._x, self._log
            anneal(p, x, self._best, log, self._work, self._rng, first, step, self._length)
            self._left -= step
            self.rounds += step
            rounds -= step
            budget = None if budget is None else budget - step

    def courses(self) -> list[Course]:
        """The best plan so far."""
        return courses_of(self.problem, self._best)

    def state(self) -> Ints:
        """A copy of where the search stands just now, as in `kernel.layout`."""
        return self._x.copy()


def load_kernel(problem: Problem) -> None:
    """Have the machine code of a search at hand: from the cache, or compiled now, which takes some twenty seconds."""
    search = Search(problem, seed=0)
    search.run(1)


def new_work(wants: int) -> Ints:
    """What a search scribbles on, with its knobs set."""
    work = np.zeros(knob.POOL + 2 * wants, np.int64)
    for name, value in KNOBS.items():
        work[name] = value
    return work


def solve(
    problem: Problem,
    *,
    seed: int,
    rounds: int | None = None,
    deadline: float | None = None,
    now: Callable[[], float] | None = None,
    start: Iterable[Course] = (),
    frozen: Collection[Course] = (),
    on_progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Solution:
    """The best plan found in so many rounds, or by `deadline` on the clock `now`, whichever comes first.

    With `rounds` alone the result depends on nothing but the arguments; a deadline makes it depend on the machine.
    Progress is told for the first plan and for each better one; `cancelled` is asked between steps.
    Raises `ValueError` when neither limit is given.
    """
    if rounds is None and (deadline is None or now is None):
        raise ValueError("a search needs a number of rounds, or a deadline and a clock")
    search = Search(problem, seed=seed, start=start, frozen=frozen)
    told: int | None = None
    while True:
        if on_progress is not None and search.cost != told:
            told = search.cost
            on_progress(Progress(search.rounds, search.coverage, search.cost, None if now is None else now()))
        left = STEP if rounds is None else min(STEP, rounds - search.rounds)
        if left <= 0 or (deadline is not None and now is not None and now() >= deadline):
            break
        if cancelled is not None and cancelled():
            break
        search.run(left, None if rounds is None else rounds - search.rounds)
    return solution_of(problem, search.courses(), seed=seed)


def solution_of(problem: Problem, courses: Iterable[Course], *, seed: int | None = None) -> Solution:
    """A plan with what it leaves uncovered and what it costs."""
    lookup, listed = Lookup.of(problem.rows.instance), tuple(courses)
    lacking = missing(lookup, listed)
    return Solution(
        courses=listed,
        uncovered=tuple(Uncovered(need, lessons) for need, lessons in lacking.items()),
        coverage=problem.rows.instance.lessons - sum(lacking.values()),
        score=score(lookup, listed),
        seed=seed,
    )

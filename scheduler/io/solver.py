"""Solve an instance over processes: parts at the same time, the same part with several seeds, bounds in the background.

Blocking; whoever has an event loop runs it in a thread. With `rounds` and without `seconds` the result depends on the
arguments alone; a limit in seconds makes it depend on the machine.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from scheduler.io.crew import Crew
from scheduler.io.jobs import Bounded, BoundJob, Done, Found, Ready, Report, SearchJob
from scheduler.planning.components import components
from scheduler.planning.instance import Instance
from scheduler.planning.lookup import Lookup
from scheduler.planning.objectives import coverage, missing, score, uncovered_cost
from scheduler.planning.solution import Course, Solution, Uncovered

# Where parts wait for each other: how long, and what share of its time, each is looked at first, so that the whole has
# a plan early.
FIRST_LOOK_S, FIRST_LOOK_SHARE = 2.0, 0.1


@dataclass(frozen=True, slots=True)
class Update:
    """How far a run is: the best so far of all parts, and what no plan can exceed. `seconds` since it began."""

    seconds: float
    coverage: int
    cost: int
    bound_coverage: int
    rounds: int
    proved: bool

    @property
    def gap(self) -> float:
        """The share of the bound that may still be missing."""
        return 1 - self.coverage / self.bound_coverage if self.bound_coverage else 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """How a run went, beside its solution.

    `startup_s`: until the first process had imported, compiled and was ready to search; `seconds_to_first`: from then
    until every part had a plan. `rss_mb`: the most memory each of its processes had, added up.
    `refused`: frozen courses that cannot be as they are. `bound_cost`: no plan costs less, if that is known.
    """

    solution: Solution
    seconds_to_first: float
    startup_s: float
    rss_mb: int
    proved: bool
    bound_cost: int | None
    refused: tuple[Course, ...]
    updates: tuple[Update, ...]


def solve_instance(
    instance: Instance,
    *,
    seconds: float | None = None,
    rounds: int | None = None,
    workers: int = 2,
    seed: int = 0,
    start: Iterable[Course] = (),
    frozen: Collection[Course] = (),
    prove: bool = True,
    bounders: int = 1,
    on_update: Callable[[Update], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Run:
    """The best plan found in so many seconds after start-up, or in so many rounds of each search.

    `start` and `frozen` are as in `Search`. `prove` solves small parts to the proof; `bounders` processes work at low
    priority on bounds until the search ends. Raises `ValueError` without a limit, `SolverFailed` when a process dies.
    """
    if seconds is None and rounds is None:
        raise ValueError("a run needs a number of seconds or of rounds")
    start, frozen = tuple(start), tuple(frozen)
    parts = components(instance, (*start, *frozen))
    board = _Board(instance, parts, on_update)
    template = SearchJob(0, instance, seed, seconds, rounds, prove, start=start, frozen=frozen)
    jobs = _search_jobs(template, parts, workers)
    bounds = _bound_jobs(parts, seconds, background=True) if bounders else []
    with Crew(board, cancelled) as crew:
        crew.work(jobs, workers, bounds, bounders)
    return board.run(seed)


def bound_instance(
    instance: Instance,
    *,
    seconds: float,
    workers: int = 2,
    on_update: Callable[[Update], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> int:
    """What no plan can cover, in lessons, as well as it can be said in so many seconds."""
    parts = components(instance)
    board = _Board(instance, parts, on_update)
    with Crew(board, cancelled) as crew:
        crew.bound(_bound_jobs(parts, seconds, background=False), workers, seconds)
    return board.bound_coverage


def _search_jobs(template: SearchJob, parts: Sequence[Instance], workers: int) -> list[SearchJob]:
    """One for each part, or several seeds of the largest; where there are more parts than workers, time is shared and
    every part is looked at before the first is searched well."""
    lessons = sum(part.lessons for part in parts)
    jobs: list[SearchJob] = []
    for number, part in enumerate(parts):
        share = min(1.0, workers * part.lessons / lessons) if len(parts) > workers else 1.0
        ids = {need.id for need in part.needs}
        jobs.append(
            replace(
                template,
                part=number,
                instance=part,
                seconds=None if template.seconds is None else template.seconds * share,
                start=tuple(course for course in template.start if course.needs[0] in ids),
                frozen=tuple(course for course in template.frozen if course.needs[0] in ids),
            )
        )
    for more in range(1, workers - len(parts) + 1 if parts else 0):
        job = jobs[(more - 1) % len(parts)]
        jobs.append(replace(job, seed=template.seed + more, prove=False, other_proves=job.prove))
    return _looked_at(jobs) if len(parts) > workers and template.seconds is not None else jobs


def _looked_at(jobs: Sequence[SearchJob]) -> list[SearchJob]:
    looks, searches = [], []
    for job in jobs:
        seconds = job.seconds or 0.0
        look = min(FIRST_LOOK_S, FIRST_LOOK_SHARE * seconds)
        looks.append(replace(job, seed=job.seed + 1, seconds=look, prove=False))
        searches.append(replace(job, seconds=seconds - look))
    return looks + searches


def _bound_jobs(parts: list[Instance], seconds: float | None, *, background: bool) -> list[BoundJob]:
    """The quick bounds of all subjects, then the good ones; the largest part and subject last."""
    limit = 3600.0 if seconds is None else seconds
    subjects = [
        (number, part, subject)
        for number, part in reversed(list(enumerate(parts)))
        for subject, _ in sorted(Counter(need.subject for need in part.needs).items(), key=lambda item: item[1])
    ]
    return [
        BoundJob(number, part, subject, limit, relaxed, background)
        for relaxed in (True, False)
        for number, part, subject in subjects
    ]


class _Board:
    """What is known: by part the best plan, by part and subject the bound."""

    def __init__(self, instance: Instance, parts: list[Instance], on_update: Callable[[Update], None] | None) -> None:
        self.instance, self.parts, self._on_update = instance, parts, on_update
        self.began = time.monotonic()
        self.startup_s = 0.0
        self._found: dict[int, Found] = {}
        self._rounds: dict[tuple[int, int], int] = {}
        self._done: dict[int, list[Done]] = {}
        self._proofs: dict[int, Found] = {}
        self._bounds: dict[tuple[int, str], int] = {}
        for number, part in enumerate(parts):
            for need in part.needs:
                self._bounds[number, need.subject] = self._bounds.get((number, need.subject), 0) + need.lessons_per_week
        inside = {need.id for part in parts for need in part.needs}
        weights = instance.meta.weights
        self._outside = sum(
            need.lessons_per_week * uncovered_cost(need, weights) for need in instance.needs if need.id not in inside
        )
        self._rss: dict[int, int] = {}
        self._updates: list[Update] = []

    @property
    def bound_coverage(self) -> int:
        return sum(self._bounds.values())

    def begin(self, job: SearchJob) -> SearchJob:
        """A search of a part that was looked at goes on from there; what was frozen may gain other needs again."""
        if job.part not in self._done:
            return job
        held = {need for course in job.frozen for need in course.needs}
        best = (course for course in self._best(job.part).courses if held.isdisjoint(course.needs))
        return replace(job, start=(*job.frozen, *best))

    def take(self, process: int, report: Report) -> None:
        """Hear what a process says."""
        if isinstance(report, Ready):
            # The first to be ready; later ones are ready while it searches.
            self.startup_s = self.startup_s or time.monotonic() - self.began
            for subject, lessons in report.alone.items():
                self._bound(report.part, subject, lessons)
        elif isinstance(report, Bounded):
            self._bound(report.part, report.subject, report.lessons)
        elif isinstance(report, Found):
            self._rounds[report.part, report.seed] = report.rounds
            best = self._found.get(report.part)
            if best is None or report.cost < best.cost:
                self._found[report.part] = report
            if report.bound_cost is not None:
                self._proofs[report.part] = report
            self._tell()
        else:
            self._rss[process] = max(report.rss_mb, self._rss.get(process, 0))
            if report.courses or report.cost:
                self._done.setdefault(report.part, []).append(report)

    def proved(self, part: int) -> bool:
        return part in self._proofs and self._proofs[part].proved

    def _bound(self, part: int, subject: str, lessons: int) -> None:
        key = part, subject
        if lessons < self._bounds.get(key, 1 << 40):
            self._bounds[key] = lessons
            self._tell()

    def _tell(self) -> None:
        """A line for the chart, once every part has a plan."""
        if len(self._found) < len(self.parts):
            return
        update = Update(
            seconds=time.monotonic() - self.began,
            coverage=sum(found.coverage for found in self._found.values()),
            cost=self._outside + sum(found.cost for found in self._found.values()),
            bound_coverage=self.bound_coverage,
            rounds=sum(self._rounds.values()),
            proved=all(self.proved(part) for part in range(len(self.parts))),
        )
        self._updates.append(update)
        if self._on_update is not None:
            self._on_update(update)

    def _best(self, part: int) -> Done:
        return min(self._done[part], key=lambda done: (done.cost, done.seed))

    def run(self, seed: int) -> Run:
        """The best of every part together."""
        best = [self._best(part) for part in sorted(self._done)]
        lookup = Lookup.of(self.instance)
        courses = tuple(course for done in best for course in done.courses)
        seconds = time.monotonic() - self.began
        parts = range(len(self.parts))
        bounded = all(part in self._proofs for part in parts)
        return Run(
            solution=Solution(
                courses=courses,
                uncovered=tuple(Uncovered(need, lessons) for need, lessons in missing(lookup, courses).items()),
                coverage=coverage(lookup, courses),
                bound_coverage=self.bound_coverage,
                score=score(lookup, courses),
                seed=seed,
                seconds=round(seconds, 3),
            ),
            seconds_to_first=self._updates[0].seconds - self.startup_s if self._updates else seconds,
            startup_s=self.startup_s,
            rss_mb=sum(self._rss.values()),
            proved=all(self.proved(part) for part in parts),
            bound_cost=self._outside + sum(self._proofs[part].bound_cost or 0 for part in parts) if bounded else None,
            refused=tuple(course for done in best for course in done.refused),
            updates=tuple(self._updates),
        )

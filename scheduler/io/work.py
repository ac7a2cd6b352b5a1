"""What a solver process does: search, prove, bound, one job after the other.

A process of its own because a search takes a whole core, because HiGHS cannot be asked to stop, and because memory is
given back when it ends. Jobs come in over a pipe, what is found goes out; a word in between means stop.
"""

import math
import os
import resource
import time
from multiprocessing.connection import Connection

from scheduler.io.jobs import Bounded, BoundJob, Done, Found, Order, Ready, SearchJob, Stop
from scheduler.planning.bound import bound_alone, bound_subject
from scheduler.planning.compiler import compile_instance
from scheduler.planning.engine import STEP, Search, load_kernel
from scheduler.planning.exact import Exact, few_columns, solve_exactly
from scheduler.planning.solution import Course

# Between two reports of a search: often enough for an eye, seldom enough for a pipe.
REPORT_S = 0.1
# A search before a proof: HiGHS begins with its plan.
BEFORE_PROOF_S = 0.3
# A proof that takes longer than this will not come.
MOST_PROOF_S = 60.0
BOUND_NICENESS = 10


def work(connection: Connection) -> None:
    """Do jobs until the other end is closed."""
    while True:
        try:
            order = connection.recv()
        except EOFError:
            return
        if isinstance(order, Order):
            if isinstance(order.job, SearchJob):
                _search(connection, order.number, order.job)
            else:
                _bound(connection, order.job)


def _search(connection: Connection, number: int, job: SearchJob) -> None:
    problem = compile_instance(job.instance)
    load_kernel(problem)
    run = _Run(connection, number, job)
    search = Search(problem, seed=job.seed, start=job.start, frozen=job.frozen)
    connection.send(Ready(job.part, bound_alone(problem)))
    end = math.inf if job.seconds is None else job.seconds
    small = (job.prove or job.other_proves) and not job.frozen and few_columns(problem)
    run.search(search, min(end, BEFORE_PROOF_S) if small else end)
    courses, cost = tuple(search.courses()), search.cost
    if small and job.prove and not run.stopped() and run.seconds() < end:
        run.tell(search, courses)
        exact = solve_exactly(problem, min(MOST_PROOF_S, end - run.seconds()), courses)
        if exact is not None and exact.cost <= cost:
            courses, cost = exact.courses, exact.cost
            run.tell_proof(search, exact)
        if exact is None or not exact.proved:
            run.search(search, end)
        if search.cost < cost:
            courses, cost = tuple(search.courses()), search.cost
    connection.send(Done(job.part, job.seed, courses, cost, search.refused, rss_mb()))


class _Run:
    """A search against the clock, telling of every better plan but not too often."""

    def __init__(self, connection: Connection, number: int, job: SearchJob) -> None:
        self._connection, self._number, self._job = connection, number, job
        self._stopped = False
        self.began = time.monotonic()
        self._told: int | None = None
        self._told_at = -REPORT_S

    def stopped(self) -> bool:
        while not self._stopped and self._connection.poll():
            self._stopped = self._connection.recv() == Stop(self._number)
        return self._stopped

    def seconds(self) -> float:
        return time.monotonic() - self.began

    def search(self, search: Search, until: float) -> None:
        """Until that many seconds after the beginning, the job's rounds are done, or a word comes in."""
        job = self._job
        while not self.stopped():
            if self.seconds() >= self._told_at + REPORT_S:
                self.tell(search)
            left = STEP if job.rounds is None else min(STEP, job.rounds - search.rounds)
            if left <= 0 or self.seconds() >= until:
                break
            search.run(left, self._budget(search, until))
        self.tell(search)

    def _budget(self, search: Search, until: float) -> int | None:
        """How many rounds are still to come, if that can be said."""
        if self._job.rounds is not None:
            return self._job.rounds - search.rounds
        if search.rounds == 0 or math.isinf(until):
            return None
        now = self.seconds()
        return round(search.rounds / now * (until - now)) if now > 0 else None

    def tell(self, search: Search, courses: tuple[Course, ...] = ()) -> None:
        if search.cost != self._told or courses:
            self._told, self._told_at = search.cost, self.seconds()
            job = self._job
            found = Found(job.part, job.seed, self._told_at, search.rounds, search.coverage, search.cost, courses)
            self._connection.send(found)

    def tell_proof(self, search: Search, exact: Exact) -> None:
        job, seconds = self._job, self.seconds()
        proof = (exact.bound, exact.proved)
        self._connection.send(
            Found(job.part, job.seed, seconds, search.rounds, exact.coverage, exact.cost, exact.courses, *proof)
        )


def _bound(connection: Connection, job: BoundJob) -> None:
    if job.background:
        os.nice(max(0, BOUND_NICENESS - os.nice(0)))
    problem = compile_instance(job.instance)
    found = bound_subject(problem, job.subject, job.seconds, relaxed=job.relaxed)
    connection.send(Bounded(job.part, found.subject, found.lessons, found.proved))
    connection.send(Done(job.part, 0, rss_mb=rss_mb()))


def rss_mb() -> int:
    """The most memory this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

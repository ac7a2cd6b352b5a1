"""Solver processes: started, given jobs, heard, stopped. None outlives the `with` block."""

import contextlib
import multiprocessing
import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from threading import Thread
from types import TracebackType
from typing import Protocol, Self

from classroom.errors import ClassroomError
from scheduler.io.jobs import BoundJob, Done, Job, Order, Report, SearchJob, Stop
from scheduler.io.kernel_cache import use_kernel_cache

# How long a process may take to stop before it is ended: one step of a search, and sending its plan.
STOP_S = 10.0
# Between two looks at whether the caller wants to stop.
LOOK_S = 0.1


class SolverFailed(ClassroomError):
    """A solver process ended without an answer, for want of memory perhaps."""

    def __init__(self, exit_code: int | None) -> None:
        super().__init__("solver_failed", exit_code=str(exit_code))


class Listener(Protocol):
    """Who hears what processes say, and knows what is settled."""

    def begin(self, job: SearchJob) -> SearchJob: ...

    def take(self, process: int, report: Report) -> None: ...

    def proved(self, part: int) -> bool: ...


class _Worker:
    """One process and what it is doing."""

    def __init__(self, number: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.number = number
        self.connection, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=_child, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self.job: Job | None = None
        self._orders = 0
        self._stopping = False

    def begin(self, job: Job) -> None:
        self.job = job
        self._orders += 1
        self._stopping = False
        self._send(Order(self._orders, job))

    def stop(self) -> None:
        """Ask for what the search has found so far."""
        if self.job is not None and not self._stopping:
            self._stopping = True
            self._send(Stop(self._orders))

    def _send(self, word: Order | Stop) -> None:
        """To a process that has died it goes nowhere; whoever listens to it next hears that."""
        with contextlib.suppress(OSError):
            self.connection.send(word)

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()
        self.job = None


class Crew:
    """Some processes. `cancelled` is asked ten times a second; what it raises ends them."""

    def __init__(self, listener: Listener, cancelled: Callable[[], bool] | None) -> None:
        self._listener = listener
        self._cancelled = cancelled
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.end()

    def work(self, searches: Sequence[SearchJob], workers: int, bounds: Sequence[BoundJob], bounders: int) -> None:
        """Do the searches, and the bounds as long as there are searches."""
        searching = self._hire(min(workers, len(searches)))
        bounding = self._hire(min(bounders, len(bounds)))
        to_search, to_bound = deque(searches), deque(bounds)
        stopping: float | None = None
        while to_search or any(worker.job is not None for worker in searching):
            self._give(searching, to_search)
            self._give(bounding, to_bound)
            self._hear(LOOK_S)
            self._skip_proved(searching)
            if stopping is None and self._cancelled is not None and self._cancelled():
                stopping = time.monotonic() + STOP_S
                to_search.clear()
                for worker in searching:
                    worker.stop()
            if stopping is not None and time.monotonic() > stopping:
                raise SolverFailed(None)

    def bound(self, bounds: Sequence[BoundJob], workers: int, seconds: float) -> None:
        """Do the bounds, as many as the time allows."""
        bounding = self._hire(min(workers, len(bounds)))
        queue = deque(bounds)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._give(bounding, queue)
            if not any(worker.job is not None for worker in bounding):
                return
            self._hear(LOOK_S)
            if self._cancelled is not None and self._cancelled():
                return

    def _hire(self, count: int) -> list[_Worker]:
        first = len(self._workers)
        for number in range(first, first + count):
            self._workers.append(_Worker(number))
        return self._workers[first:]

    def _give(self, workers: Sequence[_Worker], queue: deque[SearchJob] | deque[BoundJob]) -> None:
        for worker in workers:
            if worker.job is None and queue:
                job = queue.popleft()
                worker.begin(self._listener.begin(job) if isinstance(job, SearchJob) else job)

    def _hear(self, seconds: float) -> None:
        busy = [worker for worker in self._workers if worker.job is not None]
        talking = wait([worker.connection for worker in busy], seconds)
        for worker in (worker for worker in busy if worker.connection in talking):
            try:
                report: Report = worker.connection.recv()
            except (EOFError, OSError):
                worker.process.join(STOP_S)
                raise SolverFailed(worker.process.exitcode) from None
            self._listener.take(worker.number, report)
            if isinstance(report, Done):
                worker.job = None

    def _skip_proved(self, searching: Sequence[_Worker]) -> None:
        """Another search of a part whose best plan is known is of no use."""
        for worker in searching:
            job = worker.job
            if job is not None and self._listener.proved(job.part):
                worker.stop()


def _child(connection: Connection) -> None:
    Thread(target=_end_with_parent, daemon=True).start()
    # Before numba is imported.
    use_kernel_cache()
    from scheduler.io.work import work

    work(connection)


def _end_with_parent() -> None:
    """A process nobody hears any more would prove on for minutes: neither pipe nor flag reaches into HiGHS."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

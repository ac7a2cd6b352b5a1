"""Runs of the solver: one at a time in a process of ours, in child processes of its own, told about as it goes.

What is true of a run is in the store; the bus only says that it has changed. So any server may be asked to cancel a
run, and whoever watches may be connected to another one.
"""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from classroom.access.proposals import (
    access_new_proposal,
    access_new_run,
    access_proposal,
    access_run,
    access_run_progress,
    access_runs_lost,
)
from classroom.access.registry import access_managed_region
from classroom.errors import ClassroomError, Conflict, NotFound, Unavailable, Unprocessable
from classroom.logs import get_logger
from classroom.messages.events import PlanRunMoved
from classroom.messages.plans import NewRun
from classroom.model.plan import PlanCourse, Run, RunPoint, RunState
from classroom.model.principal import SYSTEM, Principal
from classroom.service import Context
from classroom.store.types import new_id
from scheduler.io.solver import Run as Solved
from scheduler.io.solver import Update, solve_instance
from scheduler.planning.consistency import instance_faults
from scheduler.planning.explain.explain import impossible_pins
from scheduler.planning.instance import Instance
from scheduler.planning.lookup import Lookup
from scheduler.planning.names import Names
from scheduler.planning.proposal import course_of, plan_course, with_pins
from scheduler.planning.publish import carry_keys
from scheduler.plans.desk import Desk, desk_of

log = get_logger(__name__)

# As often as a chart is worth drawing; each time is a row written and a message to every watcher.
SAY_EVERY_S: Final = 1.0
# A chart of more points than a screen has; every second one is left out when there are more.
MOST_POINTS: Final = 400


@dataclass(slots=True)
class _Running:
    """A run of this process. `points` is written by the event loop only."""

    run: Run
    principal: Principal
    cancelled: threading.Event = field(default_factory=threading.Event)
    state: RunState = RunState.WAITING
    points: list[RunPoint] = field(default_factory=list)


class Runs:
    """All runs of this process."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._running: dict[str, _Running] = {}
        # the solver waits for its child processes in it
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="solver")
        self._closing = threading.Event()

    async def start(self, principal: Principal, term_id: str, new: NewRun) -> Run:
        """Begin a run. Raises `Unprocessable` when there is nothing to plan or the registry contradicts itself,
        `Conflict` with `run_running` or the first rule that pinned courses break, `NotFound`, `Forbidden`."""
        store, clock = self._context.store, self._context.clock
        desk = await desk_of(store, principal, term_id)
        # before anything is said about what is in it
        await access_managed_region(store, principal, desk.term.region_id)
        courses: tuple[PlanCourse, ...] = ()
        if new.start_id is not None:
            proposal = await access_proposal(store, principal, new.start_id)
            if proposal.term_id != term_id:
                raise NotFound("proposal_unknown", proposal=new.start_id[:64])
            courses = desk.workbench(proposal.courses).courses
        instance = await asyncio.to_thread(_checked, desk, courses)
        run = await access_new_run(
            store,
            principal,
            term_id,
            seconds=new.seconds,
            seed=new.seed,
            start_id=new.start_id,
            now=clock.now(),
        )
        running = _Running(run, principal)
        self._running[run.id] = running
        self._context.tasks.spawn(self._solve(running, instance, courses, new), "solver run")
        return run

    async def cancel(self, principal: Principal, run_id: str) -> Run:
        """Stop a run, wherever it is; its best plan so far is kept. Raises `NotFound("run_unknown")`, `Forbidden`."""
        run = await access_run(self._context.store, principal, run_id)
        points = self._running[run_id].points if run_id in self._running else list(run.points)
        run = await access_run_progress(
            self._context.store,
            principal,
            run_id,
            state=RunState.CANCELLED,
            points=points,
            now=self._context.clock.now(),
        )
        await self._announce(run_id)
        return run

    async def follow(self) -> None:
        """Stop runs of ours that were cancelled elsewhere, and give up those whose server has died; until cancelled."""
        await access_runs_lost(self._context.store, SYSTEM, self._context.clock.now())
        async with self._context.bus.subscribe(PlanRunMoved) as events:
            async for event in events:
                for run_id, running in list(self._running.items()):
                    meant = event is None or (isinstance(event, PlanRunMoved) and event.run_id == run_id)
                    if meant and not running.cancelled.is_set():
                        run = await access_run(self._context.store, SYSTEM, run_id)
                        if run.state is RunState.CANCELLED:
                            running.cancelled.set()

    async def close(self) -> None:
        """The server stops, and its solvers at once: their processes are gone when this returns."""
        self._closing.set()
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)

    def _cancelled(self, running: _Running) -> bool:
        if self._closing.is_set():
            raise Unavailable("run_lost")
        return running.cancelled.is_set()

    async def _solve(self, running: _Running, instance: Instance, courses: tuple[PlanCourse, ...], new: NewRun) -> None:
        loop = asyncio.get_running_loop()
        saying = self._context.tasks.spawn(self._say(running), "solver progress")
        state, error = RunState.FAILED, "solver_failed"

        def begin() -> Solved:
            loop.call_soon_threadsafe(self._began, running)
            return solve_instance(
                instance,
                seconds=new.seconds,
                workers=new.workers,
                seed=new.seed,
                start=[course_of(course) for course in courses],
                on_update=lambda update: _call(loop, partial(self._take, running, update)),
                cancelled=partial(self._cancelled, running),
            )

        try:
            solved = await loop.run_in_executor(self._thread, begin)
            await self._keep(running, solved, courses, new.name)
            state, error = RunState.DONE, ""
        except ClassroomError as failure:
            log.warning("run failed", run=running.run.id, code=failure.code)
            error = failure.code
        finally:
            saying.cancel()
            self._running.pop(running.run.id, None)
            await self._write(running, state, error or None)

    async def _keep(self, running: _Running, solved: Solved, courses: tuple[PlanCourse, ...], name: str | None) -> None:
        """The best plan becomes a proposal, its courses under the keys of those they continue."""
        now = self._context.clock.now()
        found = carry_keys(courses, [plan_course(course, new_id()) for course in solved.solution.courses])
        solution = solved.solution
        await access_new_proposal(
            self._context.store,
            running.principal,
            running.run.term_id,
            name or now.astimezone().strftime("%m-%d %H:%M"),
            found,
            coverage=solution.coverage,
            wanted=solution.coverage + sum(row.missing for row in solution.uncovered),
            bound=solution.bound_coverage,
            run_id=running.run.id,
            copied_from=running.run.start_id,
            now=now,
        )

    def _began(self, running: _Running) -> None:
        running.state = RunState.RUNNING

    def _take(self, running: _Running, update: Update) -> None:
        running.points.append(RunPoint(round(update.seconds, 2), update.coverage, update.bound_coverage, update.cost))
        if len(running.points) > MOST_POINTS:
            running.points = [*running.points[:-1:2], running.points[-1]]

    async def _say(self, running: _Running) -> None:
        """Keep the store and the watchers up to date until cancelled."""
        while True:
            await self._context.clock.sleep(SAY_EVERY_S)
            await self._write(running, running.state, None)

    async def _write(self, running: _Running, state: RunState, error: str | None) -> None:
        try:
            await access_run_progress(
                self._context.store,
                SYSTEM,
                running.run.id,
                state=state,
                points=running.points,
                error=error,
                now=self._context.clock.now(),
            )
        except (Unavailable, NotFound) as failure:
            log.warning("run not written", run=running.run.id, code=failure.code)
        await self._announce(running.run.id)

    async def _announce(self, run_id: str) -> None:
        try:
            await self._context.bus.publish(PlanRunMoved(run_id=run_id))
        except Unavailable as error:
            log.warning("run not announced", run=run_id, code=error.code)


def _call(loop: asyncio.AbstractEventLoop, work: partial[None]) -> None:
    """From the solver's thread; a loop that has ended does not want to know."""
    try:
        loop.call_soon_threadsafe(work)
    except RuntimeError:
        log.info("progress after the end")


def _checked(desk: Desk, courses: tuple[PlanCourse, ...]) -> Instance:
    instance = with_pins(desk.instance, courses)
    if instance.lessons == 0:
        raise Unprocessable("nothing_to_plan")
    for fault in instance_faults(instance):
        raise Unprocessable(fault.code, **fault.data)
    for violation in impossible_pins(instance):
        names = Names(Lookup.of(instance), [course_of(course) for course in courses if course.pinned])
        raise Conflict(violation.code, **names.named(violation.code, violation.data))
    return instance

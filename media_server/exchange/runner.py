"""Works on jobs, one after another: the process that does says so, stops when it is told to, and gives back what it
has not finished when the server stops.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from classroom.access.jobs import (
    Job,
    access_job_end,
    access_job_orderer,
    access_job_progress,
    access_job_release,
    access_jobs_expire,
    access_jobs_kept,
    access_next_job,
)
from classroom.clock import Clock
from classroom.errors import ClassroomError, Unavailable
from classroom.logs import get_logger
from classroom.model.keeping import JobKind
from classroom.model.principal import Principal
from classroom.store.store import Store
from media_server.exchange.exporter import Tell

log = get_logger(__name__)

KEPT: Final = timedelta(days=14)  # what came of a job, for whoever ordered it to fetch
_LOOK_EVERY_S = 5.0  # for jobs of other processes that have died
_TELL_EVERY_S = 1.0
_TIDY_EVERY_S = 3600.0

Work = Callable[[Job, Principal, Tell], Awaitable[Mapping[str, Any]]]


class JobRunner:
    """`works` by kind; `folder` holds a directory for each job, named by its id."""

    def __init__(self, store: Store, clock: Clock, node: str, folder: Path, works: Mapping[JobKind, Work]) -> None:
        self._store = store
        self._clock = clock
        self._node = node[:64]
        self._folder = folder
        self._works = works
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There is a new job, or one to go on with."""
        self._woken.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            self._woken.clear()
            job = await access_next_job(self._store, self._node, self._clock.now())
            if job is not None:
                await self._work(job)
                continue
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), _LOOK_EVERY_S)

    async def tidy(self) -> None:
        """For ever: remove what belongs to no job any more, and jobs nobody has asked about for two weeks."""
        while True:
            await access_jobs_expire(self._store, self._clock.now() - KEPT, self._clock.now())
            # first what is there, then what belongs there: a job that comes in between keeps its directory
            there = await asyncio.to_thread(_names, self._folder)
            kept = await access_jobs_kept(self._store)
            for name in there - kept:
                await asyncio.to_thread(shutil.rmtree, self._folder / name, ignore_errors=True)
            await self._clock.sleep(_TIDY_EVERY_S)

    async def _work(self, job: Job) -> None:
        told = _Told()
        work = asyncio.ensure_future(self._do(job, told))
        try:
            while not work.done():
                await asyncio.wait([work], timeout=_TELL_EVERY_S)
                if work.done() or await self._still_ours(job, told):
                    continue
                work.cancel()
                await asyncio.wait([work])
                log.info("job stopped", job=job.id)
                return
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.wait([work])
            await access_job_release(self._store, job.id, self._node)
            raise
        await self._end(job, work, told)

    async def _do(self, job: Job, told: "_Told") -> Mapping[str, Any]:
        principal = await access_job_orderer(self._store, job)
        return await self._works[job.kind](job, principal, told.tell)

    async def _still_ours(self, job: Job, told: "_Told") -> bool:
        try:
            return await access_job_progress(
                self._store, job.id, self._node, done=told.done, total=told.total, now=self._clock.now()
            )
        except Unavailable as error:  # the database is away; the work goes on
            log.warning("progress not told", job=job.id, code=error.code)
            return True

    async def _end(self, job: Job, work: "asyncio.Future[Mapping[str, Any]]", told: "_Told") -> None:
        result: Mapping[str, Any] = {}
        failed = work.exception()
        error = None
        if failed is None:
            result = work.result()
        elif isinstance(failed, ClassroomError):
            error = failed
        else:
            # Ours is the mistake; done again and again it would only be made again.
            error = ClassroomError(type(failed).__name__)
        await self._still_ours(job, told)
        await access_job_end(self._store, job.id, self._node, now=self._clock.now(), result=result, error=error)
        log.info("job ended", job=job.id, kind=job.kind.value, code=error.code if error else "")
        if failed is not None and not isinstance(failed, ClassroomError):
            raise failed


class _Told:
    """How far a job is."""

    def __init__(self) -> None:
        self.done = self.total = 0

    async def tell(self, done: int, total: int) -> None:
        self.done, self.total = done, total


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()

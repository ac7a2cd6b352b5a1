"""Long computations in a process beside this one: live lessons share this process, and Python computes one thing at a
time in it."""

import asyncio
import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import ParamSpec, TypeVar

from classroom.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")


class Aside:
    """One process, started by the first computation; the next ones wait their turn."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._pid: Future[int] | None = None

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work(*args)` returns; both are pickled, so `work` is a function of a module.

        Raises what `work` does, and `Unavailable("computing_failed")` when its process died.
        """
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
            self._pid = self._pool.submit(os.getpid)
        try:
            return await asyncio.wrap_future(self._pool.submit(work, *args, **kwargs))
        except BrokenProcessPool:
            self._pool = None
            raise Unavailable("computing_failed") from None

    def close(self) -> None:
        """End the process, whatever it is doing."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        pool.shutdown(wait=False, cancel_futures=True)
        if self._pid is not None and self._pid.done() and not self._pid.cancelled() and self._pid.exception() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid.result(), signal.SIGTERM)

"""Where media is decoded and encoded: worker processes, so that neither the loop waits nor a bad stream kills us."""

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from typing import ParamSpec, TypeVar

from classroom.errors import Unavailable

P = ParamSpec("P")
R = TypeVar("R")

_NICENESS = 10  # behind everything that lives: a lesson never stutters for a picture of a past one


class Workshop:
    """Runs functions of ours in worker processes, started when first needed."""

    def __init__(self, workers: int = 1) -> None:
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None
        self._closed = False

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What `work` returns or raises.

        Raises `Unavailable("worker_died")` when it took its process with it, and after `close`.
        """
        if kwargs:
            raise TypeError("only positional arguments travel")
        if self._closed:
            raise Unavailable("worker_died")
        if self._pool is None:
            # Not forked from us: our threads and open sockets are nothing for a child.
            context = get_context("forkserver" if os.name == "posix" else "spawn")
            self._pool = ProcessPoolExecutor(self._workers, mp_context=context, initializer=_begin)
        pool = self._pool
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, work, *args)
        except BrokenProcessPool as error:
            if self._pool is pool:
                self._pool = None
            raise Unavailable("worker_died") from error

    async def close(self) -> None:
        """Let what runs come to its end; begin nothing more."""
        self._closed = True
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await asyncio.to_thread(pool.shutdown, wait=True, cancel_futures=True)


def _begin() -> None:
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A server that is killed cannot tell us; we would wait for its next order for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

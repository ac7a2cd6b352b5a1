"""Long computations in a process beside this one: live lessons share this process, and Python computes one thing at a
time in it."""

import asyncio
import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import ParamSpec, TypeVar, cast

from classroom.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")


class Aside:
    """One process, started by the first computation; the next ones wait their turn."""

    def __init__(self) -> None:
        # asks the process and waits for its answer
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="aside")
        # held while a process is begun or ended, so that none begins behind the back of `close`
        self._change = threading.Lock()
        self._closed = False
        self._worker: tuple[BaseProcess, Connection] | None = None

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work(*args)` returns; both are pickled, so `work` is a function of a module.

        Raises what `work` does, and `Unavailable("computing_failed")` when its process died.
        """
        if self._closed:
            raise Unavailable("computing_failed")
        asking = asyncio.get_running_loop().run_in_executor(self._thread, self._ask, partial(work, *args, **kwargs))
        return cast(T, await asking)

    async def close(self) -> None:
        """End the process, whatever it is doing; it is gone when this returns."""
        with self._change:
            self._closed = True
            self._end()
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)

    def _ask(self, work: Callable[[], object]) -> object:
        try:
            connection = self._begun()
            connection.send(work)
            error, result = connection.recv()
        except (EOFError, OSError):
            with self._change:
                self._end()
            raise Unavailable("computing_failed") from None
        if error is not None:
            raise error
        return result

    def _begun(self) -> Connection:
        with self._change:
            if self._closed:
                raise Unavailable("computing_failed")
            if self._worker is None:
                context = multiprocessing.get_context("spawn")
                ours, theirs = context.Pipe()
                process = context.Process(target=_child, args=(theirs,), daemon=True)
                process.start()
                theirs.close()
                self._worker = process, ours
            return self._worker[1]

    def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker[0].kill()
            worker[0].join()


def _child(connection: Connection) -> None:
    with ThreadPoolExecutor(1) as thread:
        while True:
            try:
                work: Callable[[], object] = connection.recv()
            except EOFError:
                return
            done = thread.submit(work)
            error = done.exception()
            connection.send((error, None if error is not None else done.result()))

"""Turns many changes into few snapshots: the first goes out at once, the next ones wait and go together."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from classroom.clock import Clock
from classroom.errors import Unavailable
from classroom.logs import get_logger

log = get_logger(__name__)

# Four snapshots a second are as live as a person can read, and bound what a burst of joins costs.
PAUSE_S = 0.25

K = TypeVar("K")


class Coalescer(Generic[K]):
    """Calls `flush(keys)` with the keys marked since the last call, at most once every `pause_s`."""

    def __init__(self, clock: Clock, flush: Callable[[set[K]], Awaitable[None]], pause_s: float = PAUSE_S) -> None:
        self._clock = clock
        self._flush = flush
        self._pause_s = pause_s
        self._marked: set[K] = set()
        self._woken = asyncio.Event()

    def mark(self, key: K) -> None:
        """`key` has changed."""
        self._marked.add(key)
        self._woken.set()

    async def run(self) -> None:
        """Flush until cancelled. What could not be read now is tried again after the pause."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            marked, self._marked = self._marked, set()
            try:
                await self._flush(marked)
            except Unavailable as error:
                log.warning("snapshots put off", code=error.code)
                self._marked |= marked
                self._woken.set()
            await self._clock.sleep(self._pause_s)

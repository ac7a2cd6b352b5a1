"""Many changes, few snapshots."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from classroom.clock import VirtualClock
from classroom.errors import Unavailable
from scheduler.live.coalescer import Coalescer


@contextlib.asynccontextmanager
async def running(coalescer: Coalescer[str]) -> AsyncIterator[None]:
    task = asyncio.create_task(coalescer.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_the_first_change_goes_at_once_and_later_ones_together() -> None:
    clock = VirtualClock()
    flushed: list[tuple[float, set[str]]] = []

    async def flush(keys: set[str]) -> None:
        flushed.append((clock.monotonic(), keys))

    coalescer = Coalescer(clock, flush, pause_s=0.25)
    async with running(coalescer):
        coalescer.mark("a")
        await clock.settle()
        for _ in range(100):
            coalescer.mark("a")
            coalescer.mark("b")
        await clock.run(0.2)
        assert flushed == [(0.0, {"a"})]
        await clock.run(1.0)
        assert flushed == [(0.0, {"a"}), (0.25, {"a", "b"})]


async def test_what_cannot_be_read_now_is_tried_again() -> None:
    clock = VirtualClock()
    flushed: list[set[str]] = []

    async def flush(keys: set[str]) -> None:
        if clock.monotonic() < 1.0:
            raise Unavailable("store_busy", database="d")
        flushed.append(keys)

    coalescer = Coalescer(clock, flush, pause_s=0.25)
    async with running(coalescer):
        coalescer.mark("a")
        await clock.run(0.5)
        coalescer.mark("b")
        await clock.run(1.0)
        assert flushed == [{"a", "b"}]

"""Computations in a process of their own: answers, errors and deaths come back, and at the end nothing is left."""

import asyncio
import multiprocessing
import os
import time

import pytest

from classroom.errors import Unavailable
from scheduler.io.aside import Aside


async def test_whatever_happens_to_it_the_process_is_gone_in_the_end() -> None:
    aside = Aside()
    first = await aside.run(os.getpid)
    assert first != os.getpid()
    with pytest.raises(ValueError, match="four"):
        await aside.run(int, "four")
    assert await aside.run(os.getpid) == first
    with pytest.raises(Unavailable, match="computing_failed"):
        await aside.run(os._exit, 3)
    second = await aside.run(os.getpid)
    assert second != first
    waiting = asyncio.ensure_future(aside.run(time.sleep, 3600))
    # the one process is about to get it, or has it
    await asyncio.sleep(0)
    await aside.close()
    assert second not in {child.pid for child in multiprocessing.active_children()}
    with pytest.raises((Unavailable, asyncio.CancelledError)):
        await waiting
    with pytest.raises(Unavailable, match="computing_failed"):
        await aside.run(os.getpid)

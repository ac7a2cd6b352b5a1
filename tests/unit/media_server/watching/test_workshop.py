"""Work in processes of its own: nothing of it is left, nor begun, once it is closed."""

import asyncio
import multiprocessing
import os
import sys

import psutil
import pytest

from classroom.errors import Unavailable
from media_server.watching.workshop import Workshop
from tests.harness.eventually import eventually


async def test_a_closed_workshop_begins_nothing_more() -> None:
    workshop = Workshop()
    worker = await workshop.run(os.getpid)
    assert worker in {child.pid for child in multiprocessing.active_children()}
    await workshop.close()
    with pytest.raises(Unavailable, match="worker_died"):
        await workshop.run(os.getpid)
    assert worker not in {child.pid for child in multiprocessing.active_children()}


async def test_work_that_ends_its_process_is_an_error_and_the_next_has_another() -> None:
    workshop = Workshop()
    with pytest.raises(Unavailable, match="worker_died"):
        await workshop.run(os._exit, 3)
    assert await workshop.run(abs, -1) == 1
    await workshop.close()


_KILLED = """
import asyncio, os
from media_server.watching.workshop import Workshop

async def main():
    print(await Workshop().run(os.getpid), flush=True)
    os.kill(os.getpid(), 9)

asyncio.run(main())
"""


async def test_a_killed_server_leaves_no_worker_behind() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _KILLED, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    output = await process.stdout.readline() if process.stdout else b""
    assert await process.wait() == -9

    async def gone() -> bool:
        return not psutil.pid_exists(int(output))

    await eventually(gone, "the worker has ended")

"""Work in processes of its own: nothing of it is left, nor begun, once it is closed."""

import multiprocessing
import os

import pytest

from classroom.errors import Unavailable
from media_server.watching.workshop import Workshop


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

import asyncio
import random
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from classroom.clock import VirtualClock
from classroom.tasks import FIRST_DELAY_S, HEALTHY_AFTER_S, LONGEST_DELAY_S, Tasks


class Lazy(random.Random):
    """Always the longest pause, so that times are known."""

    def uniform(self, a: float, b: float) -> float:
        return b


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def metrics() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
async def tasks(clock: VirtualClock, metrics: CollectorRegistry) -> AsyncIterator[Tasks]:
    made = Tasks(clock, metrics, Lazy())
    yield made
    await made.close()


async def fail() -> None:
    raise LookupError("broken")


async def test_a_result_may_be_awaited(tasks: Tasks) -> None:
    async def answer() -> int:
        return 42

    assert await tasks.spawn(answer(), "answer") == 42
    await asyncio.sleep(0)
    assert tasks.running == 0


async def test_a_failure_nobody_awaits_is_logged_and_counted(
    tasks: Tasks, clock: VirtualClock, metrics: CollectorRegistry
) -> None:
    with capture_logs() as logs:
        tasks.spawn(fail(), "upload")
        await clock.settle()
    assert [(entry["event"], entry["task"], entry["log_level"]) for entry in logs] == [
        ("background task failed", "upload", "error")
    ]
    assert isinstance(logs[0]["exc_info"], LookupError)
    assert tasks.failures("upload") == 1
    assert metrics.get_sample_value("background_task_failures_total", {"name": "upload"}) == 1


async def test_a_cancelled_task_is_no_failure(tasks: Tasks, clock: VirtualClock) -> None:
    with capture_logs() as logs:
        tasks.spawn(clock.sleep(1), "nap").cancel()
        await clock.settle()
    assert (logs, tasks.failures("nap"), tasks.running) == ([], 0, 0)


async def test_forever_begins_again_with_growing_pauses(tasks: Tasks, clock: VirtualClock) -> None:
    began: list[float] = []

    async def attempt() -> None:
        began.append(clock.monotonic())
        await fail()

    tasks.forever(attempt, "reader")
    await clock.run(200)
    pauses = [after - before for before, after in pairwise(began)]
    expected = [FIRST_DELAY_S * 2**n for n in range(6)]
    assert pauses[:6] == expected
    assert set(pauses[6:]) == {LONGEST_DELAY_S}
    assert tasks.failures("reader") == len(began)


async def test_pauses_are_jittered(clock: VirtualClock) -> None:
    tasks = Tasks(clock, rng=random.Random(1))
    began: list[float] = []

    async def attempt() -> None:
        began.append(clock.monotonic())

    tasks.forever(attempt, "reader")
    await clock.run(60)
    for n, (before, after) in enumerate(pairwise(began)):
        whole = min(FIRST_DELAY_S * 2**n, LONGEST_DELAY_S)
        assert whole / 2 <= after - before < whole
    await tasks.close()


async def test_after_a_healthy_time_the_next_failure_is_a_first_one(tasks: Tasks, clock: VirtualClock) -> None:
    lives = iter([0.0, 0.0, 0.0, HEALTHY_AFTER_S, 0.0])
    ended: list[float] = []
    began: list[float] = []

    async def attempt() -> None:
        began.append(clock.monotonic())
        await clock.sleep(next(lives, 10_000))
        ended.append(clock.monotonic())
        await fail()

    tasks.forever(attempt, "reader")
    await clock.run(HEALTHY_AFTER_S + 10)
    pauses = [after - before for before, after in zip(ended, began[1:], strict=False)]
    assert pauses == [0.5, 1.0, 2.0, 0.5, 1.0]


async def test_forever_also_begins_again_when_it_merely_ended(tasks: Tasks, clock: VirtualClock) -> None:
    began: list[float] = []

    async def attempt() -> None:
        began.append(clock.monotonic())

    tasks.forever(attempt, "reader")
    await clock.run(1)
    assert began == [0, FIRST_DELAY_S]
    assert tasks.failures("reader") == 0


async def test_cancelling_forever_stops_what_it_runs(tasks: Tasks, clock: VirtualClock) -> None:
    cleaned = []

    async def attempt() -> None:
        try:
            await clock.sleep(1000)
        finally:
            cleaned.append(True)

    task = tasks.forever(attempt, "reader")
    await clock.settle()
    task.cancel()
    await clock.settle()
    assert (cleaned, tasks.running) == ([True], 0)


async def test_close_ends_everything_and_takes_nothing_more(clock: VirtualClock) -> None:
    tasks = Tasks(clock)
    tasks.spawn(clock.sleep(1000), "nap")
    tasks.forever(fail, "reader")
    await clock.settle()
    await tasks.close()
    assert tasks.running == 0
    with pytest.raises(RuntimeError, match="late"):
        tasks.spawn(clock.sleep(1), "late")


async def test_close_waits_for_a_task_that_tidies_up(clock: VirtualClock) -> None:
    tasks = Tasks(clock)
    tidied = []

    async def slow() -> None:
        try:
            await clock.sleep(1000)
        finally:
            for _ in range(10):
                await asyncio.sleep(0)
            tidied.append(True)

    tasks.spawn(slow(), "slow")
    await clock.settle()
    await tasks.close()
    assert tidied == [True]


async def test_a_task_may_close_the_tasks_it_belongs_to(clock: VirtualClock) -> None:
    tasks = Tasks(clock)
    await tasks.spawn(tasks.close(), "stop")


@pytest.mark.parametrize("supervised", [False, True])
async def test_a_cancellation_that_a_library_lost_is_repeated(
    clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, supervised: bool
) -> None:
    monkeypatch.setattr("classroom.tasks.CANCEL_AGAIN_S", 0.01)
    tasks = Tasks(clock)
    lost: list[bool] = []

    async def deaf() -> None:
        while True:
            try:
                await clock.sleep(1000)
            except asyncio.CancelledError:
                if lost:
                    raise
                lost.append(True)

    if supervised:
        tasks.forever(deaf, "deaf")
    else:
        tasks.spawn(deaf(), "deaf")
    await clock.settle()
    await asyncio.wait_for(tasks.close(), 5)
    assert (lost, tasks.running) == ([True], 0)

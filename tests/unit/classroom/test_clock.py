import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from classroom.clock import SystemClock, VirtualClock

START = datetime(2026, 9, 1, tzinfo=UTC)


async def sleeper(clock: VirtualClock, seconds: float, log: list[tuple[str, float]], name: str) -> None:
    await clock.sleep(seconds)
    log.append((name, clock.monotonic()))


async def test_it_stands_still_until_moved() -> None:
    clock = VirtualClock(START)
    assert (clock.now(), clock.monotonic()) == (START, 0)
    clock.advance(90)
    assert (clock.now(), clock.monotonic()) == (START + timedelta(seconds=90), 90)


async def test_sleepers_wake_in_order_each_at_its_time() -> None:
    clock = VirtualClock(START)
    log: list[tuple[str, float]] = []
    tasks = [asyncio.create_task(sleeper(clock, s, log, name)) for name, s in [("c", 3), ("a", 1), ("b", 2), ("d", 9)]]
    await clock.run(5)
    assert log == [("a", 1), ("b", 2), ("c", 3)]
    assert clock.monotonic() == 5
    assert clock.sleeping == 1
    await clock.run(4)
    assert log[3:] == [("d", 9)]
    await asyncio.gather(*tasks)


async def test_what_a_woken_task_does_next_happens_within_the_same_run() -> None:
    clock = VirtualClock(START)
    ticks = []

    async def tick() -> None:
        while True:
            await clock.sleep(1)
            ticks.append(clock.monotonic())

    task = asyncio.create_task(tick())
    await clock.run(3.5)
    assert ticks == [1, 2, 3]
    task.cancel()


async def test_advance_wakes_everybody_due() -> None:
    clock = VirtualClock(START)
    log: list[tuple[str, float]] = []
    tasks = [asyncio.create_task(sleeper(clock, 1, log, "a")), asyncio.create_task(sleeper(clock, 2, log, "b"))]
    await clock.settle()
    clock.advance(10)
    await asyncio.gather(*tasks)
    assert log == [("a", 10), ("b", 10)]


async def test_a_cancelled_sleeper_is_forgotten() -> None:
    clock = VirtualClock(START)
    task = asyncio.create_task(clock.sleep(1))
    await clock.settle()
    task.cancel()
    await clock.run(2)
    assert clock.sleeping == 0


@pytest.mark.parametrize("seconds", [0, -1])
async def test_sleeping_for_nothing_only_yields(seconds: float) -> None:
    async with asyncio.timeout(5):
        await VirtualClock(START).sleep(seconds)


def test_time_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="back"):
        VirtualClock(START).advance(-1)


def test_its_start_is_aware_and_shown_in_utc() -> None:
    with pytest.raises(ValueError, match="aware"):
        VirtualClock(START.replace(tzinfo=None))
    clock = VirtualClock(START.astimezone(timezone(timedelta(hours=8))))
    assert clock.now().tzinfo is UTC


async def test_the_system_clock_moves_by_itself() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    await clock.sleep(0.001)
    assert clock.monotonic() > before
    assert clock.now().utcoffset() == timedelta()

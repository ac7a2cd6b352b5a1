"""One suite for every bus: what `classroom.bus.interface` promises, on the memory bus and on a real Redis."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from classroom.bus.interface import Bus
from classroom.bus.memory import MemoryBus
from classroom.bus.redis_bus import RedisBus
from classroom.clock import SystemClock
from classroom.messages.events import BusEvent, LessonMoved, RoomStateChanged
from classroom.model.lesson import LessonState
from tests.harness.eventually import eventually

WITHIN_S = 10.0
SMALL_QUEUE = 8


@dataclass(frozen=True)
class Buses:
    """Two ends of one bus: two processes when it is Redis, the same one when it is in memory."""

    one: Bus
    other: Bus


def moved(number: int) -> LessonMoved:
    return LessonMoved(lesson_id=f"lesson-{number}", room_id="room", state=LessonState.LIVE)


@pytest.fixture(params=["memory", "redis"])
async def buses(request: pytest.FixtureRequest) -> AsyncIterator[Buses]:
    made: list[Bus]
    if request.param == "memory":
        made = [MemoryBus(SystemClock(), SMALL_QUEUE)]
    else:
        url = request.getfixturevalue("redis_server").url
        made = [RedisBus(url, SystemClock(), SMALL_QUEUE) for _ in range(2)]
    for bus in made:
        await bus.start()
    yield Buses(made[0], made[-1])
    for bus in made:
        await bus.close()


async def test_a_subscriber_gets_the_events_of_its_types_in_order(buses: Buses) -> None:
    async with asyncio.timeout(WITHIN_S), buses.other.subscribe(LessonMoved) as subscription:
        events = aiter(subscription)
        for number in range(5):
            await buses.one.publish(moved(number))
            await buses.one.publish(RoomStateChanged(room_id="room"))
        assert [await anext(events) for _ in range(5)] == [moved(number) for number in range(5)]


async def test_several_types_share_one_subscription_in_order(buses: Buses) -> None:
    async with asyncio.timeout(WITHIN_S), buses.other.subscribe(LessonMoved, RoomStateChanged) as subscription:
        events = aiter(subscription)
        sent: list[BusEvent] = [moved(1), RoomStateChanged(room_id="a"), moved(2), RoomStateChanged(room_id="b")]
        for event in sent:
            await buses.one.publish(event)
        assert [await anext(events) for _ in sent] == sent


async def test_every_subscriber_gets_its_own_copy(buses: Buses) -> None:
    async with (
        asyncio.timeout(WITHIN_S),
        buses.one.subscribe(LessonMoved) as first,
        buses.other.subscribe(LessonMoved) as second,
    ):
        await buses.one.publish(moved(1))
        assert await anext(aiter(first)) == moved(1)
        assert await anext(aiter(second)) == moved(1)


async def test_what_was_published_before_or_after_the_block_is_not_received(buses: Buses) -> None:
    await buses.one.publish(moved(0))
    async with asyncio.timeout(WITHIN_S):
        async with buses.other.subscribe(LessonMoved) as subscription:
            await buses.one.publish(moved(1))
            events = aiter(subscription)
            assert await anext(events) == moved(1)
        await buses.one.publish(moved(2))
        with pytest.raises(StopAsyncIteration):
            await anext(events)


async def test_a_subscriber_that_falls_behind_is_told_to_read_again(buses: Buses) -> None:
    async with (
        asyncio.timeout(WITHIN_S),
        buses.other.subscribe(LessonMoved) as slow,
        buses.other.subscribe(RoomStateChanged) as marker,
    ):
        for number in range(SMALL_QUEUE + 1):
            await buses.one.publish(moved(number))
        # whatever was published before this has been delivered too, or is about to be
        await buses.one.publish(RoomStateChanged(room_id="end"))
        assert await anext(aiter(marker)) is not None
        events = aiter(slow)
        received = [await anext(events)]
        while received[-1] is not None:
            received.append(await anext(events))
        assert len(received) <= SMALL_QUEUE + 1
        await buses.one.publish(moved(99))
        while (event := await anext(events)) != moved(99):
            assert event is None or isinstance(event, LessonMoved)


async def test_publishing_without_subscribers_is_fine(buses: Buses) -> None:
    await buses.one.publish(moved(1))


async def test_closing_the_bus_ends_the_iteration(buses: Buses) -> None:
    async with asyncio.timeout(WITHIN_S), buses.other.subscribe(LessonMoved) as subscription:
        waiting = asyncio.create_task(anext(aiter(subscription), "ended"))
        await asyncio.sleep(0)
        await buses.other.close()
        assert await waiting == "ended"


async def test_presence_is_put_read_replaced_and_deleted(buses: Buses) -> None:
    await buses.one.put("room:1", "好", 60)
    assert await buses.other.get("room:1") == "好"
    await buses.one.put("room:1", "更好", 60)
    assert await buses.other.get("room:1") == "更好"
    await buses.other.delete("room:1")
    await buses.other.delete("room:1")
    assert await buses.one.get("room:1") is None


async def test_presence_vanishes_after_its_time_to_live(buses: Buses) -> None:
    await buses.one.put("room:1", "x", 0.05)
    await buses.one.put("room:2", "y", 60)
    await eventually(lambda: gone(buses.other, "room:1"), "room:1 has vanished")
    assert await buses.other.list("room:") == {"room:2": "y"}


async def test_putting_again_prolongs(buses: Buses) -> None:
    await buses.one.put("room:1", "x", 0.05)
    await buses.one.put("room:1", "x", 60)
    await buses.one.put("room:2", "y", 0.05)
    await eventually(lambda: gone(buses.other, "room:2"), "room:2 has vanished")
    assert await buses.other.get("room:1") == "x"


@pytest.mark.parametrize("prefix", ["lesson:1:", "we*ird:", "we?ird:", "we[i]rd:", "back\\slash:"])
async def test_listing_takes_the_prefix_literally(buses: Buses, prefix: str) -> None:
    await buses.one.put(f"{prefix}a", "1", 60)
    await buses.one.put(f"{prefix}b", "2", 60)
    await buses.one.put("lesson:12:a", "3", 60)
    await buses.one.put("weird:weiird:wexird:", "4", 60)
    assert await buses.other.list(prefix) == {f"{prefix}a": "1", f"{prefix}b": "2"}


async def test_listing_finds_many(buses: Buses) -> None:
    wanted = {f"many:{number}": str(number) for number in range(700)}
    for key, value in wanted.items():
        await buses.one.put(key, value, 60)
    assert await buses.other.list("many:") == wanted
    assert await buses.other.list("none:") == {}


async def gone(bus: Bus, key: str) -> bool:
    return await bus.get(key) is None

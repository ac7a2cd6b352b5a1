import asyncio
import threading

from room_agent.handover import Newest, ToLoop


def test_the_newest_item_wins_and_the_rest_is_counted() -> None:
    place: Newest[int] = Newest()
    for number in range(5):
        place.put(number)
    assert place.take() == 4
    assert place.dropped == 4


def test_closing_wakes_whoever_waits() -> None:
    place: Newest[int] = Newest()
    taken: list[int | None] = []
    waiting = threading.Thread(target=lambda: taken.append(place.take()))
    waiting.start()
    place.close()
    waiting.join(5)
    assert taken == [None]
    place.put(1)
    assert place.take() is None


async def test_items_of_a_thread_reach_the_loop_in_order() -> None:
    received: list[int] = []
    done = asyncio.Event()

    def receive(item: int) -> None:
        received.append(item)
        if item == 99:
            done.set()

    way: ToLoop[int] = ToLoop(asyncio.get_running_loop(), receive, 1000)

    def put() -> None:
        for number in range(100):
            way.put(number)

    threading.Thread(target=put).start()
    async with asyncio.timeout(5):
        await done.wait()
    assert received == list(range(100))
    assert way.dropped == 0


async def test_a_loop_that_does_not_keep_up_loses_the_oldest() -> None:
    received: list[int] = []
    way: ToLoop[int] = ToLoop(asyncio.get_running_loop(), received.append, 10)
    for number in range(25):  # the loop cannot run meanwhile
        way.put(number)
    await asyncio.sleep(0)
    assert received == list(range(15, 25))
    assert way.dropped == 15


async def test_nothing_is_received_after_closing() -> None:
    received: list[int] = []
    way: ToLoop[int] = ToLoop(asyncio.get_running_loop(), received.append, 10)
    way.put(1)
    way.close()
    way.put(2)
    await asyncio.sleep(0)
    assert received == []


def test_what_comes_after_the_loop_has_ended_goes_nowhere() -> None:
    loop = asyncio.new_event_loop()
    way: ToLoop[int] = ToLoop(loop, lambda item: None, 10)
    loop.close()
    way.put(1)

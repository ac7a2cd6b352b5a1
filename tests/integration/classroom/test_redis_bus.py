"""What only Redis can do to a bus: go away, come back, and carry what another version wrote."""

import asyncio

import pytest
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from structlog.testing import capture_logs

from classroom.bus.open import open_bus
from classroom.bus.redis_bus import RedisBus
from classroom.clock import SystemClock
from classroom.errors import BadSettings, Unavailable
from classroom.messages.events import RoomStateChanged
from classroom.settings import Settings
from tests.fakes.servers import RedisServer
from tests.harness.eventually import eventually

WITHIN_S = 20.0


async def test_a_restart_of_the_server_yields_none_and_then_events_again(redis_server: RedisServer) -> None:
    bus = RedisBus(redis_server.url, SystemClock())
    async with asyncio.timeout(WITHIN_S), bus.subscribe(RoomStateChanged) as subscription:
        events = aiter(subscription)
        await bus.publish(RoomStateChanged(room_id="before"))
        assert await anext(events) == RoomStateChanged(room_id="before")
        redis_server.stop()
        with pytest.raises(Unavailable) as unreachable:
            await bus.publish(RoomStateChanged(room_id="lost"))
        assert unreachable.value.code == "bus_unreachable"
        redis_server.start()
        assert await anext(events) is None
        await bus.publish(RoomStateChanged(room_id="after"))
        assert await anext(events) == RoomStateChanged(room_id="after")
    await bus.close()


async def test_a_cancellation_that_the_client_library_loses_holds_nobody_up(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, reading = 0, asyncio.Event()

    async def deaf(pubsub: PubSub, *args: object, **kwargs: object) -> None:
        nonlocal lost
        reading.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            lost += 1
            if lost > 1:
                raise

    bus = RedisBus(redis_server.url, SystemClock())
    async with asyncio.timeout(WITHIN_S), bus.subscribe(RoomStateChanged):
        monkeypatch.setattr(PubSub, "get_message", deaf)
        await bus.publish(RoomStateChanged(room_id="wakes the reader"))
        await reading.wait()
    assert lost == 2
    await bus.close()


async def test_a_server_that_falls_silent_is_noticed(redis_server: RedisServer) -> None:
    bus = RedisBus(redis_server.url, SystemClock(), ping_every_s=0.05)
    async with asyncio.timeout(WITHIN_S), bus.subscribe(RoomStateChanged) as subscription:
        with capture_logs() as logs:
            redis_server.pause()

            async def noticed() -> bool:
                return any(entry["event"] == "bus connection lost" for entry in logs)

            await eventually(noticed, "the silence is noticed")
            redis_server.resume()
        events = aiter(subscription)
        assert await anext(events) is None
        await bus.publish(RoomStateChanged(room_id="after"))
        assert await anext(events) == RoomStateChanged(room_id="after")
    await bus.close()


async def test_a_quiet_subscription_lives_on_pings(redis_server: RedisServer) -> None:
    """Many silent periods, each answered: the connection is never given up."""
    bus = RedisBus(redis_server.url, SystemClock(), ping_every_s=0.01)
    pings = Redis.from_url(redis_server.url, decode_responses=True)
    async with asyncio.timeout(WITHIN_S), bus.subscribe(RoomStateChanged) as subscription:

        async def pinged() -> bool:
            return int((await pings.info("commandstats")).get("cmdstat_ping", {}).get("calls", 0)) >= 10

        await pings.config_resetstat()
        await eventually(pinged, "ten pings")
        await bus.publish(RoomStateChanged(room_id="after"))
        assert await anext(aiter(subscription)) == RoomStateChanged(room_id="after")
    await pings.aclose()
    await bus.close()


async def test_presence_works_again_after_a_restart_without_a_lost_call(redis_server: RedisServer) -> None:
    bus = RedisBus(redis_server.url, SystemClock())
    await bus.put("room:1", "x", 60)
    redis_server.stop()
    redis_server.start()
    await bus.put("room:1", "y", 60)
    assert await bus.list("room:") == {"room:1": "y"}
    await bus.close()


async def test_an_event_of_another_version_counts_as_missed(redis_server: RedisServer) -> None:
    bus = RedisBus(redis_server.url, SystemClock())
    other = Redis.from_url(redis_server.url)
    async with asyncio.timeout(WITHIN_S), bus.subscribe(RoomStateChanged) as subscription:
        await other.publish("qianshou:event:room_state_changed", '{"type": "room_state_changed", "since": 5}')
        assert await anext(aiter(subscription)) is None
    await other.aclose()
    await bus.close()


async def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    bus = RedisBus("redis://user:secret@127.0.0.1:1/0", SystemClock())
    for use in (bus.start(), bus.put("k", "v", 1), bus.get("k"), bus.delete("k"), bus.list("k")):
        with pytest.raises(Unavailable) as error:
            await use
        assert error.value.code == "bus_unreachable"
        assert error.value.data == {"bus": "redis://127.0.0.1:1/0"}
    with pytest.raises(Unavailable):
        async with bus.subscribe(RoomStateChanged):
            pytest.fail("entered without a server")
    await bus.close()


@pytest.mark.parametrize("url", ["redis://host:port/0", "redis://host/0?socket_timeout=soon"])
def test_a_malformed_url_is_a_setting_to_correct(url: str) -> None:
    with pytest.raises(BadSettings) as error:
        open_bus(Settings(bus_url=url), SystemClock())
    assert error.value.code == "bus_url_wrong"

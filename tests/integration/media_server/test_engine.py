"""The engine over real sockets with clients not written here (aiortc)."""

import asyncio
import contextlib
import gc
import weakref
from collections.abc import AsyncIterator

import pytest

from classroom.clock import SystemClock
from classroom.errors import Conflict
from classroom.model.principal import Principal
from media_server.engine import MediaEngine
from media_server.transport.peer import PeerCounts
from tests.fakes.peers import Publisher, Viewer, closing, until

LESSON = "lesson"


@pytest.fixture
async def engine() -> AsyncIterator[MediaEngine]:
    engine = MediaEngine(SystemClock(), "127.0.0.1", 0, ["127.0.0.1"])
    running = asyncio.create_task(engine.run())
    yield engine
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    engine.close()


async def publish(
    engine: MediaEngine, publisher: Publisher, principal_id: str = "room", source: str = "teacher"
) -> None:
    _, answer = engine.publish(LESSON, source, principal_id, await publisher.offer())
    await publisher.accept(answer)
    await until(lambda: len(engine.rooms[LESSON].sources[source].encodings) == 2)


async def watch(engine: MediaEngine, viewer: Viewer, name: str = "viewer", source: str = "teacher") -> None:
    _, answer = engine.subscribe(LESSON, Principal(name, name), await viewer.offer(), source)
    await viewer.accept(answer)


async def test_viewers_decode_what_a_publisher_sends(engine: MediaEngine) -> None:
    publisher, viewers = Publisher(), [Viewer(), Viewer()]
    async with closing(publisher, *viewers):
        await publish(engine, publisher)
        for number, viewer in enumerate(viewers):
            await watch(engine, viewer, str(number))
        for viewer in viewers:
            pictures = [await viewer.picture() for _ in range(10)]
            assert (pictures[-1].width, pictures[-1].height) == (640, 480)
            times = [picture.pts or 0 for picture in pictures]
            assert times == sorted(set(times))
        assert {session.peer.srtp_profile for session in engine.sessions.values()} == {"SRTP_AEAD_AES_128_GCM"}
        assert engine.peer_counts == PeerCounts()
        assert sum(engine.network.dropped.values()) == 0


async def test_a_vp8_publisher_is_watched_in_vp8(engine: MediaEngine) -> None:
    publisher, viewer = Publisher("video/VP8"), Viewer()
    async with closing(publisher, viewer):
        await watch(engine, viewer)
        await publish(engine, publisher)
        assert (await viewer.picture()).width == 640
        video = engine.rooms[LESSON].sources["teacher"].tracks["video"]
        assert (video.codec.name, video.encodings[0].size) == ("VP8", (640, 480))


async def test_a_viewer_may_wait_before_anybody_publishes(engine: MediaEngine) -> None:
    publisher, viewer = Publisher(), Viewer()
    async with closing(publisher, viewer):
        await watch(engine, viewer)
        await publish(engine, publisher)
        assert (await viewer.picture()).width == 640


async def test_the_same_publisher_may_come_back_but_nobody_else_takes_its_source(engine: MediaEngine) -> None:
    first, second, stranger, viewer = Publisher(), Publisher(), Publisher(), Viewer()
    async with closing(first, second, stranger, viewer):
        await publish(engine, first)
        await watch(engine, viewer)
        await viewer.picture()
        with pytest.raises(Conflict) as caught:
            engine.publish(LESSON, "teacher", "somebody else", await stranger.offer())
        assert caught.value.code == "source_taken"
        await viewer.picture()
        await publish(engine, second)
        await until(lambda: first.connection.connectionState == "closed")
        assert len(engine.sessions) == 2
        await viewer.picture()


async def test_everything_is_forgotten_when_everybody_has_left(engine: MediaEngine) -> None:
    publisher, viewer = Publisher(), Viewer()
    for peer in (publisher, viewer):
        peer.connection.createDataChannel("room")
    async with closing(publisher, viewer):
        await publish(engine, publisher)
        await watch(engine, viewer)
        await viewer.picture()
        left = [weakref.ref(session) for session in engine.sessions.values()]
        gc.disable()  # a collection comes after thousands of connections: nothing may be left for it
    try:
        await until(lambda: not engine.sessions)
        await until(lambda: not any(session() for session in left))
    finally:
        gc.enable()
    assert engine.rooms == {}
    assert engine._paths.by_address == {}
    assert engine._paths.by_ufrag == {}
    assert engine._by_subscriber == {}


async def test_the_end_of_a_lesson_lets_everybody_go(engine: MediaEngine) -> None:
    publisher, viewer = Publisher(), Viewer()
    reasons: list[str] = []
    async with closing(publisher, viewer):
        await publish(engine, publisher)
        await watch(engine, viewer)
        await viewer.picture()
        for session in engine.sessions.values():
            session.on_lost = reasons.append
        engine.end(LESSON, "lesson_ended")
        assert engine.sessions == {}
        assert reasons == ["lesson_ended"] * 2
        await until(lambda: viewer.connection.connectionState == "closed")


async def test_garbage_on_the_port_costs_nobody_anything(engine: MediaEngine) -> None:
    publisher, viewer = Publisher(), Viewer()
    async with closing(publisher, viewer):
        await publish(engine, publisher)
        await watch(engine, viewer)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=("127.0.0.1", engine.network.port)
        )
        for first in range(0, 256, 3):
            transport.sendto(bytes((first,)) + bytes(60))
            transport.sendto(bytes((first,)))
        await until(lambda: engine.datagrams_ignored >= 170)
        transport.close()
        assert (await viewer.picture()).width == 640

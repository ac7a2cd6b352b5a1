"""The ways in: IPv4, IPv6, TCP, restarts; with a real browser and with aiortc."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from classroom.clock import SystemClock
from classroom.model.principal import Principal
from classroom.settings import local_addresses
from media_server.engine import MediaEngine
from media_server.sessions import SubscriberSession
from tests.fakes.browser_viewer import BrowserViewer, browser_viewer
from tests.fakes.peers import Publisher, closing, until

LESSON = "lesson"


@asynccontextmanager
async def serving(host: str, *addresses: str) -> AsyncIterator[MediaEngine]:
    engine = MediaEngine(SystemClock(), host, 0, addresses)
    running = asyncio.create_task(engine.run())
    try:
        yield engine
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        engine.close()


async def publish(engine: MediaEngine, publisher: Publisher) -> None:
    _, answer = engine.publish(LESSON, "teacher", "room", await publisher.offer())
    await publisher.accept(answer)
    await until(lambda: len(engine.rooms[LESSON].sources["teacher"].encodings) == 2)


async def watch(engine: MediaEngine, viewer: BrowserViewer, *shown: str) -> SubscriberSession:
    """Subscribe; of our candidates the browser is shown those that have all these words."""
    session, answer = engine.subscribe(LESSON, Principal("viewer", "viewer"), await viewer.offer(), "teacher")
    lines = answer.splitlines(keepends=True)
    await viewer.accept("".join(line for line in lines if "candidate:" not in line or {*shown} <= {*line.split()}))
    return session


async def test_a_browser_watches_over_ipv6_alone() -> None:
    publisher = Publisher()
    # aiortc sends from the addresses of a network, which loopback does not answer
    async with serving("0.0.0.0", *local_addresses(), "::1") as engine, closing(publisher), browser_viewer() as viewer:
        await publish(engine, publisher)
        session = await watch(engine, viewer, "udp", "::1")
        stats = await viewer.sees_more(20)
        assert (stats["remote"]["protocol"], stats["remote"]["address"]) == ("udp", "::1")
        assert session.peer.address is not None
        assert ":" in session.peer.address[0]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_a_browser_without_udp_watches_over_tcp(address: str) -> None:
    publisher = Publisher()
    async with serving("::", *local_addresses(), "::1") as engine, closing(publisher), browser_viewer() as viewer:
        await publish(engine, publisher)
        session = await watch(engine, viewer, "tcp", address)
        stats = await viewer.sees_more(20)
        assert (stats["remote"]["protocol"], stats["remote"]["tcpType"]) == ("tcp", "passive")
        assert stats["remote"]["address"] == address
        assert engine.network.connections >= 1
        assert engine.network.dropped["queue_full"] == 0
        engine.close_session(session, "done")
        await until(lambda: engine.network.connections == 0)

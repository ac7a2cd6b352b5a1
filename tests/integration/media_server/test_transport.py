"""The ways in: IPv4, IPv6, TCP, restarts; with a real browser and with aiortc."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aioice import Candidate, Connection

from classroom.clock import SystemClock
from classroom.messages.live import WantedTrack
from classroom.model.principal import Principal
from classroom.settings import local_addresses
from media_server.engine import MediaEngine
from media_server.sessions import SubscriberSession
from media_server.transport.tcp import TcpAddress
from tests.fakes.browser_viewer import BrowserViewer, browser_viewer
from tests.fakes.lossy_relay import LossyRelay
from tests.fakes.peers import Publisher, Viewer, closing, until
from tests.harness.processes import HOST, free_port

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
    await viewer.accept(showing(answer, *shown))
    return session


def showing(answer: str, *shown: str) -> str:
    lines = answer.splitlines(keepends=True)
    return "".join(line for line in lines if "candidate:" not in line or {*shown} <= {*line.split()})


async def restart(engine: MediaEngine, session: SubscriberSession, viewer: BrowserViewer, *shown: str) -> None:
    """An ICE restart as pages do it: a new offer for the same connection."""
    tracks = [
        WantedTrack(mid=downlink.mid, source=downlink.source, kind=downlink.kind)
        for downlink in session.subscriber.downlinks.values()
    ]
    answer = showing(engine.renegotiate(session, await viewer.offer_restart(), tracks), *shown)
    await viewer.accept(answer)


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


async def test_restarts_move_a_browser_to_other_paths_without_a_new_handshake() -> None:
    """Its network goes away (the relay), it comes back over TCP, and later finds UDP again."""
    publisher = Publisher()
    async with serving("::", *local_addresses(), "::1") as engine, closing(publisher), browser_viewer() as viewer:
        await publish(engine, publisher)
        listen = (HOST, free_port())
        async with LossyRelay(listen, (HOST, engine.network.port)):
            session, answer = engine.subscribe(LESSON, Principal("v", "v"), await viewer.offer(), "teacher")
            relayed = showing(answer, "udp", HOST).replace(f" {engine.network.port} typ", f" {listen[1]} typ")
            await viewer.accept(relayed)
            await viewer.sees_more(10)
            connected_after_s, credentials = session.peer.connected_after_s, session.peer.local

        await restart(engine, session, viewer, "tcp", "::1")
        await until(lambda: isinstance(session.peer.address, TcpAddress))
        stats = await viewer.sees_more(10)
        assert (stats["remote"]["protocol"], stats["remote"]["address"]) == ("tcp", "::1")
        assert session.peer.local != credentials

        await restart(engine, session, viewer, "udp", "::1")
        await until(lambda: session.peer.address is not None and len(session.peer.address) == 4)
        stats = await viewer.sees_more(10)
        assert (stats["remote"]["protocol"], stats["dtls"]) == ("udp", "connected")

        assert session.peer.ice_restarts == engine.peer_counts.ice_restarts == 2
        assert session.peer.connected_after_s == connected_after_s, "the one handshake there was"
        assert len(engine.sessions) == 2


async def test_aioice_comes_back_with_new_credentials_from_another_socket() -> None:
    """aiortc cannot restart ICE, but what is under it can play both halves of one."""
    viewer, second = Viewer(), Connection(ice_controlling=True)
    async with serving("0.0.0.0", *local_addresses()) as engine, closing(viewer):
        session, answer = engine.subscribe(LESSON, Principal("v", "v"), await viewer.offer(), "teacher")
        await viewer.accept(answer)
        await until(lambda: session.peer.connected)
        first = session.peer.address
        await second.gather_candidates()
        transport = engine.restart_ice(session, second.local_username)
        second.remote_username, second.remote_password = transport.ufrag, transport.password
        second.remote_is_lite = True
        for candidate in transport.candidates:
            if " udp " in candidate:
                await second.add_remote_candidate(Candidate.from_sdp(candidate))
        await second.add_remote_candidate(None)
        await second.connect()
        await until(lambda: session.peer.address != first)
        assert session.peer.connected
        assert session.peer.previous is None
        await second.close()


async def test_a_handshake_survives_a_line_that_loses_a_third_of_it() -> None:
    publisher = Publisher()
    async with serving("127.0.0.1", "127.0.0.1") as engine, closing(publisher), browser_viewer() as browser:
        await publish(engine, publisher)
        listen = (HOST, free_port())
        async with LossyRelay(listen, (HOST, engine.network.port), handshake=0.34) as relay:
            session, answer = engine.subscribe(LESSON, Principal("v", "v"), await browser.offer(), "teacher")
            own, relayed = f" {engine.network.port} typ", f" {listen[1]} typ"
            await browser.accept(showing(answer, "udp").replace(own, relayed))
            await browser.sees_more(10)
            assert relay.passed.handshake_lost > 0
            assert session.peer.connected


async def test_no_candidate_of_a_browser_is_needed() -> None:
    """Trickle ICE (RFC 8838) with a lite server: it never checks, so whatever trickles later changes nothing."""
    publisher = Publisher()
    async with serving("127.0.0.1", "127.0.0.1") as engine, closing(publisher), browser_viewer() as viewer:
        await publish(engine, publisher)
        offer = await viewer.offer()
        assert "a=candidate" not in offer
        _, answer = engine.subscribe(LESSON, Principal("v", "v"), offer, "teacher")
        await viewer.accept(answer)
        await viewer.sees_more(5)

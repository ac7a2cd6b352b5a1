"""Clients that mean harm: whoever else is in the lesson notices nothing."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import pytest
from aioice import stun

from classroom.clock import SystemClock, VirtualClock
from classroom.model.principal import Principal
from media_server.engine import DECIDE_EVERY_S, MediaEngine
from media_server.paths import MAX_FORGED_CHECKS
from media_server.sessions import SubscriberSession
from tests.fakes.offers.recorded import recorded_offers
from tests.fakes.peers import Publisher, Viewer, closing, until

LESSON = "lesson"
FLOOD = 20_000  # datagrams: what a school's whole uplink carries in a second


@pytest.fixture
async def engine() -> AsyncIterator[MediaEngine]:
    engine = MediaEngine(SystemClock(), "127.0.0.1", 0, ["127.0.0.1"])
    running = asyncio.create_task(engine.run())
    yield engine
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    engine.close()


@pytest.fixture
def stranger() -> Iterator[socket.socket]:
    """Somebody else on the same machine, with an address of its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        yield sock


async def lesson(engine: MediaEngine, publisher: Publisher, viewer: Viewer) -> SubscriberSession:
    _, answer = engine.publish(LESSON, "teacher", "room", await publisher.offer())
    await publisher.accept(answer)
    session, answer = engine.subscribe(LESSON, Principal("viewer", "viewer"), await viewer.offer(), "teacher")
    await viewer.accept(answer)
    assert (await viewer.picture()).width == 640
    return session


def check(session: SubscriberSession, password: str) -> bytes:
    """An ICE check for this session that nominates, signed with `password`."""
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{session.peer.local.ufrag}:{session.peer.remote_ufrag}"
    message.attributes["PRIORITY"] = (1 << 31) - 1
    message.attributes["ICE-CONTROLLING"] = 7
    message.attributes["USE-CANDIDATE"] = None
    if password:
        message.add_message_integrity(password.encode())
    return bytes(message)


async def goes_on(viewer: Viewer, pictures: int = 10) -> None:
    for _ in range(pictures):
        assert (await viewer.picture()).width == 640


async def test_a_flood_from_one_source_is_dropped_and_leaves_nothing(
    engine: MediaEngine, stranger: socket.socket
) -> None:
    publisher, viewer = Publisher(), Viewer()
    async with closing(publisher, viewer):
        session = await lesson(engine, publisher, viewer)
        known = dict(engine._paths.by_address)
        packet = bytes((128, 102)) + bytes(1_150)
        for sent in range(FLOOD):
            with contextlib.suppress(BlockingIOError):
                stranger.sendto(packet, ("127.0.0.1", engine.network.port))
            if sent % 500 == 0:
                await asyncio.sleep(0)
        await goes_on(viewer)
        assert engine.datagrams_ignored > 0
        assert engine._paths.by_address == known, "nobody was given a place for sending garbage"
        assert session.peer.rejected == 0


async def test_forged_packets_from_a_peers_own_address_change_nothing(engine: MediaEngine) -> None:
    publisher, viewer = Publisher(), Viewer()
    async with closing(publisher, viewer):
        session = await lesson(engine, publisher, viewer)
        address = session.peer.address
        assert address is not None
        before, heard_at = session.peer.rejected, session.peer.heard_at
        rtcp, rtp = bytes((0x81, 206, 0, 2)) + bytes(40), bytes((0x80, 102)) + bytes(60)
        dtls = bytes((23, 254, 253)) + bytes(8) + b"\0\x20" + bytes(32)
        alert = bytes((21, 254, 253)) + bytes(8) + b"\0\2\2\0"
        engine.receive([(data, address) for data in (rtcp, rtp, dtls, alert) * 50])
        assert session.peer.rejected == before + 100, "SRTP and SRTCP without a valid tag"
        assert session.peer.heard_at == heard_at, "forged packets are no consent"
        assert not session.peer.closed
        assert session.peer.address == address
        await goes_on(viewer)


async def test_a_stranger_cannot_draw_a_viewers_media_to_itself(engine: MediaEngine, stranger: socket.socket) -> None:
    publisher, viewer = Publisher(), Viewer()
    async with closing(publisher, viewer):
        session = await lesson(engine, publisher, viewer)
        address = session.peer.address
        for password in ("wrong", ""):
            stranger.sendto(check(session, password), ("127.0.0.1", engine.network.port))
        ignored = engine.datagrams_ignored
        await until(lambda: engine.datagrams_ignored >= ignored + 2)
        assert session.peer.address == address
        with pytest.raises(BlockingIOError):
            stranger.recv(2_048)  # not even a refusal: no answer, no amplification
        await goes_on(viewer)


async def test_media_from_an_address_nobody_checked_is_nobodys(engine: MediaEngine) -> None:
    """An address counts after an authentic check from it, not before."""
    publisher, viewer = Publisher(), Viewer()
    async with closing(publisher, viewer):
        session = await lesson(engine, publisher, viewer)
        address, ignored = session.peer.address, engine.datagrams_ignored
        elsewhere = ("127.0.0.9", 9)
        engine.receive([(bytes((0x80, 102)) + bytes(60), elsewhere)] * 10)
        assert engine.datagrams_ignored == ignored + 10
        assert elsewhere not in engine._paths.by_address
        assert session.peer.address == address
        await goes_on(viewer)


async def test_who_signs_checks_badly_is_not_looked_at_for_a_while() -> None:
    clock = VirtualClock()
    engine = MediaEngine(clock, "127.0.0.1", 0, ["127.0.0.1"])
    offer = recorded_offers()["chromium-watch"].decode()
    session, _ = engine.subscribe(LESSON, Principal("viewer", "viewer"), offer, "teacher")
    bad, good = check(session, "wrong"), check(session, session.peer.local.password)
    flooding, elsewhere = ("127.0.0.1", 9), ("127.0.0.1", 10)
    try:
        engine.receive([(bad, flooding)] * MAX_FORGED_CHECKS)
        engine.receive([(good, flooding), (good, elsewhere)])
        assert session.peer.addresses == [elsewhere]
        clock.advance(DECIDE_EVERY_S)
        engine.tick()
        engine.receive([(bad, flooding), (good, flooding)])
        assert session.peer.addresses == [elsewhere, flooding]
    finally:
        engine.close()

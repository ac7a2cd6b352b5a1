"""ICE-TCP connections, against real sockets on loopback."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import uvloop

from classroom.clock import VirtualClock
from classroom.errors import BadSettings
from media_server.transport import tcp
from media_server.transport.tcp import PROOF_WITHIN_S, TcpAddress, TcpPort
from media_server.transport.udp import MAX_DATAGRAM_BYTES
from tests.fakes.peers import until


@dataclass
class Listening:
    """A port and what came of it."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    received: list[tuple[bytes, TcpAddress]] = field(default_factory=list)
    closed: list[TcpAddress] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.port = TcpPort("127.0.0.1", 0, self.received.extend, self.closed.append, self.clock)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        before = len(self.port) + self.port.refused
        streams = await asyncio.open_connection("127.0.0.1", self.port.port)
        await until(lambda: len(self.port) + self.port.refused > before)
        return streams


@pytest.fixture
async def listening() -> AsyncIterator[Listening]:
    listening = Listening()
    await listening.port.open()
    yield listening
    listening.port.close()


def framed(*packets: bytes) -> bytes:
    return b"".join(len(packet).to_bytes(2) + packet for packet in packets)


async def test_frames_are_cut_out_of_the_stream_wherever_it_is_split(listening: Listening) -> None:
    _, writer = await listening.connect()
    for byte in framed(b"first", b"", b"x" * MAX_DATAGRAM_BYTES)[:-1]:
        writer.write(bytes((byte,)))
    writer.write(b"x" + framed(b"third", b"fourth"))
    await until(lambda: len(listening.received) == 4)
    assert [data for data, _ in listening.received] == [b"first", b"x" * MAX_DATAGRAM_BYTES, b"third", b"fourth"]
    writer.close()
    await until(lambda: listening.closed == [listening.received[0][1]])


async def test_packets_are_sent_in_frames(listening: Listening) -> None:
    reader, writer = await listening.connect()
    writer.write(framed(b"hello"))
    await until(lambda: bool(listening.received))
    address = listening.received[0][1]
    listening.port.send(address, [b"one", b"three"])
    assert await reader.readexactly(12) == framed(b"one", b"three")
    assert (listening.port.sent, listening.port.sent_bytes) == (2, 12)
    listening.port.release(address)
    assert await reader.read() == b""
    listening.port.send(address, [b"late"])
    await until(lambda: listening.closed == [address])
    listening.port.send(address, [b"later"])
    assert listening.port.dropped["unreachable"] >= 1
    writer.close()


async def test_a_connection_that_does_not_prove_itself_is_ended(listening: Listening) -> None:
    reader, writer = await listening.connect()
    proven, other = await listening.connect()
    other.write(framed(b"check"))
    await until(lambda: bool(listening.received))
    listening.port.prove(listening.received[0][1])
    listening.clock.advance(PROOF_WITHIN_S)
    listening.port.tick(listening.clock.monotonic())
    assert await reader.read() == b""
    assert (len(listening.port), listening.port.refused) == (1, 1)
    writer.close()
    other.close()
    assert await proven.read() == b""


async def test_a_frame_longer_than_a_packet_ends_the_connection(listening: Listening) -> None:
    reader, writer = await listening.connect()
    writer.write((MAX_DATAGRAM_BYTES + 1).to_bytes(2))
    assert await reader.read() == b""
    assert (listening.received, listening.port.refused) == ([], 1)
    writer.close()


@pytest.mark.parametrize("bound", ["MAX_CONNECTIONS", "MAX_UNPROVEN_PER_HOST"])
async def test_connections_beyond_a_limit_are_refused(
    listening: Listening, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setattr(tcp, bound, 3)
    streams = [await listening.connect() for _ in range(4)]
    assert (len(listening.port), listening.port.refused) == (3, 1)
    assert await streams[3][0].read() == b""
    for _, writer in streams:
        writer.close()


async def test_a_reader_that_is_too_slow_loses_packets(listening: Listening) -> None:
    reader, writer = await listening.connect()
    writer.write(framed(b"hello"))
    await until(lambda: bool(listening.received))
    address = listening.received[0][1]
    packet = bytes(1_000)
    for _ in range(100):
        listening.port.send(address, [packet] * 200)
    sent, dropped = listening.port.sent, listening.port.dropped["queue_full"]
    assert dropped > 0
    assert sent + dropped == 20_000
    # what was taken arrives, whole; a burst may go beyond the mark, by itself alone
    assert (await reader.readexactly(sent * 1_002))[:2] == (1_000).to_bytes(2)
    listening.port.send(address, [b"again"])
    assert (await reader.readexactly(7))[2:] == b"again"
    writer.close()


def test_the_servers_own_loop_serves_connections() -> None:
    """`qianshou serve` runs under uvloop, whose transports are of another kind than asyncio's."""

    async def scenario() -> None:
        listening = Listening()
        await listening.port.open()
        reader, writer = await listening.connect()
        writer.write(framed(b"hello"))
        await until(lambda: bool(listening.received))
        address = listening.received[0][1]
        listening.port.prove(address)
        listening.port.send(address, [b"one", b"two"])
        assert await reader.readexactly(10) == framed(b"one", b"two")
        listening.port.release(address)
        assert await reader.read() == b""
        await until(lambda: listening.closed == [address])
        stranger, other = await listening.connect()
        listening.clock.advance(PROOF_WITHIN_S)
        listening.port.tick(listening.clock.monotonic())
        assert await stranger.read() == b""
        writer.close()
        other.close()
        listening.port.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(scenario())


def test_a_port_in_use_is_named() -> None:
    first = Listening()
    with pytest.raises(BadSettings) as caught:
        TcpPort("127.0.0.1", first.port.port, lambda burst: None, lambda address: None, first.clock)
    assert caught.value.code == "media_port_in_use"
    first.port.close()

"""The adapter of aiortc's SCTP against an aiortc of its own at the far end, without a network between them."""

import asyncio
import os
from typing import cast

import pytest
from aiortc import RTCDataChannel, RTCDataChannelParameters, RTCDtlsTransport, RTCSctpCapabilities, RTCSctpTransport
from aiortc.rtcsctptransport import Chunk, DataChunk, parse_packet, serialize_packet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media_server.sfu.data_section import MAX_MESSAGE_BYTES, SCTP_PORT
from media_server.transport.datachannels import BURST_BYTES, BYTES_PER_S, MAX_CHANNELS, MAX_WAITING_BYTES, DataChannels


class Far:
    """The other end: aiortc over a wire that may be cut."""

    state = "connected"
    _role = "client"

    def __init__(self) -> None:
        self.now = 100.0
        self.cut = False
        self.heard: list[tuple[str, str]] = []
        self.received: list[str] = []
        self.from_near: list[bytes] = []
        self.to_near: list[bytes] = []
        self.near = DataChannels("server", SCTP_PORT, send=self.from_near.append, on_message=self._heard, now=self.now)
        self.sctp = RTCSctpTransport(cast(RTCDtlsTransport, self), SCTP_PORT)

    def _heard(self, label: str, text: str) -> None:
        self.heard.append((label, text))

    def _register_data_receiver(self, receiver: object) -> None: ...

    def _unregister_data_receiver(self, receiver: object) -> None: ...

    async def _send_data(self, data: bytes) -> None:
        self.to_near.append(data)

    async def exchange(self) -> None:
        """Carry packets until neither end has any; tasks of aiortc get their turns in between."""
        quiet = 0
        while quiet < 5:
            await asyncio.sleep(0)
            quiet = 0 if self.from_near or self.to_near else quiet + 1
            packets, self.from_near[:] = list(self.from_near), []
            for packet in packets:
                if not self.cut:
                    await self.sctp._handle_data(packet)
            packets, self.to_near[:] = list(self.to_near), []
            for packet in packets:
                self.near.receive(packet, self.now)

    async def connect(self) -> None:
        self.near.start()
        await self.sctp.start(RTCSctpCapabilities(maxMessageSize=65_536), SCTP_PORT)
        await self.exchange()

    async def open(self, label: str = "room") -> RTCDataChannel:
        channel = RTCDataChannel(self.sctp, RTCDataChannelParameters(label=label))
        channel.on("message", self.received.append)
        await self.exchange()
        return channel

    async def close(self) -> None:
        self.near.close()
        await self.sctp.stop()


async def test_texts_go_both_ways_on_the_channel_of_their_label() -> None:
    far = Far()
    await far.connect()
    room, other = await far.open("room"), await far.open("other")
    room.send("你好")
    other.send("hello")
    room.send("")
    await far.exchange()
    assert far.heard == [("room", "你好"), ("other", "hello"), ("room", "")]
    far.near.post("room", "大家好")
    far.near.post("unknown", "nobody hears")
    await far.exchange()
    assert far.received == ["大家好"]
    await far.close()
    far.near.post("room", "late")
    far.near.receive(b"late", far.now)


async def test_messages_too_long_or_not_text_are_dropped() -> None:
    far = Far()
    await far.connect()
    channel = await far.open()
    channel.send("x" * (MAX_MESSAGE_BYTES + 1))
    channel.send(b"bytes")
    channel.send("x" * MAX_MESSAGE_BYTES)
    await far.exchange()
    assert [len(text) for _, text in far.heard] == [MAX_MESSAGE_BYTES]
    assert far.near.dropped == 2
    await far.close()


async def test_channels_beyond_the_limit_are_closed() -> None:
    far = Far()
    await far.connect()
    channels = [await far.open(str(number)) for number in range(MAX_CHANNELS + 1)]
    assert [channel.readyState for channel in channels] == ["open"] * MAX_CHANNELS + ["closed"]
    channels[0].close()
    await far.exchange()
    assert (await far.open("again")).readyState == "open"
    await far.close()


async def test_a_peer_that_sends_more_than_its_share_loses_packets() -> None:
    far = Far()
    await far.connect()
    for _ in range(BURST_BYTES // 1_000 + 1):
        far.near.receive(bytes(1_000), far.now)
    assert far.near.dropped > 0
    dropped = far.near.dropped
    far.now += 1_000 / BYTES_PER_S
    far.near.receive(bytes(1_000), far.now)
    assert far.near.dropped == dropped
    await far.close()


async def test_a_peer_that_does_not_acknowledge_is_not_waited_for() -> None:
    far = Far()
    await far.connect()
    await far.open()
    far.cut = True
    for _ in range(2 * MAX_WAITING_BYTES // 1_000):
        far.near.post("room", "x" * 1_000)
    assert 0 < far.near.dropped < 2 * MAX_WAITING_BYTES // 1_000
    await far.close()


async def test_a_peer_that_leaves_holes_loses_its_association() -> None:
    far = Far()
    await far.connect()
    channel = await far.open()
    channel.send("last")
    await asyncio.sleep(0)
    _, _, tag, chunks = parse_packet(far.to_near[-1])
    [first] = [chunk for chunk in chunks if isinstance(chunk, DataChunk)]
    for number in range(2, 2 + 2 * MAX_WAITING_BYTES // 1_000):
        hole = DataChunk(flags=first.flags)
        hole.tsn, hole.stream_id, hole.stream_seq = first.tsn + 2 * number, first.stream_id, number
        hole.protocol, hole.user_data = first.protocol, bytes(1_000)
        far.now += 1.0
        far.near.receive(serialize_packet(SCTP_PORT, SCTP_PORT, tag, hole), far.now)
        if far.near.closed:
            break
    assert far.near.closed
    assert (number - 1) * 1_000 <= MAX_WAITING_BYTES + 1_000
    await far.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255), st.binary(max_size=80)), max_size=8))
def test_packets_made_up_never_raise(made_up: list[tuple[int, int, bytes]]) -> None:
    async def attempt() -> None:
        far = Far()
        await far.connect()
        channel = await far.open()
        channel.send("hello")
        await asyncio.sleep(0)
        tag = parse_packet(far.to_near[-1])[2]
        for kind, flags, body in made_up:
            chunk = bytes((kind, flags)) + (len(body) + 4).to_bytes(2) + body + bytes(-len(body) % 4)
            far.near.receive(packet(tag, chunk), far.now)
        far.near.receive(os.urandom(40), far.now)
        await far.close()

    asyncio.run(attempt())


def packet(tag: int, raw: bytes) -> bytes:
    class Raw(Chunk):
        def __bytes__(self) -> bytes:
            return raw

    return serialize_packet(SCTP_PORT, SCTP_PORT, tag, Raw())

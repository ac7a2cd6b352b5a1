"""The byte stream of an ICE-TCP connection, cut wherever the network likes.

Each piece of an input is what one read returns.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

from classroom.clock import VirtualClock
from media_server.transport.tcp import TcpAddress, TcpPort, _Connection
from media_server.transport.udp import MAX_DATAGRAM_BYTES
from tests.fuzz.target import join, split

MAX_BYTES = 3_000


class Wire(asyncio.Transport):
    """A connection's other end."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 5_000)})
        self.closed = False

    def abort(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, data: Any) -> None:
        raise AssertionError("nothing is said to somebody unproven")


FRAMES: list[bytes] = []


def received(frames: Sequence[tuple[bytes, TcpAddress]]) -> None:
    FRAMES.extend(frame for frame, _ in frames)


PORT = TcpPort("127.0.0.1", 0, received, lambda address: None, VirtualClock())


def run(data: bytes) -> None:
    chunks = split(data)
    whole = b"".join(chunks)
    assert feed(chunks) == feed([whole]), "where the stream is cut makes no difference"


def feed(chunks: list[bytes]) -> list[bytes]:
    FRAMES.clear()
    connection, wire = _Connection(PORT), Wire()
    connection.connection_made(wire)
    for chunk in chunks:
        connection.data_received(chunk)
        assert wire.closed or len(connection._buffer) < MAX_DATAGRAM_BYTES + 2, "never more than one frame waits"
    connection.connection_lost(None)
    assert not len(PORT)
    return [] if wire.closed else list(FRAMES)


def seeds() -> Iterator[bytes]:
    stream = b"".join(len(frame).to_bytes(2) + frame for frame in (b"first", b"", b"second", bytes(300)))
    yield join([stream])
    yield join([stream[start : start + 7] for start in range(0, len(stream), 7)])
    yield join([b"\xff\xff", b"too long"])
    yield join([(2_049).to_bytes(2)])

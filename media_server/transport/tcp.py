"""ICE-TCP for networks that block UDP: we listen (RFC 6544 passive), each packet goes in an RFC 4571 frame."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

from classroom.clock import Clock
from classroom.logs import get_logger
from media_server.transport.udp import MAX_DATAGRAM_BYTES, bind

MAX_CONNECTIONS = 4_000  # twice the sessions: one may be replaced by the next while both are up
MAX_UNPROVEN_PER_HOST = 64  # a whole school may stand behind one address, but not at the same instant
PROOF_WITHIN_S = 10.0  # a connection without a valid check by then belongs to nobody
WRITE_BUFFER_BYTES = 256 * 1024  # half a second of 4 Mbps; what waits longer is too late for live sound
_FRAME_HEAD_BYTES = 2  # RFC 4571 § 2

log = get_logger(__name__)


class TcpAddress(NamedTuple):
    """The other end of a connection. A type of its own, so that it never equals a UDP address."""

    host: str
    port: int
    transport: str = "tcp"


Receive = Callable[[Sequence[tuple[bytes, TcpAddress]]], object]


class TcpPort:
    """Connections to one listening socket, each a peer's path or soon gone.

    `sent`, `sent_bytes` and `dropped` (by reason) only grow. A slow reader loses packets, as on a full UDP socket;
    nothing waits beyond `WRITE_BUFFER_BYTES`.
    """

    def __init__(
        self, host: str, port: int, receive: Receive, on_closed: Callable[[TcpAddress], None], clock: Clock
    ) -> None:
        """Raises as `UdpPort`."""
        self.sent = 0
        self.sent_bytes = 0
        self.dropped = {"queue_full": 0, "unreachable": 0}
        self.refused = 0  # connections: over a limit, malformed, or never proven
        self._receive = receive
        self._on_closed = on_closed
        self._clock = clock
        self._socket = bind(host, port, socket.SOCK_STREAM)
        self._server: asyncio.Server | None = None
        self._connections: dict[TcpAddress, _Connection] = {}
        self._unproven: dict[TcpAddress, float] = {}

    def __len__(self) -> int:
        return len(self._connections)

    def __contains__(self, address: TcpAddress) -> bool:
        return address in self._connections

    @property
    def port(self) -> int:
        number: int = self._socket.getsockname()[1]
        return number

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), sock=self._socket)

    def close(self) -> None:
        for connection in list(self._connections.values()):
            connection.transport.close()  # after what is still to be written: the DTLS goodbye
        if self._server is not None:
            self._server.close()
        self._socket.close()

    def send(self, address: TcpAddress, packets: Sequence[bytes]) -> None:
        connection = self._connections.get(address)
        if connection is None:
            self.dropped["unreachable"] += len(packets)
        elif connection.transport.get_write_buffer_size() > WRITE_BUFFER_BYTES:
            self.dropped["queue_full"] += len(packets)
        else:
            frames = b"".join([part for packet in packets for part in (len(packet).to_bytes(2), packet)])
            connection.transport.write(frames)
            self.sent += len(packets)
            self.sent_bytes += len(frames)

    def prove(self, address: TcpAddress) -> None:
        """A valid check came this way: the connection may stay."""
        self._unproven.pop(address, None)

    def release(self, address: TcpAddress) -> None:
        """Nobody needs this connection any more; what was sent is still delivered."""
        connection = self._connections.get(address)
        if connection is not None:
            connection.transport.close()

    def tick(self, now: float) -> None:
        """Let those go who never proved themselves."""
        while self._unproven:
            address, since = next(iter(self._unproven.items()))  # the oldest: dictionaries keep order
            if now - since < PROOF_WITHIN_S:
                return
            self.refused += 1
            del self._unproven[address]
            self._connections[address].transport.abort()

    # -- for connections ---------------------------------------------------------------------------------------------

    def admit(self, address: TcpAddress, connection: "_Connection") -> bool:
        unproven = sum(each.host == address.host for each in self._unproven)
        if len(self._connections) >= MAX_CONNECTIONS or unproven >= MAX_UNPROVEN_PER_HOST:
            self.refused += 1
            return False
        self._connections[address] = connection
        self._unproven[address] = self._clock.monotonic()
        return True

    def hear(self, address: TcpAddress, frames: list[bytes]) -> None:
        self._receive([(frame, address) for frame in frames])

    def refuse(self, address: TcpAddress, reason: str) -> None:
        self.refused += 1
        log.debug("TCP connection refused", reason=reason)
        self._connections[address].transport.abort()

    def forget(self, address: TcpAddress) -> None:
        if self._connections.pop(address, None) is not None:
            self._unproven.pop(address, None)
            self._on_closed(address)


class _Connection(asyncio.Protocol):
    """Cuts the byte stream into frames."""

    transport: asyncio.Transport

    def __init__(self, port: TcpPort) -> None:
        self._port = port
        self._address: TcpAddress | None = None
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast: uvloop's transports do as asyncio's do without being derived from them.
        self.transport = cast(asyncio.Transport, transport)
        name = transport.get_extra_info("peername")
        # None: already gone again
        address = TcpAddress(name[0], name[1]) if name else None
        if address is None or not self._port.admit(address, self):
            self.transport.abort()
            return
        self._address = address

    def data_received(self, data: bytes) -> None:
        if self._address is None or self.transport.is_closing():
            return
        buffer = self._buffer
        buffer += data
        frames: list[bytes] = []
        position = 0
        while len(buffer) - position >= _FRAME_HEAD_BYTES:
            size = int.from_bytes(buffer[position : position + _FRAME_HEAD_BYTES])
            if size > MAX_DATAGRAM_BYTES:
                self._port.refuse(self._address, "a frame longer than any packet of ours")
                return
            end = position + _FRAME_HEAD_BYTES + size
            if end > len(buffer):
                break
            if size:  # RFC 4571 § 2 allows empty frames; they carry nothing
                frames.append(bytes(buffer[position + _FRAME_HEAD_BYTES : end]))
            position = end
        del buffer[:position]
        if frames:
            self._port.hear(self._address, frames)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._address is not None:
            self._port.forget(self._address)

"""A UDP relay that loses packets: stands between a browser and the media server, as a bad line would.

It listens where the browser was told to send and passes everything on to the server from a socket of its own per
client, so that the server sees as many addresses as there are clients. RTP is lost (RFC 7983: first byte 128 – 191)
as `up` and `down` say; DTLS (20 – 63) only as `handshake` says, so that a test is about the one or the other and not
about luck. Loss is drawn from a seeded generator: the same run loses the same packets.
"""

import asyncio
import random
from dataclasses import dataclass
from typing import Final, Self

Address = tuple[str, int]
QUEUE_S: Final = 0.3  # what a cheap router holds
_MEDIA_FIRST_BYTES: Final = range(128, 192)
_DTLS_FIRST_BYTES: Final = range(20, 64)
_RTCP_TYPES: Final = range(192, 224)  # RFC 5761 § 4


@dataclass(slots=True)
class Passed:
    """Counted since the relay began."""

    down: int = 0
    down_lost: int = 0
    up: int = 0
    up_lost: int = 0
    handshake: int = 0
    handshake_lost: int = 0


class _Upstream(asyncio.DatagramProtocol):
    """One client's socket towards the server."""

    def __init__(self, relay: "LossyRelay", client: Address) -> None:
        self._relay = relay
        self._client = client
        self.transport: asyncio.DatagramTransport | None = None

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._relay.to_client(data, self._client)

    def error_received(self, exc: Exception) -> None:
        """The server is away (ICMP port unreachable): to the client that is silence."""


class LossyRelay(asyncio.DatagramProtocol):
    """`async with LossyRelay(listen, server, down=0.05) as relay`: `down` and `up` are shares of media packets lost.

    `down` is server to client. Both may be changed while it runs, and so may `handshake`, the share of DTLS lost, and
    `down_bps`, which makes that direction thin: packets queue for at most `QUEUE_S`, what comes then is lost.
    """

    def __init__(
        self,
        listen: Address,
        server: Address,
        *,
        down: float = 0.0,
        up: float = 0.0,
        handshake: float = 0.0,
        seed: int = 1,
    ) -> None:
        self.listen = listen
        self.server = server
        self.down = down
        self.up = up
        self.handshake = handshake
        self.down_bps = float("inf")
        self.passed = Passed()
        self._free_at: dict[Address, float] = {}
        self._random = random.Random(seed)
        self._clients: dict[Address, _Upstream] = {}
        self._waiting: dict[Address, list[bytes]] = {}
        self._opening: set[asyncio.Task[None]] = set()
        self._transport: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=self.listen)
        return self

    async def __aexit__(self, *args: object) -> None:
        for task in self._opening:
            task.cancel()
        for upstream in self._clients.values():
            if upstream.transport is not None:
                upstream.transport.close()
        if self._transport is not None:
            self._transport.close()
        # a transport lets go of its socket in the next turn of the loop
        await asyncio.sleep(0)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if self._loses_handshake(data):
            return
        if self._is_media(data):
            self.passed.up += 1
            if self._random.random() < self.up:
                self.passed.up_lost += 1
                return
        upstream = self._clients.get(addr)
        if upstream is not None and upstream.transport is not None:
            upstream.transport.sendto(data)
        elif addr in self._waiting:
            self._waiting[addr].append(data)
        else:
            self._waiting[addr] = [data]
            task = asyncio.create_task(self._open(addr))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self, client: Address) -> None:
        loop = asyncio.get_running_loop()
        upstream = self._clients[client] = _Upstream(self, client)
        upstream.transport, _ = await loop.create_datagram_endpoint(lambda: upstream, remote_addr=self.server)
        for data in self._waiting.pop(client):
            upstream.transport.sendto(data)

    def to_client(self, data: bytes, client: Address) -> None:
        if self._loses_handshake(data):
            return
        if self._is_media(data):
            self.passed.down += 1
            if self._random.random() < self.down:
                self.passed.down_lost += 1
                return
        loop = asyncio.get_running_loop()
        begins = max(self._free_at.get(client, 0.0), loop.time())
        if begins - loop.time() > QUEUE_S:
            self.passed.down_lost += 1
            return
        self._free_at[client] = begins + 8 * len(data) / self.down_bps
        if begins <= loop.time():
            self._send_down(data, client)
        else:
            loop.call_at(begins, self._send_down, data, client)

    def _send_down(self, data: bytes, client: Address) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, client)

    def _loses_handshake(self, data: bytes) -> bool:
        if not data or data[0] not in _DTLS_FIRST_BYTES:
            return False
        self.passed.handshake += 1
        lost = self._random.random() < self.handshake
        self.passed.handshake_lost += lost
        return lost

    @staticmethod
    def _is_media(data: bytes) -> bool:
        return len(data) > 1 and data[0] in _MEDIA_FIRST_BYTES and data[1] not in _RTCP_TYPES

"""A UDP socket: read until it is empty, written in batches, never blocking."""

import asyncio
import errno
import socket
import struct
from collections import deque
from collections.abc import Callable, Sequence

from classroom.errors import BadSettings
from classroom.logs import get_logger
from media_server.sfu.downlink import Run
from media_server.sfu.history import MediaPacket
from media_server.transport.native import (
    NOBODY,
    Later,
    NativeBurst,
    NativeStream,
    NativeTargets,
    Outcome,
    Reached,
    UdpAddress,
    open_library,
)

Datagram = tuple[bytes, UdpAddress]

# In the middle of a picture the next look comes this much later: its packets then cost two wake-ups and not eight.
REST_S = 0.001
# The same while bursts come more often than that: a flood, or many publishers.
BUSY_BURSTS, BUSY_S = 4, 0.02
BURST_DATAGRAMS = 512  # most read in one turn of the loop, so that timers and HTTP get theirs
MAX_DATAGRAM_BYTES = 2_048
SEND_BUFFER_BYTES = 4 * 1024 * 1024  # a GOP burst to a class of viewers fits
RECEIVE_BUFFER_BYTES = 16 * 1024 * 1024  # half a second without a processor, under a flood of 100 Mbit/s, loses nothing
QUEUE_PACKETS = 256  # waiting for one address while the socket is full: half a second of 720p
_BACKLOG = 1_024  # connections that wait to be accepted
_UDP_SEGMENT = 103  # linux/udp.h
_GSO_SEGMENTS = 60  # the kernel takes 64
_GSO_BYTES = 62_000

log = get_logger(__name__)


class UdpPort:
    """Datagrams in and out of one port.

    `sent`, `sent_bytes` and `dropped` (by reason) only grow. Where the kernel or the route refuses UDP_SEGMENT the
    port notices and goes on without it. What is gathered leaves through the native loop.
    """

    def __init__(self, host: str, port: int, receive: Callable[[list[Datagram]], bool | None]) -> None:
        """`receive` takes a burst and says whether more is expected right behind it.

        Raises `BadSettings("media_port_in_use")` or `BadSettings("media_address_unusable")`.
        """
        self._receive = receive
        self._socket = bind(host, port, socket.SOCK_DGRAM)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queues: dict[UdpAddress, deque[bytes]] = {}
        self._resting = False  # read by the clock
        self._bursts = 0  # since when:
        self._bursts_since = 0.0
        self._segmentation = True
        library = open_library()
        self._burst = NativeBurst(library) if library is not None else None
        self.sent = 0
        self.sent_bytes = 0
        self.dropped = {"queue_full": 0, "unreachable": 0}

    @property
    def port(self) -> int:
        number: int = self._socket.getsockname()[1]
        return number

    @property
    def ipv6(self) -> bool:
        return self._socket.family == socket.AF_INET6

    def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._read)

    def close(self) -> None:
        if self._loop is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._loop.remove_writer(self._socket.fileno())
            self._loop = None
        self._queues.clear()
        self._socket.close()

    def send(self, address: UdpAddress, packets: Sequence[bytes]) -> None:
        """Send packets in order. They wait in a bounded queue while the socket is full; beyond it they are dropped."""
        if address in self._queues:
            self._enqueue(address, packets)
            return
        done = self._send_some(address, packets)
        if done < len(packets):
            self._enqueue(address, packets[done:])

    def gather(self, stream: NativeStream, address: UdpAddress, run: Run, later: Later) -> bool:
        """Let this leave with the next `flush`, in native code; False when that cannot be."""
        burst = self._burst
        if burst is None or address in self._queues:
            return False
        return burst.add(stream, address, run, later)

    def flush(self, stamp: int) -> None:
        """Send what was gathered; `stamp` is the time of sending, see `abs_send_time`."""
        burst = self._burst
        if burst is None or burst.empty:
            return
        self._account(burst.send(self._socket.fileno(), stamp, segmentation=self._segmentation))

    def send_to_all(self, targets: NativeTargets, packets: Sequence[MediaPacket], stamp: int) -> Reached:
        """Send the same packets to many, in native code; returns how far that went: to `NOBODY`, when it cannot be."""
        self.flush(stamp)  # what was gathered before shall leave before
        burst = self._burst
        if burst is None or self._queues:
            return NOBODY
        fd, segmentation = self._socket.fileno(), self._segmentation
        done = burst.send_to_all(fd, targets, packets, stamp, segmentation=segmentation)
        if done is None:
            return NOBODY
        outcome, reached = done
        self._account(outcome)
        return reached

    def _account(self, outcome: Outcome) -> None:
        self.sent += outcome.sent
        self.sent_bytes += outcome.sent_bytes
        self.dropped["unreachable"] += outcome.unreachable
        if self._segmentation and not outcome.segmentation:
            self._segmentation_refused()

    def _segmentation_refused(self) -> None:
        log.info("UDP segmentation offload is refused, sending one by one")
        self._segmentation = False

    def _send_some(self, address: UdpAddress, packets: Sequence[bytes]) -> int:
        """Send until the socket is full; returns how many packets are dealt with."""
        position = 0
        while position < len(packets):
            count = _batch(packets, position) if self._segmentation else 1
            try:
                if count == 1:
                    size = self._socket.sendto(packets[position], address)
                else:
                    segment = struct.pack("=H", len(packets[position]))
                    control = [(socket.SOL_UDP, _UDP_SEGMENT, segment)]
                    size = self._socket.sendmsg(packets[position : position + count], control, 0, address)
            except BlockingIOError:
                return position
            except OSError as error:
                if count > 1 and error.errno in (errno.EIO, errno.EINVAL, errno.EOPNOTSUPP, errno.EMSGSIZE):
                    self._segmentation_refused()
                    continue
                self.dropped["unreachable"] += count
                position += count
                continue
            self.sent += count
            self.sent_bytes += size
            position += count
        return position

    def _enqueue(self, address: UdpAddress, packets: Sequence[bytes]) -> None:
        if not self._queues and self._loop is not None:
            self._loop.add_writer(self._socket.fileno(), self._write)
        queue = self._queues.setdefault(address, deque())
        room = QUEUE_PACKETS - len(queue)
        queue.extend(packets[: max(room, 0)])
        self.dropped["queue_full"] += max(len(packets) - room, 0)

    def _write(self) -> None:
        for address in list(self._queues):
            queue = self._queues[address]
            waiting = list(queue)
            done = self._send_some(address, waiting)
            if done < len(waiting):
                for _ in range(done):
                    queue.popleft()
                return
            del self._queues[address]
        if self._loop is not None:
            self._loop.remove_writer(self._socket.fileno())

    def _read(self) -> None:
        """Read what is there; look again by the clock, while more is expected soon, else when the socket is ready."""
        loop = self._loop
        if loop is None:
            return
        burst: list[Datagram] = []
        receive = self._socket.recvfrom
        try:
            while len(burst) < BURST_DATAGRAMS:
                burst.append(receive(MAX_DATAGRAM_BYTES))
        except BlockingIOError:
            pass
        except OSError as error:  # an ICMP error of an earlier send
            log.debug("UDP receive", errno=error.errno)
        rests = bool(burst) and self._busy(loop.time())
        try:
            rests |= bool(burst and self._receive(burst))
        finally:  # whatever happens to a burst, the next one is read
            self._look_again(rests=rests)

    def _busy(self, now: float) -> bool:
        if now - self._bursts_since >= BUSY_S:
            self._bursts_since, self._bursts = now, 0
        self._bursts += 1
        return self._bursts > BUSY_BURSTS

    def _look_again(self, *, rests: bool) -> None:
        loop = self._loop
        if loop is None:
            return
        if rests:
            loop.call_later(REST_S, self._read)
        if rests != self._resting:
            self._resting = rests
            if rests:
                loop.remove_reader(self._socket.fileno())
            else:
                loop.add_reader(self._socket.fileno(), self._read)


def _batch(packets: Sequence[bytes], start: int) -> int:
    """How many packets from `start` fit one segmented send: equal sizes, only the last may be shorter."""
    size = len(packets[start])
    end = min(len(packets), start + _GSO_SEGMENTS, start + _GSO_BYTES // size)
    for position in range(start + 1, end):
        following = len(packets[position])
        if following != size:
            return position - start + (following < size)
    return end - start


def bind(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
    """A socket of the host's family on the port. Raises `BadSettings`, see `UdpPort`."""
    try:
        [family, _, _, _, address] = socket.getaddrinfo(host, port, type=kind, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise BadSettings("media_address_unusable", host=host, port=port, reason=error.strerror or "") from error
    sock = _socket(family, kind, host, port)
    try:
        sock.bind(address)
        if kind == socket.SOCK_STREAM:
            sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise BadSettings("media_port_in_use", port=port) from error
        raise BadSettings("media_address_unusable", host=host, port=port, reason=error.strerror or "") from error
    return sock


def _socket(family: int, kind: socket.SocketKind, host: str, port: int) -> socket.socket:
    try:
        sock = socket.socket(family, kind)
    except OSError as error:  # a kernel without IPv6
        raise BadSettings("media_address_unusable", host=host, port=port, reason=error.strerror or "") from error
    sock.setblocking(False)
    if family == socket.AF_INET6:
        # IPv4 has a socket of its own, whose addresses need no mapping and are cheaper to parse.
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if kind == socket.SOCK_STREAM:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return sock
    for option, forced, size in (
        (socket.SO_RCVBUF, 33, RECEIVE_BUFFER_BYTES),
        (socket.SO_SNDBUF, 32, SEND_BUFFER_BYTES),
    ):
        try:
            sock.setsockopt(socket.SOL_SOCKET, forced, size)  # SO_…BUFFORCE, needs CAP_NET_ADMIN
        except OSError:
            sock.setsockopt(socket.SOL_SOCKET, option, size)
    return sock

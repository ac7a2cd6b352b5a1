"""ICE, DTLS and SRTP of one publication over UDP: connects once, then sends datagrams and reports RTCP."""

import asyncio
import socket
from collections.abc import Callable
from enum import Enum

from classroom.clock import Clock
from classroom.errors import ClassroomError
from classroom.logs import get_logger
from classroom.rtp.packet import MalformedPacket
from classroom.rtp.rtcp import RtcpPacket, pack_compound, parse_compound
from classroom.tasks import Tasks
from classroom.webrtc.dtls import DtlsCertificate, DtlsEndpoint, DtlsFailed, DtlsState
from classroom.webrtc.srtp import SrtpReceiver, SrtpSender, srtp_receiver, srtp_sender
from room_agent.uplink.ice import Address, IceAgent, IceFailed, looks_like_stun
from room_agent.uplink.offer import Answer

_HANDSHAKE_S = 10.0
_RECEIVE_BYTES = 2048
_SEND_BUFFER_BYTES = 1 << 20  # a keyframe in every encoding at once

log = get_logger(__name__)


class LinkLost(ClassroomError):
    """The link could not be made, or is gone: `link_lost` with the reason."""

    status = 503

    def __init__(self, reason: str) -> None:
        super().__init__("link_lost", reason=reason)


class LinkState(Enum):
    CHECKING = "checking"
    SECURING = "securing"
    OPEN = "open"
    CLOSED = "closed"


class Link:
    """`on_rtcp` gets what the server says about our streams, `on_lost` why the link ended (once, after `connect`)."""

    def __init__(
        self,
        certificate: DtlsCertificate,
        clock: Clock,
        tasks: Tasks,
        on_rtcp: Callable[[list[RtcpPacket]], None],
        on_lost: Callable[[LinkLost], None],
    ) -> None:
        self.ice = IceAgent()
        self.state = LinkState.CHECKING
        self.srtp: SrtpSender | None = None
        self.unsent = 0  # datagrams the system did not take: its buffer was full, or there was no route
        self._certificate = certificate
        self._clock = clock
        self._tasks = tasks
        self._on_rtcp = on_rtcp
        self._on_lost = on_lost
        self._sockets: dict[socket.AddressFamily, socket.socket] = {}
        self._socket: socket.socket | None = None  # connected to the address ICE selected
        self._dtls: DtlsEndpoint | None = None
        self._fingerprints: tuple[tuple[str, str], ...] = ()
        self._client = True
        self._receiver: SrtpReceiver | None = None
        self._wake = asyncio.Event()
        self._opened: asyncio.Future[None] | None = None
        self._driver: asyncio.Task[None] | None = None

    async def connect(self, answer: Answer) -> None:
        """Raises `LinkLost`."""
        now_s = self._clock.monotonic()
        candidates: list[tuple[Address, int]] = []
        for candidate in answer.candidates:
            family = socket.AF_INET6 if ":" in candidate.address else socket.AF_INET
            if self._socket_for(family) is not None:
                candidates.append(((candidate.address, candidate.port), candidate.priority))
        self._fingerprints = answer.fingerprints
        self._client = answer.we_are_client
        self._opened = asyncio.get_running_loop().create_future()
        self.ice.begin(answer.ufrag, answer.password, candidates, now_s)
        self._driver = self._tasks.spawn(self._drive(), "link")
        try:
            async with asyncio.timeout(2 * _HANDSHAKE_S):
                await self._opened
        except TimeoutError as error:
            raise LinkLost("the handshake took too long") from error

    def send(self, datagram: bytes) -> None:
        """Never blocks; what the system does not take is lost, as anything on a network may be."""
        if self._socket is not None:
            self._send_on(self._socket, datagram, None)

    def send_rtcp(self, packets: list[RtcpPacket]) -> None:
        if self.srtp is not None:
            self.send(self.srtp.rtcp(pack_compound(packets)))

    def verify(self) -> None:
        """Ask the server at once whether it still knows us (it may have been restarted)."""
        self.ice.verify(self._clock.monotonic())
        self._wake.set()

    def close(self) -> None:
        """Say goodbye and let everything go; `on_lost` is not called."""
        if self.state is LinkState.CLOSED:
            return
        self.state = LinkState.CLOSED
        if self._dtls is not None:
            for datagram in self._dtls.close():
                self.send(datagram)
        if self._driver is not None and self._driver is not asyncio.current_task():
            self._driver.cancel()
        if self._opened is not None and not self._opened.done():
            self._opened.cancel()
        loop = asyncio.get_running_loop()
        for each in self._sockets.values():
            loop.remove_reader(each)
            each.close()
        self._sockets.clear()
        self._socket = None

    # -- inside ------------------------------------------------------------------------------------------------------

    def _socket_for(self, family: socket.AddressFamily) -> socket.socket | None:
        if family not in self._sockets:
            try:
                opened = socket.socket(family, socket.SOCK_DGRAM)
                opened.setblocking(False)
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
                opened.bind(("", 0))
            except OSError:  # no IPv6 here
                return None
            self._sockets[family] = opened
            asyncio.get_running_loop().add_reader(opened, self._readable, opened)
        return self._sockets[family]

    async def _drive(self) -> None:
        """Timers of ICE and DTLS."""
        try:
            while self.state is not LinkState.CLOSED:
                now_s = self._clock.monotonic()
                for datagram, address in self.ice.poll(now_s):
                    self._send_to(datagram, address)
                wait_s = self.ice.timeout_s(now_s)
                if self.state is LinkState.SECURING and self._dtls is not None:
                    wait_s = min(wait_s, self._drive_dtls(self._dtls))
                await self._wait(wait_s)
        except (IceFailed, DtlsFailed) as error:
            self._fail(str(error.data.get("reason", "")) if isinstance(error, DtlsFailed) else str(error))

    def _drive_dtls(self, dtls: DtlsEndpoint) -> float:
        due_s = dtls.timeout_s()
        if due_s is not None and due_s <= 0:
            for datagram in dtls.handle_timeout():
                self.send(datagram)
            due_s = dtls.timeout_s()
        return due_s if due_s is not None else 1.0

    async def _wait(self, seconds: float) -> None:
        self._wake.clear()
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        waking = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait((sleeping, waking), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            waking.cancel()

    def _readable(self, source: socket.socket) -> None:
        while self.state is not LinkState.CLOSED:
            try:
                data, address = source.recvfrom(_RECEIVE_BYTES)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:  # ICMP "port unreachable": nobody listens there (any more)
                self.verify()
                return
            self._receive(data, (address[0], address[1]))

    def _receive(self, data: bytes, address: Address) -> None:
        """RFC 7983 § 7: the first byte says what a datagram is."""
        if looks_like_stun(data):
            reply = self.ice.receive(data, address, self._clock.monotonic())
            if reply is not None:
                self._send_to(reply, address)
            if self._socket is None and self.ice.selected is not None:
                self._secure(self.ice.selected)
            self._wake.set()
        elif data and 20 <= data[0] < 64 and self._dtls is not None:
            self._receive_dtls(self._dtls, data)
        elif data and 128 <= data[0] < 192 and self._receiver is not None:
            try:
                self._on_rtcp(parse_compound(self._receiver.rtcp(data)))
            except MalformedPacket as error:
                log.debug("packet rejected", reason=str(error.data.get("reason")))

    def _secure(self, address: Address) -> None:
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        chosen = self._sockets[family]
        try:
            chosen.connect(address)  # from now on the system tells us when nobody listens there
        except OSError as error:
            self._fail(error.strerror or str(error))
            return
        self._socket = chosen
        self.state = LinkState.SECURING
        try:
            self._dtls = DtlsEndpoint(self._certificate, "client" if self._client else "server", self._fingerprints)
            flight = self._dtls.start()
        except DtlsFailed as error:
            self._fail(str(error.data["reason"]))
            return
        for datagram in flight:
            self.send(datagram)

    def _receive_dtls(self, dtls: DtlsEndpoint, data: bytes) -> None:
        try:
            for datagram in dtls.receive(data):
                self.send(datagram)
        except DtlsFailed as error:
            self._fail(str(error.data["reason"]))
            return
        if self.state is LinkState.SECURING and dtls.keys is not None:
            self.srtp, self._receiver = srtp_sender(dtls.keys), srtp_receiver(dtls.keys)
            self.state = LinkState.OPEN
            if self._opened is not None and not self._opened.done():
                self._opened.set_result(None)
        elif dtls.state is DtlsState.CLOSED:
            self._fail("the server ended the session")
        self._wake.set()

    def _fail(self, reason: str) -> None:
        if self.state is LinkState.CLOSED:
            return
        lost = LinkLost(reason)
        if self._opened is not None and not self._opened.done():
            self._opened.set_exception(lost)
            return
        self.close()
        self._on_lost(lost)

    def _send_to(self, datagram: bytes, address: Address) -> None:
        if self._socket is not None:
            self._send_on(self._socket, datagram, None)
            return
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        if (chosen := self._sockets.get(family)) is not None:
            self._send_on(chosen, datagram, address)

    def _send_on(self, chosen: socket.socket, datagram: bytes, address: Address | None) -> None:
        try:
            if address is None:
                chosen.send(datagram)
            else:
                chosen.sendto(datagram, address)
        except ConnectionRefusedError:
            self.unsent += 1
            # The system's word for "nobody listens": no proof (it can be forged), so ask.
            self.verify()
        except OSError:
            self.unsent += 1

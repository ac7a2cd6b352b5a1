"""One secured connection: ICE checks in, DTLS handshake, then SRTP both ways."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

from classroom.errors import ClassroomError
from classroom.logs import get_logger
from classroom.rtp.packet import MalformedPacket, RtpPacket, parse_rtp
from classroom.rtp.rtcp import RtcpPacket, pack_compound, parse_compound
from classroom.webrtc.dtls import DtlsCertificate, DtlsEndpoint, DtlsRole, DtlsState
from classroom.webrtc.srtp import SrtpReceiver, SrtpSender, srtp_receiver, srtp_sender
from media_server.transport.datachannels import DataChannels
from media_server.transport.ice import Credentials, new_credentials
from media_server.transport.network import Address
from media_server.transport.tcp import TcpAddress

CONNECT_TIMEOUT_S = 20.0  # from the answer to the end of the handshake
CONSENT_TIMEOUT_S = 15.0  # without one authentic packet; RFC 7675 § 5.1 allows at most 30 s
MAX_PACKETS_PER_S = 5_000  # authentic ones of one peer: a picture of 1080p in three encodings and its sound take 1,500
MAX_ADDRESSES = 8  # validated per peer: interfaces times families, with room for a changing NAT
NOMINATION_SETTLES_S = 1.0  # from the first nomination: a peer that nominates all its pairs has done so by then

log = get_logger(__name__)


class PeerOwner(Protocol):
    """What a connection is for: a publisher's or a subscriber's session."""

    def connected(self, sender: SrtpSender, now: float) -> None: ...

    def rtp(self, packet: RtpPacket, now: float) -> None: ...

    def rtcp(self, packets: Sequence[RtcpPacket], now: float) -> None: ...

    def lost(self, reason: str) -> None: ...


class PeerCounts(NamedTuple):
    """Of one peer, or of several together. `rejected`: datagrams forged, replayed or malformed; `over_limit`: authentic
    ones beyond `MAX_PACKETS_PER_S`."""

    rejected: int = 0
    over_limit: int = 0
    ice_restarts: int = 0

    def plus(self, other: "PeerCounts") -> "PeerCounts":
        return PeerCounts(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


class NoOwner:
    """Takes what still comes after the end."""

    def connected(self, sender: SrtpSender, now: float) -> None: ...

    def rtp(self, packet: RtpPacket, now: float) -> None: ...

    def rtcp(self, packets: Sequence[RtcpPacket], now: float) -> None: ...

    def lost(self, reason: str) -> None: ...


class Peer:
    """`send` puts datagrams on the wire to `address`, which is where the nominated check came from."""

    def __init__(
        self,
        *,
        certificate: DtlsCertificate,
        role: DtlsRole,
        fingerprints: Iterable[tuple[str, str]],
        owner: PeerOwner,
        send: Callable[[Address, Sequence[bytes]], None],
        now: float,
    ) -> None:
        self.local = new_credentials()
        self.previous: Credentials | None = None  # still good while an ICE restart is under way
        self.owner: PeerOwner = owner
        self.address: Address | None = None
        self.addresses: list[Address] = []
        self.closed = False
        self.heard_at = now
        self.rejected = 0
        self.over_limit = 0
        self.remote_ufrag = ""
        self.channels: DataChannels | None = None
        self.ice_restarts = 0
        self.packets_received = 0
        self.bytes_received = 0
        self.connected_after_s: float | None = None  # from the answer to the end of the handshake
        self._began_at = now
        self._allowance = float(MAX_PACKETS_PER_S)
        self._allowed_at = now
        self._nominated: tuple[bool, int] | None = None  # rank of the pair in use
        self._nominated_at = now
        self._send = send
        self._dtls = DtlsEndpoint(certificate, role, fingerprints)
        self._role: DtlsRole = role
        self._dtls_due: float | None = None
        self._started = False
        self._receiver: SrtpReceiver | None = None
        self._sender: SrtpSender | None = None

    @property
    def connected(self) -> bool:
        return self._sender is not None and not self.closed

    @property
    def counts(self) -> PeerCounts:
        return PeerCounts(self.rejected, self.over_limit, self.ice_restarts)

    @property
    def dtls_state(self) -> DtlsState:
        return self._dtls.state

    @property
    def dtls_cipher(self) -> str:
        return self._dtls.cipher

    @property
    def srtp_profile(self) -> str:
        return self._dtls.keys.profile.name if self._dtls.keys else ""

    def open_channels(self, remote_port: int, on_message: Callable[[str, str], None], now: float) -> None:
        """The peer wants data channels; they come up with DTLS."""
        self.channels = DataChannels(self._role, remote_port, send=self._send_data, on_message=on_message, now=now)
        if self.connected:
            self.channels.start()

    def restart_ice(self) -> Credentials:
        """Fresh credentials (RFC 8445 § 9); DTLS and SRTP go on untouched."""
        self.previous, self.local = self.local, new_credentials()
        self.ice_restarts += 1
        return self.local

    def restarted(self) -> None:
        """The other side has our new credentials: what it nominates with them counts, whatever was before."""
        self.previous = None
        self._nominated = None

    def validated(self, address: Address, *, nominated: bool, priority: int = 0, now: float) -> list[Address]:
        """A check from `address` was authentic; returns the addresses given up for it.

        Firefox nominates aggressively: every pair at once, of which the best is meant (RFC 5245 § 8.1.1.2). Others
        nominate one, and another when they move (RFC 8445 § 8.1.1). So the best wins at first, later the newest.
        """
        self.heard_at = now
        evicted: list[Address] = []
        if address not in self.addresses:
            self.addresses.append(address)
            if len(self.addresses) > MAX_ADDRESSES:
                oldest = next(each for each in self.addresses if each != self.address)
                self.addresses.remove(oldest)
                evicted.append(oldest)
        if nominated:
            rank = (not isinstance(address, TcpAddress), priority)
            if self._nominated is None:
                self._nominated_at = now
            settling = now - self._nominated_at < NOMINATION_SETTLES_S
            if self._nominated is None or rank >= self._nominated or not settling:
                self._nominated = rank
                self.address = address
        elif self.address is None:
            self.address = address
        if not self._started:
            self._started = True
            self._transmit(self._dtls.start(), now)
        return evicted

    def path_lost(self, address: Address) -> None:
        """The connection behind this address is gone; another way stands in until the peer nominates one."""
        if address in self.addresses:
            self.addresses.remove(address)
        if self.address == address:
            self.address = self.addresses[-1] if self.addresses else None
            self._nominated = None

    def dtls(self, datagram: bytes, now: float) -> None:
        if self.closed:
            return
        try:
            self._transmit(self._dtls.receive(datagram), now)
        except ClassroomError as error:
            self.close(error.code, now)
            log.info("DTLS failed", reason=error.data.get("reason"))
            return
        if self._dtls.state is DtlsState.CLOSED:
            self.close("closed_by_peer", now)
        elif self._sender is None and self._dtls.keys is not None:
            self._receiver = srtp_receiver(self._dtls.keys)
            self._sender = srtp_sender(self._dtls.keys)
            self.heard_at = now
            self.connected_after_s = now - self._began_at
            self.owner.connected(self._sender, now)
            if self.channels is not None:
                self.channels.start()
        received, self._dtls.received = self._dtls.received, []  # taken in any case: nobody else empties it
        for packet in received:
            if self.channels is not None:
                self.channels.receive(packet, now)

    def media(self, datagram: bytes, now: float) -> None:
        """SRTP or SRTCP (told apart as in RFC 5761 § 4).

        Only authentic packets count against the limit: whoever forges a peer's address shall not use it up.
        """
        if self._receiver is None or self.closed:
            return
        control = len(datagram) > 1 and 192 <= datagram[1] <= 223
        try:
            plain = self._receiver.rtcp(datagram) if control else self._receiver.rtp(datagram)
            self._allowance -= 1
            if self._allowance < 0:
                self.over_limit += 1
            elif control:
                self.owner.rtcp(parse_compound(plain), now)
            else:
                self.owner.rtp(parse_rtp(plain), now)
        except MalformedPacket:
            self.rejected += 1
            return
        self.heard_at = now
        self.packets_received += 1
        self.bytes_received += len(datagram)

    def send_rtcp(self, packets: Iterable[RtcpPacket]) -> None:
        if self._sender is not None and self.address is not None and not self.closed:
            self._send(self.address, [self._sender.rtcp(pack_compound(packets))])

    def send(self, packets: Sequence[bytes]) -> None:
        """Protected datagrams."""
        if self.address is not None and not self.closed:
            self._send(self.address, packets)

    def tick(self, now: float) -> None:
        """Retransmit the handshake, notice silence, allow more packets."""
        if self.closed:
            return
        self._allowance = min(
            MAX_PACKETS_PER_S, max(0.0, self._allowance) + (now - self._allowed_at) * MAX_PACKETS_PER_S
        )
        self._allowed_at = now
        if not self.connected and now - self._began_at > CONNECT_TIMEOUT_S:
            self.close("connect_timeout", now)
        elif self.connected and now - self.heard_at > CONSENT_TIMEOUT_S:
            self.close("consent_expired", now)
        elif self._dtls_due is not None and now >= self._dtls_due:
            try:
                self._transmit(self._dtls.handle_timeout(), now)
            except ClassroomError as error:
                self.close(error.code, now)

    def close(self, reason: str, now: float) -> None:
        """Say goodbye and tell the owner; idempotent."""
        if self.closed:
            return
        if self.channels is not None:
            self.channels.close()
        self._transmit(self._dtls.close(), now)
        self.closed = True
        self.owner.lost(reason)

    def _send_data(self, packet: bytes) -> None:
        if self.address is not None and (datagrams := self._dtls.send(packet)):
            self._send(self.address, datagrams)

    def _transmit(self, datagrams: list[bytes], now: float) -> None:
        if datagrams and self.address is not None:
            self._send(self.address, datagrams)
        timeout = self._dtls.timeout_s()
        self._dtls_due = None if timeout is None else now + timeout

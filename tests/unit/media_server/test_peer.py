"""Which of its addresses a peer is reached at, and when it is given up."""

from collections.abc import Callable, Sequence

from classroom.rtp.packet import RtpPacket
from classroom.rtp.rtcp import RtcpPacket
from classroom.webrtc.dtls import DtlsCertificate, DtlsEndpoint, DtlsState
from classroom.webrtc.srtp import SrtpSender, srtp_sender
from media_server.transport.network import Address
from media_server.transport.peer import (
    CONNECT_TIMEOUT_S,
    CONSENT_TIMEOUT_S,
    MAX_ADDRESSES,
    MAX_PACKETS_PER_S,
    NOMINATION_SETTLES_S,
    Peer,
    PeerCounts,
)
from media_server.transport.tcp import TcpAddress

UDP: Address = ("192.0.2.7", 5000)
MOBILE: Address = ("198.51.100.9", 6000)
TCP: Address = TcpAddress("192.0.2.7", 5000)
HOST, REFLEXIVE = 2_130_706_431, 1_862_270_975


class Owner:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.sender: SrtpSender | None = None
        self.lost_because: list[str] = []
        self.heard = 0

    def connected(self, sender: SrtpSender, now: float) -> None:
        self.sender = sender

    def rtp(self, packet: RtpPacket, now: float) -> None:
        self.heard += 1

    def rtcp(self, packets: Sequence[RtcpPacket], now: float) -> None: ...

    def lost(self, reason: str) -> None:
        self.lost_because.append(reason)


class Line:
    """A peer of ours as DTLS server, the other end as client; datagrams go through `lose(number)`."""

    def __init__(self, lose: Callable[[int], bool] = lambda number: False) -> None:
        ours, theirs = DtlsCertificate(), DtlsCertificate()
        self.owner = Owner()
        self.now = 100.0
        self.sizes: list[int] = []
        self._lose = lose
        self._number = 0
        self._inbox: list[bytes] = []
        self.peer = Peer(
            certificate=ours,
            role="server",
            fingerprints=[("sha-256", theirs.fingerprint)],
            owner=self.owner,
            send=self._to_client,
            now=self.now,
        )
        self.client = DtlsEndpoint(theirs, "client", [("sha-256", ours.fingerprint)])

    def _passes(self, datagram: bytes) -> bool:
        self.sizes.append(len(datagram))
        self._number += 1
        return not self._lose(self._number)

    def _to_client(self, address: Address, packets: Sequence[bytes]) -> None:
        self._inbox.extend(packet for packet in packets if self._passes(packet))

    def _to_server(self, datagrams: list[bytes]) -> None:
        for datagram in datagrams:
            if self._passes(datagram):
                self.peer.dtls(datagram, self.now)

    def exchange(self) -> None:
        while self._inbox:
            waiting, self._inbox = self._inbox, []
            for datagram in waiting:
                self._to_server(self.client.receive(datagram))

    def connect(self) -> None:
        self.peer.validated(UDP, nominated=True, now=self.now)
        self._to_server(self.client.start())
        self.exchange()

    @property
    def connected(self) -> bool:
        return self.peer.connected and self.client.state is DtlsState.CONNECTED


def nominate(line: Line, address: Address, priority: int, after_s: float = 0.0) -> Address | None:
    line.now += after_s
    line.peer.validated(address, nominated=True, priority=priority, now=line.now)
    return line.peer.address


def test_of_pairs_nominated_all_at_once_the_best_is_used() -> None:
    line = Line()
    assert nominate(line, TCP, HOST) == TCP
    assert nominate(line, MOBILE, REFLEXIVE, 0.05) == MOBILE, "UDP before TCP"
    assert nominate(line, UDP, HOST, 0.05) == UDP
    assert nominate(line, MOBILE, REFLEXIVE, 0.05) == UDP, "a worse pair follows, as aggressive nomination has it"
    assert nominate(line, TCP, HOST, 0.05) == UDP


def test_a_pair_nominated_later_is_where_the_peer_has_moved() -> None:
    line = Line()
    nominate(line, UDP, HOST)
    assert nominate(line, MOBILE, REFLEXIVE, NOMINATION_SETTLES_S) == MOBILE
    assert nominate(line, UDP, HOST, 0.1) == UDP


def test_after_an_ice_restart_the_first_nomination_counts() -> None:
    line = Line()
    nominate(line, UDP, HOST)
    before = line.peer.local
    assert line.peer.restart_ice() != before
    assert line.peer.previous == before
    line.peer.restarted()
    assert nominate(line, TCP, REFLEXIVE) == TCP
    assert line.peer.ice_restarts == 1


def test_without_a_nomination_the_first_address_serves() -> None:
    line = Line()
    for address in (MOBILE, UDP):
        line.peer.validated(address, nominated=False, priority=HOST, now=line.now)
    assert line.peer.address == MOBILE


def test_addresses_are_bounded_and_the_one_in_use_stays() -> None:
    line = Line()
    nominate(line, UDP, HOST)
    evicted = [
        each
        for port in range(MAX_ADDRESSES + 3)
        for each in line.peer.validated(("203.0.113.1", port), nominated=False, now=line.now)
    ]
    assert len(line.peer.addresses) == MAX_ADDRESSES
    assert UDP in line.peer.addresses
    assert evicted == [("203.0.113.1", port) for port in range(4)]


def test_a_closed_connection_gives_way_to_another_address() -> None:
    line = Line()
    nominate(line, UDP, REFLEXIVE)
    nominate(line, TCP, HOST, NOMINATION_SETTLES_S)
    line.peer.path_lost(TCP)
    assert line.peer.address == UDP
    line.peer.path_lost(UDP)
    assert line.peer.addresses == []
    assert nominate(line, TCP, REFLEXIVE) == TCP
    assert line.owner.lost_because == []


def test_consent_expires_when_nothing_authentic_comes() -> None:
    line = Line()
    line.connect()
    assert line.connected
    line.peer.tick(line.now + CONSENT_TIMEOUT_S)
    line.now += CONSENT_TIMEOUT_S
    line.peer.validated(UDP, nominated=False, now=line.now)
    line.peer.tick(line.now + CONSENT_TIMEOUT_S)
    assert line.owner.lost_because == []
    line.peer.tick(line.now + CONSENT_TIMEOUT_S + 0.01)
    assert line.owner.lost_because == ["consent_expired"]
    line.exchange()
    assert line.client.state is DtlsState.CLOSED, "the other end was told"


def test_forged_packets_are_no_consent() -> None:
    line = Line()
    line.connect()
    line.now += CONSENT_TIMEOUT_S
    line.peer.media(b"\x80\x60" + bytes(60), line.now)
    line.peer.media(b"\x80\xc8" + bytes(60), line.now)
    assert line.peer.rejected == 2
    line.peer.tick(line.now + 0.01)
    assert line.owner.lost_because == ["consent_expired"]


def test_a_peer_that_floods_loses_what_is_too_much_and_forgeries_do_not_count() -> None:
    line = Line()
    line.connect()
    assert line.client.keys is not None
    sender = srtp_sender(line.client.keys)

    def send(count: int, first: int) -> None:
        for index in range(first, first + count):
            header = b"\x80\x60" + index.to_bytes(2) + bytes(8)
            line.peer.media(sender.rtp(header, b"media", 0, index), line.now)

    for _ in range(MAX_PACKETS_PER_S):
        line.peer.media(b"\x80\x60" + bytes(60), line.now)
    assert line.peer.rejected == MAX_PACKETS_PER_S
    send(MAX_PACKETS_PER_S, 1)
    assert (line.owner.heard, line.peer.over_limit) == (MAX_PACKETS_PER_S, 0)
    send(100, MAX_PACKETS_PER_S + 1)
    assert (line.owner.heard, line.peer.over_limit) == (MAX_PACKETS_PER_S, 100)
    line.now += 0.125
    line.peer.tick(line.now)
    send(MAX_PACKETS_PER_S // 8 + 75, MAX_PACKETS_PER_S + 101)
    assert line.peer.counts == PeerCounts(MAX_PACKETS_PER_S, 100 + 75, 0)


def test_a_handshake_that_never_ends_is_given_up() -> None:
    line = Line(lambda number: number > 1)
    line.connect()
    line.peer.tick(line.now + CONNECT_TIMEOUT_S)
    assert line.owner.lost_because == []
    line.peer.tick(line.now + CONNECT_TIMEOUT_S + 0.01)
    assert line.owner.lost_because == ["connect_timeout"]

"""All our sockets: one port number, for UDP on IPv4 and IPv6, and for TCP where UDP is blocked."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from ipaddress import ip_address

from classroom.clock import Clock
from classroom.errors import BadSettings
from media_server.sfu.downlink import Run
from media_server.transport.ice import host_candidates
from media_server.transport.native import Later, NativeStream, UdpAddress
from media_server.transport.tcp import TcpAddress, TcpPort
from media_server.transport.udp import UdpPort

Address = UdpAddress | TcpAddress
Received = Sequence[tuple[bytes, Address]]

_ANY = {4: "0.0.0.0", 6: "::"}  # noqa: S104 -- a media server is there for its network
_ATTEMPTS = 16  # at a free number; one that UDP has free may be taken for TCP


class Network:
    """Sends to and receives from addresses of either family and transport.

    A `host` of "0.0.0.0" or "::" opens every family that `addresses` (the announced ones) has, which are not always
    those of this machine: it may stand behind a translating router. Any other host opens just that one.
    """

    def __init__(
        self,
        host: str,
        port: int,
        addresses: Sequence[str],
        *,
        receive: Callable[[Received], bool | None],
        on_closed: Callable[[Address], None],
        clock: Clock,
    ) -> None:
        """Raises `BadSettings("media_port_in_use")` or `BadSettings("media_address_unusable")`."""
        self._receive = receive
        self._on_closed = on_closed
        self._clock = clock
        versions = [ip_address(address).version for address in addresses]
        hosts = [_ANY[version] for version in sorted(set(versions))] if host in _ANY.values() else [host]
        for attempt in range(_ATTEMPTS):
            try:
                self._udp, self._tcp = self._open_all(hosts, port)
                break
            except BadSettings as error:
                if port or error.code != "media_port_in_use" or attempt == _ATTEMPTS - 1:
                    raise
        self._ports: tuple[UdpPort | TcpPort, ...] = (*self._udp, *self._tcp)
        opened = {6 if udp.ipv6 else 4 for udp in self._udp}
        announced = [address for address, version in zip(addresses, versions, strict=True) if version in opened]
        if not announced:
            self.close()
            raise BadSettings("media_address_unusable", host=host, port=port, reason="media_addresses has no such one")
        self.candidates = host_candidates(announced, self.port)
        # One of each family at most; which one an address needs is told by its length, without asking what it is.
        self._by_length = {4 if udp.ipv6 else 2: udp for udp in self._udp}

    def _open_all(self, hosts: Sequence[str], port: int) -> tuple[list[UdpPort], list[TcpPort]]:
        with ExitStack() as undo:
            udp: list[UdpPort] = []
            tcp: list[TcpPort] = []
            for host in hosts:
                datagrams = UdpPort(host, port, self._receive)
                undo.callback(datagrams.close)
                udp.append(datagrams)
                port = datagrams.port  # the first may have been told 0: any
                streams = TcpPort(host, port, self._receive, self._on_closed, self._clock)
                undo.callback(streams.close)
                tcp.append(streams)
            undo.pop_all()
        return udp, tcp

    @property
    def port(self) -> int:
        return self._udp[0].port

    @property
    def sent(self) -> int:
        return sum(each.sent for each in self._ports)

    @property
    def sent_bytes(self) -> int:
        return sum(each.sent_bytes for each in self._ports)

    @property
    def dropped(self) -> dict[str, int]:
        """By reason."""
        total: dict[str, int] = {}
        for each in self._ports:
            for reason, count in each.dropped.items():
                total[reason] = total.get(reason, 0) + count
        return total

    @property
    def connections(self) -> int:
        """Open TCP connections."""
        return sum(len(tcp) for tcp in self._tcp)

    @property
    def connections_refused(self) -> int:
        return sum(tcp.refused for tcp in self._tcp)

    async def open(self) -> None:
        for udp in self._udp:
            udp.open()
        for tcp in self._tcp:
            await tcp.open()

    def close(self) -> None:
        for each in self._ports:
            each.close()

    def send(self, address: Address, packets: Sequence[bytes]) -> None:
        """Send packets in order; never blocks, a full path drops and counts."""
        if isinstance(address, TcpAddress):
            self._tcp_of(address).send(address, packets)
        else:
            self._by_length[len(address)].send(address, packets)

    def gather(self, stream: NativeStream, address: Address, run: Run, later: Later) -> bool:
        """Let this leave with the next `flush`, in native code; False when that cannot be."""
        if isinstance(address, TcpAddress):
            return False
        return self._by_length[len(address)].gather(stream, address, run, later)

    def udp_of(self, address: UdpAddress) -> UdpPort:
        """The port that sends there."""
        return self._by_length[len(address)]

    def flush(self, stamp: int) -> None:
        """Send what was gathered."""
        for udp in self._udp:
            udp.flush(stamp)

    def prove(self, address: Address) -> None:
        """A valid check came from here."""
        if isinstance(address, TcpAddress):
            self._tcp_of(address).prove(address)

    def release(self, address: Address) -> None:
        """Nobody is reached this way any more."""
        if isinstance(address, TcpAddress):
            self._tcp_of(address).release(address)

    def tick(self, now: float) -> None:
        for tcp in self._tcp:
            tcp.tick(now)

    def _tcp_of(self, address: TcpAddress) -> TcpPort:
        return next((tcp for tcp in self._tcp if address in tcp), self._tcp[0])

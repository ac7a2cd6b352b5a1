"""Which session a datagram is for: ICE checks prove it, addresses remember it."""

from collections.abc import Callable

from media_server.sessions import AnySession
from media_server.transport.ice import answer_check, asked_ufrag
from media_server.transport.network import Address, Network

MAX_FORGED_CHECKS = 10  # from one address between two calls of `forgive`; real peers send none, each costs an HMAC


class Paths:
    """Sessions by the credentials they are asked by and by the addresses that proved to be theirs."""

    def __init__(self, network: Network, moved: Callable[[], None]) -> None:
        """`moved` is called when a session is reached at another address than before."""
        self.by_address: dict[Address, AnySession] = {}
        self.by_ufrag: dict[str, AnySession] = {}
        self._network = network
        self._moved = moved
        self._forged: dict[Address, int] = {}

    def add(self, session: AnySession) -> None:
        self.by_ufrag[session.peer.local.ufrag] = session

    def restart(self, session: AnySession) -> None:
        """Fresh credentials; the last ones are good until the other side has these."""
        peer = session.peer
        if peer.previous is not None:  # a restart that nobody came back from
            self.by_ufrag.pop(peer.previous.ufrag, None)
        peer.restart_ice()
        self.add(session)

    def forget(self, session: AnySession) -> None:
        for credentials in (session.peer.local, session.peer.previous):
            if credentials is not None:
                self.by_ufrag.pop(credentials.ufrag, None)
        for address in session.peer.addresses:
            self._release(session, address)

    def forgive(self) -> None:
        """Whoever sent forged checks is listened to again."""
        self._forged.clear()

    def check(self, data: bytes, address: Address, now: float) -> bool:
        """Answer an ICE check; False for one that is nobody's, or not authentic."""
        ufrag = asked_ufrag(data)
        session = self.by_ufrag.get(ufrag)
        if session is None or self._forged.get(address, 0) >= MAX_FORGED_CHECKS:
            return False
        peer = session.peer
        current = ufrag == peer.local.ufrag
        credentials = peer.local if current else peer.previous
        if credentials is None or credentials.ufrag != ufrag:
            return False
        check = answer_check(data, credentials.password, address[0], address[1])
        if check is None:
            self._forged[address] = self._forged.get(address, 0) + 1
            return False
        self._network.send(address, [check.reply])
        if check.accepted:
            self._network.prove(address)
            if current and peer.previous is not None:
                self.by_ufrag.pop(peer.previous.ufrag, None)
                peer.restarted()
            self.by_address[address] = session
            before = peer.address
            for evicted in peer.validated(address, nominated=check.nominated, priority=check.priority, now=now):
                self._release(session, evicted)
            if peer.address != before:
                self._moved()
        return True

    def closed(self, address: Address) -> None:
        """A TCP connection ended."""
        session = self.by_address.pop(address, None)
        if session is not None:
            session.peer.path_lost(address)
            self._moved()

    def _release(self, session: AnySession, address: Address) -> None:
        if self.by_address.get(address) is session:
            del self.by_address[address]
            self._network.release(address)

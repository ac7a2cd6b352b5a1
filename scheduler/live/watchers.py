"""Which sockets watch what."""

from collections.abc import Hashable
from typing import Generic, TypeVar

from classroom.errors import TooMany
from classroom.http.sockets import Socket

# A console shows one day and a few lessons; a page that asks for more has a fault.
WATCHES_PER_SOCKET = 32

K = TypeVar("K", bound=Hashable)
D = TypeVar("D")


class Watchers(Generic[K, D]):
    """Sockets by key, each with what its view needs to know (`D`); a socket that closes is forgotten."""

    def __init__(self) -> None:
        self._by_key: dict[K, dict[Socket, D]] = {}
        self._by_socket: dict[Socket, set[K]] = {}

    def add(self, key: K, socket: Socket, data: D) -> None:
        """Watch `key`; again replaces `data`. Raises `TooMany("too_many_watches")`."""
        keys = self._by_socket.get(socket)
        if keys is None:
            keys = self._by_socket[socket] = set()
            socket.on_close(lambda: self._remove(socket))
            if not socket.open:
                return
        if key not in keys and len(keys) >= WATCHES_PER_SOCKET:
            raise TooMany("too_many_watches", limit=WATCHES_PER_SOCKET, retry_after_s=1)
        keys.add(key)
        self._by_key.setdefault(key, {})[socket] = data

    def of(self, key: K) -> list[tuple[Socket, D]]:
        return list(self._by_key.get(key, {}).items())

    def watched(self) -> list[K]:
        """All keys somebody watches."""
        return list(self._by_key)

    def __contains__(self, key: object) -> bool:
        return key in self._by_key

    def drop(self, key: K) -> None:
        """Nobody watches it any more."""
        for socket in self._by_key.pop(key, {}):
            self._by_socket[socket].discard(key)

    def _remove(self, socket: Socket) -> None:
        for key in self._by_socket.pop(socket, set()):
            sockets = self._by_key.get(key)
            if sockets is None:
                continue
            sockets.pop(socket, None)
            if not sockets:
                del self._by_key[key]

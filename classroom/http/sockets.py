"""The `/ws` socket as services see it: who handles which message type, and one open `Socket`.

The endpoint itself (handshake, reading, writing) is `classroom.http.socket_endpoint`.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar
from uuid import uuid4

from classroom.errors import ClassroomError
from classroom.http.limits import HttpLimits
from classroom.http.problems import failure
from classroom.logs import get_logger
from classroom.messages.base import Message
from classroom.model.principal import Principal

M = TypeVar("M", bound=Message)
SocketHandler = Callable[["Socket", M], Awaitable[None]]
Unregister = Callable[[], None]

log = get_logger(__name__)

# RFC 6455 § 7.4.1 and the IANA registry of close codes.
GOING_AWAY = 1001
POLICY_VIOLATION = 1008
SERVICE_RESTART = 1012
TRY_AGAIN_LATER = 1013


class Outbox:
    """The bounded queue of texts between `Socket.send` and the wire."""

    def __init__(self, max_messages: int, max_characters: int) -> None:
        self._texts: deque[str] = deque()
        self._characters = 0
        self._max_messages = max_messages
        self._max_characters = max_characters

    def push(self, text: str) -> bool:
        """False when the queue is full; the text was not taken."""
        if len(self._texts) >= self._max_messages or self._characters + len(text) > self._max_characters:
            return False
        self._texts.append(text)
        self._characters += len(text)
        return True

    def pop(self) -> str | None:
        if not self._texts:
            return None
        text = self._texts.popleft()
        self._characters -= len(text)
        return text

    def clear(self) -> None:
        self._texts.clear()
        self._characters = 0


class Socket:
    """One client of `/ws`: after its `hello`, until either side closes.

    `wake` is called whenever there is something to write or the socket is to close, `abort` to cut the connection.
    """

    def __init__(
        self,
        *,
        principal: Principal,
        language: str,
        remote: str,
        limits: HttpLimits,
        wake: Callable[[], None],
        abort: Callable[[], None],
    ) -> None:
        self.client_id = uuid4().hex
        self.principal = principal
        self.language = language
        self.remote = remote
        self.closing: tuple[int, str] | None = None
        self.outbox = Outbox(limits.socket_queue_messages, limits.socket_queue_characters)
        self._wake = wake
        self._abort = abort
        self._close_callbacks: dict[object, Callable[[], None]] = {}
        self._closed = False

    @property
    def open(self) -> bool:
        return self.closing is None and not self._closed

    def send(self, message: Message) -> None:
        """Queue `message`; never blocks. A client too slow to keep up is cut off: it reconnects to fresh snapshots."""
        self.send_text(message.model_dump_json())

    def send_text(self, text: str) -> None:
        """Queue an already serialised message (one snapshot for many sockets)."""
        if not self.open:
            return
        if not self.outbox.push(text):
            # A close frame would wait behind everything the client is too slow to take.
            log.info("socket overflowed", client=self.client_id)
            self.outbox.clear()
            self.close(TRY_AGAIN_LATER, "too_slow")
            self._abort()
            return
        self._wake()

    def fail(self, error: ClassroomError, message_id: int | None = None) -> None:
        """Send `error` as a `Failure` in the client's language."""
        self.send(failure(error, self.language, message_id))

    def on_close(self, callback: Callable[[], None]) -> Unregister:
        """Call `callback` once when the socket is gone (at once if it already is). It must not raise."""
        if self._closed:
            callback()
            return lambda: None
        key = object()
        self._close_callbacks[key] = callback
        return lambda: void(self._close_callbacks.pop(key, None))

    def close(self, code: int = GOING_AWAY, reason: str = "") -> None:
        """Close after what is queued has been written; the first call counts."""
        if self.open:
            self.closing = (code, reason)
            self._wake()

    def closed(self) -> None:
        """For the endpoint: the connection is gone."""
        if self._closed:
            return
        self._closed = True
        self.outbox.clear()
        callbacks = list(self._close_callbacks.values())
        self._close_callbacks.clear()
        for callback in callbacks:
            callback()


def void(_: object) -> None:
    """Drop a value where a statement is not allowed."""


class Sockets:
    """Handlers by message type, and all open sockets."""

    def __init__(self) -> None:
        self._handlers: dict[type[Message], SocketHandler[Message]] = {}
        self._open: dict[str, Socket] = {}

    def on(self, message_type: type[M], handler: Callable[[Socket, M], Awaitable[None]]) -> Unregister:
        """Handle messages of this type; messages of one socket are handled one after the other.

        A `ClassroomError` from the handler is answered as `Failure` with the message's id.
        Raises `ValueError` when the type has a handler.
        """
        if message_type in self._handlers:
            raise ValueError(f"{message_type.__name__} is handled twice")

        async def typed(socket: Socket, message: Message) -> None:
            if not isinstance(message, message_type):
                raise TypeError(message_type.__name__)
            await handler(socket, message)

        self._handlers[message_type] = typed
        return lambda: void(self._handlers.pop(message_type, None))

    def handler(self, message_type: type[Message]) -> SocketHandler[Message] | None:
        return self._handlers.get(message_type)

    def add(self, socket: Socket) -> None:
        """For the endpoint: the socket is open now."""
        self._open[socket.client_id] = socket
        socket.on_close(lambda: void(self._open.pop(socket.client_id, None)))

    def __iter__(self) -> Iterator[Socket]:
        return iter(list(self._open.values()))

    def __len__(self) -> int:
        return len(self._open)

    def close_all(self, code: int, reason: str) -> None:
        for socket in self:
            socket.close(code, reason)

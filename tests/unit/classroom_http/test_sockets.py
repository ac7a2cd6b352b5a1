"""A socket's queue and its end."""

import pytest

from classroom.errors import Conflict
from classroom.http.limits import HttpLimits
from classroom.http.sockets import GOING_AWAY, TRY_AGAIN_LATER, Outbox, Socket, Sockets
from classroom.messages.live import Ping, Pong, WatchLesson
from classroom.model.principal import NOBODY
from tests.fakes.county import NOW


class Wire:
    """Counts what a socket asks of its connection."""

    def __init__(self) -> None:
        self.woken = 0
        self.aborted = 0

    def wake(self) -> None:
        self.woken += 1

    def abort(self) -> None:
        self.aborted += 1


def make(wire: Wire, limits: HttpLimits | None = None) -> Socket:
    return Socket(
        principal=NOBODY, language="en", remote="", limits=limits or HttpLimits(), wake=wire.wake, abort=wire.abort
    )


def test_the_outbox_keeps_order_and_refuses_what_does_not_fit() -> None:
    outbox = Outbox(max_messages=3, max_characters=10)
    assert outbox.push("aaaa")
    assert outbox.push("bbbb")
    assert not outbox.push("ccc")
    assert outbox.push("cc")
    assert not outbox.push("")
    assert [outbox.pop() for _ in range(4)] == ["aaaa", "bbbb", "cc", None]
    assert outbox.push("0123456789")


def test_a_client_too_slow_is_cut_off_and_its_queue_freed() -> None:
    wire = Wire()
    socket = make(wire, HttpLimits(socket_queue_messages=2))
    for number in range(3):
        socket.send(Pong(id=number, server_time=NOW))
    assert socket.closing == (TRY_AGAIN_LATER, "too_slow")
    assert wire.aborted == 1
    assert socket.outbox.pop() is None
    socket.send(Pong(id=9, server_time=NOW))
    assert socket.outbox.pop() is None


def test_an_error_goes_out_in_the_clients_language_with_the_requests_id() -> None:
    wire = Wire()
    socket = make(wire)
    socket.fail(Conflict("room_busy", lesson="古诗"), 7)
    text = socket.outbox.pop()
    assert text is not None
    assert '"id":7' in text
    assert "is live in this room" in text


def test_callbacks_run_once_and_can_be_unregistered() -> None:
    socket = make(Wire())
    called: list[str] = []
    socket.on_close(lambda: called.append("a"))
    unregister = socket.on_close(lambda: called.append("b"))
    unregister()
    socket.closed()
    socket.closed()
    assert called == ["a"]
    socket.on_close(lambda: called.append("late"))
    assert called == ["a", "late"]


def test_the_first_close_counts() -> None:
    socket = make(Wire())
    socket.close(GOING_AWAY, "first")
    socket.close(TRY_AGAIN_LATER, "second")
    assert socket.closing == (GOING_AWAY, "first")
    assert not socket.open


def test_a_message_type_has_one_handler_until_it_is_unregistered() -> None:
    sockets = Sockets()

    async def handle(socket: Socket, message: WatchLesson) -> None: ...

    unregister = sockets.on(WatchLesson, handle)
    with pytest.raises(ValueError, match="WatchLesson"):
        sockets.on(WatchLesson, handle)
    assert sockets.handler(WatchLesson) is not None
    unregister()
    assert sockets.handler(WatchLesson) is None
    assert sockets.handler(Ping) is None


def test_sockets_are_known_while_they_are_open() -> None:
    sockets = Sockets()
    one, other = make(Wire()), make(Wire())
    sockets.add(one)
    sockets.add(other)
    sockets.close_all(GOING_AWAY, "x")
    assert [socket.closing for socket in sockets] == [(GOING_AWAY, "x")] * 2
    one.closed()
    assert list(sockets) == [other]

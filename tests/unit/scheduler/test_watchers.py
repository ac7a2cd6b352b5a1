"""Which sockets watch what."""

import pytest

from classroom.errors import TooMany
from classroom.http.limits import HttpLimits
from classroom.http.sockets import Socket
from classroom.model.principal import NOBODY
from scheduler.live.watchers import WATCHES_PER_SOCKET, Watchers


def make() -> Socket:
    return Socket(
        principal=NOBODY, language="en", remote="", limits=HttpLimits(), wake=lambda: None, abort=lambda: None
    )


def test_a_socket_that_closes_is_forgotten() -> None:
    watchers: Watchers[str, int] = Watchers()
    one, other = make(), make()
    watchers.add("a", one, 1)
    watchers.add("a", other, 2)
    watchers.add("b", one, 3)
    one.closed()
    assert watchers.of("a") == [(other, 2)]
    assert watchers.of("b") == []
    assert watchers.watched() == ["a"]
    assert "b" not in watchers


def test_watching_again_replaces() -> None:
    watchers: Watchers[str, int] = Watchers()
    socket = make()
    watchers.add("a", socket, 1)
    watchers.add("a", socket, 2)
    assert watchers.of("a") == [(socket, 2)]


def test_a_socket_gone_meanwhile_is_not_kept() -> None:
    watchers: Watchers[str, int] = Watchers()
    socket = make()
    socket.closed()
    watchers.add("a", socket, 1)
    assert watchers.watched() == []


def test_watches_of_a_socket_are_bounded() -> None:
    watchers: Watchers[int, None] = Watchers()
    socket = make()
    for number in range(WATCHES_PER_SOCKET):
        watchers.add(number, socket, None)
    watchers.add(0, socket, None)
    with pytest.raises(TooMany):
        watchers.add(-1, socket, None)

"""Language, address and scheme of a caller."""

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from classroom.auth.tokens import Tokens
from classroom.clock import VirtualClock
from classroom.http.callers import Callers, choose_language
from classroom.settings import load_settings
from classroom.store.store import Store


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "zh-CN"),
        ("en", "en"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("zh-TW,en;q=0.9", "zh-CN"),
        ("fr,de;q=0.9,en;q=0.1", "en"),
        ("en;q=0.2, zh-CN;q=0.7", "zh-CN"),
        ("en;q=0", "zh-CN"),
        ("en;q=much", "zh-CN"),
        ("ug", "zh-CN"),
        (",;,=;q", "zh-CN"),
    ],
)
def test_the_language_liked_best_of_those_we_have(accept: str, language: str) -> None:
    assert choose_language(accept, "zh-CN") == language


class _Transport:
    """What aiohttp asks a transport for; there is no public way to say where a request came from."""

    def __init__(self, peer: str) -> None:
        self._peer = peer

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return (self._peer, 40000) if name == "peername" else default


def request_from(peer: str, **headers: str) -> web.Request:
    named = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    return make_mocked_request("GET", "/", headers=named, transport=_Transport(peer))


@pytest.fixture
async def store(tmp_path: Path) -> Any:
    opened = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'q.db'}")
    yield opened
    await opened.close()


@pytest.fixture
def callers(store: Store, tmp_path: Path) -> Callers:
    clock = VirtualClock()
    settings = load_settings(None, {"data": tmp_path, "trusted_proxies": ["10.0.0.0/8", "::1"]}, {})
    return Callers(settings, store, Tokens(b"k" * 32, clock), clock)


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.5", None, "203.0.113.5"),
        ("203.0.113.5", "198.51.100.9", "203.0.113.5"),  # not a proxy of ours: its claim is worth nothing
        ("10.0.0.1", "198.51.100.9", "198.51.100.9"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.9", "198.51.100.9"),  # what the client claims stands on the left
        ("10.0.0.1", "6.6.6.6, 198.51.100.9, 10.0.0.2", "198.51.100.9"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("::1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:10.0.0.1", "198.51.100.9", "198.51.100.9"),
    ],
)
def test_the_address_is_the_last_one_a_trusted_proxy_saw(
    callers: Callers, peer: str, forwarded: str | None, address: str
) -> None:
    headers = {} if forwarded is None else {"X_Forwarded_For": forwarded}
    assert callers.remote(request_from(peer, **headers)) == address


@pytest.mark.parametrize(
    ("peer", "proto", "secure"),
    [("10.0.0.1", "https", True), ("10.0.0.1", "http", False), ("203.0.113.5", "https", False)],
)
def test_https_is_what_a_trusted_proxy_says(callers: Callers, peer: str, proto: str, secure: bool) -> None:
    assert callers.secure(request_from(peer, X_Forwarded_Proto=proto)) is secure

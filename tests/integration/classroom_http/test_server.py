"""The server process: which services it runs, what happens when one cannot start, and how it lets go."""

import asyncio
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

import aiohttp
import pytest

from classroom.errors import BadSettings, Unavailable
from classroom.http.call import Call
from classroom.server import Server, find_services, listen
from classroom.service import Context, ServerRole, Service
from tests.fakes.hub import hub_settings

ALL = frozenset(ServerRole)


class Recorded:
    """A service that writes down what happens to it, and serves one slow page."""

    name: ClassVar[str] = "recorded"
    runs_in: ClassVar[frozenset[ServerRole]] = ALL

    def __init__(self, context: Context, diary: list[str], label: str, trouble: Exception | None = None) -> None:
        self.context = context
        self.diary = diary
        self.label = label
        self.trouble = trouble
        self.entered = asyncio.Event()
        self.leave = asyncio.Event()

    async def start(self) -> None:
        self.diary.append(f"start {self.label}")
        if self.trouble is not None:
            raise self.trouble
        self.context.routes.raw("GET", f"/{self.label}", self.page, summary="slow", anonymous=True)

    async def stop(self) -> None:
        self.diary.append(f"stop {self.label}")

    async def page(self, call: Call) -> aiohttp.web.Response:
        self.entered.set()
        await self.leave.wait()
        return aiohttp.web.Response(text="done")


def refuses(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


async def test_services_stop_in_the_reverse_order_and_the_port_is_free_again(tmp_path: Path) -> None:
    diary: list[str] = []

    def one(context: Context) -> Service:
        return Recorded(context, diary, "one")

    def other(context: Context) -> Service:
        return Recorded(context, diary, "other")

    server = Server(hub_settings(tmp_path), services=[one, other])
    async with server:
        port = server.port
        assert server.url == f"http://127.0.0.1:{port}"
        assert not refuses(port)
    assert diary == ["start one", "start other", "stop other", "stop one"]
    assert refuses(port)
    listen("127.0.0.1", port).close()


@pytest.mark.parametrize("trouble", [BadSettings("host_unknown", host="x", problem="y"), OSError("surprise")])
async def test_a_service_that_cannot_start_leaves_nothing_running(tmp_path: Path, trouble: Exception) -> None:
    diary: list[str] = []
    server = Server(
        hub_settings(tmp_path),
        services=[
            lambda context: Recorded(context, diary, "one"),
            lambda context: Recorded(context, diary, "broken", trouble),
        ],
    )
    with pytest.raises(type(trouble)):
        await server.__aenter__()
    assert diary == ["start one", "start broken", "stop broken", "stop one"]
    assert refuses(server.port)
    with pytest.raises(RuntimeError):
        _ = server.context


async def test_a_request_under_way_is_answered_before_the_server_goes(tmp_path: Path) -> None:
    services: list[Recorded] = []

    def make(context: Context) -> Service:
        services.append(Recorded(context, [], "slow"))
        return services[0]

    server = Server(hub_settings(tmp_path), services=[make])
    async with aiohttp.ClientSession() as http:
        await server.__aenter__()
        asking = asyncio.ensure_future(http.get(f"{server.url}/slow"))
        await services[0].entered.wait()
        leaving = asyncio.ensure_future(server.__aexit__(None, None, None))
        await asyncio.sleep(0)
        services[0].leave.set()
        async with await asking as response:
            assert await response.text() == "done"
        await leaving


async def test_a_request_that_does_not_end_does_not_keep_the_server(tmp_path: Path) -> None:
    services: list[Recorded] = []

    def make(context: Context) -> Service:
        services.append(Recorded(context, [], "stuck"))
        return services[0]

    server = Server(hub_settings(tmp_path), services=[make])
    async with aiohttp.ClientSession() as http:
        await server.__aenter__()
        asking = asyncio.ensure_future(http.get(f"{server.url}/stuck"))
        await services[0].entered.wait()
        await asyncio.wait_for(server.__aexit__(None, None, None), 10)
        with pytest.raises(aiohttp.ClientError):
            await asking


def names(found: Iterable[object]) -> set[str]:
    return {str(getattr(factory, "name", "")) for factory in found}


def test_a_role_says_which_services_run() -> None:
    around_the_store = {"archive", "exchange", "library", "scheduler", "watching", "web"}
    assert names(find_services(ServerRole.ALL)) == around_the_store | {"media"}
    assert names(find_services(ServerRole.HUB)) == around_the_store
    assert names(find_services(ServerRole.MEDIA)) == {"media"}


def test_a_port_in_use_names_the_port() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable) as refused:
            listen("127.0.0.1", port)
    assert (refused.value.code, refused.value.data["port"]) == ("port_in_use", port)


def test_the_double_colon_takes_both_kinds_of_addresses() -> None:
    with listen("::", 0) as listening:
        port = listening.getsockname()[1]
        for address in ("127.0.0.1", "::1"):
            socket.create_connection((address, port), 5).close()


@pytest.mark.parametrize("host", ["203.0.113.7", "no such host", "nowhere.invalid"])
def test_a_host_that_is_not_ours_is_named(host: str) -> None:
    with pytest.raises(BadSettings) as refused:
        listen(host, 0)
    assert (refused.value.code, refused.value.data["host"]) == ("host_unknown", host)

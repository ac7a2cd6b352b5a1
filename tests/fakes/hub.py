"""A real server on a loopback port with a real SQLite store, a virtual clock, and somebody of every kind to call it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from pydantic import TypeAdapter

from classroom.clock import VirtualClock
from classroom.http.callers import SESSION_COOKIE
from classroom.http.limits import HttpLimits
from classroom.messages.base import Message
from classroom.messages.live import ServerMessage
from classroom.model.principal import Role
from classroom.server import Server
from classroom.service import ServiceFactory
from classroom.settings import Settings, load_settings
from scheduler.service import SchedulerService
from tests.fakes.county import NOW, PASSWORD, County, build_county

_messages: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)
# Nothing here waits for time to pass; whoever waits longer than this waits for something that will not come.
PATIENCE_S = 10.0


def hub_settings(data: Path, **overrides: Any) -> Settings:
    """Settings of a server on free ports of the loopback, untouched by the environment."""
    given = {"data": data, "host": "127.0.0.1", "port": 0, "media_port": 0, "media_addresses": ["127.0.0.1"]}
    return load_settings(None, given | overrides, {})


@dataclass
class Hub:
    """A running server and its county. `headers_of` says how each of its people shows who they are."""

    server: Server
    clock: VirtualClock
    county: County
    sessions: dict[str, str] = field(default_factory=dict)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _http: aiohttp.ClientSession | None = None

    @property
    def http(self) -> aiohttp.ClientSession:
        """A client without cookies: everybody's requests carry their own headers."""
        assert self._http is not None
        return self._http

    async def __aenter__(self) -> Self:
        self._http = await self._stack.enter_async_context(
            aiohttp.ClientSession(self.server.url, cookie_jar=aiohttp.DummyCookieJar())
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def headers_of(self, who: str) -> dict[str, str]:
        """A session cookie for accounts (signing in once), a bearer token for devices, guests and publishers."""
        principal = self.county[who]
        tokens = self.server.context.tokens
        if principal.has(Role.DEVICE):
            assert principal.room_id is not None
            return _bearer(tokens.issue_device(principal.room_id, principal.id))
        if principal.lesson_id is not None:
            if principal.publish_source is not None:
                return _bearer(tokens.issue_publish(principal.lesson_id, principal.publish_source))
            return _bearer(tokens.issue_join(principal.lesson_id, principal.name))
        if not principal.signed_in:
            return {}
        if who not in self.sessions:
            self.sessions[who] = await self.sign_in(who)
        return {"Cookie": f"{SESSION_COOKIE}={self.sessions[who]}"}

    async def sign_in(self, who: str) -> str:
        """A new session's id."""
        body = {"username": who, "password": PASSWORD}
        async with self.http.post("/api/v1/session", json=body) as response:
            assert response.status == 200, await response.text()
            return response.cookies[SESSION_COOKIE].value

    async def call(
        self, who: str, method: str, path: str, *, headers: dict[str, str] | None = None, **body: Any
    ) -> tuple[int, Any]:
        """Status and parsed body (None without one) of a request. `body`: `json=` or `data=`."""
        sent = {**await self.headers_of(who), **(headers or {})}
        async with self.http.request(method, path, headers=sent, **body) as response:
            if not response.content_type.endswith("json"):
                return response.status, await response.text(errors="replace") or None
            return response.status, await response.json()

    @asynccontextmanager
    async def socket(self, who: str, language: str = "en") -> AsyncIterator["LiveSocket"]:
        """A `/ws` connection that has said hello and was welcomed."""
        headers = await self.headers_of(who)
        async with self.http.ws_connect("/ws", headers=headers, max_msg_size=0) as ws:
            socket = LiveSocket(ws)
            await socket.send({"type": "hello", "language": language})
            welcome = await socket.receive()
            assert welcome.type == "welcome", welcome
            yield socket

    async def run(self, seconds: float) -> None:
        """Let virtual time pass. What waits for the database (a thread of its own) may go on a moment later."""
        await self.clock.run(seconds)

    async def next(self, live: "LiveSocket") -> ServerMessage:
        """The next message, letting virtual time pass until it comes."""
        receiving = asyncio.ensure_future(live.receive())
        while not receiving.done():
            await asyncio.wait([receiving], timeout=0.02)
            self.clock.advance(0.25)
        return await receiving


class LiveSocket:
    """The client's side of `/ws`."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def send(self, message: Message | dict[str, Any]) -> None:
        await (
            self.ws.send_str(message.model_dump_json()) if isinstance(message, Message) else self.ws.send_json(message)
        )

    async def receive(self) -> ServerMessage:
        """The next message. Fails when the server closes instead."""
        frame = await self.ws.receive(PATIENCE_S)
        assert frame.type is aiohttp.WSMsgType.TEXT, frame
        return _messages.validate_json(frame.data)

    async def closed(self) -> int | None:
        """The close code, skipping whatever comes before it."""
        while True:
            frame = await self.ws.receive(PATIENCE_S)
            if frame.type is not aiohttp.WSMsgType.TEXT:
                return self.ws.close_code


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def running_hub(
    data: Path,
    *,
    services: list[ServiceFactory] | None = None,
    limits: HttpLimits | None = None,
    **settings: Any,
) -> AsyncIterator[Hub]:
    """A fresh server with the scheduler (or `services`), five minutes before the county's lesson begins."""
    clock = VirtualClock(NOW - timedelta(minutes=5))
    factories: list[ServiceFactory] = [SchedulerService] if services is None else services
    server = Server(hub_settings(data, **settings), clock=clock, services=factories, limits=limits)
    async with server:
        county = await build_county(server.context.store)
        async with Hub(server, clock, county) as hub:
            yield hub

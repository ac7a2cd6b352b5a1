"""The control socket: what the room is like goes up, which lesson to publish comes down.

While it is away nothing else stops: a lesson that is being published goes on, and the state is sent anew afterwards.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable

import aiohttp
from pydantic import ValidationError
from yarl import URL

from classroom.clock import Clock
from classroom.errors import ClassroomError, NotSignedIn
from classroom.logs import get_logger
from classroom.messages.live import (
    MAX_FRAME_BYTES,
    AgentLesson,
    AgentLevels,
    AgentPreview,
    AgentState,
    AgentWatched,
    Failure,
    Hello,
    Ping,
    Pong,
    Welcome,
    server_messages,
)
from room_agent.studio.backoff import Backoff
from room_agent.studio.serverclock import ServerClock

_HEARTBEAT_S = 5.0  # a dead network is noticed within twice this
_CONNECT_S = 10.0
_ASK_FIRST, _ASK_FIRST_S, _ASK_EVERY_S = 8, 0.25, 20.0  # how often the server is asked what time it is
# The server will not change its mind about these, however often it is asked.
_HOPELESS = frozenset({"token_invalid", "token_expired", "device_revoked", "device_needed", "agents_only"})

log = get_logger(__name__)


class ControlLost(ClassroomError):
    """The socket could not be opened, or ended: `server_unreachable`."""

    status = 503


class Control:
    """`on_lesson` is called with what the server says, `on_welcome` after every (re)connection.

    Only the newest state, the newest preview and the newest level of each source wait to be sent: a slow line gets
    fewer of them, never old ones. Previews and levels are sent only while the server says that somebody looks.
    """

    def __init__(
        self,
        *,
        http: aiohttp.ClientSession,
        server: URL,
        token: str,
        clock: Clock,
        backoff: Backoff,
        on_lesson: Callable[[AgentLesson], None],
        server_clock: ServerClock,
        on_welcome: Callable[[], None],
        check: Callable[[Welcome], Awaitable[None]],
    ) -> None:
        """`check` is awaited once, after the first `welcome` and before anything is sent; what it raises ends `run`."""
        self._check = check
        self._http = http
        self._server = server
        self._token = token
        self._clock = clock
        self._backoff = backoff
        self._on_lesson = on_lesson
        self._on_welcome = on_welcome
        self._server_clock = server_clock
        self._asked_s: dict[int, float] = {}
        self._state: AgentState | None = None
        self._waiting: dict[tuple[str, str], str] = {}
        self._wake = asyncio.Event()
        self.connected = False
        self._was_welcome = False
        self._watched_until_s = float("-inf")

    def state(self, state: AgentState) -> None:
        """Send now if it changed, and after every reconnection."""
        if state != self._state:
            self._state = state
            self._put("state", "", state)

    def preview(self, preview: AgentPreview) -> None:
        if self.watched:
            self._put("preview", preview.source, preview)

    def levels(self, levels: AgentLevels) -> None:
        if self.watched:
            self._put("levels", levels.source, levels)

    @property
    def watched(self) -> bool:
        """Whether somebody looks into the room."""
        return self._clock.monotonic() < self._watched_until_s

    async def run(self) -> None:
        """Stay connected until cancelled.

        Raises `NotSignedIn` when the server refuses the token at the first connection: somebody sits there and can
        mend it. Later refusals are retried, since nobody does.
        """
        while True:
            try:
                await self._connect_once()
            except ControlLost as error:
                wait_s = self._backoff.failed()
                log.warning("control socket lost", retry_s=round(wait_s, 1), **error.data)
                await self._clock.sleep(wait_s)
            finally:
                self.connected = False

    def _put(self, kind: str, source: str, message: AgentState | AgentPreview | AgentLevels) -> None:
        if self.connected:
            self._waiting[kind, source] = message.model_dump_json()
            self._wake.set()

    async def _connect_once(self) -> None:
        """Raises `ControlLost`, or `NotSignedIn` as `run`."""
        try:
            async with self._http.ws_connect(
                self._server / "ws",
                heartbeat=_HEARTBEAT_S,
                max_msg_size=MAX_FRAME_BYTES,
                timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
            ) as ws:
                asked_s = self._clock.monotonic()
                await ws.send_str(Hello(token=self._token).model_dump_json())
                async with asyncio.timeout(_CONNECT_S):
                    await self._greet(ws, asked_s)
                writer = asyncio.create_task(self._write(ws), name="control writer")
                asker = asyncio.create_task(self._ask_the_time(ws), name="control clock")
                try:
                    await self._read(ws)
                finally:
                    writer.cancel()
                    asker.cancel()
                raise self._lost(f"closed by the server ({ws.close_code})")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
            raise self._lost(reason) from error

    async def _greet(self, ws: aiohttp.ClientWebSocketResponse, asked_s: float) -> None:
        frame = await ws.receive()
        message = _parse(frame)
        if isinstance(message, Failure):
            if message.code in _HOPELESS and not self._was_welcome:
                raise NotSignedIn(message.code)
            raise self._lost(message.code)
        if not isinstance(message, Welcome):
            raise self._lost("no welcome")
        if not self._was_welcome:
            await self._check(message)
        self._server_clock.forget()
        self._server_clock.sample(asked_s, self._clock.monotonic(), message.server_time.timestamp())
        log.info("control socket connected")
        self._was_welcome = True
        self._backoff.succeeded()
        self._waiting.clear()
        self.connected = True
        if self._state is not None:
            self._put("state", "", self._state)
        self._on_welcome()

    async def _read(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in ws:
            message = _parse(frame)
            if isinstance(message, AgentLesson):
                self._on_lesson(message)
            elif isinstance(message, AgentWatched):
                self._watched_until_s = self._clock.monotonic() + message.for_s
            elif isinstance(message, Pong) and (asked_s := self._asked_s.pop(message.id, None)) is not None:
                self._server_clock.sample(asked_s, self._clock.monotonic(), message.server_time.timestamp())
            elif isinstance(message, Failure):
                log.warning("refused by the server", code=message.code)

    async def _ask_the_time(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        """A few times at first, then now and then: clocks drift, and the quickest answer knows best."""
        self._asked_s.clear()
        with contextlib.suppress(aiohttp.ClientError, ConnectionError):  # the reader sees it and reports
            for number in itertools.count():
                self._asked_s[number] = self._clock.monotonic()
                await ws.send_str(Ping(id=number).model_dump_json())
                await self._clock.sleep(_ASK_FIRST_S if number < _ASK_FIRST else _ASK_EVERY_S)

    async def _write(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                waiting, self._waiting = self._waiting, {}
                for text in waiting.values():
                    await ws.send_str(text)
        except (aiohttp.ClientError, ConnectionError):
            await ws.close()  # the reader sees it and reports

    def _lost(self, reason: str) -> ControlLost:
        return ControlLost("server_unreachable", url=str(self._server), reason=reason)


def _parse(frame: aiohttp.WSMessage) -> object:
    """None for a message a newer server sends and we do not know."""
    if frame.type is not aiohttp.WSMsgType.TEXT:
        return None
    try:
        return server_messages.validate_json(frame.data)
    except ValidationError:
        return None

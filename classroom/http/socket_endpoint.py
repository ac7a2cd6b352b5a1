"""`GET /ws`: one WebSocket from upgrade to close. Reads frames, finds their handlers, writes what they send."""

import asyncio
import contextlib
import json
from collections import Counter

from aiohttp import WSMessage, WSMsgType, web
from pydantic import ValidationError

from classroom.clock import Clock
from classroom.errors import BadInput, ClassroomError, NotSignedIn, TooMany, Unavailable, Unsupported
from classroom.http.call import Call
from classroom.http.callers import SESSION_COOKIE, Callers
from classroom.http.limits import HttpLimits
from classroom.http.origin import check_page_origin
from classroom.http.problems import of_validation_error
from classroom.http.rates import Rates
from classroom.http.sockets import POLICY_VIOLATION, Socket, Sockets
from classroom.logs import get_logger
from classroom.messages.base import Message
from classroom.messages.live import MAX_FRAME_BYTES, Hello, Ping, Pong, Welcome, client_messages
from classroom.model.principal import NOBODY, Principal

log = get_logger(__name__)


class SocketEndpoint:
    """Serves `/ws` for all clients of this process."""

    def __init__(self, sockets: Sockets, callers: Callers, clock: Clock, limits: HttpLimits, public_url: str) -> None:
        self._sockets = sockets
        self._callers = callers
        self._clock = clock
        self._limits = limits
        self._public_url = public_url
        self._by_address: Counter[str] = Counter()
        self._identities: dict[Socket, Identity] = {}

    async def serve(self, call: Call) -> web.StreamResponse:
        """Upgrade and talk until the socket closes. Raises `Forbidden` for foreign pages, `TooMany`, `BadInput`."""
        check_page_origin(call.request.headers, call.request.host, self._public_url)
        if self._by_address[call.remote] >= self._limits.sockets_per_address:
            raise TooMany("too_many_sockets", retry_after_s=30, limit=self._limits.sockets_per_address)
        ws = web.WebSocketResponse(
            timeout=self._limits.socket_close_timeout_s,
            heartbeat=self._limits.socket_heartbeat_s,
            max_msg_size=MAX_FRAME_BYTES,
            compress=False,  # frames are small or JPEG; a deflate context per viewer costs more memory than it saves
        )
        if not ws.can_prepare(call.request).ok:
            raise BadInput("upgrade_needed")
        self._by_address[call.remote] += 1
        try:
            await ws.prepare(call.request)
            await self._talk(call, ws)
        finally:
            self._by_address[call.remote] -= 1
            if not self._by_address[call.remote]:
                del self._by_address[call.remote]
        return ws

    async def _talk(self, call: Call, ws: web.WebSocketResponse) -> None:
        wake = asyncio.Event()
        socket = Socket(
            principal=NOBODY,
            language=call.language,
            remote=call.remote,
            limits=self._limits,
            wake=wake.set,
            abort=lambda: _abort(call.request),
        )
        writer = asyncio.create_task(self._write(ws, socket, wake), name="socket writer")
        try:
            greeted = await self._greet(call, ws, socket)
            if greeted is not None:
                self._sockets.add(socket)
                self._identities[socket] = greeted
                await self._read(ws, socket)
        finally:
            socket.close()
            try:
                # Whatever is still queued (the reason of a refusal) goes out before the connection does.
                await asyncio.wait([writer], timeout=self._limits.socket_close_timeout_s * 2)
            finally:
                # Also when aiohttp cancels us here because the peer has hung up.
                writer.cancel()
                self._identities.pop(socket, None)
                socket.closed()

    async def _greet(self, call: Call, ws: web.WebSocketResponse, socket: Socket) -> "Identity | None":
        """Wait for `hello` and answer `welcome`. None when the client was refused or went away."""
        try:
            async with asyncio.timeout(self._limits.hello_timeout_s):
                frame = await ws.receive()
        except TimeoutError:
            socket.fail(BadInput("hello_expected"))
            socket.close(POLICY_VIOLATION, "hello_expected")
            return None
        if frame.type is not WSMsgType.TEXT:
            if frame.type is WSMsgType.BINARY:
                socket.fail(BadInput("hello_expected"))
                socket.close(POLICY_VIOLATION, "hello_expected")
            return None
        try:
            hello = _parse(frame)
            if not isinstance(hello, Hello):
                raise BadInput("hello_expected")
            socket.language = hello.language
            identity = Identity(self._callers, hello.token, call)
            socket.principal = await identity.principal()
        except ClassroomError as error:
            socket.fail(error)
            socket.close(POLICY_VIOLATION, error.code)
            return None
        principal = socket.principal
        socket.send(
            Welcome(
                client_id=socket.client_id,
                name=principal.name,
                roles=sorted(principal.roles),
                server_time=self._clock.now(),
            )
        )
        return identity

    async def recheck(self) -> None:
        """Close the sockets of accounts that have signed out and devices that were revoked; until cancelled."""
        while True:
            await self._clock.sleep(self._limits.socket_recheck_s)
            for socket, identity in list(self._identities.items()):
                try:
                    await identity.recheck(socket.principal)
                except NotSignedIn as error:
                    socket.fail(error)
                    socket.close(POLICY_VIOLATION, error.code)
                except Unavailable as error:
                    # Nobody is thrown out because the database is away.
                    log.warning("sockets not rechecked", code=error.code)
                    break

    async def _read(self, ws: web.WebSocketResponse, socket: Socket) -> None:
        rates = Rates(self._limits.socket_messages_burst, self._limits.socket_messages_per_s, max_keys=1)
        bad_frames = 0
        while socket.open:
            frame = await ws.receive()
            if frame.type in {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR}:
                return
            try:
                rates.take("", self._clock.monotonic())
            except TooMany as error:
                socket.fail(error)
                socket.close(POLICY_VIOLATION, error.code)
                return
            try:
                message = _parse(frame)
            except ClassroomError as error:
                socket.fail(error, _id_of(frame))
                bad_frames += 1
                if bad_frames >= self._limits.socket_bad_frames:
                    socket.close(POLICY_VIOLATION, error.code)
                continue
            try:
                await self._dispatch(socket, message)
            except ClassroomError as error:
                socket.fail(error, getattr(message, "id", None))

    async def _dispatch(self, socket: Socket, message: Message) -> None:
        if isinstance(message, Ping):
            socket.send(Pong(id=message.id, server_time=self._clock.now()))
            return
        if isinstance(message, Hello):
            raise BadInput("hello_twice")
        handler = self._sockets.handler(type(message))
        if handler is None:
            raise Unsupported("not_served_here", type=str(getattr(message, "type", "")))
        await handler(socket, message)

    async def _write(self, ws: web.WebSocketResponse, socket: Socket, wake: asyncio.Event) -> None:
        # A peer that takes nothing any more fails its heartbeat, which ends a `send_str` that waits for it.
        with contextlib.suppress(ConnectionError):
            while True:
                while (text := socket.outbox.pop()) is not None:
                    await ws.send_str(text)
                if socket.closing is not None:
                    break
                wake.clear()
                await wake.wait()
            code, reason = socket.closing
            await ws.close(code=code, message=reason.encode()[:120])


class Identity:
    """Who a socket belongs to, and whether that still holds."""

    def __init__(self, callers: Callers, token: str | None, call: Call) -> None:
        self._callers = callers
        self._token = token
        self._call = call

    async def principal(self) -> Principal:
        """By the token of `hello`, else by the upgrade request. Raises `NotSignedIn`."""
        if self._token is not None:
            return await self._callers.principal_of_token(self._token)
        return self._call.principal

    async def recheck(self, principal: Principal) -> None:
        """Raise `NotSignedIn("session_ended")` when the account has signed out or the device was revoked.

        A join token only opens the door: it is short-lived on purpose, and the lesson outlasts it.
        """
        if not principal.signed_in:
            return
        try:
            if self._token is not None:
                now = await self._callers.principal_of_token(self._token)
            elif SESSION_COOKIE in self._call.request.cookies:
                now = await self._callers.principal_of_session(self._call.request.cookies[SESSION_COOKIE])
            else:
                now = await self._callers.principal(self._call.request)
        except NotSignedIn:
            raise NotSignedIn("session_ended") from None
        if now.id != principal.id:
            raise NotSignedIn("session_ended")


def _parse(frame: WSMessage) -> Message:
    if frame.type is not WSMsgType.TEXT:
        raise Unsupported("frame_not_text")
    try:
        return client_messages.validate_json(frame.data)
    except ValidationError as error:
        raise of_validation_error(error) from None


def _id_of(frame: WSMessage) -> int | None:
    """The id of a request that is not a message of ours, so that whoever sent it learns which one was refused."""
    try:
        value = json.loads(frame.data)
    except (ValueError, TypeError, RecursionError):
        return None
    found = value.get("id") if isinstance(value, dict) else None
    return found if isinstance(found, int) else None


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()

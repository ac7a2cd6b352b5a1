"""`/ws` from upgrade to close, with clients that behave and clients that do not."""

import asyncio
import socket as sockets_of_os
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from classroom.access.devices import access_device_revoke
from classroom.http.limits import HttpLimits
from classroom.http.sockets import POLICY_VIOLATION, SERVICE_RESTART, Socket
from classroom.messages.live import MAX_FRAME_BYTES, Failure, MediaPrefer, Pong, RoomPreview
from classroom.model.principal import SYSTEM
from tests.fakes.county import NOW
from tests.fakes.hub import Hub, LiveSocket, running_hub

LIMITS = HttpLimits(
    hello_timeout_s=0.2,
    socket_bad_frames=5,
    socket_messages_burst=50,
    socket_messages_per_s=1,
    socket_close_timeout_s=0.2,
    sockets_per_address=4,
    socket_queue_characters=2_000_000,
    socket_queue_messages=64,
)


@pytest.fixture
async def hub(tmp_path: Path) -> object:
    async with running_hub(tmp_path, limits=LIMITS) as running:
        yield running


async def refused(live: LiveSocket, message_id: int | None = None) -> str:
    answer = await live.receive()
    assert isinstance(answer, Failure), answer
    assert answer.id == message_id
    assert answer.message
    assert answer.remedy
    return answer.code


async def pong(live: LiveSocket) -> int:
    """The id of the ping that was answered, with the time of day."""
    answer = await live.receive()
    assert isinstance(answer, Pong), answer
    assert answer.server_time >= NOW - timedelta(minutes=5)
    return answer.id


async def test_hello_is_welcomed_and_ping_answered(hub: Hub) -> None:
    async with hub.http.ws_connect("/ws", headers=await hub.headers_of("teacher")) as ws:
        live = LiveSocket(ws)
        await live.send({"type": "hello"})
        welcome = await live.receive()
        assert welcome.type == "welcome"
        assert (welcome.name, welcome.roles) == (hub.county["teacher"].name, ["teacher"])
        assert welcome.server_time == hub.clock.now()
        await live.send({"type": "ping", "id": 4})
        assert await pong(live) == 4


async def test_a_token_in_hello_says_who_it_is(hub: Hub) -> None:
    token = (await hub.headers_of("room_device"))["Authorization"].removeprefix("Bearer ")
    async with hub.http.ws_connect("/ws") as ws:
        live = LiveSocket(ws)
        await live.send({"type": "hello", "token": token})
        welcome = await live.receive()
        assert welcome.type == "welcome"
        assert welcome.roles == ["device"]


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ('{"type": "ping", "id": 1}', "hello_expected"),
        ('{"type": "hello", "token": "x.y.z"}', "token_invalid"),
        ('{"type": "hello", "language": "fr"}', "field_invalid"),
        ('{"type": "hello", "admin": true}', "field_unknown"),
        ("{", "body_not_json"),
        ("[]", "field_invalid"),
        ('{"type": "dance"}', "message_unknown"),
    ],
)
async def test_a_first_message_that_is_no_good_hello_is_refused_and_the_socket_closed(
    hub: Hub, first: str, code: str
) -> None:
    async with hub.http.ws_connect("/ws") as ws:
        await ws.send_str(first)
        assert await refused(LiveSocket(ws)) == code
        assert await LiveSocket(ws).closed() == POLICY_VIOLATION


async def test_who_says_nothing_is_not_waited_for(hub: Hub) -> None:
    async with hub.http.ws_connect("/ws") as ws:
        assert await refused(LiveSocket(ws)) == "hello_expected"
        assert await LiveSocket(ws).closed() == POLICY_VIOLATION


async def test_who_hangs_up_before_hello_leaves_nothing_behind(hub: Hub) -> None:
    for _ in range(LIMITS.sockets_per_address * 2):
        ws = await hub.http.ws_connect("/ws")
        await ws.close()
    assert len(hub.server.context.sockets) == 0
    async with hub.socket("teacher"):
        assert len(hub.server.context.sockets) == 1


@pytest.mark.parametrize(
    ("frame", "code", "message_id"),
    [
        ("nonsense", "body_not_json", None),
        ("[" * 100_000, "body_not_json", None),
        ('{"type": "watch_lesson", "id": 3}', "field_missing", 3),
        ('{"type": "watch_lesson", "id": 3, "lesson_id": "x", "y": 1}', "field_unknown", 3),
        ('{"type": "watch_lessons", "id": 3, "day": "today"}', "field_invalid", 3),
        ('{"type": "dance", "id": 3}', "message_unknown", 3),
        ('{"id": 3}', "message_unknown", 3),
        ('{"type": "hello"}', "hello_twice", None),
        ('{"type": "media_close"}', "not_served_here", None),
        ('{"type": "watch_lesson", "id": 3, "lesson_id": "none"}', "lesson_unknown", 3),
        ('{"type": "watch_room", "id": 3, "room_id": "none"}', "room_unknown", 3),
        ('{"type": "agent_levels", "source": "x", "rms_dbfs": -20, "peak_dbfs": -9}', "agents_only", None),
    ],
)
async def test_a_wrong_message_is_answered_and_the_socket_goes_on(
    hub: Hub, frame: str, code: str, message_id: int | None
) -> None:
    async with hub.socket("teacher") as live:
        await live.ws.send_str(frame)
        assert await refused(live, message_id) == code
        await live.send({"type": "ping", "id": 1})
        assert await pong(live) == 1


async def test_binary_frames_are_refused(hub: Hub) -> None:
    async with hub.socket("teacher") as live:
        await live.ws.send_bytes(b"\x00\x01")
        assert await refused(live) == "frame_not_text"


async def test_who_sends_only_nonsense_is_thrown_out(hub: Hub) -> None:
    async with hub.socket("teacher") as live:
        for _ in range(LIMITS.socket_bad_frames):
            await live.ws.send_str("nonsense")
        assert await live.closed() == POLICY_VIOLATION


async def test_who_sends_too_much_is_thrown_out(hub: Hub) -> None:
    async with hub.socket("teacher") as live:
        for number in range(LIMITS.socket_messages_burst + 1):
            await live.send({"type": "ping", "id": number})
        answers = [await live.receive() for _ in range(LIMITS.socket_messages_burst + 1)]
        assert isinstance(answers[-1], Failure)
        assert answers[-1].code == "too_many_requests"
        assert await live.closed() == POLICY_VIOLATION


async def test_a_frame_beyond_the_limit_closes_the_socket(hub: Hub) -> None:
    async with hub.socket("teacher") as live:
        await live.ws.send_str("x" * (MAX_FRAME_BYTES + 1))
        assert await live.closed() == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


async def test_text_that_is_not_utf8_closes_the_socket(hub: Hub) -> None:
    async with hub.socket("teacher") as live:
        await live.ws.send_frame(b"\xff\xff", aiohttp.WSMsgType.TEXT)
        assert await live.closed() == aiohttp.WSCloseCode.INVALID_TEXT


async def test_a_foreign_page_does_not_get_a_socket(hub: Hub) -> None:
    headers = {**await hub.headers_of("teacher"), "Origin": "https://evil.example"}
    with pytest.raises(aiohttp.WSServerHandshakeError) as failed:
        await hub.http.ws_connect("/ws", headers=headers)
    assert failed.value.status == 403


async def test_sockets_of_one_address_are_bounded_and_freed(hub: Hub) -> None:
    opened = [await hub.http.ws_connect("/ws") for _ in range(LIMITS.sockets_per_address)]
    with pytest.raises(aiohttp.WSServerHandshakeError) as failed:
        await hub.http.ws_connect("/ws")
    assert failed.value.status == 429
    for ws in opened:
        await LiveSocket(ws).closed()
        await ws.close()
    async with hub.socket("teacher") as live:
        await live.send({"type": "ping", "id": 1})
        assert await pong(live) == 1


async def test_signing_out_closes_the_sockets_of_the_session(hub: Hub) -> None:
    async with hub.socket("teacher") as live, hub.socket("colleague") as other:
        await hub.call("teacher", "DELETE", "/api/v1/session")
        hub.clock.advance(LIMITS.socket_recheck_s)
        assert await refused(live) == "session_ended"
        assert await live.closed() == POLICY_VIOLATION
        await other.send({"type": "ping", "id": 1})
        assert await pong(other) == 1


async def test_revoking_a_device_closes_its_socket(hub: Hub) -> None:
    async with hub.socket("room_device") as live:
        device = hub.county["room_device"].id
        await access_device_revoke(hub.county.store, SYSTEM, device, NOW)
        hub.clock.advance(LIMITS.socket_recheck_s)
        assert await refused(live) == "session_ended"
        assert await live.closed() == POLICY_VIOLATION


async def test_a_join_token_that_expires_does_not_end_the_lesson_for_its_holder(hub: Hub) -> None:
    async with hub.socket("guest") as live:
        for _ in range(3):
            hub.clock.advance(600)
            await hub.clock.settle()
        await live.send({"type": "ping", "id": 1})
        assert await pong(live) == 1


async def test_a_client_that_reads_nothing_is_cut_off_and_others_are_not_held_up(hub: Hub) -> None:
    """The flood is far more than what both kernels' buffers and the server's queue hold."""
    flood = RoomPreview(room_id="r", source="s", jpeg="x" * 120_000)
    gone = asyncio.Event()

    async def start_flood(socket: Socket, message: MediaPrefer) -> None:
        socket.on_close(gone.set)
        for _ in range(400):
            socket.send(flood)
            await asyncio.sleep(0)

    hub.server.context.sockets.on(MediaPrefer, start_flood)
    raw = sockets_of_os.create_connection(("127.0.0.1", hub.server.port))
    raw.setsockopt(sockets_of_os.SOL_SOCKET, sockets_of_os.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(
        raw,
        b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    )
    await loop.sock_recv(raw, 4096)
    for text in ('{"type":"hello"}', '{"type":"media_prefer","mid":"0","encoding":"h"}'):
        # A client's frames are masked (RFC 6455 § 5.3); a mask of zeros leaves the text readable.
        await loop.sock_sendall(raw, bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text.encode())
    await asyncio.wait_for(gone.wait(), 10)
    raw.close()
    async with hub.socket("teacher") as live:
        await live.send({"type": "ping", "id": 1})
        assert await pong(live) == 1


async def test_a_server_that_stops_tells_its_sockets(tmp_path: Path) -> None:
    async with running_hub(tmp_path) as hub:
        ws = await hub.http.ws_connect("/ws")
        live = LiveSocket(ws)
        await live.send({"type": "hello"})
        await live.receive()
        leaving = asyncio.create_task(hub.server.__aexit__(None, None, None))
        assert await live.closed() == SERVICE_RESTART
        await asyncio.wait_for(leaving, 5)

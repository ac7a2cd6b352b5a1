"""Frames on the socket, trickle fragments and the headers the edge reads."""

import contextlib
import json
from collections.abc import Iterator

from aiohttp import WSMessage, WSMsgType

from classroom.catalog import LANGUAGES
from classroom.errors import ClassroomError, Forbidden
from classroom.http.callers import choose_language
from classroom.http.headers import content_security_policy
from classroom.http.origin import check_page_origin
from classroom.http.problems import failure
from classroom.http.socket_endpoint import _id_of, _parse
from classroom.messages.live import AgentState, Hello, MediaOffer, MediaPrefer, Ping, WantedTrack, client_messages
from media_server.api.exchange import _attributes

MAX_BYTES = 1_000


def run(data: bytes) -> None:
    text = data.decode(errors="replace")
    frame = WSMessage(WSMsgType.TEXT, text, None)
    _id_of(frame)
    refused: ClassroomError | None = None
    try:
        message = _parse(frame)
    except ClassroomError as error:
        refused = error
    else:
        assert client_messages.validate_json(message.model_dump_json()) == message
    if refused is not None:
        for language in LANGUAGES:
            assert failure(refused, language, None).message
    _attributes(text)
    assert choose_language(text, "en") in LANGUAGES
    with contextlib.suppress(Forbidden):
        check_page_origin({"Origin": text}, "qianshou.test", "")
    # Nothing of a Host header can begin a directive of its own.
    assert content_security_policy("n", text).count(";") == content_security_policy("n", "").count(";")


def seeds() -> Iterator[bytes]:
    track = WantedTrack(mid="0", source="teacher", kind="video")
    messages = (
        Hello(token="token"),
        MediaOffer(id=1, lesson_id="lesson", sdp="v=0\r\n", tracks=[track]),
        MediaPrefer(mid="0", encoding="auto"),
        Ping(id=7),
        AgentState(sources=[], alarms=[], publishing_lesson_id=None),
    )
    for message in messages:
        yield message.model_dump_json().encode()
    yield b'{"type":"ping","id":9999999999999999999999999}'
    yield b"[" * 900
    yield json.dumps({"type": "media_offer", "id": None, "tracks": [{}]}).encode()
    yield b"a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n"
    yield b"zh-CN,zh;q=0.9,en;q=0.8"
    yield b"https://qianshou.test:443"

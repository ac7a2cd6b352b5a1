"""Whatever the outside sends, the edge answers with an error of ours or not at all: nothing else may escape."""

import contextlib
import json
from typing import Any

from aiohttp import WSMessage, WSMsgType
from hypothesis import given
from hypothesis import strategies as st

from classroom.catalog import LANGUAGES
from classroom.errors import ClassroomError, Forbidden
from classroom.http.callers import choose_language
from classroom.http.headers import content_security_policy
from classroom.http.origin import check_page_origin
from classroom.http.problems import failure, problem
from classroom.http.socket_endpoint import _id_of, _parse

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=10), children, max_size=4),
    max_leaves=12,
)
TYPES = [
    "hello", "watch_lesson", "watch_lessons", "watch_room", "media_offer", "media_prefer", "media_close", "ping",
    "agent_state", "agent_preview", "agent_levels",
]  # fmt: skip
FIELDS = ["id", "token", "lesson_id", "day", "room_id", "sdp", "tracks", "sources", "alarms", "mid", "source", "jpeg"]


def frame(text: str) -> WSMessage:
    return WSMessage(WSMsgType.TEXT, text, None)


def parse(text: str) -> None:
    with contextlib.suppress(ClassroomError):
        _parse(frame(text))
    _id_of(frame(text))


@given(st.text())
def test_any_text(text: str) -> None:
    parse(text)


@given(json_values)
def test_any_json(value: Any) -> None:
    parse(json.dumps(value))


@given(st.sampled_from(TYPES), st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=6))
def test_any_message_with_any_fields(kind: str, fields: dict[str, Any]) -> None:
    parse(json.dumps({**fields, "type": kind}))


@given(st.sampled_from(TYPES), st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=6))
def test_every_refusal_has_a_text_in_every_language(kind: str, fields: dict[str, Any]) -> None:
    refused: list[ClassroomError] = []
    try:
        _parse(frame(json.dumps({**fields, "type": kind})))
    except ClassroomError as error:
        refused.append(error)
    for refusal in refused:
        for language in LANGUAGES:
            assert failure(refusal, language, None).message
            assert problem(refusal, language).remedy


@given(st.text(max_size=300))
def test_any_accept_language(value: str) -> None:
    assert choose_language(value, "en") in LANGUAGES


@given(st.text(max_size=200), st.text(max_size=60))
def test_any_origin_and_host(origin: str, host: str) -> None:
    with contextlib.suppress(Forbidden):
        check_page_origin({"Origin": origin}, host, "")
    policy = content_security_policy("n", host)
    # Nothing of a host can begin a directive or a source of its own.
    assert policy.count(";") == content_security_policy("n", "").count(";")
    assert len(policy.split()) in {len(content_security_policy("n", "").split()) + extra for extra in (0, 2)}

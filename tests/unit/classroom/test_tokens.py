import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from classroom.auth.tokens import JOIN_TTL_S, LONGEST_TOKEN, PUBLISH_TTL_S, Tokens
from classroom.clock import VirtualClock
from classroom.errors import NotSignedIn
from classroom.model.principal import Role

KEY = bytes(range(32))


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def tokens(clock: VirtualClock) -> Tokens:
    return Tokens(KEY, clock)


def refused(tokens: Tokens, token: str) -> str:
    with pytest.raises(NotSignedIn) as error:
        tokens.read(token)
    return error.value.code


def test_a_join_token_is_a_guest_of_one_lesson(tokens: Tokens) -> None:
    guest = tokens.read(tokens.issue_join("lesson", "河西教学点"))
    assert (guest.name, guest.lesson_id, guest.roles, guest.publish_source) == (
        "河西教学点",
        "lesson",
        frozenset(),
        None,
    )
    assert not guest.signed_in


def test_a_guests_id_stays_with_its_token_and_is_nobody_elses(tokens: Tokens) -> None:
    first, second = (tokens.issue_join("lesson", "河西") for _ in range(2))
    assert tokens.read(first).id == tokens.read(first).id != tokens.read(second).id


def test_a_publishing_token_is_for_one_source(tokens: Tokens) -> None:
    publisher = tokens.read(tokens.issue_publish("lesson", "slides"))
    assert (publisher.lesson_id, publisher.publish_source) == ("lesson", "slides")


def test_a_device_token_does_not_expire(tokens: Tokens, clock: VirtualClock) -> None:
    token = tokens.issue_device("room", "device")
    clock.advance(10 * 365 * 86400)
    device = tokens.read(token)
    assert (device.id, device.room_id, device.roles) == ("device", "room", frozenset({Role.DEVICE}))


@pytest.mark.parametrize("ttl_s", [1, JOIN_TTL_S, PUBLISH_TTL_S])
def test_a_token_ends_exactly_with_its_time(tokens: Tokens, clock: VirtualClock, ttl_s: int) -> None:
    issued = [tokens.issue_join("lesson", "河西", ttl_s), tokens.issue_publish("lesson", "slides", ttl_s)]
    clock.advance(ttl_s - 1)
    assert [tokens.read(token).lesson_id for token in issued] == ["lesson", "lesson"]
    clock.advance(1)
    assert [refused(tokens, token) for token in issued] == ["token_expired", "token_expired"]


def test_another_key_reads_nothing(tokens: Tokens, clock: VirtualClock) -> None:
    other = Tokens(b"x" * 32, clock)
    assert refused(other, tokens.issue_device("room", "device")) == "token_invalid"


def test_a_clock_that_is_behind_reads_tokens_of_one_that_is_ahead(tokens: Tokens, clock: VirtualClock) -> None:
    behind = Tokens(KEY, VirtualClock())
    clock.advance(30)
    assert behind.read(tokens.issue_join("lesson", "河西")).lesson_id == "lesson"


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_an_unsigned_token_is_refused(tokens: Tokens) -> None:
    claims = part({"kind": "device", "sub": "device", "room": "room", "iat": 0})
    for algorithm in ("none", "None", "HS512", "RS256"):
        assert refused(tokens, f"{part({'alg': algorithm})}.{claims}.") == "token_invalid"


@pytest.mark.parametrize(
    "claims",
    [
        {"kind": "admin", "sub": "x", "iat": 0},
        {"kind": "join", "sub": "x", "iat": 0},
        {"kind": "publish", "sub": "x", "lesson": "l", "iat": 0},
        {"kind": "device", "sub": "x", "iat": 0},
        {"kind": "device", "room": "r", "iat": 0},
        {"kind": "device", "sub": 5, "room": "r", "iat": 0},
        {"kind": "device", "sub": "x", "room": "r", "iat": 0, "roles": ["admin"]},
        {"kind": "join", "sub": "x", "lesson": "l", "iat": 0, "exp": "never"},
        {},
    ],
)
def test_a_signed_token_that_makes_no_sense_is_refused(tokens: Tokens, claims: dict[str, object]) -> None:
    token = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(KEY))
    assert refused(tokens, token) == "token_invalid"


def test_an_oversized_token_is_refused_unread(tokens: Tokens) -> None:
    assert refused(tokens, "a" * (LONGEST_TOKEN + 1)) == "token_invalid"


def test_the_longest_name_still_makes_a_readable_token(tokens: Tokens) -> None:
    assert tokens.read(tokens.issue_join("l" * 32, "河" * 80)).name == "河" * 80


@given(st.text(max_size=200))
def test_garbage_is_refused(garbage: str) -> None:
    assert refused(Tokens(KEY, VirtualClock()), garbage) == "token_invalid"


@given(st.data())
def test_one_changed_character_is_refused(data: st.DataObject) -> None:
    tokens = Tokens(KEY, VirtualClock())
    token = tokens.issue_device("room", "device")
    # the last character carries unused bits: two of its neighbours decode to the same signature
    place = data.draw(st.integers(0, len(token) - 2))
    other = data.draw(st.characters(codec="ascii", categories=["L", "Nd"]).filter(lambda c: c != token[place]))
    assert refused(tokens, token[:place] + other + token[place + 1 :]) == "token_invalid"

from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from media_server.transport.ice import answer_check, asked_ufrag, host_candidates, new_credentials, parse_check

ADDRESS = ("192.0.2.7", 5000)


def check(password: str, **attributes: object) -> bytes:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = "ours:theirs"
    message.attributes["PRIORITY"] = 1
    message.attributes["ICE-CONTROLLING"] = 7
    for name, value in attributes.items():
        message.attributes[name.replace("_", "-")] = value
    message.add_message_integrity(password.encode())
    return bytes(message)


def test_an_authentic_check_is_answered_with_its_address() -> None:
    message = parse_check(check("secret", USE_CANDIDATE=None))
    assert message is not None
    answer = answer_check(message, "secret", *ADDRESS)
    assert answer is not None
    assert answer.accepted
    assert answer.nominated
    reply = stun.parse_message(answer.reply)
    assert reply.transaction_id == message.transaction_id
    assert reply.attributes["XOR-MAPPED-ADDRESS"] == ADDRESS
    assert reply.check_message_integrity(b"secret")


def test_a_check_with_another_password_or_none_is_dropped() -> None:
    message = parse_check(check("wrong"))
    assert message is not None
    assert answer_check(message, "secret", *ADDRESS) is None
    bare = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message = parse_check(bytes(bare))
    assert message is not None
    assert answer_check(message, "secret", *ADDRESS) is None


def test_a_peer_that_believes_itself_controlled_is_told_so() -> None:
    message = parse_check(check("secret", ICE_CONTROLLED=9))
    assert message is not None
    answer = answer_check(message, "secret", *ADDRESS)
    assert answer is not None
    assert not answer.accepted
    assert stun.parse_message(answer.reply).error_code == 487


@given(st.binary(max_size=100))
def test_garbage_is_no_check(data: bytes) -> None:
    for head in (b"", b"\0\1", b"\0\1\0\x08\x21\x12\xa4\x42"):
        message = parse_check(head + data)
        assert message is None or answer_check(message, "secret", *ADDRESS) is None


def test_responses_and_indications_are_no_checks() -> None:
    for kind in (stun.Class.RESPONSE, stun.Class.INDICATION, stun.Class.ERROR):
        assert parse_check(bytes(stun.Message(stun.Method.BINDING, kind))) is None


def test_whom_a_check_is_for_is_read_before_anything_else() -> None:
    assert asked_ufrag(check("secret")) == "ours"
    late = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    late.attributes["SOFTWARE"] = "three"  # padded to eight
    late.attributes["USERNAME"] = "ours:theirs"
    assert asked_ufrag(bytes(late)) == "ours"
    assert asked_ufrag(bytes(late)[:-4]) == "ours"
    assert asked_ufrag(bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST))) == ""
    assert asked_ufrag(bytes(stun.Message(stun.Method.BINDING, stun.Class.RESPONSE))) == ""
    assert asked_ufrag(b"\x00\x01\x00\x08no cookie") == ""


def test_credentials_are_long_and_new_each_time() -> None:
    first, second = new_credentials(), new_credentials()
    assert len(first.ufrag) >= 4
    assert len(first.password) >= 22
    assert first != second


def test_the_first_address_is_preferred_and_udp_to_tcp() -> None:
    lines = [line.split() for line in host_candidates(["192.0.2.1", "2001:db8::1"], 7800)]
    assert [(line[2], *line[4:]) for line in lines] == [
        ("udp", "192.0.2.1", "7800", "typ", "host"),
        ("udp", "2001:db8::1", "7800", "typ", "host"),
        ("tcp", "192.0.2.1", "7800", "typ", "host", "tcptype", "passive"),
        ("tcp", "2001:db8::1", "7800", "typ", "host", "tcptype", "passive"),
    ]
    priorities = [int(line[3]) for line in lines]
    assert priorities == sorted(set(priorities), reverse=True)
    assert len({line[0] for line in lines}) == 4, "a foundation for each address and transport"


def test_the_zone_of_a_link_local_address_is_not_sent_back() -> None:
    message = parse_check(check("secret"))
    assert message is not None
    answer = answer_check(message, "secret", "fe80::1%eth0", 5000)
    assert answer is not None
    assert stun.parse_message(answer.reply).attributes["XOR-MAPPED-ADDRESS"] == ("fe80::1", 5000)

from ipaddress import IPv4Address, IPv6Address, ip_address

from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from media_server.transport.ice import answer_check, asked_ufrag, host_candidates, new_credentials

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
    answer = answer_check(check("secret", USE_CANDIDATE=None), "secret", *ADDRESS)
    assert answer is not None
    assert answer.accepted
    assert answer.nominated
    assert answer.priority == 1


@given(
    st.binary(min_size=12, max_size=12),
    st.ip_addresses() | st.just(ip_address("fe80::1")),
    st.integers(0, 65_535),
    st.text(min_size=1),
    st.booleans(),
)
def test_the_reply_is_that_of_an_independent_stack(
    transaction_id: bytes, address: IPv4Address | IPv6Address, port: int, password: str, controlled: bool
) -> None:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, transaction_id)
    request.attributes["ICE-CONTROLLED" if controlled else "ICE-CONTROLLING"] = 7
    request.add_message_integrity(password.encode())
    kind = stun.Class.ERROR if controlled else stun.Class.RESPONSE
    expected = stun.Message(stun.Method.BINDING, kind, transaction_id)
    if controlled:
        expected.attributes["ERROR-CODE"] = (487, "Role Conflict")
    else:
        expected.attributes["XOR-MAPPED-ADDRESS"] = (str(address), port)
    expected.add_message_integrity(password.encode())
    answer = answer_check(bytes(request), password, str(address), port)
    assert answer is not None
    assert answer.reply == bytes(expected)


def test_the_zone_of_a_link_local_address_is_not_sent_back() -> None:
    answer = answer_check(check("secret"), "secret", "fe80::7%eth0", 9)
    assert answer is not None
    assert stun.parse_message(answer.reply).attributes["XOR-MAPPED-ADDRESS"] == ("fe80::7", 9)


def test_a_check_with_another_password_or_none_is_dropped() -> None:
    assert answer_check(check("wrong"), "secret", *ADDRESS) is None
    assert answer_check(bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST)), "secret", *ADDRESS) is None


def test_a_check_that_was_touched_is_dropped() -> None:
    genuine = check("secret", USE_CANDIDATE=None)
    fingerprint = len(genuine) - 8  # its type and length are not protected: an unknown attribute may be in its place
    for position in range(len(genuine)):
        assert answer_check(genuine[:position], "secret", *ADDRESS) is None
        if not fingerprint <= position < fingerprint + 4:
            touched = bytearray(genuine)
            touched[position] ^= 1
            assert answer_check(bytes(touched), "secret", *ADDRESS) is None
    assert answer_check(genuine + bytes(4), "secret", *ADDRESS) is None


def test_what_follows_the_integrity_is_not_believed() -> None:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.add_message_integrity(b"secret")
    signed = bytes(message)[:-8]  # without the fingerprint
    added = signed[:2] + (len(signed) - 20 + 4).to_bytes(2) + signed[4:] + bytes.fromhex("00250000")
    answer = answer_check(added, "secret", *ADDRESS)
    assert answer is not None
    assert not answer.nominated


def test_a_peer_that_believes_itself_controlled_is_told_so() -> None:
    answer = answer_check(check("secret", ICE_CONTROLLED=9), "secret", *ADDRESS)
    assert answer is not None
    assert not answer.accepted
    assert stun.parse_message(answer.reply).error_code == 487


@given(st.binary(max_size=100))
def test_garbage_is_no_check(data: bytes) -> None:
    for head in (b"", b"\0\1", b"\0\1" + len(data).to_bytes(2) + b"\x21\x12\xa4\x42" + bytes(12)):
        assert answer_check(head + data, "secret", *ADDRESS) is None


def test_responses_and_indications_are_no_checks() -> None:
    for kind in (stun.Class.RESPONSE, stun.Class.INDICATION, stun.Class.ERROR):
        message = stun.Message(stun.Method.BINDING, kind)
        message.add_message_integrity(b"secret")
        assert answer_check(bytes(message), "secret", *ADDRESS) is None


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

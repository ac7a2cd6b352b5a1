"""Connectivity checks: anybody can send these to the media port."""

from collections.abc import Iterator

from aioice import stun

from media_server.transport.ice import answer_check, asked_ufrag

MAX_BYTES = 400
PASSWORD = "a password of our own"
ADDRESSES = (("192.0.2.1", 5000), ("2001:db8::1", 5000))


def run(data: bytes) -> None:
    ufrag = asked_ufrag(data)
    assert len(ufrag) <= len(data)
    for host, port in ADDRESSES:
        answer = answer_check(data, PASSWORD, host, port)
        if answer is not None:
            reply = stun.parse_message(answer.reply)
            assert reply.transaction_id == data[8:20]
            assert len(answer.reply) <= 2 * len(data), "an amplifier for those who forge their address"


def seeds() -> Iterator[bytes]:
    for kind in stun.Class:
        yield bytes(stun.Message(stun.Method.BINDING, kind))
    for role in ("ICE-CONTROLLING", "ICE-CONTROLLED"):
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = "ours:theirs"
        message.attributes["PRIORITY"] = 1_853_824_767
        message.attributes[role] = 7
        message.attributes["USE-CANDIDATE"] = None
        message.attributes["SOFTWARE"] = "fuzz"
        message.attributes["XOR-MAPPED-ADDRESS"] = ADDRESSES[0]
        message.attributes["ERROR-CODE"] = (487, "Role Conflict")
        yield bytes(message)
        message.add_message_integrity(PASSWORD.encode())
        yield bytes(message)

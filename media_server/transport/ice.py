"""Our half of ICE: lite (RFC 8445 § 2.5), so we answer connectivity checks and never make any."""

import secrets
import struct
from collections.abc import Sequence
from typing import NamedTuple

from aioice import stun

_ROLE_CONFLICT = 487
# RFC 8489 § 5 and § 14.3.
_BINDING_REQUEST, _COOKIE, _HEADER_BYTES = b"\x00\x01", b"\x21\x12\xa4\x42", 20
_ATTRIBUTE, _USERNAME = struct.Struct("!HH"), 0x0006
# RFC 8445 § 5.1.2.1: type preference of host candidates, a local preference, component 1.
_UDP_PRIORITY = 126 << 24 | 65_535 << 8 | 255
# RFC 6544 § 4.2: a lower type preference, so that TCP is taken only without UDP; direction preference 4 is "passive".
_TCP_PRIORITY = 90 << 24 | (4 << 13 | 0x1FFF) << 8 | 255


class Credentials(NamedTuple):
    """One side's ICE username fragment and password."""

    ufrag: str
    password: str


def new_credentials() -> Credentials:
    """RFC 8445 § 5.3 asks for 24 and 128 bits of randomness."""
    return Credentials(secrets.token_hex(6), secrets.token_urlsafe(24))


def host_candidates(addresses: Sequence[str], port: int) -> list[str]:
    """`a=candidate` values (RFC 8839 § 5.1, RFC 6544 § 4.5) for our one port on each address, the first preferred.

    UDP comes first in the list too: some simple clients look no further than the first line.
    """
    udp = [
        f"{number} 1 udp {_UDP_PRIORITY - (number << 8)} {address} {port} typ host"
        for number, address in enumerate(addresses, 1)
    ]
    # A foundation of their own (RFC 8445 § 5.1.1.3): the transport differs.
    tcp = [
        f"{len(addresses) + number} 1 tcp {_TCP_PRIORITY - (number << 8)} {address} {port} typ host tcptype passive"
        for number, address in enumerate(addresses, 1)
    ]
    return udp + tcp


def parse_check(data: bytes) -> stun.Message | None:
    """A binding request, or None for anything else: a stray packet is nobody's error."""
    try:
        message = stun.parse_message(data)
    except (ValueError, struct.error, IndexError):
        return None
    if message.message_method is not stun.Method.BINDING or message.message_class is not stun.Class.REQUEST:
        return None
    return message


def asked_ufrag(data: bytes) -> str:
    """Whom a binding request is for: our half of its USERNAME (RFC 8445 § 7.2.2: "the peer's fragment:own fragment").

    Empty where it names nobody. Reads nothing else: whoever floods us with checks for nobody shall not cost a parser.
    """
    if data[:2] != _BINDING_REQUEST or data[4:8] != _COOKIE:
        return ""
    position = _HEADER_BYTES
    while position + _ATTRIBUTE.size <= len(data):
        kind, size = _ATTRIBUTE.unpack_from(data, position)
        position += _ATTRIBUTE.size
        if kind == _USERNAME:
            return data[position : position + size].partition(b":")[0].decode(errors="replace")
        position += size + -size % 4
    return ""


class Check(NamedTuple):
    """What a valid check asks for."""

    reply: bytes
    accepted: bool
    nominated: bool
    priority: int  # of the other side's candidate


def answer_check(message: stun.Message, password: str, host: str, port: int) -> Check | None:
    """The reply to a check that came from `host` and `port`.

    None when its integrity is not ours: it is dropped without a word.
    """
    key = password.encode()
    try:
        if not message.check_message_integrity(key):
            return None
    except (ValueError, KeyError):
        return None
    accepted = "ICE-CONTROLLED" not in message.attributes
    response = stun.Message(
        message_method=stun.Method.BINDING,
        message_class=stun.Class.RESPONSE if accepted else stun.Class.ERROR,
        transaction_id=message.transaction_id,
    )
    if accepted:
        response.attributes["XOR-MAPPED-ADDRESS"] = (host.partition("%")[0], port)  # without the zone
    else:  # RFC 8445 § 7.3.1.1: a lite agent is always controlled
        response.attributes["ERROR-CODE"] = (_ROLE_CONFLICT, "Role Conflict")
    response.add_message_integrity(key)  # and the fingerprint
    nominated = accepted and "USE-CANDIDATE" in message.attributes
    return Check(bytes(response), accepted, nominated, message.attributes.get("PRIORITY", 0))

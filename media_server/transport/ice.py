"""Our half of ICE: lite (RFC 8445 § 2.5), so we answer connectivity checks and never make any."""

import hmac
import secrets
import socket
import struct
from collections.abc import Sequence
from hmac import compare_digest
from typing import NamedTuple
from zlib import crc32

# RFC 8489 § 5 and § 14; RFC 8445 § 16.1.
_BINDING_REQUEST, _SUCCESS, _FAILURE = b"\x00\x01", b"\x01\x01", b"\x01\x11"
_COOKIE, _HEADER_BYTES, _HMAC_BYTES, _CRC_BYTES = b"\x21\x12\xa4\x42", 20, 20, 4
_ATTRIBUTE = struct.Struct("!HH")  # its type and how long its value is
_USERNAME, _INTEGRITY, _ERROR_CODE, _MAPPED_ADDRESS, _FINGERPRINT = 0x0006, 0x0008, 0x0009, 0x0020, 0x8028
_PRIORITY, _USE_CANDIDATE, _CONTROLLED = 0x0024, 0x0025, 0x8029
_ROLE_CONFLICT = b"\0\0\4\x57Role Conflict"  # 487
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


def answer_check(data: bytes, password: str, host: str, port: int) -> Check | None:
    """The reply to a check that came from `host` and `port`.

    None for anything else than a binding request with our integrity: it is dropped without a word.
    """
    attributes = _read_request(data)
    if attributes is None:
        return None
    key, signed = password.encode(), attributes.get(_INTEGRITY)
    if signed is None or len(signed.value) != _HMAC_BYTES:
        return None
    # RFC 8489 § 14.5: over what is before it, with a length as if it were the last.
    if not compare_digest(_hmac(key, data[: signed.begins]), signed.value):
        return None
    accepted = _CONTROLLED not in attributes
    if accepted:
        reply = _reply(_SUCCESS, data[8:20], _MAPPED_ADDRESS, _mapped(host.partition("%")[0], port, data[4:20]), key)
    else:  # RFC 8445 § 7.3.1.1: a lite agent is always controlled
        reply = _reply(_FAILURE, data[8:20], _ERROR_CODE, _ROLE_CONFLICT, key)
    priority = attributes.get(_PRIORITY)
    nominated = accepted and _USE_CANDIDATE in attributes
    return Check(reply, accepted, nominated, int.from_bytes(priority.value) if priority else 0)


class _Attribute(NamedTuple):
    begins: int
    value: bytes


def _read_request(data: bytes) -> dict[int, _Attribute] | None:
    """The attributes of a binding request up to its integrity; None when it is none, or malformed."""
    if len(data) < _HEADER_BYTES or data[:2] != _BINDING_REQUEST or data[4:8] != _COOKIE:
        return None
    if int.from_bytes(data[2:4]) != len(data) - _HEADER_BYTES:
        return None
    attributes: dict[int, _Attribute] = {}
    position = _HEADER_BYTES
    while position < len(data):
        if position + _ATTRIBUTE.size > len(data):
            return None
        kind, size = _ATTRIBUTE.unpack_from(data, position)
        begins, position = position, position + _ATTRIBUTE.size + size + -size % 4
        if position > len(data):
            return None
        value = data[begins + _ATTRIBUTE.size : begins + _ATTRIBUTE.size + size]
        if kind == _FINGERPRINT:
            if value != _fingerprint(data[:begins]):
                return None
        elif _INTEGRITY not in attributes:  # § 14.5: what follows it is not to be believed
            attributes.setdefault(kind, _Attribute(begins, value))
    return attributes


def _reply(kind: bytes, transaction_id: bytes, attribute: int, value: bytes, key: bytes) -> bytes:
    """A response with one attribute, its integrity and its fingerprint."""
    body = _ATTRIBUTE.pack(attribute, len(value)) + value + bytes(-len(value) % 4)
    message = kind + len(body).to_bytes(2) + _COOKIE + transaction_id + body
    message = (
        _grown(message, _ATTRIBUTE.size + _HMAC_BYTES) + _ATTRIBUTE.pack(_INTEGRITY, _HMAC_BYTES) + _hmac(key, message)
    )
    fingerprint = _fingerprint(message)
    return _grown(message, _ATTRIBUTE.size + 4) + _ATTRIBUTE.pack(_FINGERPRINT, 4) + fingerprint


def _grown(message: bytes, by: int) -> bytes:
    """The message with a length for so many bytes more."""
    return message[:2] + (len(message) - _HEADER_BYTES + by).to_bytes(2) + message[4:]


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, _grown(message, _ATTRIBUTE.size + _HMAC_BYTES), "sha1")


def _fingerprint(message: bytes) -> bytes:
    """RFC 8489 § 14.7."""
    return (crc32(_grown(message, _ATTRIBUTE.size + 4)) ^ 0x5354554E).to_bytes(4)


def _mapped(host: str, port: int, mask: bytes) -> bytes:
    """XOR-MAPPED-ADDRESS (§ 14.2); `mask`: cookie and transaction id."""
    family, number = (2, socket.AF_INET6) if ":" in host else (1, socket.AF_INET)
    packed = socket.inet_pton(number, host)
    masked = int.from_bytes(packed) ^ int.from_bytes(mask[: len(packed)])
    return bytes((0, family)) + (port ^ 0x2112).to_bytes(2) + masked.to_bytes(len(packed))

"""RTP packets (RFC 3550 § 5.1) and their header extensions (RFC 8285)."""

import struct
from collections.abc import Mapping

from classroom.errors import BadInput

RTP_VERSION = 2
ONE_BYTE_PROFILE = 0xBEDE
HEADER_BYTES = 12

_HEADER = struct.Struct("!BBHII")
_EXTENSION = struct.Struct("!HH")


class MalformedPacket(BadInput):
    """Bytes from the network that are not what their first byte promised."""

    def __init__(self, reason: str) -> None:
        super().__init__("packet_malformed", reason=reason)


class RtpPacket:
    """A parsed RTP packet.

    `payload` excludes padding. `extension` is the raw body of the header extension and `profile` its 16-bit
    profile (0 without one); `extensions()` decodes the elements when somebody asks.
    """

    __slots__ = ("extension", "marker", "payload", "payload_type", "profile", "sequence", "ssrc", "timestamp")

    def __init__(
        self,
        payload_type: int,
        sequence: int,
        timestamp: int,
        ssrc: int,
        payload: bytes,
        *,
        marker: bool = False,
        profile: int = 0,
        extension: bytes = b"",
    ) -> None:
        self.payload_type = payload_type
        self.sequence = sequence
        self.timestamp = timestamp
        self.ssrc = ssrc
        self.payload = payload
        self.marker = marker
        self.profile = profile
        self.extension = extension

    def extensions(self) -> dict[int, bytes]:
        """Header extension elements by their local id; malformed ones end the list, as RFC 8285 § 4.2 asks."""
        if self.profile == ONE_BYTE_PROFILE:
            return _one_byte_elements(self.extension)
        if self.profile & 0xFFF0 == 0x1000:
            return _two_byte_elements(self.extension)
        return {}

    def pack(self) -> bytes:
        first = RTP_VERSION << 6
        extension = b""
        if self.profile:
            first |= 0x10
            extension = _EXTENSION.pack(self.profile, len(self.extension) // 4) + self.extension
        second = (self.marker << 7) | self.payload_type
        return _HEADER.pack(first, second, self.sequence, self.timestamp, self.ssrc) + extension + self.payload

    def __repr__(self) -> str:
        return (
            f"RtpPacket(pt={self.payload_type}, seq={self.sequence}, ts={self.timestamp}, ssrc={self.ssrc}, "
            f"m={self.marker}, {len(self.payload)} bytes)"
        )


def header_length(data: bytes) -> int:
    """Length in bytes of the RTP header with CSRCs and extension. Raises `MalformedPacket`."""
    if len(data) < HEADER_BYTES or data[0] >> 6 != RTP_VERSION:
        raise MalformedPacket("not RTP version 2")
    length = HEADER_BYTES + 4 * (data[0] & 0x0F)
    if data[0] & 0x10:
        if len(data) < length + 4:
            raise MalformedPacket("RTP extension header is cut off")
        length += 4 + 4 * int.from_bytes(data[length + 2 : length + 4])
    if len(data) < length:
        raise MalformedPacket("RTP header is cut off")
    return length


def parse_rtp(data: bytes) -> RtpPacket:
    """The packet in `data`. Raises `MalformedPacket`."""
    length = header_length(data)
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    profile, extension = 0, b""
    if first & 0x10:
        start = HEADER_BYTES + 4 * (first & 0x0F)
        profile = int.from_bytes(data[start : start + 2])
        extension = data[start + 4 : length]
    end = len(data)
    if first & 0x20:
        padding = data[-1]
        # RFC 3550 § 5.1: the last octet counts the padding octets, "including itself".
        if padding == 0 or length + padding > end:
            raise MalformedPacket("RTP padding is longer than the packet")
        end -= padding
    return RtpPacket(
        second & 0x7F,
        sequence,
        timestamp,
        ssrc,
        data[length:end],
        marker=second > 0x7F,
        profile=profile,
        extension=extension,
    )


def pack_one_byte_extensions(elements: Mapping[int, bytes]) -> bytes:
    """Body of a one-byte-header extension, padded to 32 bits. Ids are 1 – 14, values 1 – 16 bytes."""
    parts = []
    for identifier, value in elements.items():
        if not 1 <= identifier <= 14 or not 1 <= len(value) <= 16:
            raise ValueError(f"extension {identifier} with {len(value)} bytes does not fit the one-byte form")
        parts.append(bytes((identifier << 4 | len(value) - 1,)) + value)
    body = b"".join(parts)
    return body + bytes(-len(body) % 4)


def _one_byte_elements(body: bytes) -> dict[int, bytes]:
    elements: dict[int, bytes] = {}
    position = 0
    while position < len(body):
        head = body[position]
        if head == 0:  # padding
            position += 1
            continue
        identifier, length = head >> 4, (head & 0x0F) + 1
        if identifier == 15 or position + 1 + length > len(body):  # 15 is reserved: stop, RFC 8285 § 4.2
            break
        elements[identifier] = body[position + 1 : position + 1 + length]
        position += 1 + length
    return elements


def _two_byte_elements(body: bytes) -> dict[int, bytes]:
    elements: dict[int, bytes] = {}
    position = 0
    while position < len(body):
        if body[position] == 0:
            position += 1
            continue
        if position + 2 > len(body):
            break
        length = body[position + 1]
        if position + 2 + length > len(body):
            break
        elements[body[position]] = body[position + 2 : position + 2 + length]
        position += 2 + length
    return elements

"""RTP packets and their header extensions, as a publisher may send them."""

import struct
from collections.abc import Iterator

from classroom.rtp.packet import (
    ONE_BYTE_PROFILE,
    MalformedPacket,
    RtpPacket,
    header_length,
    pack_one_byte_extensions,
    parse_rtp,
)

MAX_BYTES = 300


def run(data: bytes) -> None:
    try:
        packet = parse_rtp(data)
    except MalformedPacket:
        return
    assert header_length(data) + len(packet.payload) <= len(data)
    for value in packet.extensions().values():
        assert value in data
    again = parse_rtp(packet.pack())
    assert repr(again) == repr(packet)
    assert again.payload == packet.payload
    assert again.extensions() == packet.extensions()


def seeds() -> Iterator[bytes]:
    one = pack_one_byte_extensions({1: b"0", 4: b"\x01\x02\x03", 10: b"h"})
    two = bytes((1, 3)) + b"abc" + bytes((20, 0, 0))
    for profile, extension in ((0, b""), (ONE_BYTE_PROFILE, one), (0x1000, two), (7, b"four")):
        yield RtpPacket(102, 65_535, 90_000, 7, b"payload", marker=True, profile=profile, extension=extension).pack()
    yield struct.pack("!BBHII", 0xA0, 96, 1, 2, 3) + b"payload" + bytes((0, 0, 3))
    yield struct.pack("!BBHIIII", 0x82, 96, 1, 2, 3, 4, 5) + b"two CSRCs"

"""Pictures of real encoders as RTP payloads, as browsers cut them."""

from collections.abc import Callable, Mapping, Sequence

from classroom.codecs.av1 import TEMPORAL_DELIMITER, split_units, unit_body, unit_type
from classroom.codecs.h264 import split_nals
from room_agent.uplink import packetise

Payloads = list[bytes]


def h264_payloads(stream: bytes, size: int) -> Payloads:
    return packetise.packetise(split_nals(stream), size)


def vp8_payloads(frame: bytes, size: int) -> Payloads:
    """RFC 7741 with a 15-bit picture id and TL0PICIDX."""
    pieces = _cut(frame, size - 6)
    return [
        bytes((0x80 if number else 0x90, 0xE0, 0x81, 0x23, 0x07, 0x00)) + each for number, each in enumerate(pieces)
    ]


def vp9_payloads(frame: bytes, size: int) -> Payloads:
    """RFC 9628, one layer, not flexible."""
    pieces = _cut(frame, size - 3)
    predicted = 0x40 if frame[0] & 0x04 else 0
    payloads = []
    for number, each in enumerate(pieces):
        begins, ends = (0x08 if number == 0 else 0), (0x04 if number == len(pieces) - 1 else 0)
        payloads.append(bytes((0x80 | predicted | begins | ends, 0x81, 0x23)) + each)
    return payloads


def av1_payloads(temporal_unit: bytes, size: int) -> Payloads:
    """One element a packet (W = 1), units cut where they do not fit; sizes left out as § 5.1 asks."""
    payloads: Payloads = []
    for unit in split_units(temporal_unit):
        if unit_type(unit) == TEMPORAL_DELIMITER:
            continue
        pieces = _cut(bytes((unit[0] & ~0x02,)) + unit_body(unit), size - 1)
        for number, each in enumerate(pieces):
            head = 0x10 | (0x80 if number else 0) | (0x40 if number < len(pieces) - 1 else 0)
            if not payloads and unit_type(unit) == 1:
                head |= 0x08  # N: a coded video sequence begins
            payloads.append(bytes((head,)) + each)
    return payloads


def av1_aggregated(temporal_unit: bytes) -> Payloads:
    """All units in one packet, each with its length (W = 0)."""
    units = [
        bytes((unit[0] & ~0x02,)) + unit_body(unit)
        for unit in split_units(temporal_unit)
        if unit_type(unit) != TEMPORAL_DELIMITER
    ]
    return [b"\x08" + b"".join(_leb128(len(unit)) + unit for unit in units)]


PACKETISERS: Mapping[str, Callable[[bytes, int], Payloads]] = {
    "H264": h264_payloads,
    "VP8": vp8_payloads,
    "VP9": vp9_payloads,
    "AV1": av1_payloads,
}


def _cut(data: bytes, size: int) -> Sequence[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def _leb128(value: int) -> bytes:
    code = bytearray()
    while value > 0x7F:
        code.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*code, value))

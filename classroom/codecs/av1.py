"""Open bitstream units and the sequence header of AV1 (AV1 bitstream specification § 5)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from classroom.codecs.bits import BitReader, MalformedStream, reading

SEQUENCE_HEADER, TEMPORAL_DELIMITER, TILE_LIST, PADDING = 1, 2, 8, 15  # § 6.2.2
_HAS_EXTENSION, _HAS_SIZE = 0x04, 0x02
_BT709, _SRGB, _IDENTITY, _UNSPECIFIED = 1, 13, 0, 2  # § 6.4.2


@dataclass(frozen=True, slots=True)
class SequenceHeader:
    """`tier` is 1 for the high one; `depth` in bits; `subsampling` (1, 1) is 4:2:0; `width`, `height`: the largest."""

    profile: int
    level: int = 0
    tier: int = 0
    depth: int = 8
    monochrome: bool = False
    subsampling: tuple[int, int] = (1, 1)
    chroma_position: int = 0
    width: int = 0
    height: int = 0


def unit_type(unit: bytes) -> int:
    return unit[0] >> 3 & 0x0F


def leb128(data: bytes, position: int) -> tuple[int, int]:
    """§ 4.10.5: the value and the position after it. Raises IndexError."""
    value = 0
    for shift in range(0, 56, 7):
        value |= (data[position] & 0x7F) << shift
        position += 1
        if not data[position - 1] & 0x80:
            return value, position
    raise IndexError("leb128 is too long")


def split_units(data: bytes) -> Iterator[bytes]:
    """The units of a low-overhead stream (§ 5.2), each with header and size field. Raises `MalformedStream`."""
    position = 0
    while position < len(data):
        with reading("AV1"):
            head = data[position]
            start = position + (2 if head & _HAS_EXTENSION else 1)
            end = len(data)
            if head & _HAS_SIZE:
                size, start = leb128(data, start)
                end = start + size
        if end > len(data):
            raise MalformedStream("AV1", "unit is cut off")
        yield data[position:end]
        position = end


def unit_body(unit: bytes) -> bytes:
    """What follows header and size field. Raises `MalformedStream`."""
    with reading("AV1"):
        start = 2 if unit[0] & _HAS_EXTENSION else 1
        if unit[0] & _HAS_SIZE:
            _, start = leb128(unit, start)
    return unit[start:]


def sized(unit: bytes) -> bytes:
    """The unit with a size field: RTP leaves it out, files want it. Raises `MalformedStream`."""
    if unit[0] & _HAS_SIZE:
        return unit
    start = 2 if unit[0] & _HAS_EXTENSION else 1
    size = len(unit) - start
    if size < 0:
        raise MalformedStream("AV1", "unit is cut off")
    code = bytearray()
    while size > 0x7F:
        code.append(size & 0x7F | 0x80)
        size >>= 7
    code.append(size)
    return bytes((unit[0] | _HAS_SIZE,)) + unit[1:start] + bytes(code) + unit[start:]


def join_units(units: Iterable[bytes]) -> bytes:
    """A temporal unit as files keep it (AV1-ISOBMFF § 2.4): sized, without delimiters, tile lists and padding.

    Raises `MalformedStream`.
    """
    left_out = (TEMPORAL_DELIMITER, TILE_LIST, PADDING)
    return b"".join(sized(unit) for unit in units if unit and unit_type(unit) not in left_out)


def parse_sequence_header(unit: bytes) -> SequenceHeader:
    """§ 5.5. `unit` with its header; raises `MalformedStream`."""
    if not unit or unit_type(unit) != SEQUENCE_HEADER:
        raise MalformedStream("AV1", "not a sequence header")
    body = unit_body(unit)
    with reading("AV1"):
        return _sequence(BitReader(body))


def _sequence(bits: BitReader) -> SequenceHeader:
    profile = bits.bits(3)
    bits.bit()  # still_picture
    reduced = bits.bit()
    level, tier = (bits.bits(5), 0) if reduced else _operating_points(bits)
    width_bits, height_bits = bits.bits(4) + 1, bits.bits(4) + 1
    width, height = bits.bits(width_bits) + 1, bits.bits(height_bits) + 1
    if not reduced and bits.bit():  # frame_id_numbers_present_flag
        bits.bits(7)
    bits.bits(3)  # superblock size, filter_intra, intra_edge_filter
    if not reduced:
        _skip_tools(bits)
    bits.bits(3)  # superres, cdef, restoration
    return _colour(bits, SequenceHeader(profile, level, tier, width=width, height=height))


def _operating_points(bits: BitReader) -> tuple[int, int]:
    """Level and tier of the first one."""
    delay_bits = 0
    if bits.bit():  # timing_info_present_flag
        bits.bits(64)
        if bits.bit():  # equal_picture_interval
            bits.exp_golomb()
        if bits.bit():  # decoder_model_info_present_flag
            delay_bits = bits.bits(5) + 1
            bits.bits(42)
    display_delay = bits.bit()
    points = []
    for _ in range(bits.bits(5) + 1):
        bits.bits(12)  # operating_point_idc
        level = bits.bits(5)
        points.append((level, bits.bit() if level > 7 else 0))
        if delay_bits and bits.bit():
            bits.bits(2 * delay_bits + 1)
        if display_delay and bits.bit():
            bits.bits(4)
    return points[0]


def _skip_tools(bits: BitReader) -> None:
    bits.bits(4)  # interintra_compound, masked_compound, warped_motion, dual_filter
    order_hint = bits.bit()
    if order_hint:
        bits.bits(2)  # jnt_comp, ref_frame_mvs
    screen_content = 1 if bits.bit() else bits.bit()  # seq_choose_…, else seq_force_screen_content_tools
    if screen_content and not bits.bit():  # seq_choose_integer_mv
        bits.bit()
    if order_hint:
        bits.bits(3)


def _colour(bits: BitReader, header: SequenceHeader) -> SequenceHeader:
    """§ 5.5.2"""
    high = bits.bit()
    depth = 10 if high else 8
    if header.profile == 2 and high and bits.bit():
        depth = 12
    monochrome = header.profile != 1 and bool(bits.bit())
    primaries = transfer = matrix = _UNSPECIFIED
    if bits.bit():  # color_description_present_flag
        primaries, transfer, matrix = bits.bits(8), bits.bits(8), bits.bits(8)
    header = replace(header, depth=depth, monochrome=monochrome)
    if monochrome:
        return header
    if (primaries, transfer, matrix) == (_BT709, _SRGB, _IDENTITY):
        return replace(header, subsampling=(0, 0))
    bits.bit()  # color_range
    x, y = 1, 1
    if header.profile == 1:
        x = y = 0
    elif header.profile == 2 and depth == 12:
        x = bits.bit()
        y = bits.bit() if x else 0
    elif header.profile == 2:
        y = 0
    position = bits.bits(2) if x and y else 0
    return replace(header, subsampling=(x, y), chroma_position=position)

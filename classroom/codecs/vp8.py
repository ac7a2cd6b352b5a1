"""The header of a VP8 keyframe (RFC 6386 § 9.1)."""

from classroom.codecs.bits import MalformedStream

_START_CODE = b"\x9d\x01\x2a"


def is_keyframe(frame: bytes) -> bool:
    """§ 9.1: the lowest bit of a frame's first octet is 0 in a keyframe."""
    return bool(frame) and not frame[0] & 0x01


def keyframe_size(frame: bytes) -> tuple[int, int]:
    """Width and height. Raises `MalformedStream` when `frame` begins no keyframe."""
    if not is_keyframe(frame) or len(frame) < 10 or frame[3:6] != _START_CODE:
        raise MalformedStream("VP8", "not a keyframe")
    # 14 bits each, little endian; the upper two bits are a wish to scale
    return int.from_bytes(frame[6:8], "little") & 0x3FFF, int.from_bytes(frame[8:10], "little") & 0x3FFF

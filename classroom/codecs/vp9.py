"""The uncompressed header of a VP9 keyframe (VP9 bitstream specification § 6.2, § 7.2)."""

from dataclasses import dataclass

from classroom.codecs.bits import BitReader, MalformedStream, reading

FRAME_MARKER = 2
_SYNC_CODE = 0x498342
_SRGB = 7


@dataclass(frozen=True, slots=True)
class Keyframe:
    """`subsampling_x` and `_y` are 1 where chroma has half the samples; 1, 1 is 4:2:0."""

    profile: int
    bit_depth: int
    subsampling_x: int
    subsampling_y: int
    full_range: bool
    width: int
    height: int


def parse_keyframe(frame: bytes) -> Keyframe:
    """Raises `MalformedStream` when `frame` begins another frame."""
    with reading("VP9"):
        return _parse(BitReader(frame))


def _parse(bits: BitReader) -> Keyframe:
    if bits.bits(2) != FRAME_MARKER:
        raise MalformedStream("VP9", "no frame marker")
    profile = bits.bit() | bits.bit() << 1
    if profile == 3:
        bits.bit()
    if bits.bit() or bits.bit():  # show_existing_frame, frame_type: 0 is KEY_FRAME
        raise MalformedStream("VP9", "not a keyframe")
    bits.bits(2)  # show_frame, error_resilient_mode
    depth, x, y, full_range = read_colour(bits, profile)
    return Keyframe(profile, depth, x, y, full_range, *read_size(bits))


def read_colour(bits: BitReader, profile: int) -> tuple[int, int, int, bool]:
    """`frame_sync_code` and `color_config`: bit depth, subsampling x and y, full range. Raises `MalformedStream`."""
    if bits.bits(24) != _SYNC_CODE:
        raise MalformedStream("VP9", "no sync code")
    depth = 8
    if profile >= 2:
        depth = 12 if bits.bit() else 10
    x = y = 1
    full_range = True
    if bits.bits(3) != _SRGB:
        full_range = bool(bits.bit())
        if profile & 1:
            x, y = bits.bit(), bits.bit()
            bits.bit()
    elif profile & 1:
        x = y = 0
        bits.bit()
    return depth, x, y, full_range


def read_size(bits: BitReader) -> tuple[int, int]:
    """`frame_size`: width and height."""
    return bits.bits(16) + 1, bits.bits(16) + 1

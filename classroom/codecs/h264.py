"""NAL units and the sequence parameter set of H.264 (ITU-T H.264)."""

from collections.abc import Iterable
from dataclasses import dataclass

from classroom.codecs.bits import BitReader, MalformedStream, reading

SLICE, IDR, SEI, SPS, PPS, AUD = 1, 5, 6, 7, 8, 9
# § 7.3.2.1.1: these have chroma_format_idc in their SPS
HIGH_PROFILES = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 134, 138, 139, 244})


@dataclass(frozen=True, slots=True)
class Sps:
    """What stands in a sequence parameter set; `width` and `height` in pixels, cropping applied."""

    profile: int
    constraints: int
    level: int
    chroma_format: int
    luma_bits: int
    chroma_bits: int
    width: int
    height: int


def nal_type(nal: bytes) -> int:
    return nal[0] & 0x1F


def split_nals(stream: bytes) -> list[bytes]:
    """The NAL units of a byte stream (Annex B), without the zero bytes that may trail them (B.1.2)."""
    nals = []
    start = stream.find(b"\x00\x00\x01")
    while start >= 0:
        start += 3
        end = stream.find(b"\x00\x00\x01", start)
        nal = stream[start : end if end >= 0 else len(stream)].rstrip(b"\0")
        if nal:
            nals.append(nal)
        start = end
    return nals


def join_nals(nals: Iterable[bytes]) -> bytes:
    """An Annex B byte stream."""
    return b"".join(b"\x00\x00\x00\x01" + nal for nal in nals)


def parse_sps(nal: bytes) -> Sps:
    """§ 7.3.2.1.1, up to the cropping. `nal` with its first octet; raises `MalformedStream`."""
    if not nal or nal_type(nal) != SPS:
        raise MalformedStream("H.264", "not a sequence parameter set")
    with reading("H.264"):
        return _parse_sps(BitReader(nal[1:].replace(b"\0\0\3", b"\0\0")))


def _parse_sps(bits: BitReader) -> Sps:
    profile, constraints, level = bits.bits(8), bits.bits(8), bits.bits(8)
    bits.exp_golomb()  # id
    chroma, luma_bits, chroma_bits = 1, 8, 8
    if profile in HIGH_PROFILES:
        chroma = bits.exp_golomb()
        if chroma == 3:
            bits.bit()
        luma_bits, chroma_bits = 8 + bits.exp_golomb(), 8 + bits.exp_golomb()
        bits.bit()
        if bits.bit():
            for index in range(8 if chroma != 3 else 12):
                if bits.bit():
                    _skip_scaling_list(bits, 16 if index < 6 else 64)
    bits.exp_golomb()  # log2_max_frame_num
    order = bits.exp_golomb()
    if order == 0:
        bits.exp_golomb()
    elif order == 1:
        bits.bit()
        bits.signed_exp_golomb()
        bits.signed_exp_golomb()
        for _ in range(min(bits.exp_golomb(), 255)):
            bits.signed_exp_golomb()
    bits.exp_golomb()  # reference frames
    bits.bit()
    columns, rows = bits.exp_golomb() + 1, bits.exp_golomb() + 1
    frames_only = bits.bit()
    if not frames_only:
        bits.bit()
    bits.bit()
    left = right = top = bottom = 0
    if bits.bit():
        left, right, top, bottom = (bits.exp_golomb() for _ in range(4))
    unit_x = 2 if chroma in (1, 2) else 1
    unit_y = (2 if chroma == 1 else 1) * (2 - frames_only)
    width = columns * 16 - unit_x * (left + right)
    height = rows * 16 * (2 - frames_only) - unit_y * (top + bottom)
    return Sps(profile, constraints, level, chroma, luma_bits, chroma_bits, width, height)


def _skip_scaling_list(bits: BitReader, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed_exp_golomb()) % 256
        last = following or last

"""NAL units of H.264 byte streams (ITU-T H.264 Annex B)."""

SLICE, IDR, SEI, SPS, PPS, AUD = 1, 5, 6, 7, 8, 9


def split_nals(stream: bytes) -> list[bytes]:
    """The NAL units between start codes, without the zero bytes that may trail them (B.1.2)."""
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


def nal_type(nal: bytes) -> int:
    return nal[0] & 0x1F


def join_nals(nals: list[bytes]) -> bytes:
    """An Annex B byte stream."""
    return b"".join(b"\x00\x00\x00\x01" + nal for nal in nals)

from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_server.sfu.codecs.h264 import begins_keyframe, nal_units, picture_size


def encoded_sps(width: int, height: int, profile: str, pixels: str = "yuv420p") -> bytes:
    """The SPS a real encoder writes."""
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = width, height, pixels
    context.time_base = Fraction(1, 25)
    context.options = {"profile": profile, "preset": "ultrafast", "tune": "zerolatency"}
    frame = av.VideoFrame.from_ndarray(np.zeros((height, width, 3), np.uint8)).reformat(format=pixels)
    frame.pts = 0
    data = b"".join(bytes(packet) for packet in context.encode(frame))
    units = [unit.rstrip(b"\0") for unit in data.split(b"\0\0\1")]
    return next(unit for unit in units if unit and unit[0] & 0x1F == 7)


@pytest.mark.parametrize(
    ("width", "height", "profile", "pixels"),
    [
        (1280, 720, "baseline", "yuv420p"),
        (640, 360, "baseline", "yuv420p"),
        (320, 180, "high", "yuv420p"),
        (1920, 1080, "main", "yuv420p"),
        (202, 98, "high444", "yuv444p"),
    ],
)
def test_the_size_of_real_encoders_pictures(width: int, height: int, profile: str, pixels: str) -> None:
    sps = encoded_sps(width, height, profile, pixels)
    assert picture_size(sps) == (width, height)
    stap = b"\x78" + len(sps).to_bytes(2) + sps + b"\0\2\x68\0"
    assert picture_size(stap) == (width, height)
    assert begins_keyframe(stap)
    assert [kind for kind, _ in nal_units(stap)] == [7, 8]


@pytest.mark.parametrize(
    ("payload", "begins"),
    [
        (b"\x67\x42", True),
        (b"\x65\x88", True),
        (b"\x61\x88", False),
        (b"\x68\x00", False),
        (b"\x7c\x85\x00", True),  # FU-A, first piece of an IDR
        (b"\x7c\x05\x00", False),  # FU-A, later piece
        (b"\x7c\x81\x00", False),  # FU-A, first piece of another picture
        (b"\x78\x00\x02\x68\x00\x00\x02\x65\x88", True),
        (b"\x78\x00\x02\x09\xf0", False),
        (b"\x7c", False),
        (b"", False),
    ],
)
def test_where_keyframes_begin(payload: bytes, begins: bool) -> None:
    assert begins_keyframe(payload) is begins


@given(st.binary(max_size=80))
def test_garbage_has_no_size_and_raises_nothing(data: bytes) -> None:
    for head in (b"", b"\x67", b"\x78", b"\x7c\x87"):
        begins_keyframe(head + data)
        size = picture_size(head + data)
        assert size is None or len(size) == 2

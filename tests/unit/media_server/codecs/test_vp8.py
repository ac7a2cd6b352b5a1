"""VP8 payloads as RFC 7741 and real encoders write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_server.sfu.codecs.payload import Offsets, PayloadInfo
from media_server.sfu.codecs.vp8 import Vp8
from tests.fakes.encoded import encoded_pictures

KEYFRAME = b"\x10\x00\x00\x9d\x01\x2a\x80\x02\x68\x01"  # 640 × 360


def test_keyframes_and_sizes_of_a_real_encoder() -> None:
    first, second = encoded_pictures("libvpx", 2, 322, 182)
    info = Vp8().read(b"\x10" + first, {})
    assert (info.keyframe, info.sizes) == (True, ((322, 182),))
    assert not Vp8().read(b"\x10" + second, {}).keyframe


@pytest.mark.parametrize(
    ("payload", "info"),
    [
        (b"\x90\x80\x05" + KEYFRAME, PayloadInfo(True, 5, None, switches=0xFF, sizes=((640, 360),))),
        (b"\x90\xc0\x81\x02\x07" + KEYFRAME, PayloadInfo(True, 0x102, 7, switches=0xFF, sizes=((640, 360),))),
        (b"\x90\xe0\x81\x02\x07\x20" + KEYFRAME, PayloadInfo(True, 0x102, 7, switches=0xFF, sizes=((640, 360),))),
        (b"\x90\xc0\x81\x02\x07\x11", PayloadInfo(False, 0x102, 7)),  # P bit: predicted
        (b"\x80\xc0\x81\x02\x07" + KEYFRAME, PayloadInfo(False, 0x102, 7)),  # not the start of a partition
        (b"\x11" + KEYFRAME, PayloadInfo()),  # start of the second partition
        (b"\x10\x10\x00\x00", PayloadInfo(True, switches=0xFF)),  # cut off before the size
        (b"\x10", PayloadInfo()),
        (b"\x90\xc0\x81", PayloadInfo()),
        (b"", PayloadInfo()),
    ],
)
def test_what_a_descriptor_says(payload: bytes, info: PayloadInfo) -> None:
    assert Vp8().read(payload, {}) == info


@pytest.mark.parametrize(
    ("payload", "renumbered"),
    [
        (b"\x90\xc0\xff\xfe\xfftail", b"\x90\xc0\x80\x01\x01tail"),  # both wrap
        (b"\x90\x80\x7etail", b"\x90\x80\x01tail"),  # seven bits stay seven
        (b"\x90\x40\x05tail", b"\x90\x40\x07tail"),
        (b"\x10tail", b"\x10tail"),
    ],
)
def test_counters_are_shifted_and_nothing_else(payload: bytes, renumbered: bytes) -> None:
    assert Vp8().renumber(payload, {}, Offsets(3, 2))[0] == renumbered


@given(st.binary(max_size=40), st.integers(-70_000, 70_000), st.integers(-300, 300))
def test_garbage_raises_nothing_and_keeps_its_length(payload: bytes, picture_id: int, tl0: int) -> None:
    format_, offsets = Vp8(), Offsets(picture_id, tl0)
    info = format_.read(payload, {})
    renumbered, _ = format_.renumber(payload, {}, offsets)
    assert len(renumbered) == len(payload)
    again = format_.read(renumbered, {})
    assert (again.keyframe, again.sizes) == (info.keyframe, info.sizes)
    assert format_.renumber(renumbered, {}, Offsets(-picture_id, -tl0))[0] == payload

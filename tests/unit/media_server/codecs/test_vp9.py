"""VP9 payloads as RFC 9628 and a real encoder write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_server.sfu.codecs.payload import Offsets, PayloadInfo
from media_server.sfu.codecs.vp9 import Vp9
from tests.fakes.camera import VP9_KEYFRAME
from tests.fakes.encoded import encoded_pictures

ALL = 0xFF


def test_keyframes_and_sizes_of_a_real_encoder() -> None:
    first, second = encoded_pictures("libvpx-vp9", 2, 322, 182)
    info = Vp9().read(b"\x08" + first, {})
    assert (info.keyframe, info.sizes) == (True, ((322, 182),))
    assert not Vp9().read(b"\x48" + second, {}).keyframe


@pytest.mark.parametrize(
    ("payload", "info"),
    [
        # I, B, E; 15 bits of picture id
        (b"\x8c\x81\x02" + VP9_KEYFRAME, PayloadInfo(True, 0x102, None, ALL, ALL, 0, True, ((320, 180),))),
        # I, L, B, V: layer 0 with TL0PICIDX 7 and a structure of two layers
        (
            b"\xaa\x05\x00\x07\x30\x01\x40\x00\xb4\x02\x80\x01\x68" + VP9_KEYFRAME,
            PayloadInfo(True, 5, 7, ALL, ALL, 0, False, ((320, 180), (640, 360))),
        ),
        # the layer above it, predicted from it only: needed by those who get this layer or a higher one
        (b"\xac\x05\x03\x07\x00", PayloadInfo(False, 5, 7, 0xFE, 0, 1, True)),
        # flexible: I, P, L, F, B, two P_DIFF
        (b"\xf8\x05\x04\x03\x02\x00", PayloadInfo(False, 5, None, 0xFC, 0, 2)),
        # a structure with picture groups and no sizes, between keyframes
        (b"\xea\x05\x00\x07\x28\x01\x14\x01", PayloadInfo(False, 5, 7, ALL, 0, 0, False, ((0, 0), (0, 0)))),
        # an intra-only picture (frame_type 1) is no keyframe
        (b"\x88\x05\x84\x49\x83\x42", PayloadInfo(False, 5, None, ALL, 0)),
        (b"\x08\x80", PayloadInfo()),
        (b"\xaa\x05\x00\x07\x30\x01", PayloadInfo()),
        (b"", PayloadInfo()),
    ],
)
def test_what_a_descriptor_says(payload: bytes, info: PayloadInfo) -> None:
    assert Vp9().read(payload, {}) == info


@pytest.mark.parametrize(
    ("payload", "renumbered"),
    [
        (b"\xa8\xff\xfe\x00\xfftail", b"\xa8\x80\x01\x00\x01tail"),  # both wrap
        (b"\x88\x7etail", b"\x88\x01tail"),
        (b"\xb8\x05\x04tail", b"\xb8\x08\x04tail"),  # flexible: no TL0PICIDX
        (b"\x08tail", b"\x08tail"),
    ],
)
def test_counters_are_shifted_and_nothing_else(payload: bytes, renumbered: bytes) -> None:
    assert Vp9().renumber(payload, {}, Offsets(3, 2))[0] == renumbered


@given(st.binary(max_size=60), st.integers(-70_000, 70_000), st.integers(-300, 300))
def test_garbage_raises_nothing_and_keeps_its_length(payload: bytes, picture_id: int, tl0: int) -> None:
    format_ = Vp9()
    format_.read(payload, {})
    renumbered, _ = format_.renumber(payload, {}, Offsets(picture_id, tl0))
    assert len(renumbered) == len(payload)
    assert format_.renumber(renumbered, {}, Offsets(-picture_id, -tl0))[0] == payload

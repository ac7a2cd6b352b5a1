"""AV1 payloads and the dependency descriptor, built bit by bit after the specification."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_server.sfu.codecs.av1 import Av1, picture_size
from media_server.sfu.codecs.dependency import DEPENDENCY_DESCRIPTOR, parse_descriptor
from media_server.sfu.codecs.payload import Offsets
from tests.fakes.encoded import encoded_pictures

NEW_SEQUENCE, ONE_UNIT = 0x08, 0x10
ABSENT, DISCARDABLE, SWITCH, REQUIRED = range(4)


def bits(*fields: tuple[int, int]) -> bytes:
    """`(value, width)` fields one after the other, padded with zeros."""
    text = "".join(f"{value:0{width}b}" for value, width in fields if width)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8)


def mandatory(start: int, end: int, template: int, number: int) -> list[tuple[int, int]]:
    return [(start, 1), (end, 1), (template, 6), (number, 16)]


def structure(indications: list[list[int]], sizes: tuple[tuple[int, int], ...] = ()) -> list[tuple[int, int]]:
    """Two spatial layers, a keyframe's and a later picture's template each; no chains; template ids from 5 on."""
    fields = [(1, 1), (0, 4), (5, 6), (len(indications[0]) - 1, 5)]
    fields += [(0, 2), (2, 2), (0, 2), (3, 2)]  # next_layer_idc: same layer, next spatial layer, same, end
    fields += [(value, 2) for row in indications for value in row]
    fields += [(0, 1), (1, 1), (0, 4), (0, 1), (0, 1), (1, 1), (3, 4), (0, 1)]  # template_fdiffs
    fields += [(0, 1)]  # chain_cnt 0: ns(3) writes it in one bit
    fields += [(1, 1), *((value - 1, 16) for size in sizes for value in size)] if sizes else [(0, 1)]
    return fields


# Decode targets: the lower layer alone, both. Templates: key and later picture of the lower, then of the upper layer.
FULL = [[SWITCH, SWITCH], [SWITCH, REQUIRED], [ABSENT, SWITCH], [ABSENT, REQUIRED]]
INDEPENDENT = [[SWITCH, ABSENT], [SWITCH, ABSENT], [ABSENT, SWITCH], [ABSENT, SWITCH]]
SIZES = ((320, 180), (640, 360))


def descriptor(fields: list[tuple[int, int]]) -> dict[str, bytes]:
    return {DEPENDENCY_DESCRIPTOR: bits(*fields)}


def test_the_size_a_real_encoder_writes() -> None:
    (first,) = encoded_pictures(
        "libsvtav1", 1, 322, 182, {"preset": "12", "svtav1-params": "lookahead=0:pred-struct=1"}
    )
    assert first[:2] == b"\x12\x00", "a temporal delimiter, which does not travel in RTP"
    sequence = first[2 : 4 + first[3]]
    info = Av1().read(bytes((NEW_SEQUENCE | ONE_UNIT,)) + sequence, {})
    assert (info.keyframe, info.sizes) == (True, ((322, 182),))
    without_size = bytes((sequence[0] & ~0x02,)) + sequence[2:]
    assert picture_size(bytes((NEW_SEQUENCE | ONE_UNIT,)) + without_size) == (322, 182)
    measured = bytes((NEW_SEQUENCE, len(without_size))) + without_size  # W = 0: every unit has its length
    assert picture_size(measured) == (322, 182)
    assert picture_size(bytes((0x80 | ONE_UNIT,)) + sequence) is None, "Z: the unit began in an earlier packet"


def test_without_a_descriptor_everybody_gets_everything() -> None:
    info = Av1().read(b"\x00\x00", {})
    assert (info.keyframe, info.targets, info.picture_id) == (False, 0xFF, None)


def test_spatial_layers_by_the_descriptor() -> None:
    reader = Av1()
    key = reader.read(b"\x08", descriptor([*mandatory(1, 0, 5, 7), *structure(FULL, SIZES)]))
    assert (key.keyframe, key.sizes, key.picture_id, key.spatial, key.ends_frame) == (True, SIZES, 7, 0, False)
    assert (key.targets & 3, key.switches & 3) == (3, 3)
    upper = reader.read(b"\x00", descriptor(mandatory(1, 1, 7, 8)))
    assert (upper.keyframe, upper.spatial, upper.targets, upper.switches, upper.ends_frame) == (False, 1, 2, 2, True)
    lower = reader.read(b"\x00", descriptor(mandatory(1, 1, 6, 9)))
    assert (lower.spatial, lower.targets, lower.switches) == (0, 3, 1)
    assert reader.read(b"\x00", descriptor(mandatory(0, 1, 6, 9))).switches == 0, "only the first packet of a frame"
    unknown = reader.read(b"\x00", descriptor(mandatory(1, 1, 30, 10)))
    assert (unknown.targets, unknown.picture_id) == (0xFF, 10)


def test_layers_that_need_nothing_of_each_other_are_not_sent_together() -> None:
    reader = Av1()
    reader.read(b"\x08", descriptor([*mandatory(1, 1, 5, 7), *structure(INDEPENDENT, SIZES)]))
    assert reader.read(b"\x00", descriptor(mandatory(1, 1, 6, 8))).targets == 1
    assert reader.read(b"\x00", descriptor(mandatory(1, 1, 8, 9))).targets == 2


def test_before_the_structure_is_known_nothing_is_left_out() -> None:
    info = Av1().read(b"\x00", descriptor(mandatory(1, 0, 6, 4)))
    assert (info.targets, info.picture_id, info.keyframe) == (0xFF, 4, False)


@pytest.mark.parametrize(("number", "offset", "shifted"), [(5, 3, 8), (0xFFFF, 2, 1), (1, -2, 0xFFFF)])
def test_frame_numbers_are_shifted_and_nothing_else(number: int, offset: int, shifted: int) -> None:
    before = descriptor([*mandatory(1, 0, 5, number), *structure(FULL)])
    payload, after = Av1().renumber(b"picture", before, Offsets(offset, 9))
    assert payload == b"picture"
    assert after == descriptor([*mandatory(1, 0, 5, shifted), *structure(FULL)])


@given(st.binary(max_size=60), st.binary(max_size=120))
def test_garbage_raises_nothing(payload: bytes, data: bytes) -> None:
    reader = Av1()
    for extension in (data, bits(*mandatory(1, 1, 5, 7)) + b"\x80" + data):
        parse_descriptor(extension)
        info = reader.read(payload, {DEPENDENCY_DESCRIPTOR: extension})
        assert 0 <= info.targets <= 0xFF
        reader.renumber(payload, {DEPENDENCY_DESCRIPTOR: extension}, Offsets(3, 3))
    picture_size(payload)


@given(st.binary(max_size=60))
def test_the_structure_of_too_many_templates_is_refused(tail: bytes) -> None:
    endless = [*mandatory(1, 1, 5, 7), (1, 1), (0, 4), (5, 6), (0, 5), *[(0, 2)] * 80]
    assert parse_descriptor(bits(*endless) + tail) is None

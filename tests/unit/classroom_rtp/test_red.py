"""RED (RFC 2198), against a slow packer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.rtp.packet import MalformedPacket
from classroom.rtp.red import RedBlock, parse_red, renamed, wrapped

older = st.lists(st.tuples(st.integers(0, 127), st.integers(0, (1 << 14) - 1), st.binary(max_size=1_023)), max_size=4)


def packed(blocks: list[tuple[int, int, bytes]], payload_type: int, own: bytes) -> bytes:
    """RFC 2198 § 3, bit by bit: F, block PT (7), timestamp offset (14), block length (10); the last: 0, block PT."""
    bits = (
        "".join(f"1{kind:07b}{offset:014b}{len(data):010b}" for kind, offset, data in blocks) + f"0{payload_type:07b}"
    )
    head = int(bits, 2).to_bytes(len(bits) // 8)
    return head + b"".join(data for _, _, data in blocks) + own


@given(blocks=older, payload_type=st.integers(0, 127), own=st.binary(max_size=200), other=st.integers(0, 127))
def test_what_is_packed_is_read_and_renaming_changes_nothing_else(
    blocks: list[tuple[int, int, bytes]], payload_type: int, own: bytes, other: int
) -> None:
    payload = packed(blocks, payload_type, own)
    assert parse_red(payload) == [*(RedBlock(*block) for block in blocks), RedBlock(payload_type, 0, own)]
    assert renamed(payload, other) == packed([(other, offset, data) for _, offset, data in blocks], other, own)


@given(own=st.binary(max_size=200), payload_type=st.integers(0, 127))
def test_a_payload_alone(own: bytes, payload_type: int) -> None:
    assert parse_red(wrapped(own, payload_type)) == [RedBlock(payload_type, 0, own)]


@pytest.mark.parametrize(
    "payload", [b"", b"\xef", b"\xef\0\0\x02", b"\xef\0\0\x02\x6fa"], ids=["nothing", "half", "no last", "block cut"]
)
def test_what_is_cut_off_is_refused(payload: bytes) -> None:
    with pytest.raises(MalformedPacket):
        parse_red(payload)

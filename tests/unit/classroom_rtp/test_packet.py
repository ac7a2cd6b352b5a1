import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.rtp.packet import MalformedPacket, RtpPacket, pack_one_byte_extensions, parse_rtp

packets = st.builds(
    RtpPacket,
    st.integers(0, 127),
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFFFFFF),
    st.integers(0, 0xFFFFFFFF),
    st.binary(max_size=1300),
    marker=st.booleans(),
)
elements = st.dictionaries(st.integers(1, 14), st.binary(min_size=1, max_size=16), max_size=6)


@given(packets, elements)
def test_what_is_packed_is_parsed(packet: RtpPacket, extensions: dict[int, bytes]) -> None:
    if extensions:
        packet.profile, packet.extension = 0xBEDE, pack_one_byte_extensions(extensions)
    parsed = parse_rtp(packet.pack())
    for field in ("payload_type", "sequence", "timestamp", "ssrc", "payload", "marker", "profile", "extension"):
        assert getattr(parsed, field) == getattr(packet, field)
    assert parsed.extensions() == extensions


@given(st.binary(max_size=200))
def test_garbage_is_refused_in_one_way(data: bytes) -> None:
    with contextlib.suppress(MalformedPacket):
        parse_rtp(data).extensions()


@given(st.binary(max_size=60))
def test_garbage_behind_a_good_first_byte(data: bytes) -> None:
    for first in (0x90, 0xB0, 0xBF, 0xAF):
        with contextlib.suppress(MalformedPacket):
            parse_rtp(bytes((first,)) + data).extensions()


def test_csrcs_and_padding_are_not_payload() -> None:
    header = bytes((0xA2, 96)) + bytes(10) + bytes(8)
    assert parse_rtp(header + b"body" + b"\0\0\3").payload == b"body"


@pytest.mark.parametrize("padding", [0, 5])
def test_padding_longer_than_the_packet_is_refused(padding: int) -> None:
    with pytest.raises(MalformedPacket):
        parse_rtp(bytes((0xA0, 96)) + bytes(10) + b"abc" + bytes((padding,)))


def test_two_byte_extensions() -> None:
    packet = RtpPacket(96, 1, 2, 3, b"", profile=0x1000, extension=b"\x05\x02ab\0\x07\x00\0")
    assert parse_rtp(packet.pack()).extensions() == {5: b"ab", 7: b""}


@pytest.mark.parametrize(("identifier", "size"), [(0, 1), (15, 1), (1, 0), (1, 17)])
def test_elements_that_do_not_fit_the_one_byte_form(identifier: int, size: int) -> None:
    with pytest.raises(ValueError, match="one-byte"):
        pack_one_byte_extensions({identifier: bytes(size)})

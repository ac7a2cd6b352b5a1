"""The packetiser against a depacketiser written from RFC 6184 alone."""

from hypothesis import given
from hypothesis import strategies as st

from classroom.codecs.h264 import join_nals, split_nals
from room_agent.uplink.packetise import packetise

# No NAL unit holds a start code (emulation prevention), ends in a zero byte, or has a type above 23.
bodies = st.binary(min_size=1, max_size=5000).map(lambda data: data.replace(b"\0", b"\1"))
nals = st.builds(
    lambda nri, kind, body: bytes((nri << 5 | kind,)) + body, st.integers(0, 3), st.integers(1, 23), bodies
)
sizes = st.integers(8, 1400)


def depacketise(payloads: list[bytes]) -> list[bytes]:
    found: list[bytes] = []
    fragments: bytes | None = None
    for payload in payloads:
        kind = payload[0] & 0x1F
        if kind == 24:
            position = 1
            while position < len(payload):
                length = int.from_bytes(payload[position : position + 2])
                found.append(payload[position + 2 : position + 2 + length])
                position += 2 + length
        elif kind == 28:
            start, end, original = payload[1] & 0x80, payload[1] & 0x40, payload[1] & 0x1F
            assert not (start and end), "RFC 6184 § 5.8: a fragmented NAL unit MUST NOT be sent in one FU"
            assert not payload[1] & 0x20, "the reserved bit MUST be 0"
            if start:
                assert fragments is None
                fragments = bytes((payload[0] & 0xE0 | original,))
            assert fragments is not None
            fragments += payload[2:]
            if end:
                found.append(fragments)
                fragments = None
        else:
            assert 1 <= kind <= 23
            found.append(payload)
    assert fragments is None
    return found


@given(st.lists(nals, max_size=8), sizes)
def test_every_nal_unit_arrives_whole_and_in_order(units: list[bytes], size: int) -> None:
    payloads = packetise(units, size)
    assert all(0 < len(payload) <= size for payload in payloads)
    assert depacketise(payloads) == units


@given(st.lists(nals, min_size=2, max_size=6))
def test_an_aggregate_is_as_important_as_its_most_important_part(units: list[bytes]) -> None:
    (payload,) = packetise(units, 100_000)
    assert payload[0] & 0x1F == 24
    assert payload[0] >> 5 == max(unit[0] >> 5 for unit in units)


@given(nals, st.integers(8, 1400))
def test_fragments_are_of_equal_size_but_for_the_last(unit: bytes, size: int) -> None:
    payloads = packetise([unit], size)
    assert len({len(payload) for payload in payloads[:-1]}) <= 1
    assert len(payloads[-1]) <= len(payloads[0])


@given(st.lists(nals, max_size=8))
def test_a_byte_stream_splits_into_what_was_joined(units: list[bytes]) -> None:
    assert split_nals(join_nals(units)) == units


def test_start_codes_of_three_bytes_and_trailing_zeros_are_read() -> None:
    assert split_nals(b"\0\0\1\x67ab\0\0\0\0\1\x68c\0\0\1\x65d\0\0") == [b"\x67ab", b"\x68c", b"\x65d"]

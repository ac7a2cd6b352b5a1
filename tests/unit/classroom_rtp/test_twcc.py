"""Transport-wide feedback, read back by a reader written from the draft alone."""

import struct
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from classroom.rtp.rtcp import parse_compound
from classroom.rtp.twcc import (
    MAX_GAP,
    MAX_RECEIVED,
    MAX_REMEMBERED,
    REMEMBERED_S,
    TICKS_PER_S,
    ArrivalLog,
    TransportFeedback,
)

MTU = 1_200


def read(data: bytes) -> tuple[int, int, dict[int, float | None]]:
    """§ 3.1, as slowly as it is written: (feedback count, base, arrival in seconds or None by sequence number)."""
    first, kind, words = struct.unpack_from("!BBH", data)
    assert (first >> 6, first & 31, kind, len(data)) == (2, 15, 205, 4 * (words + 1))
    end = len(data) - (data[-1] if first & 0x20 else 0)
    base, status_count = struct.unpack_from("!HH", data, 12)
    reference, count = int.from_bytes(data[16:19], signed=True), data[19]
    position, symbols = 20, ""
    while len(symbols) < status_count:
        bits = f"{int.from_bytes(data[position : position + 2]):016b}"
        position += 2
        if bits[0] == "0":
            symbols += str(int(bits[1:3], 2)) * int(bits[3:], 2)
        elif bits[1] == "0":
            symbols += bits[2:]
        else:
            symbols += "".join(str(int(bits[at : at + 2], 2)) for at in range(2, 16, 2))
    at_s = reference * 0.064
    arrivals: dict[int, float | None] = {}
    for number, symbol in enumerate(symbols[:status_count]):
        if symbol == "0":
            arrivals[base + number & 0xFFFF] = None
            continue
        size = {"1": 1, "2": 2}[symbol]
        at_s += int.from_bytes(data[position : position + size], signed=size == 2) * 250e-6
        position += size
        arrivals[base + number & 0xFFFF] = at_s
    assert position == end, "nothing is left over"
    return count, base, arrivals


def all_of(packets: Sequence[TransportFeedback]) -> dict[int, float | None]:
    arrivals: dict[int, float | None] = {}
    for packet in packets:
        data = packet.pack()
        assert len(data) <= MTU
        arrivals |= read(data)[2]
    return arrivals


@given(
    first=st.integers(0, 0xFFFF),
    steps=st.lists(st.tuples(st.integers(1, 40), st.floats(0, 0.2)), min_size=1, max_size=700),
)
def test_the_sender_learns_when_each_packet_arrived_and_which_did_not(
    first: int, steps: list[tuple[int, float]]
) -> None:
    log, sequence, now = ArrivalLog(), first, 1_000.0
    sent: dict[int, float] = {}
    for gap, pause in steps:
        sequence, now = sequence + gap, now + pause
        sent[sequence] = now
        log.receive(sequence & 0xFFFF, now)
    told = all_of(log.feedback(1, 2, now))
    assert len(told) == sequence - (first + steps[0][0]) + 1
    for number in range(first + steps[0][0], sequence + 1):
        at_s = told[number & 0xFFFF]
        if number in sent:
            assert at_s is not None
            assert abs(at_s - sent[number]) <= 1 / TICKS_PER_S
        else:
            assert at_s is None
    assert log.feedback(1, 2, now) == [], "told once"


@given(st.permutations(range(60)))
def test_the_order_of_arrival_does_not_matter(order: list[int]) -> None:
    log = ArrivalLog()
    log.receive(0xFFF0, 10.0)
    for position, number in enumerate(order):
        log.receive(0xFFF0 + 1 + number & 0xFFFF, 10.0 + position * 0.005)
    told = all_of(log.feedback(1, 2, 10.4))
    assert {number: at for number, at in told.items() if at is None} == {}
    for position, number in enumerate(order):
        at_s = told[0xFFF0 + 1 + number & 0xFFFF]
        assert at_s is not None
        assert abs(at_s - 10.0 - position * 0.005) <= 1 / TICKS_PER_S


def test_packets_are_counted_and_holes_between_them_are_told() -> None:
    log = ArrivalLog()
    log.receive(7, 1.0)
    assert read(log.feedback(1, 2, 1.0)[0].pack())[:2] == (0, 7)
    log.receive(10, 1.1)
    [packet] = log.feedback(1, 2, 1.1)
    assert read(packet.pack())[:2] == (1, 8)
    assert packet.arrivals == (None, None, 4_400)


def test_what_came_late_is_told_again_with_its_neighbours() -> None:
    log = ArrivalLog()
    for sequence in (1, 2, 4, 5):
        log.receive(sequence, 1.0)
    log.feedback(1, 2, 1.0)
    log.receive(3, 1.05)
    [packet] = log.feedback(1, 2, 1.05)
    assert packet.base_sequence == 3
    assert packet.arrivals == (4_200, 4_000, 4_000)
    log.receive(2, 1.05)
    assert log.feedback(1, 2, 1.05) == [], "a duplicate"


def test_old_arrivals_are_forgotten() -> None:
    log = ArrivalLog()
    log.receive(1, 1.0)
    log.receive(3, 1.0)
    log.feedback(1, 2, 1.0 + REMEMBERED_S + 0.001)
    log.receive(2, 2.0)
    assert [packet.arrivals for packet in log.feedback(1, 2, 2.0)] == [(8_000,)]


def test_a_packet_holds_so_many_arrivals_and_arrivals_so_far_apart() -> None:
    log = ArrivalLog()
    for number in range(2 * MAX_RECEIVED + 1):
        log.receive(number, 1.0 + number * 0.07)  # the largest deltas: two bytes each
    packets = log.feedback(1, 2, 60.0)
    assert [len(packet.arrivals) for packet in packets] == [MAX_RECEIVED, MAX_RECEIVED, 1]
    assert [packet.count for packet in packets] == [0, 1, 2]
    all_of(packets)
    log = ArrivalLog()
    log.receive(1, 1.0)
    log.receive(3, 10.0)
    assert [packet.arrivals for packet in log.feedback(1, 2, 10.0)] == [(4_000,), (None, 40_000)]


def test_a_sequence_that_jumps_begins_anew_and_one_from_long_ago_is_nothing() -> None:
    log = ArrivalLog()
    log.receive(1, 1.0)
    log.receive(1 + MAX_GAP, 1.0)
    assert len(all_of(log.feedback(1, 2, 1.0))) == MAX_GAP + 1
    log.receive(2 + 2 * MAX_GAP, 1.0)
    log.receive(1 + MAX_GAP, 1.0)
    assert len(all_of(log.feedback(1, 2, 1.0))) == 1
    log.receive(0xF000, 1.0)
    assert log.feedback(1, 2, 1.0) == []


def test_no_more_is_remembered_than_the_bound() -> None:
    log = ArrivalLog()
    for number in range(2 * MAX_REMEMBERED):
        log.receive(number & 0xFFFF, 1.0)
    assert len(all_of(log.feedback(1, 2, 1.0))) == MAX_REMEMBERED


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.floats(0, 30)), max_size=200))
def test_whatever_numbers_a_sender_makes_up_can_be_told(numbers: list[tuple[int, float]]) -> None:
    log = ArrivalLog()
    for sequence, now in numbers:
        log.receive(sequence, now)
    for packet in log.feedback(1, 2, 30.0):
        read(packet.pack())


def test_it_is_valid_rtcp() -> None:
    assert parse_compound(TransportFeedback(1, 2, 3, 4, (5, None, 700)).pack()) == []

"""Transport-wide sequence numbers in any order and at any time, and the feedback made of them.

Four bytes are one packet: its number, the time since the one before in steps of a quarter millisecond (squared, so that
hours are reached too), and whether feedback is due after it.
"""

import struct
from collections.abc import Iterator

from classroom.rtp.twcc import MAX_REMEMBERED, TICKS_PER_S, ArrivalLog
from tests.unit.classroom_rtp.test_twcc import all_of

MAX_BYTES = 1_200
DUE = 1


def run(data: bytes) -> None:
    log, now, arrived = ArrivalLog(), 0.0, set[int]()
    for sequence, pause, due in struct.iter_unpack("!HBB", data[: len(data) // 4 * 4]):
        now += pause * pause / TICKS_PER_S
        log.receive(sequence, now)
        arrived.add(sequence)
        if due & DUE:
            check(log, arrived, now)
    check(log, arrived, now)
    assert len(log._arrivals) <= MAX_REMEMBERED


def check(log: ArrivalLog, arrived: set[int], now: float) -> None:
    """Nothing is told to have arrived that did not."""
    told = all_of(log.feedback(1, 2, now))
    assert {sequence for sequence, at in told.items() if at is not None} <= arrived


def packet(sequence: int, pause: int, due: int = 0) -> bytes:
    return struct.pack("!HBB", sequence & 0xFFFF, pause, due)


def seeds() -> Iterator[bytes]:
    yield b"".join(packet(65_530 + number, 4, number % 10 == 9) for number in range(40))
    yield b"".join(packet(number * 3, 9) for number in range(30))
    yield b"".join(packet(100 - number, 2, 1) for number in range(20))
    yield packet(1, 0) + packet(5_000, 255) + packet(2, 255, 1) + packet(60_000, 255, 1)

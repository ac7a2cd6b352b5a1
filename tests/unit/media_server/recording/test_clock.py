"""RTP timestamps become times on our clock, whatever the publisher's clocks do."""

import random
from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from media_server.recording.core.clock import CONFIRMED_AFTER, IMPLAUSIBLE_S, SLEW, SenderClock, StreamClock

RATE_HZ = 48_000
DELAY_S = 0.04
START_S = 1_700_000_000.0  # of the publisher's wall clock


@dataclass
class Sender:
    """A publisher whose clocks go at rates of their own; `set_by` is added to the wall clock from `set_at` on."""

    wall_drift: float = 0.0
    sample_drift: float = 0.0
    set_at: float = 1e9
    set_by: float = 0.0

    def wall(self, at: float) -> float:
        return START_S + at * (1 + self.wall_drift) + (self.set_by if at >= self.set_at else 0)

    def timestamp(self, at: float) -> int:
        return (1 << 32) + round(at * RATE_HZ * (1 + self.sample_drift))


def follow(
    sender: Sender, seconds: float, *, jitter_s: float = 0.01, report_every_s: float = 2.5, seed: int = 1
) -> list[tuple[float, float]]:
    """`(when a packet was captured, when the clock says it was)`, every 0.1 s."""
    chance = random.Random(seed)
    wall, stream = SenderClock(), StreamClock(RATE_HZ)
    found = []
    next_report = report_every_s
    for number in range(round(seconds * 10)):
        at = number / 10
        stream.arrive(sender.timestamp(at), at + DELAY_S + chance.random() * jitter_s)
        if at >= next_report:
            next_report += report_every_s
            arrived_at = at + DELAY_S + chance.random() * jitter_s
            told = wall.hear(sender.wall(at), arrived_at)
            if told is not None:
                stream.report(sender.timestamp(at), told)
        found.append((at, stream.time(sender.timestamp(at))))
    return found


def errors(found: list[tuple[float, float]], since_s: float = 0.0) -> list[float]:
    """How much later than captured and delayed each is said to be."""
    return [said - at - DELAY_S for at, said in found if at >= since_s]


@settings(max_examples=10)
@given(st.floats(-1e-4, 1e-4), st.floats(-2e-4, 2e-4), st.integers(0, 1000))
def test_drift_is_followed(wall_drift: float, sample_drift: float, seed: int) -> None:
    found = follow(Sender(wall_drift, sample_drift), 200, seed=seed)
    assert max(map(abs, errors(found, 20))) < 0.015
    steps = [later[1] - earlier[1] for earlier, later in pairwise(found) if earlier[0] > 5]
    no_jump_s = 0.1 * (SLEW + 3e-4) + 1 / RATE_HZ
    assert all(abs(step - 0.1) <= no_jump_s for step in steps)


def test_without_reports_the_quickest_packet_counts() -> None:
    found = follow(Sender(sample_drift=1e-4), 300, report_every_s=1e9, jitter_s=0.05)
    assert max(map(abs, errors(found))) < 0.06
    assert max(map(abs, errors(found, 20))) < 0.02


def test_a_wall_clock_that_is_set_moves_nothing() -> None:
    for set_by in (-3_600.0, -5.0, 5.0, 3_600.0):
        found = follow(Sender(set_at=100, set_by=set_by), 300)
        assert max(map(abs, errors(found, 20))) < 0.02


def test_reports_without_sense_leave_the_packets_arrival() -> None:
    stream = StreamClock(RATE_HZ)
    stream.arrive(1 << 32, 10.0)
    assert stream.time(1 << 32) == 10.0
    assert not stream.report(1 << 32, 10.0 + IMPLAUSIBLE_S + 1)
    assert stream.time((1 << 32) + RATE_HZ) == 11.0


def test_a_report_that_was_held_up_is_not_believed() -> None:
    clock = SenderClock()
    assert clock.hear(100.0, 5.0) == 5.0
    for number in range(CONFIRMED_AFTER - 1):
        assert clock.hear(101.0 + number, 10.0 + number) is None
    assert clock.hear(110.0, 15.0) == 15.0
    assert clock.hear(111.0, 16.0) == 16.0


def test_capture_that_stood_still_is_a_step() -> None:
    """Timestamps that do not count a pause: the first report after it says when its packets really were."""
    wall, stream = SenderClock(), StreamClock(RATE_HZ)
    for second in range(10):
        stream.arrive(second * RATE_HZ, second)
        told = wall.hear(START_S + second, second)
        assert told is not None
        stream.report(second * RATE_HZ, told)
        assert abs(stream.time(second * RATE_HZ) - second) < 1e-6
    stream.arrive(10 * RATE_HZ, 13.0)
    told = wall.hear(START_S + 13.0, 13.0)
    assert told is not None
    assert stream.report(10 * RATE_HZ, told)
    assert abs(stream.time(10 * RATE_HZ) - 13.0) < 1e-6


def test_the_first_report_lines_up_at_once() -> None:
    wall, stream = SenderClock(), StreamClock(RATE_HZ)
    stream.arrive(0, 1.0)
    assert stream.time(0) == 1.0
    told = wall.hear(START_S, 0.95)
    assert told is not None
    stream.report(0, told)
    assert abs(stream.time(RATE_HZ) - 1.95) < 1e-6

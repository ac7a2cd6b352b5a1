"""When fragments and segments end, and where sound lies, whatever the captures do."""

from itertools import pairwise
from unittest.mock import ANY

from hypothesis import given, settings
from hypothesis import strategies as st

from classroom.fmp4.formats import opus_format
from classroom.fmp4.header import write_header
from classroom.fmp4.reader import read_segment
from room_agent.studio.segmenter import FRAGMENT_S, FragmentDone, Output, SegmentBegun, Segmenter
from room_agent.studio.serverclock import ServerClock
from room_agent.studio.soundline import SoundLine
from tests.fakes.segments import fake_track

SOUND = opus_format(1)
RATE = SOUND.timescale
VIDEO = fake_track("h264").format
OTHER = fake_track("h264", segments=1, segment_s=1, size=(96, 64)).format


def pictures(segmenter: Segmenter, count: int, *, begin: int = 0, gop: int = 50, step: int = 3_600) -> list[Output]:
    done: list[Output] = []
    for number in range(count):
        done += segmenter.add(VIDEO, b"picture", begin + number * step, number % gop == 0)
    return done


def segments(done: list[Output]) -> list[tuple[SegmentBegun, list[FragmentDone]]]:
    found: list[tuple[SegmentBegun, list[FragmentDone]]] = []
    for each in done:
        if isinstance(each, SegmentBegun):
            found.append((each, []))
        else:
            found[-1][1].append(each)
    return found


def test_segments_of_two_groups_of_pictures_in_short_fragments() -> None:
    segmenter = Segmenter()
    done = pictures(segmenter, 251) + segmenter.flush()
    found = segments(done)
    assert [begun.start / 90_000 for begun, _ in found] == [0, 4, 8]
    assert all(begun.header == write_header(VIDEO) for begun, _ in found)
    for begun, fragments in found:
        read = read_segment(b"".join(each.data for each in fragments))
        assert read[0].decode_time == begun.start
        assert read[0].samples[0].keyframe
        assert all(each.duration <= FRAGMENT_S * 90_000 + 3_600 for each in read)
        assert all(one.decode_time + one.duration == two.decode_time for one, two in pairwise(read))
        assert fragments[-1].end == read[-1].decode_time + read[-1].duration
    assert segmenter.dropped == 0


def test_recording_begins_with_a_keyframe_and_asks_for_one() -> None:
    segmenter = Segmenter()
    assert segmenter.wants_keyframe(0)
    assert segmenter.add(VIDEO, b"x", 0, False) == []
    assert isinstance(segmenter.add(VIDEO, b"x", 3_600, True)[0], SegmentBegun)
    assert not segmenter.wants_keyframe(3_600)
    assert segmenter.wants_keyframe(7 * 90_000), "an encoder that forgot its keyframes"


def test_another_form_begins_another_segment_at_once() -> None:
    segmenter = Segmenter()
    pictures(segmenter, 30)
    done = segmenter.add(OTHER, b"x", 30 * 3_600, True)
    assert [type(each) for each in done] == [FragmentDone, SegmentBegun]
    assert done[1] == SegmentBegun(write_header(OTHER), 30 * 3_600)


def test_a_gap_stays_a_gap() -> None:
    segmenter = Segmenter()
    done = pictures(segmenter, 30) + pictures(segmenter, 30, begin=900_000) + segmenter.flush()
    (_, first), (begun, second) = segments(done)
    assert first[-1].end == 30 * 3_600, "the last picture before the gap lasts as long as any"
    assert begun.start == 900_000
    assert second[-1].end == 900_000 + 30 * 3_600


def test_what_is_recorded_already_is_not_recorded_again() -> None:
    segmenter = Segmenter(floor=100_000)
    done = pictures(segmenter, 60, gop=25) + segmenter.flush()
    (begun, _), *_ = segments(done)
    assert begun.start >= 100_000


def test_what_waits_too_long_is_written_and_leaves_no_hole() -> None:
    segmenter = Segmenter()
    pictures(segmenter, 5)
    assert segmenter.settle(40_000) == []
    (done,) = segmenter.settle(95_000)
    assert isinstance(done, FragmentDone)
    assert done.end == 4 * 3_600, "all but the last picture, which may last longer yet"
    assert segmenter.settle(100_000) == []
    assert segmenter.add(VIDEO, b"late", 100_000, False)[0] == FragmentDone(ANY, 100_000)


def test_a_picture_that_nothing_follows_is_written_when_that_is_a_gap() -> None:
    segmenter = Segmenter()
    pictures(segmenter, 5)
    segmenter.settle(95_000)
    assert segmenter.settle(4 * 3_600 + 440_000) == [], "a busy machine is late, and no gap"
    (done,) = segmenter.settle(4 * 3_600 + 451_000)
    assert isinstance(done, FragmentDone)
    assert done.end == 5 * 3_600
    assert segmenter.settle(500_000) == []


@given(st.lists(st.tuples(st.integers(1, 200_000), st.booleans()), max_size=60), st.integers(0, 500_000))
def test_whatever_comes_lies_in_order_and_within_a_second(steps: list[tuple[int, bool]], floor: int) -> None:
    segmenter = Segmenter(floor)
    done: list[Output] = []
    ticks = 0
    for step, keyframe in steps:
        ticks += step
        done += segmenter.add(VIDEO, ticks.to_bytes(8), ticks, keyframe)
    done += segmenter.flush()
    end = floor
    kept = 0
    for begun, fragments in segments(done):
        if not fragments:
            continue
        read = read_segment(b"".join(each.data for each in fragments))
        assert read[0].decode_time == begun.start >= end
        assert read[0].samples[0].keyframe
        for each in read:
            assert each.decode_time >= end
            end = each.decode_time + each.duration
            assert each.samples[-1].time - each.decode_time < 90_000
            kept += len(each.samples)
    assert kept + segmenter.dropped == len(steps)


@settings(max_examples=10)
@given(st.integers(-100, 100), st.integers(0, 1_000))
def test_sound_stays_with_the_clock_for_an_hour(ppm: int, begin_s: int) -> None:
    """A sound card that is wrong, read with jitter: packets follow each other, and never leave the clock by 40 ms."""
    line = SoundLine(RATE)
    jitter = [0.0, 0.004, -0.004, 0.009, -0.001]
    before, worst, left_out = None, 0.0, 0
    for number in range(0, 180_000, 5):
        true_s = begin_s + number * 0.02 * (1 + ppm / 1e6)
        ticks = line.ticks(number * 960, true_s + jitter[number % 5])
        if before is not None and ticks <= before:
            left_out += 1
            continue
        before = ticks
        worst = max(worst, abs(ticks / RATE - true_s))
    assert worst < 0.04
    assert left_out < 40


def test_lost_sound_leaves_a_hole_of_its_length() -> None:
    line = SoundLine(RATE)
    assert [line.ticks(n * 960, n * 0.02) for n in range(3)] == [0, 960, 1920]
    assert line.ticks(3 * 960, 2.06) == round(2.06 * RATE), "the capture did not count what it lost"
    assert line.ticks(4 * 960, 2.08) == round(2.08 * RATE)


def test_the_quickest_answer_says_what_time_it_is() -> None:
    assert ServerClock().offset_s is None
    clock = ServerClock()
    clock.sample(10.0, 10.4, 1_000.3)
    clock.sample(20.0, 20.02, 1_010.01)
    clock.sample(30.0, 31.0, 1_020.9)
    assert clock.offset_s == 1_010.01 - 20.01
    assert clock.uncertainty_s < 0.011

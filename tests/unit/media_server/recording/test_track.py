"""Moments become segments that lie end to end: losses are concealed, absences are gaps, nothing is shifted."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from classroom.fmp4.formats import Format, opus_format, vp8_format
from classroom.fmp4.reader import read_segment
from media_server.recording.core.segment import FRAGMENT_S
from media_server.recording.core.sound import silence
from media_server.recording.core.stream import Moment
from media_server.recording.core.track import (
    LEAST_SEGMENT_S,
    LONGEST_CONCEALED_S,
    LONGEST_SEGMENT_S,
    SEGMENT_S,
    TrackWriter,
)
from tests.fakes.rtp_publisher import Recorded

SOUND = opus_format(1)
BEGAN_AT = 1_000.0


def keyframe_of(width: int) -> Format:
    return vp8_format(b"\x10\0\0\x9d\x01\x2a" + width.to_bytes(2, "little") + (48).to_bytes(2, "little"))


PICTURE = keyframe_of(64)


def picture(at_s: float, *, key: bool = False, form: Format = PICTURE, loss: bool = False) -> Moment:
    return Moment(BEGAN_AT + at_s, b"%d" % round(at_s * 1000), form if key else None, 0, loss)


def sound(at_s: float, *, form: Format = SOUND, loss: bool = False) -> Moment:
    return Moment(BEGAN_AT + at_s, b"\x08%d" % round(at_s * 1000), form, 960, loss)


class Track:
    """A writer and what it wrote."""

    def __init__(self) -> None:
        self.writer = TrackWriter(BEGAN_AT, BEGAN_AT)
        self.recorded = Recorded()

    def add(self, *moments: Moment) -> None:
        for moment in moments:
            self.recorded.take(self.writer.add(moment))

    def tick(self, at_s: float) -> None:
        self.recorded.take(self.writer.tick(BEGAN_AT + at_s))

    def close(self, at_s: float | None = None) -> None:
        self.recorded.take(self.writer.close(None if at_s is None else BEGAN_AT + at_s))

    def samples(self) -> list[tuple[float, float, bytes]]:
        """Time, duration (seconds) and data of all samples; segments must say what their fragments do."""
        scale = self.recorded.timescale
        found = []
        for start, duration, _, data in self.recorded.segments:
            fragments = read_segment(data)
            assert fragments[0].decode_time == start
            assert fragments[-1].decode_time + fragments[-1].duration == start + duration
            for fragment in fragments:
                for each in fragment.samples:
                    sample = data[each.start : each.start + each.size]
                    found.append((each.time / scale, each.duration / scale, sample))
        return found


def film(from_s: float, to_s: float, *, gop: int = 20, fps: int = 10) -> list[Moment]:
    numbers = range(round(from_s * fps), round(to_s * fps))
    return [picture(number / fps, key=number % gop == 0) for number in numbers]


def test_segments_begin_with_keyframes_and_lie_end_to_end() -> None:
    track = Track()
    track.add(*film(1, 20, gop=10))
    track.close()
    assert track.recorded.ranges_s == [(1 + 4 * n, min(20, 5 + 4 * n)) for n in range(5)]
    assert all(
        fragment.samples[0].keyframe for _, _, _, data in track.recorded.segments for fragment in read_segment(data)[:1]
    )
    assert [round(duration, 3) for _, duration, _ in track.samples()] == [0.1] * 190


def test_fragments_are_short() -> None:
    track = Track()
    track.add(*film(0, 5))
    track.close()
    durations = [each.duration for _, _, _, data in track.recorded.segments for each in read_segment(data)]
    assert max(durations) <= FRAGMENT_S * 90_000
    assert len(durations) == 10


def test_a_keyframe_is_asked_for_when_a_segment_is_long() -> None:
    track = Track()
    track.add(*film(0, SEGMENT_S, gop=1_000))
    assert not track.writer.wants_keyframe(BEGAN_AT + SEGMENT_S - 0.1)
    assert track.writer.wants_keyframe(BEGAN_AT + SEGMENT_S)
    track.add(picture(SEGMENT_S + 0.2, key=True))
    assert not track.writer.wants_keyframe(BEGAN_AT + SEGMENT_S + 0.3)
    assert len(track.recorded.segments) == 1


def test_a_publisher_that_gives_no_keyframes_is_cut_all_the_same() -> None:
    track = Track()
    track.add(*film(0, LONGEST_SEGMENT_S + 1, gop=10_000))
    track.close()
    assert track.recorded.ranges_s == [(0, LONGEST_SEGMENT_S), (LONGEST_SEGMENT_S, LONGEST_SEGMENT_S + 1)]


def test_a_keyframe_soon_after_the_last_one_ends_no_segment() -> None:
    track = Track()
    track.add(picture(0, key=True), picture(1, key=True), picture(LEAST_SEGMENT_S, key=True))
    track.close()
    assert [begin for begin, _ in track.recorded.ranges_s] == [0, LEAST_SEGMENT_S]


def test_a_picture_stays_while_what_follows_is_lost() -> None:
    track = Track()
    track.add(picture(0, key=True), picture(0.1), picture(2.5, key=True, loss=True))
    track.close()
    assert [(time, round(duration, 3)) for time, duration, _ in track.samples()] == [(0, 0.1), (0.1, 2.4), (2.5, 0.1)]


def test_silence_stands_for_lost_sound() -> None:
    track = Track()
    track.add(sound(0), sound(0.02), sound(2.04, loss=True))
    track.close()
    samples = track.samples()
    assert len(samples) == 103
    assert all(data[1:] == b"\xff\xfe" for _, _, data in samples[2:-1])
    assert samples[-1][0] == 2.04
    assert abs(track.writer.concealed_s - 2.0) < 1e-9


def test_sound_that_pauses_is_silence_however_long() -> None:
    track = Track()
    track.add(sound(0), sound(60.0))
    track.close()
    assert [begin for begin, _ in track.recorded.ranges_s] == [SEGMENT_S * n for n in range(11)]
    assert track.samples()[-1][0] == 60.0


def test_a_long_loss_is_a_gap() -> None:
    away = LONGEST_CONCEALED_S + 1
    track = Track()
    track.add(sound(0), sound(0.02 + away, loss=True))
    track.close()
    assert track.recorded.ranges_s == [(0, 0.02), (0.02 + away, 0.04 + away)]
    track = Track()
    track.add(picture(0, key=True), picture(0.1), picture(0.2 + away, key=True, loss=True))
    track.close()
    assert [begin for begin, _ in track.recorded.ranges_s] == [0, 0.2 + away]
    assert track.recorded.ranges_s[0][1] == 0.2


def test_a_publisher_that_comes_back_leaves_a_gap() -> None:
    track = Track()
    track.add(sound(0), sound(0.02))
    track.close()
    track.add(sound(1.0))
    track.close()
    assert track.recorded.ranges_s == [(0, 0.04), (1.0, 1.02)]


def test_another_size_begins_a_segment_without_a_gap() -> None:
    larger = keyframe_of(128)
    track = Track()
    track.add(picture(0, key=True), picture(0.1), picture(0.25, key=True, form=larger))
    track.close()
    assert track.recorded.ranges_s == [(0, 0.25), (0.25, 0.4)]
    assert track.recorded.segments[0][2] != track.recorded.segments[1][2]


def test_sound_that_lies_over_other_sound_is_left_out() -> None:
    track = Track()
    track.add(sound(0), sound(0.02), sound(0.024), sound(0.035))
    track.close()
    assert [data for _, _, data in track.samples()] == [b"\x080", b"\x0820", b"\x0835"]
    assert track.writer.overlapping == 1


def test_small_corrections_of_the_clock_change_durations_only() -> None:
    track = Track()
    track.add(*(sound(number * 0.0201) for number in range(200)))
    track.close()
    assert track.writer.concealed_s == 0
    assert {round(duration, 4) for _, duration, _ in track.samples()} == {0.0201, 0.02}


def test_a_still_picture_is_written_before_the_next_one_comes() -> None:
    track = Track()
    track.add(picture(0, key=True))
    track.tick(0.5)
    assert not track.recorded.open_bytes
    for second in range(1, 5):
        track.tick(second)
        [fragment] = read_segment(track.recorded.open_bytes)
        assert fragment.duration == second * 90_000
    track.add(picture(4.5), picture(4.6))
    track.close()
    assert [(time, round(duration, 3)) for time, duration, _ in track.samples()] == [(0, 4.5), (4.5, 0.1), (4.6, 0.1)]


def test_a_still_picture_stays_until_its_publisher_leaves() -> None:
    track = Track()
    track.add(picture(0, key=True))
    track.tick(3.0)
    track.close(at_s=7.0)
    assert track.recorded.ranges_s == [(0, 7)]


def test_what_lies_before_the_beginning_is_left_out() -> None:
    track = Track()
    track.add(sound(-0.5), sound(0.0))
    track.close()
    assert track.recorded.ranges_s == [(0, 0.02)]


def test_pieces_of_silence_fit() -> None:
    for ticks in range(0, 3_000, 7):
        pieces = list(silence(ticks, 2))
        assert 0 <= ticks - sum(length for length, _ in pieces) < 120


MOMENTS = st.lists(
    st.tuples(st.integers(-20, 9_000), st.booleans(), st.booleans(), st.integers(0, 20), st.booleans()), max_size=40
)


@settings(max_examples=60)
@given(MOMENTS, st.booleans())
def test_whatever_comes_lies_in_order_and_nothing_is_moved(
    moments: list[tuple[int, bool, bool, int, bool]], pictures: bool
) -> None:
    track = Track()
    at_ms = 0
    accepted: dict[bytes, float] = {}
    fresh: set[bytes] = set()  # added when nothing was open
    for number, (pause_ms, key, loss, away, tick) in enumerate(moments):
        at_ms += pause_ms
        data = b"\x08moment %d" % number
        if pictures:
            moment = Moment(
                BEGAN_AT + at_ms / 1000, data, PICTURE if key or not number or away == 0 else None, 0, loss and key
            )
        else:
            moment = Moment(BEGAN_AT + at_ms / 1000, data, SOUND, 960, loss)
        if away == 0:
            track.close()
            fresh.add(data)
        track.add(moment)
        accepted[data] = at_ms / 1000
        if tick:
            track.tick(at_ms / 1000 + 1.5)
    track.close()
    samples = track.samples()
    for (time, duration, _), (following, _, _) in pairwise(samples):
        assert time + duration <= following + 1e-9
    # What goes back in time is moved on to the end of what was there; whatever comes next is where it belongs again.
    latest = end = float("-inf")
    for time, duration, data in samples:
        if data in accepted:
            assert abs(time - max(accepted[data], end if data in fresh else latest)) <= 0.021
            latest = time
        end = time + duration

"""An hour over a bad line, in virtual time: real packets in, and what FFmpeg decodes of the recording is in step."""

from itertools import pairwise

import pytest

from classroom.messages.views import MediaKind
from tests.fakes.clapper import CLAP_EVERY_S, clicks, film, flashes
from tests.fakes.rtp_publisher import Lesson, Line, sent_film

HOUR_S = 3600.0
SOUND_CLOCK = 1 + 100e-6  # a sound card's quartz against the wall clock: 360 ms in an hour
WALL_DRIFT = -80e-6  # the publisher's wall clock against ours


def shifts_ms(found: list[float], clock: float) -> list[float]:
    """How much later than it really was each clap is in the file; `clock` is that of the stream."""
    claps = [round(at * clock / CLAP_EVERY_S) for at in found]
    return [(at - number * CLAP_EVERY_S / clock) * 1000 for at, number in zip(found, claps, strict=True)]


def recorded(seconds: float, *, loss: float, outages: tuple[tuple[float, float], ...] = ()) -> Lesson:
    lesson = Lesson(
        sent_film(film(60), sound_clock=SOUND_CLOCK), Line(loss=loss, outages=outages), wall_drift=WALL_DRIFT
    )
    lesson.run(seconds)
    return lesson


def claps(lesson: Lesson, since_s: float) -> tuple[list[float], list[float]]:
    """Shifts of picture and sound in the minute after `since_s`, in ms."""
    picture, sound = (lesson.recorded[kind].file(since_s, since_s + 60) for kind in ("video", "audio"))
    return shifts_ms(flashes(picture), 1.0), shifts_ms(clicks(sound), SOUND_CLOCK)


@pytest.fixture(scope="module")
def hour() -> Lesson:
    """5 % of all packets lost in both directions, retransmissions too, and nothing at all for 2 s every ten minutes."""
    outages = tuple((at, at + 2.0) for at in (*range(300, 3600, 600), HOUR_S - 40))
    return recorded(HOUR_S, loss=0.05, outages=outages)


def test_the_offset_of_sound_and_picture_stays_small(hour: Lesson) -> None:
    for since_s in (0.0, HOUR_S / 2, HOUR_S - 60):
        video, audio = claps(hour, since_s)
        assert len(video) >= 8
        assert len(audio) >= 8
        # Sound is a network's delay late, as is the picture; of the outages nothing remains.
        assert max(video[1:] + audio[1:]) - min(video[1:] + audio[1:]) <= 40
    assert hour.streams["video"].lost > 0
    assert hour.writers["audio"].concealed_s > 5


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_the_duration_is_right_and_nothing_is_missing(hour: Lesson, kind: MediaKind) -> None:
    ranges = hour.recorded[kind].ranges_s
    assert all(first[1] == second[0] for first, second in pairwise(ranges))
    assert abs(ranges[-1][1] - HOUR_S) <= 0.1
    assert ranges[0][0] <= 2.1  # the keyframe that came first may have been lost


def test_a_good_line_loses_nothing() -> None:
    lesson = recorded(60, loss=0.0)
    assert [stream.lost for stream in lesson.streams.values()] == [0, 0]
    assert lesson.writers["audio"].concealed_s < 0.01
    video, audio = claps(lesson, 0.0)
    assert max(video + audio) - min(video + audio) <= 20

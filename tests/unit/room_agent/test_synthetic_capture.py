from itertools import pairwise

import numpy as np
import pytest

from room_agent.capture.framecode import counter_at, read_code, time_of_counter
from room_agent.capture.frames import SAMPLE_RATE_HZ, SOUND_SAMPLES
from room_agent.capture.scenes import LOOP_S, SlidesScene, TeacherScene
from room_agent.capture.speech import speak
from room_agent.capture.synthetic import SyntheticCapture
from tests.fakes.capture import KeepingSink, VirtualBeat


def test_a_picture_carries_the_moment_it_was_given() -> None:
    beat = VirtualBeat()
    moments: list[float] = []

    def enough(sink: KeepingSink) -> bool:
        if len(sink.pictures) > len(moments):
            moments.append(beat.unix())
        return len(sink.pictures) >= 60

    sink = KeepingSink(enough)
    SyntheticCapture("teacher", fps=25, beat=beat).run(sink, sink.stop)
    counters = [read_code(picture.frame.to_ndarray(format="gray")) for picture in sink.pictures]
    assert None not in counters
    for counter, unix_s in zip(counters, moments, strict=True):
        assert time_of_counter(counter or 0, 25, unix_s) == pytest.approx(unix_s, abs=1e-3)
    assert all((later or 0) - (earlier or 0) == 1 for earlier, later in pairwise(counters))


def test_sound_and_picture_share_one_timeline() -> None:
    beat = VirtualBeat()
    sink = KeepingSink(lambda sink: len(sink.pictures) >= 50)
    SyntheticCapture("teacher", beat=beat).run(sink, sink.stop)
    positions = [sound.position for sound in sink.sounds]
    assert [later - earlier for earlier, later in pairwise(positions)] == [SOUND_SAMPLES] * (len(positions) - 1)
    offset_s = beat.now() - beat.unix()
    for sound in sink.sounds:
        assert sound.captured_s - offset_s == pytest.approx(sound.position / SAMPLE_RATE_HZ, abs=1e-3)


def test_falling_behind_leaves_frames_out() -> None:
    beat = VirtualBeat()

    def enough(sink: KeepingSink) -> bool:
        if len(sink.pictures) == 5 and not sink.stop.is_set():
            beat.advance(2.0)
        return len(sink.pictures) >= 10

    sink = KeepingSink(enough)
    SyntheticCapture("slides", fps=10, beat=beat).run(sink, sink.stop)
    counters = [read_code(picture.frame.to_ndarray(format="gray")) or 0 for picture in sink.pictures]
    assert counters[-1] - counters[0] > 20
    assert counters[-1] == pytest.approx(counter_at(beat.unix(), 10), abs=2)


@pytest.mark.parametrize("scene", [TeacherScene, SlidesScene])
def test_scenes_move_and_repeat(scene: type[TeacherScene | SlidesScene]) -> None:
    drawn = scene()
    pictures = []
    for time_s in (1.0, 2.0, 10.0, 1.0 + LOOP_S):
        drawn.draw(time_s, 0.5, 1)
        pictures.append(drawn.canvas.planes.copy())
    first, second, third, again = pictures
    assert (first != second).any()
    assert (first != third).mean() > (first != second).mean()
    assert np.array_equal(first, again)


def test_speech_has_pauses_and_is_not_too_loud() -> None:
    voice = speak(8.0)
    assert len(voice.samples) == 8 * SAMPLE_RATE_HZ
    assert 10_000 < int(np.abs(voice.samples.astype(int)).max()) <= 16_384
    quiet = float((voice.loudness < 0.02).mean())
    assert 0.05 < quiet < 0.5
    # It repeats without a click.
    assert abs(int(voice.samples[0]) - int(voice.samples[-1])) < 200

import av
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from room_agent.capture.assemble import SoundAssembler
from room_agent.capture.frames import SOUND_SAMPLES


def frame(count: int, value: int = 1000, rate: int = 48_000) -> av.AudioFrame:
    made = av.AudioFrame.from_ndarray(np.full((1, count), value, np.int16), format="s16", layout="mono")
    made.sample_rate = rate
    return made


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(100, 3000), st.integers(-500, 20_000)), min_size=1, max_size=12))
def test_pieces_follow_each_other_whatever_the_gaps_and_overlaps(steps: list[tuple[int, int]]) -> None:
    assembler = SoundAssembler(channels=1)
    positions, place = [], 0
    for count, gap in steps:
        place = max(0, place + gap)
        for position, samples in assembler.add(frame(count), place):
            assert samples.shape == (SOUND_SAMPLES, 1)
            positions.append(position)
        place += count
    positions.extend(position for position, _ in assembler.pad_to(place + 5000))
    assert positions == [number * SOUND_SAMPLES for number in range(len(positions))]
    assert assembler.position == place + 5000


def test_a_gap_becomes_silence_of_its_length() -> None:
    assembler = SoundAssembler(channels=1)
    sound = [samples for _, samples in assembler.add(frame(960), 0)]
    sound += [samples for _, samples in assembler.add(frame(960), 960 * 4)]
    joined = np.concatenate(sound)[:, 0]
    assert np.flatnonzero(joined == 0).tolist() == list(range(960, 960 * 4))


def test_an_overlap_is_cut_off() -> None:
    assembler = SoundAssembler(channels=1)
    list(assembler.add(frame(4800, value=1), 0))
    cut = list(assembler.add(frame(4800, value=2), 2400))
    assert np.concatenate([samples for _, samples in cut])[:, 0].tolist() == [2] * 1920
    assert assembler.position == 7200


def test_other_rates_keep_their_duration() -> None:
    assembler = SoundAssembler(channels=2)
    for number in range(100):
        list(assembler.add(frame(441, rate=44_100), number * 480))
    # The resampler's own delay is all that may be missing.
    assert 48_000 - 100 <= assembler.position <= 48_000

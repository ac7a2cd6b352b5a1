from hypothesis import given
from hypothesis import strategies as st

from classroom.rtp.sequence import Unwrapper, sequence_newer


@given(st.integers(0, 0xFFFF), st.lists(st.integers(-1000, 30_000), max_size=50))
def test_unwrapping_follows_the_true_counter(start: int, steps: list[int]) -> None:
    unwrapper = Unwrapper(16)
    true = start + 0x10000
    highest = true
    assert unwrapper.unwrap(start) == true
    for step in steps:
        true = max(highest + step, 0)
        assert unwrapper.unwrap(true & 0xFFFF) == true
        highest = max(highest, true)
    assert unwrapper.highest == highest


def test_peeking_remembers_nothing() -> None:
    unwrapper = Unwrapper(16)
    assert unwrapper.peek(5) == 0x10005
    assert unwrapper.highest is None
    unwrapper.unwrap(65_535)
    assert unwrapper.peek(0) == 0x20000
    assert unwrapper.highest == 0x1FFFF


@given(st.integers(0, 0xFFFF), st.integers(1, 0x7FFF))
def test_newer_across_the_wrap(sequence: int, ahead: int) -> None:
    later = (sequence + ahead) & 0xFFFF
    assert sequence_newer(later, sequence)
    assert not sequence_newer(sequence, later)
    assert not sequence_newer(sequence, sequence)

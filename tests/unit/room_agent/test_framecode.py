import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from room_agent.capture.framecode import MODULUS, counter_at, draw_code, read_code, time_of_counter

sizes = st.tuples(st.integers(32, 400).map(lambda n: n * 2), st.integers(32, 250).map(lambda n: n * 2))


@given(st.integers(0, MODULUS - 1), sizes)
def test_what_was_drawn_is_read_at_any_size(counter: int, size: tuple[int, int]) -> None:
    luma = np.full((size[1], size[0]), 90, np.uint8)
    draw_code(luma, counter)
    assert read_code(luma) == counter


@pytest.mark.parametrize("grey", [0, 16, 128, 235, 255])
def test_a_plain_picture_has_no_code(grey: int) -> None:
    assert read_code(np.full((360, 640), grey, np.uint8)) is None


@given(st.integers(0, MODULUS - 1), st.integers(0, 31))
def test_one_damaged_block_is_noticed(counter: int, block: int) -> None:
    luma = np.full((360, 640), 90, np.uint8)
    draw_code(luma, counter)
    column = slice(block * 10, block * 10 + 10)
    luma[348:, column] = 255 - luma[348:, column]
    assert read_code(luma) is None


@given(
    st.floats(1.7e9, 2.2e9),
    st.sampled_from([10.0, 25.0, 30.0, 1000.0]),
    st.floats(-3600, 3600),
)
def test_a_counter_tells_its_time(unix_s: float, rate_hz: float, later_s: float) -> None:
    counter = counter_at(unix_s, rate_hz)
    assert 0 <= counter < MODULUS
    assert time_of_counter(counter, rate_hz, unix_s + later_s) == pytest.approx(unix_s, abs=0.5 / rate_hz + 1e-6)

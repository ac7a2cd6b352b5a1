"""Rate limits over virtual time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.errors import TooMany
from classroom.http.rates import Rates


def test_a_burst_passes_and_the_next_one_is_told_when_to_come_back() -> None:
    rates = Rates(burst=3, per_s=0.1)
    for _ in range(3):
        rates.take("a", 0.0)
    with pytest.raises(TooMany) as refused:
        rates.take("a", 0.0)
    assert refused.value.data["retry_after_s"] == 10
    rates.take("a", 10.0)
    with pytest.raises(TooMany):
        rates.take("a", 10.0)


def test_keys_do_not_share_their_buckets() -> None:
    rates = Rates(burst=1, per_s=1)
    rates.take("a", 0.0)
    rates.take("b", 0.0)
    assert rates.wait_s("a", 0.0) == pytest.approx(1.0)


def test_what_was_given_back_can_be_taken_again() -> None:
    rates = Rates(burst=1, per_s=0.001)
    for _ in range(5):
        rates.take("a", 0.0)
        rates.give_back("a", 0.0)
    rates.take("a", 0.0)
    with pytest.raises(TooMany):
        rates.check("a", 0.0)


def test_memory_is_bounded_and_forgets_who_was_quiet_longest() -> None:
    rates = Rates(burst=1, per_s=0.001, max_keys=3)
    for key in "abc":
        rates.take(key, 0.0)
    rates.charge("a", 1.0)
    rates.take("d", 2.0)
    assert len(rates) == 3
    assert rates.wait_s("b", 2.0) == 0
    assert rates.wait_s("a", 2.0) > 0


@given(st.lists(st.floats(0, 5), min_size=1, max_size=60), st.integers(1, 5), st.floats(0.1, 3))
def test_never_more_than_burst_and_rate_allow(gaps: list[float], burst: int, per_s: float) -> None:
    rates = Rates(burst=burst, per_s=per_s)
    now_s, taken = 0.0, 0
    for gap in gaps:
        now_s += gap
        try:
            rates.take("a", now_s)
        except TooMany:
            continue
        taken += 1
        assert taken <= burst + now_s * per_s + 1e-6

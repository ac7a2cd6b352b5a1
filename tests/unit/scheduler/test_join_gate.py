"""Guessing of join codes is stopped; a class that comes back is not."""

import pytest

from classroom.errors import TooMany
from scheduler.join import JoinGate

SCHOOL = "198.51.100.9"


def guess(gate: JoinGate, code: str, now_s: float) -> None:
    gate.enter(SCHOOL, code, now_s)
    gate.missed(SCHOOL, now_s)


def test_twenty_wrong_codes_then_ten_a_minute() -> None:
    gate = JoinGate()
    for number in range(20):
        guess(gate, f"{number}", 0.0)
    with pytest.raises(TooMany) as refused:
        guess(gate, "x", 0.0)
    assert refused.value.data["retry_after_s"] in {6, 7}
    guess(gate, "x", 6.1)
    with pytest.raises(TooMany):
        guess(gate, "x", 6.1)


def test_others_behind_the_same_address_still_reach_the_lesson_they_were_in() -> None:
    gate = JoinGate()
    gate.enter(SCHOOL, "abc234", 0.0)
    gate.found(SCHOOL, "abc234")
    for number in range(20):
        guess(gate, f"{number}", 0.0)
    gate.enter(SCHOOL, "abc234", 0.0)
    with pytest.raises(TooMany):
        gate.enter(SCHOOL, "other", 0.0)


def test_a_county_may_come_back_at_once_but_not_without_end() -> None:
    gate = JoinGate()
    gate.found(SCHOOL, "abc234")
    for _ in range(1000):
        gate.enter(SCHOOL, "abc234", 0.0)
    with pytest.raises(TooMany):
        gate.enter(SCHOOL, "abc234", 0.0)
    gate.enter(SCHOOL, "abc234", 1.0)
    gate.enter("203.0.113.1", "abc234", 0.0)


def test_what_it_remembers_is_bounded() -> None:
    gate = JoinGate(max_known=2)
    for code in ("a", "b", "c"):
        gate.found(SCHOOL, code)
    for number in range(20):
        guess(gate, f"{number}", 0.0)
    gate.enter(SCHOOL, "b", 0.0)
    gate.enter(SCHOOL, "c", 0.0)
    with pytest.raises(TooMany):
        gate.enter(SCHOOL, "a", 0.0)

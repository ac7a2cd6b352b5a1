"""Rules of single values of the registry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.model.registry import bell_problem, periods_outside, screen_cap_min
from classroom.model.school_code import KINDS, PROVINCES, CodeProblem, school_code_problem


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("2134990001", None),
        ("3166000001", None),
        ("213499000", CodeProblem.DIGITS),
        ("21349900011", CodeProblem.DIGITS),
        ("２１34990001", CodeProblem.DIGITS),  # digits, but of another kind
        ("2134 90001", CodeProblem.DIGITS),
        ("2034990001", CodeProblem.KIND),
        ("2138990001", CodeProblem.PROVINCE),
    ],
)
def test_school_codes(code: str, problem: CodeProblem | None) -> None:
    assert school_code_problem(code) is problem


@given(st.sampled_from(sorted(KINDS)), st.sampled_from(sorted(PROVINCES)), st.integers(0, 999_999))
def test_every_code_of_a_known_kind_and_province_is_good(kind: str, province: str, serial: int) -> None:
    assert school_code_problem(f"{kind}{province}{serial:06d}") is None


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 40)), max_size=10))
def test_a_bell_of_lengths_and_breaks_is_good_and_one_period_too_early_is_found(steps: list[tuple[int, int]]) -> None:
    bell, at = [], 480
    for length, pause in steps:
        bell.append((at + pause, at + pause + length))
        at += pause + length
    assert bell_problem(bell) is None
    for index in range(1, len(bell)):
        early = [*bell[:index], (bell[index - 1][1] - 1, bell[index][1]), *bell[index + 1 :]]
        assert bell_problem(early) == index


@pytest.mark.parametrize("bell", [[(480, 480)], [(480, 470)]])
def test_a_period_lasts(bell: list[tuple[int, int]]) -> None:
    assert bell_problem(bell) == 0


def test_periods_a_bell_does_not_have() -> None:
    assert periods_outside([(0, 0), (4, 1), (0, 2)], [(480, 520), (530, 570)]) == [(0, 2)]


@pytest.mark.parametrize(("grade", "periods", "minutes"), [(1, 7, 40), (2, 4, 40), (3, 7, 80), (3, 6, 40), (9, 8, 80)])
def test_small_children_see_one_lesson_a_day_and_nobody_more_than_a_third(
    grade: int, periods: int, minutes: int
) -> None:
    bell = [(480 + 50 * number, 520 + 50 * number) for number in range(periods)]
    assert screen_cap_min(grade, bell) == minutes

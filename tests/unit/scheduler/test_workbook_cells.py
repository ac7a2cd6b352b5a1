"""What people and Excel write into cells, understood as it is meant."""

from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.io.workbook import cells
from scheduler.io.workbook.faults import CellWrong


@pytest.mark.parametrize(
    ("parse", "value", "meant"),
    [
        (cells.school_code, 2134990001, "2134990001"),
        (cells.school_code, 2134990001.0, "2134990001"),
        (cells.school_code, " ２１３４９９０００１ ", "2134990001"),
        (cells.clock, time(8, 20), 500),
        (cells.clock, datetime(1899, 12, 31, 8, 20, tzinfo=UTC), 500),
        (cells.clock, 0.5, 720),
        (cells.clock, "8：20", 500),
        (cells.clock, "08:20:00", 500),
        (cells.clock, "8.20", 500),
        (cells.grades, 3, (3,)),
        (cells.grades, "3-6", (3, 4, 5, 6)),
        (cells.grades, "三、四年级", (3, 4)),
        (cells.grades, "1，2", (1, 2)),
        (cells.grades, "七至九", (7, 8, 9)),
        (cells.periods, "周一1,2;周三3-5", ((0, 0), (0, 1), (2, 2), (2, 3), (2, 4))),
        (cells.periods, "周一至周三第2节", ((0, 1), (1, 1), (2, 1))),
        (cells.periods, "每天1", tuple((day, 0) for day in range(5))),
        (cells.periods, "星期二：1、3\n周日 2；", ((1, 0), (1, 2), (6, 1))),
        (cells.integer(0, 5), "５", 5),
        (cells.integer(0, 5000), "1,200", 1200),
        (cells.number(0, 9), "4.5", 4.5),
        (cells.text(10), " 三（1）  班 ", "三(1) 班"),
        (cells.text(10), 1001.0, "1001"),
        (cells.room_code, "SHIYAN-1", "shiyan-1"),
    ],
)
def test_values_are_taken_as_they_are_meant(parse: Callable[[Any], Any], value: Any, meant: Any) -> None:
    assert parse(value) == meant


@pytest.mark.parametrize(
    ("parse", "value", "code"),
    [
        (cells.clock, "25:00", "cell_time_wrong"),
        (cells.clock, "上午八点", "cell_time_wrong"),
        (cells.clock, 8.5, "cell_time_wrong"),
        (cells.grades, "10", "cell_grades_wrong"),
        (cells.grades, "6-3", "cell_grades_wrong"),
        (cells.periods, "周一", "cell_periods_wrong"),
        (cells.periods, "周三至周一1", "cell_periods_wrong"),
        (cells.periods, "周一21", "cell_periods_wrong"),
        (cells.periods, "周一2-1", "cell_periods_wrong"),
        (cells.periods, "下午", "cell_periods_wrong"),
        (cells.number(0, 9), "nan", "cell_not_a_number"),
        (cells.number(0, 9), "20M", "cell_not_a_number"),
        (cells.number(0, 9), "1e999", "cell_not_a_number"),
        (cells.integer(0, 9), 2.5, "cell_not_whole"),
        (cells.integer(0, 9), -1, "cell_out_of_range"),
        (cells.text(3), "四个字的", "cell_too_long"),
        (cells.text(9), "锟斤拷", "cell_garbled"),
        (cells.text(9), "a\u202eb", "cell_garbled"),
        (cells.room_code, "音乐", "cell_room_code"),
    ],
)
def test_what_cannot_be_meant_is_refused(parse: Callable[[Any], Any], value: Any, code: str) -> None:
    with pytest.raises(CellWrong) as error:
        parse(value)
    assert error.value.code == code


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 19))))
def test_periods_are_read_as_they_are_written(periods: set[tuple[int, int]]) -> None:
    assert cells.periods(cells.write_periods(periods)) == tuple(sorted(periods))


@given(st.integers(0, 1439))
def test_times_are_read_as_they_are_written(minute: int) -> None:
    assert cells.clock(cells.write_clock(minute)) == minute


@given(st.sets(st.integers(1, 9), min_size=1))
def test_grades_are_read_as_they_are_written(grades: set[int]) -> None:
    assert cells.grades(cells.write_grades(sorted(grades))) == tuple(sorted(grades))


@given(st.text(max_size=60), st.sampled_from([cells.clock, cells.grades, cells.periods, cells.school_code]))
def test_no_text_makes_a_parser_stumble(text: str, parse: Callable[[Any], Any]) -> None:
    try:
        parse(text)
    except CellWrong as error:
        assert len(str(error.data["found"])) <= 40

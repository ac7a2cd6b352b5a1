"""A week's plan laid over the days of a term."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.model.term import DayKind, Term, TermDay, Weeks
from scheduler.io.holidays import announced_until, special_days
from scheduler.planning.replan.dated import week_instance
from scheduler.planning.term import WeeklyLesson, dated_lessons, days_of, undecided, weekday_taught
from tests.fakes import timetables

FIRST, LAST = date(2026, 8, 31), date(2027, 1, 15)


def autumn(*days: TermDay) -> Term:
    return Term("t", "r", "2026 秋", FIRST, LAST, days={day.day: day for day in (*special_days(FIRST, LAST), *days)})


def test_the_autumn_of_2026_as_announced() -> None:
    days = {day.day: (day.kind, day.note) for day in special_days(FIRST, date(2026, 12, 31))}
    off = {day for day, (kind, _) in days.items() if kind is DayKind.HOLIDAY}
    assert off == {date(2026, 9, 25), *(date(2026, 10, number) for number in (1, 2, 5, 6, 7))}
    swapped = {day for day, (kind, _) in days.items() if kind is DayKind.SWAPPED}
    assert swapped == {date(2026, 9, 20), date(2026, 10, 10)}
    assert days[date(2026, 10, 5)][1] == "国庆节"


def test_of_years_not_announced_only_the_days_fixed_by_law_are_known() -> None:
    year = announced_until().year + 1
    days = special_days(date(year, 1, 1), date(year, 12, 31))
    fixed = [date(year, month, day) for month, day in ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))]
    assert [day.day for day in days] == [day for day in fixed if day.weekday() < 5]
    assert special_days(date(1999, 10, 1), date(1999, 10, 1)) == [
        TermDay(date(1999, 10, 1), DayKind.HOLIDAY, None, "国庆节")
    ]


def test_a_swapped_workday_waits_for_somebody_to_say_what_it_follows() -> None:
    term = autumn()
    assert undecided(term) == [date(2026, 9, 20), date(2026, 10, 10)]
    friday = WeeklyLesson("c", 4, 600)
    assert date(2026, 10, 10) not in {lesson.day for lesson in dated_lessons(term, [friday])}
    decided = autumn(TermDay(date(2026, 10, 10), DayKind.SWAPPED, 4))
    assert undecided(decided) == [date(2026, 9, 20)]
    assert date(2026, 10, 10) in {lesson.day for lesson in dated_lessons(decided, [friday])}


def test_odd_and_even_weeks() -> None:
    term = autumn()
    odd = [lesson.week for lesson in dated_lessons(term, [WeeklyLesson("c", 1, 480, Weeks.ODD)])]
    even = [lesson.week for lesson in dated_lessons(term, [WeeklyLesson("c", 1, 480, Weeks.EVEN)])]
    assert odd == [1, 3, 5, 7, 9, 11, 13, 15, 17, 19]
    # week 6 holds 6 October
    assert even == [2, 4, 8, 10, 12, 14, 16, 18, 20]


def test_exam_days_have_no_lessons() -> None:
    exams = [TermDay(date(2027, 1, 11) + timedelta(days=number), DayKind.EXAM) for number in range(5)]
    lessons = list(dated_lessons(autumn(*exams), [WeeklyLesson("c", day, 480) for day in range(5)]))
    assert max(lesson.day for lesson in lessons) == date(2027, 1, 8)


def test_weeks_are_counted_from_monday_even_when_the_term_begins_later() -> None:
    term = Term("t", "r", "春", date(2027, 2, 24), date(2027, 3, 9))  # from Wednesday to Tuesday
    assert [term.week_of(day) for day in days_of(term)] == [1] * 5 + [2] * 7 + [3] * 2


weekly = st.lists(
    st.builds(
        WeeklyLesson,
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 6),
        st.integers(480, 1000),
        st.sampled_from(list(Weeks)),
    ),
    max_size=12,
    unique=True,
)
terms = st.builds(
    lambda first, length, special: Term(
        "t",
        "r",
        "x",
        first,
        first + timedelta(days=length),
        days={
            day: TermDay(day, DayKind.OTHER, follows)
            for offset, follows in special.items()
            if (day := first + timedelta(days=offset)) <= first + timedelta(days=length)
        },
    ),
    st.dates(date(2025, 1, 1), date(2030, 1, 1)),
    st.integers(1, 200),
    st.dictionaries(st.integers(0, 200), st.none() | st.integers(0, 6), max_size=20),
)


@given(terms, weekly)
def test_each_day_has_exactly_the_lessons_of_the_weekday_it_follows(term: Term, week: list[WeeklyLesson]) -> None:
    lessons = list(dated_lessons(term, week))
    assert lessons == sorted(lessons, key=lambda lesson: (lesson.day, lesson.start_min, lesson.course))
    found = Counter((lesson.day, lesson.course, lesson.start_min) for lesson in lessons)
    expected: Counter[tuple[date, str, int]] = Counter()
    for day in days_of(term):
        for lesson in week:
            wanted = {Weeks.ALL: (0, 1), Weeks.ODD: (1,), Weeks.EVEN: (0,)}[lesson.weeks]
            if lesson.day == weekday_taught(term, day) and term.week_of(day) % 2 in wanted:
                expected[day, lesson.course, lesson.start_min] += 1
    assert found == expected
    assert all(lesson.week == term.week_of(lesson.day) for lesson in lessons)


@given(terms, weekly)
def test_odd_and_even_weeks_together_are_all_weeks(term: Term, week: list[WeeklyLesson]) -> None:
    def with_weeks(weeks: Weeks) -> list[tuple[date, int, str]]:
        plans = {WeeklyLesson(lesson.course, lesson.day, lesson.start_min, weeks) for lesson in week}
        return [(found.day, found.start_min, found.course) for found in dated_lessons(term, plans)]

    assert sorted(with_weeks(Weeks.ODD) + with_weeks(Weeks.EVEN)) == sorted(with_weeks(Weeks.ALL))


@pytest.mark.parametrize("day", [FIRST, LAST])
def test_both_ends_of_a_term_belong_to_it(day: date) -> None:
    assert day in {lesson.day for lesson in dated_lessons(autumn(), [WeeklyLesson("c", day.weekday(), 480)])}


def test_in_a_week_with_a_swapped_workday_everybody_is_free_as_on_the_day_it_follows() -> None:
    data = timetables.county_json()
    instance = timetables.instance(data)
    monday = date(2026, 10, 5)  # holidays until Wednesday, and Saturday is worked
    week = week_instance(instance, autumn(TermDay(date(2026, 10, 10), DayKind.SWAPPED, 1)), monday)
    for before, after in zip((*instance.teachers,), (*week.teachers,), strict=True):
        expected = {(day, period) for day, period in before.free if day > 2}
        assert set(after.free) == expected | {(5, period) for day, period in before.free if day == 1}
    for need, dated in zip(instance.needs, week.needs, strict=True):
        assert {day for day, _ in dated.allowed} <= {3, 4, 5}
        assert {period for day, period in dated.allowed if day == 5} == {p for d, p in need.allowed if d == 1}

"""A start is offered exactly when `check` finds nothing against it; every other start has a reason."""

import json
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from classroom.catalog import LANGUAGES, text
from scheduler.io.files import solution_of
from scheduler.planning.board import Board, Gauge, board_of
from scheduler.planning.causes import Users, causes
from scheduler.planning.instance import Start
from scheduler.planning.lookup import Lookup
from scheduler.planning.solution import Course
from scheduler.planning.targets import targets
from tests.fakes import timetables
from tests.fakes.sound_timetables import broken, sound_case
from tests.fakes.timetables import Json, county_json, need_json

CASES = [(seed, *sound_case(seed)) for seed in range(420)]


def moved(courses: tuple[Course, ...], course: int, lesson: int, start: Start) -> tuple[Course, ...]:
    lessons = list(courses[course].lessons)
    lessons[lesson] = start
    return (*courses[:course], replace(courses[course], lessons=tuple(lessons)), *courses[course + 1 :])


def test_a_lesson_may_move_exactly_where_check_finds_nothing() -> None:
    tried = legal = 0
    for seed, instance, solution in CASES:
        board = board_of(Lookup.of(instance), solution.courses)
        for index, course in enumerate(solution.courses):
            if not course.lessons:
                continue
            found = targets(board, solution.courses, index, 0)
            assert course.lessons[0] in found.legal
            for start in Random(seed).sample(list(found.against), 12):
                after = replace(solution, courses=moved(solution.courses, index, 0, start))
                assert (start in found.legal) == (not broken(instance, after)), (seed, index, start)
                tried += 1
            legal += len(found.legal)
    assert tried > 1000
    assert legal > 300


def test_a_lesson_may_be_added_exactly_where_check_finds_nothing() -> None:
    tried = 0
    for seed, instance, solution in CASES:
        board = board_of(Lookup.of(instance), solution.courses)
        for index, course in enumerate(solution.courses):
            found = targets(board, solution.courses, index)
            for start in [*Random(seed).sample(list(found.against), 6), *found.legal[:3]]:
                courses = [*solution.courses]
                courses[index] = replace(course, lessons=(*course.lessons, start))
                after = replace(solution, courses=tuple(courses))
                assert (start in found.legal) == (not broken(instance, after)), (seed, index, start)
                tried += 1
    assert tried > 500


def test_one_more_need_may_join_exactly_when_check_finds_nothing() -> None:
    joined = refused = 0
    for seed, instance, solution in CASES:
        lookup = Lookup.of(instance)
        board = board_of(lookup, solution.courses)
        served = {need for course in solution.courses for need in course.needs}
        for index, course in enumerate(solution.courses):
            for need in map(lookup.needs.__getitem__, course.needs if len(course.needs) > 1 else ()):
                board.leave(course, need.id)
                assert board.can_join(replace(course, needs=tuple(n for n in course.needs if n != need.id)), need.id)
                board.join(course, need.id)
                joined += 1
            for need in instance.needs:
                alike = (need.subject, need.grade, need.edition) == (course.subject, course.grade, course.edition)
                fits = alike and lookup.in_scope(lookup.teachers[course.teacher], need)
                full = len(course.needs) >= instance.meta.max_points
                if need.id in served or not fits or full or len(course.lessons) > need.lessons_per_week:
                    continue
                courses = [*solution.courses]
                courses[index] = replace(course, needs=(*course.needs, need.id))
                can = board.can_join(course, need.id)
                assert can == (not broken(instance, replace(solution, courses=tuple(courses)))), (seed, need.id)
                joined, refused = joined + can, refused + (not can)
    assert min(joined, refused) > 20


def test_placing_and_removing_leaves_no_trace() -> None:
    for _, instance, solution in CASES[:100]:
        lookup = Lookup.of(instance)
        board, fresh = board_of(lookup, solution.courses), Board(lookup)
        for course in solution.courses:
            board.remove(course)
        for resource, gauge in board.gauges.items():
            assert gauge.layers == fresh.gauge(resource).layers
        assert not any([*board.teacher_week.values(), *board.teacher_day.values(), *board.class_day.values()])


def test_a_gauge_counts_units_slot_by_slot() -> None:
    gauge = Gauge(3)
    gauge.add(0b0110, 2)
    gauge.add(0b0011, 1)
    assert [bin(gauge.full(units, 0b1111)) for units in (1, 2, 3, 4)] == ["0b10", "0b110", "0b111", "0b1111"]
    gauge.remove(0b0110, 2)
    assert gauge.layers == [0b0011]


def reasons(start: Start, change: Json, lesson: int | None = 0, now: Start | None = None, **course: Any) -> list[str]:
    instance = timetables.instance({**county_json(), **change})
    data = timetables.solution_json()
    data["courses"][0] |= course
    solution = solution_of(json.dumps(data).encode(), instance)
    board = board_of(Lookup.of(instance), solution.courses, now=now)
    found = targets(board, solution.courses, 0, lesson).against[start]
    for cause in found:
        for language in LANGUAGES:
            shown = text(cause.code, cause.data, language)
            assert "?" not in shown.message + shown.remedy
    return [cause.code for cause in found]


def outage(kind: str, number: int) -> Json:
    return {"outages": [{"kind": kind, "id": number, "day": 1, "start": 530, "end": 600}]}


@pytest.mark.parametrize(
    ("start", "change", "codes"),
    [
        ((0, 595), {}, []),
        ((1, 530), {}, []),
        ((0, 480), {}, ["why_teacher_not_free", "why_teacher_teaches"]),
        ((0, 600), {}, ["why_teacher_not_free"]),
        ((2, 530), {}, ["why_course_day"]),
        ((4, 530), {}, ["why_class_not_free", "why_class_not_free"]),
        ((1, 530), outage("teacher", 7), ["why_teacher_away"]),
        ((1, 530), outage("school", 1), ["why_point_closed"]),
        ((1, 530), outage("line", 0), ["why_teacher_away"]),
        ((1, 530), outage("room", 0), ["why_rooms_taken"]),
        (
            (1, 530),
            {"needs": [need_json(10, 1), need_json(11, 1, **{"class": "1/g3"})]},
            ["why_class_taken", "why_rooms_taken", "why_line_down"],
        ),
        ((1, 530), {"counties": [{"id": 0, "prefecture": 0, "sfu_participants": 2}]}, ["why_node_full"]),
        ((1, 530), {"classes": [{"id": f"{n}/g3", "screen_min_day": 39} for n in (1, 2)]}, ["why_screen"] * 2),
    ],
)
def test_every_reason_has_its_name(start: Start, change: Json, codes: list[str]) -> None:
    assert reasons(start, change) == codes


def test_a_further_lesson_needs_somebody_who_lacks_it_and_a_teacher_who_has_time() -> None:
    assert reasons((1, 530), {}, lesson=None) == ["why_need_complete", "why_need_complete"]
    teachers = [{**county_json()["teachers"][0], "max_week": 2, "max_day": 0}]
    assert reasons((1, 530), {"teachers": teachers}, lesson=None)[0] == "why_teacher_week"
    assert "why_teacher_day" in reasons((1, 530), {"teachers": teachers}, lesson=None)


def test_what_is_over_or_pinned_stays() -> None:
    assert reasons((0, 595), {}, now=(0, 600)) == ["why_past"]
    assert reasons((1, 530), {}, now=(0, 600)) == []
    assert reasons((1, 530), {}, pinned=True) == ["why_pinned"]


def test_who_takes_it_is_named() -> None:
    instance = timetables.instance(county_json())
    lookup = Lookup.of(instance)
    courses = [Course(7, "music", 3, "*", (10,), ((0, 595),)), Course(7, "music", 3, "*", (11,), ((2, 595),))]
    board = board_of(lookup, courses)
    taken = next(cause for cause in causes(board, 7, [10]) if cause.code == "why_teacher_taken")
    users = Users(board, courses)
    assert taken.demand is not None
    assert users.of(taken.demand, 1 << board.week.bit((0, 590))) == [0]
    assert users.of(taken.demand, 1 << board.week.bit((2, 620))) == [1]
    assert users.of(taken.demand, 1 << board.week.bit((1, 595))) == []

"""Reasons say what is so, and every remedy is true: applied and solved, it covers what it says."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from classroom.catalog import LANGUAGES
from scheduler.io.texts import with_texts
from scheduler.planning.board import board_of
from scheduler.planning.explain.explain import explain, impossible_pins, said
from scheduler.planning.explain.remedies import Remedy, remedies
from scheduler.planning.insertion import insert
from scheduler.planning.instance import Instance
from scheduler.planning.lookup import Lookup
from scheduler.planning.objectives import attended, coverage, missing
from scheduler.planning.solution import Course, Solution, Uncovered
from tests.fakes import timetables
from tests.fakes.sound_timetables import broken, sound_case
from tests.fakes.timetables import Json, county_json, need_json


def packed(seed: int) -> tuple[Instance, Solution]:
    """A drawn instance and an answer into which nothing more can be put."""
    instance, solution = sound_case(seed, scale=2)
    lookup, courses = Lookup.of(instance), list(solution.courses)
    board = board_of(lookup, courses)
    for need in missing(lookup, courses):
        insert(board, courses, need)
    lacking = tuple(Uncovered(need, lessons) for need, lessons in missing(lookup, courses).items())
    return instance, replace(solution, courses=tuple(c for c in courses if c.needs), uncovered=lacking)


PACKED = [(seed, *packed(seed)) for seed in range(1000, 1045)]


def test_what_is_put_in_breaks_no_rule_and_takes_nothing_from_others() -> None:
    gained = 0
    for seed, instance, solution in PACKED:
        assert broken(instance, solution) == set(), seed
        _, before = sound_case(seed, scale=2)
        old, new = attended(before.courses), attended(solution.courses)
        assert all(new[need.id] >= old[need.id] for need in instance.needs), seed
        gained += sum(new.values()) - sum(old.values())
    assert gained > 20


def all_remedies() -> Iterator[tuple[int, Instance, Solution, Remedy]]:
    for seed, instance, solution in PACKED:
        lookup = Lookup.of(instance)
        board = board_of(lookup, solution.courses)
        for row in solution.uncovered:
            for remedy in remedies(board, solution.courses, lookup.needs[row.need]):
                yield seed, instance, solution, remedy


def test_every_remedy_is_true_when_it_is_applied_and_solved() -> None:
    kinds: Counter[str] = Counter()
    for seed, instance, solution, remedy in all_remedies():
        relaxed = remedy.relaxation.apply(instance)
        timetables.sound(relaxed)
        after = replace(solution, courses=remedy.courses)
        assert broken(relaxed, after) == set(), (seed, remedy.relaxation)
        lookup = Lookup.of(relaxed)
        assert coverage(lookup, after.courses) == coverage(lookup, solution.courses) + remedy.lessons
        old, new = attended(solution.courses), attended(after.courses)
        assert {need for need in new if new[need] > old[need]} == set(remedy.needs)
        assert all(new[need] >= old[need] for need in old)
        kinds[remedy.relaxation.code] += 1
    assert len(kinds) >= 10, kinds


def test_without_the_remedy_nothing_could_be_put_in() -> None:
    for _, instance, solution in PACKED[:40]:
        lookup, courses = Lookup.of(instance), list(solution.courses)
        board = board_of(lookup, courses)
        for row in solution.uncovered:
            assert insert(board, courses, row.need) == 0


def test_every_uncovered_need_has_a_reason_with_a_text_in_every_language() -> None:
    codes: Counter[str] = Counter()
    for _, instance, solution in PACKED[:30]:
        found = explain(instance, solution)
        assert [row.need for row in found] == [row.need for row in solution.uncovered]
        told = with_texts(instance, replace(solution, uncovered=found))
        for row in told.uncovered:
            assert row.reasons
            for reason in row.reasons:
                assert reason.text is not None
                assert set(reason.text) == set(LANGUAGES)
                assert not any("?" in shown for shown in reason.text.values()), reason
                assert (reason.remedy is not None) == reason.code.startswith("fix_")
                codes[reason.code] += 1
    assert len(codes) > 20, codes


# -- one by one --------------------------------------------------------------------------------------------------------


def codes(courses: Sequence[Course] = (), need: int = 10, **changes: Any) -> dict[str, Json]:
    instance = timetables.instance({**county_json(), **changes})
    (row,) = explain(instance, Solution(courses=tuple(courses)), [need])
    return {reason.code: dict(reason.data) for reason in row.reasons}


def teacher(**fields: Any) -> list[Json]:
    return [{**county_json()["teachers"][0], **fields}]


def far() -> list[Json]:
    return [*county_json()["counties"], {"id": 1, "prefecture": 0, "sfu_participants": 10}]


def schools(host: Json | None = None, point: Json | None = None) -> Json:
    """The county's schools, the strong one and the first point a little different."""
    strong, first, second = county_json()["schools"]
    return {"schools": [{**strong, **(host or {})}, {**first, **(point or {})}, second]}


OTHER_EDITION = {"teachers": teacher(edition="WY"), "needs": [need_json(10, 1, edition="PEP")]}
SMALL_NODE = {"counties": [{"id": 0, "prefecture": 0, "sfu_participants": 1}]}
LITTLE_SCREEN = {"classes": [{"id": f"{number}/g3", "screen_min_day": 30} for number in (1, 2)]}


@pytest.mark.parametrize(
    ("changes", "reason", "fix"),
    [
        ({"teachers": teacher(subject="art")}, "explain_no_teacher", None),
        ({"teachers": teacher(grades=[4])}, "explain_grade", "fix_teacher_grade"),
        (OTHER_EDITION, "explain_edition", "fix_teacher_edition"),
        ({"counties": far(), **schools(host={"county": 1})}, "explain_scope", "fix_teacher_scope"),
        ({"teachers": teacher(free=[[4, 1]])}, "explain_no_common_day", "fix_teacher_free"),
        ({"teachers": teacher(max_week=0)}, "explain_week_full", "fix_teacher_week"),
        ({"teachers": teacher(max_day=0)}, "explain_teacher_day", "fix_teacher_day"),
        (SMALL_NODE, "explain_node_full", "fix_node"),
        (LITTLE_SCREEN, "explain_screen", "fix_screen"),
        (schools(host={"up_mbps": 5}), "explain_line_up", "fix_line_up"),
        (schools(point={"down_mbps": 5}), "explain_line_down", "fix_line_down"),
        (schools(point={"rooms": 0}), "explain_rooms_taken", "fix_rooms"),
        ({}, "explain_free", None),
    ],
)
def test_each_reason_has_its_remedy(changes: Json, reason: str, fix: str | None) -> None:
    found = codes(**changes)
    assert reason in found
    assert fix is None or fix in found
    assert fix is None or found[fix]["lessons_more"] >= 1


def test_bells_that_miss_by_minutes_are_named_with_the_one_to_move() -> None:
    """新县二小 is ten minutes late, and may start five off: five minutes more, or another bell, and both agree."""
    late = [[start + 10, end + 10] for start, end in county_json()["schools"][0]["bell"]]
    changes = schools(point={"name": "新县二小", "bell": late})
    found = codes(**changes)
    assert found["explain_bells"]["minutes"] == 5
    assert found["explain_bells"]["teacher"] == 7
    assert found["fix_tolerance"] == {"school": 1, "minutes": 5, "limit": 10, "needs": ["10", "11"], "lessons_more": 4}
    assert found["fix_bell_earlier"]["minutes"] == 5
    instance = timetables.instance({**county_json(), **changes})
    told = with_texts(instance, Solution(courses=(), uncovered=explain(instance, Solution(courses=()), [10])))
    texts = [reason.text["zh-CN"] for reason in told.uncovered[0].reasons if reason.text is not None]
    assert "如果新县二小可以偏离作息 10 分钟（多 5 分钟），就能多上 4 节：10 (新县二小 music)、11 (music)。" in texts


def test_who_is_in_the_way_is_named() -> None:
    slot: Json = {"allowed": [[0, 2]], "preferred": []}
    needs = [need_json(10, 1, **slot), need_json(11, 2, grade=4, **slot)]
    other = Course(7, "music", 4, "*", (11,), ((0, 595),))
    found = codes([other], needs=needs)
    assert found["explain_teacher_taken"]["who"] == ["7"]
    assert found["explain_teacher_taken"]["courses"] == ["0"]


def test_companions_that_lack_nothing_keep_a_course_from_growing() -> None:
    needs = [need_json(10, 1, lessons_per_week=3), need_json(11, 2)]
    found = codes([Course(7, "music", 3, "*", (10, 11), ((0, 595), (2, 595)))], needs=needs)
    assert found["explain_partly"]["given"] == 2
    assert found["explain_companions"]["needs"] == ["11"]


def test_a_pinned_course_is_a_reason_too() -> None:
    found = codes([Course(7, "music", 3, "*", (10,), ((0, 595),), pinned=True)])
    assert "explain_pinned" in found


ALONE = {"meta": {**county_json()["meta"], "max_points": 1}}
FRIDAY = {"needs": [need_json(10, 1, allowed=[[4, 0]], preferred=[]), need_json(11, 2)]}


@pytest.mark.parametrize(
    ("what", "pinned", "changes"),
    [("open", False, {}), ("taken", True, {}), ("full", False, ALONE), ("away", False, FRIDAY)],
)
def test_what_keeps_a_class_from_a_course_of_its_kind(what: str, pinned: bool, changes: Json) -> None:
    found = codes([Course(7, "music", 3, "*", (11,), ((0, 595), (2, 595)), pinned=pinned)], **changes)
    assert {code for code in found if code.startswith("explain_courses")} == {f"explain_courses_{what}"}
    assert found[f"explain_courses_{what}"]["courses"] == 1


def test_pins_that_nobody_can_keep_are_explained() -> None:
    def pins(*pinned: Json) -> list[str]:
        instance = timetables.instance({**county_json(), "pins": pinned})
        return [violation.code for violation in impossible_pins(instance)]

    good = {"teacher": 7, "subject": "music", "grade": 3, "edition": "*", "needs": [10], "lessons": [[0, 595]]}
    assert pins(good) == []
    assert pins({**good, "lessons": [[0, 480]]}) == ["h3_not_free"]
    assert pins(good, {**good, "needs": [11]}) == ["h5_teacher", "h5_rooms"]


def test_progress_is_told() -> None:
    heard: list[tuple[int, int]] = []
    explain(timetables.instance(county_json()), Solution(courses=()), on_progress=lambda *done: heard.append(done))
    assert heard == [(1, 2), (2, 2)]


def test_a_remedy_is_told_with_what_it_gives() -> None:
    instance = timetables.instance({**county_json(), "teachers": teacher(max_week=0)})
    lookup = Lookup.of(instance)
    (remedy,) = remedies(board_of(lookup, ()), (), lookup.needs[10])
    reason = said(remedy)
    assert (reason.code, reason.data["lessons_more"]) == ("fix_teacher_week", remedy.lessons)

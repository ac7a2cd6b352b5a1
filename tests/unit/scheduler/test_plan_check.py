"""`check` finds exactly what a plain, slow, separate checker finds, minute by minute."""

import json
from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from classroom.catalog import LANGUAGES, catalog, text
from scheduler.io.files import solution_of
from scheduler.planning.check import Violation, check
from scheduler.planning.lookup import Lookup
from scheduler.planning.objectives import score
from scheduler.planning.solution import Score
from tests.fakes import timetables
from tests.fakes.brute_check import findings
from tests.fakes.random_timetables import random_instance, random_solution
from tests.fakes.timetables import Json, county_json, need_json, school_json

# What besides its code tells one violation from another, where it is not (whom it is about, day).
KEYS = {
    "h1_subject": ("course",),
    "h1_grade": ("course",),
    "h1_edition": ("course",),
    "h1_need_differs": ("course", "need"),
    "h1_scope": ("course", "need"),
    "h2_points": ("course",),
    "h2_course_day": ("course", "day"),
    "h2_need_twice": ("need",),
    "h2_need_day": ("need", "day"),
    "h2_need_lessons": ("need",),
    "h3_not_free": ("course", "day", "minute"),
    "h3_busy": ("course", "day", "minute"),
    "h4_not_allowed": ("course", "need", "day", "minute"),
    "h5_teacher": ("teacher", "day"),
    "h5_class": ("class", "day"),
    "h5_rooms": ("school", "day"),
    "h5_max_day": ("teacher", "day"),
    "h5_max_week": ("teacher",),
    "h6_up": ("school", "day"),
    "h6_down": ("school", "day"),
    "h7_node": ("county", "day"),
    "h8_screen": ("class", "day"),
    "h9_pin": ("pin",),
    "h9_outage": ("course", "day"),
    "record_missing": ("need",),
}


def violations(instance: Json, solution: Json) -> list[Violation]:
    read = timetables.instance(instance)
    parsed = solution_of(json.dumps(solution).encode(), read)
    cost = score(Lookup.of(read), parsed.courses)
    covered = read.lessons - sum(row.missing for row in parsed.uncovered)
    return check(read, replace(parsed, score=cost, coverage=covered))


def key(violation: Violation) -> tuple[Any, ...]:
    return (violation.code, *(violation.data[name] for name in KEYS[violation.code]))


def pinned(rng: Random, instance: Json, solution: Json) -> None:
    """Now and then the instance asks for a course that is there, or for one that was."""
    if rng.random() < 0.2:
        course = solution["courses"][0]
        pin = {name: course[name] for name in ("teacher", "subject", "grade", "edition", "needs", "lessons")}
        instance["pins"] = [pin if rng.random() < 0.5 else {**pin, "lessons": pin["lessons"][1:]}]


def test_it_agrees_with_a_plain_checker_on_thousands_of_cases() -> None:
    seen: Counter[str] = Counter()
    for seed in range(2000):
        rng = Random(seed)
        instance = random_instance(rng)
        solution = random_solution(rng, instance)
        pinned(rng, instance, solution)
        found = violations(instance, solution)
        broken = {key(violation) for violation in found if violation.code != "record_coverage"}
        assert broken == findings(instance, solution), f"seed {seed}"
        seen.update({violation.code for violation in found} or {"none"})
    # No rule, and no kept rule, that was hardly ever tried.
    assert {code for code in [*KEYS, "none"] if seen[code] < 20} == set(), seen


def test_every_violation_has_its_text() -> None:
    for seed in range(300):
        rng = Random(seed)
        instance = random_instance(rng)
        for violation in violations(instance, random_solution(rng, instance)):
            for language in LANGUAGES:
                shown = text(violation.code, violation.data, language)
                assert "?" not in shown.message + shown.remedy
    assert set(KEYS) <= set(catalog("en"))


def test_a_good_solution_breaks_nothing() -> None:
    assert violations(county_json(), timetables.solution_json()) == []


def test_what_a_solution_says_of_itself_is_checked() -> None:
    instance = timetables.instance(county_json())
    solution = solution_of(json.dumps(timetables.solution_json()).encode(), instance)
    good = replace(solution, score=score(Lookup.of(instance), solution.courses))
    assert check(instance, good) == []

    def codes(**changes: Any) -> list[str]:
        return [violation.code for violation in check(instance, replace(good, **changes))]

    assert codes(coverage=3) == ["record_coverage"]
    assert codes(bound_coverage=3) == ["record_bound"]
    assert codes(score=Score(s3_partner_schools=10)) == ["record_score"]
    assert codes(courses=(), score=Score(s1_uncovered=4200), coverage=0) == ["record_missing", "record_missing"]


def costs(change: Json, courses: list[Json]) -> Score:
    instance = timetables.instance({**county_json(), **change})
    solution = solution_of(json.dumps({"courses": courses}).encode(), instance)
    return score(Lookup.of(instance), solution.courses)


def course(**fields: Any) -> Json:
    result: Json = {**timetables.solution_json()["courses"][0], **fields}
    return result


def test_uncovered_lessons_cost_by_number_and_then_by_priority() -> None:
    needs = [need_json(10, 1, priority=1), need_json(11, 2, priority=9)]
    assert costs({"needs": needs}, []).s1_uncovered == 2 * 1000 + 2 * 1400
    assert costs({"needs": needs}, [course(needs=[10])]).s1_uncovered == 2 * 1400


def test_losing_last_terms_teacher_costs_once_a_need() -> None:
    teachers = [*county_json()["teachers"], {**county_json()["teachers"][0], "id": 8}]
    needs = [need_json(10, 1, previous_teacher=8), need_json(11, 2, previous_teacher=7)]
    assert costs({"teachers": teachers, "needs": needs}, [course()]).s2_teacher_changed == 20
    assert costs({"teachers": teachers, "needs": needs}, [course(cover=True)]).s2_teacher_changed == 0


def test_a_second_partner_school_costs() -> None:
    schools = [*county_json()["schools"], school_json(3, "strong")]
    teachers = [*county_json()["teachers"], {**county_json()["teachers"][0], "id": 8, "school": 3}]
    needs = [need_json(10, 1), need_json(11, 1)]
    two = [course(needs=[10]), course(teacher=8, needs=[11])]
    assert costs({"schools": schools, "teachers": teachers, "needs": needs}, two).s3_partner_schools == 10
    assert costs({"schools": schools, "teachers": teachers, "needs": needs}, [course()]).s3_partner_schools == 0


@pytest.mark.parametrize(("max_week", "cost"), [(10, 0), (4, 0), (3, 3), (2, 6), (1, 12)])
def test_a_schools_load_costs_above_a_half_and_above_three_quarters(max_week: int, cost: int) -> None:
    teachers = [{**county_json()["teachers"][0], "max_week": max_week}]
    assert costs({"teachers": teachers}, [course()]).s4_load == cost


def test_lessons_on_neighbouring_days_cost() -> None:
    days = [[0, 595], [1, 595], [2, 595], [4, 595]]
    assert costs({}, [course(lessons=days)]).s5_neighbouring_days == 6


def test_lessons_outside_preferred_periods_cost_for_each_need() -> None:
    assert costs({}, [course()]).s6_not_preferred == 0
    assert costs({}, [course(lessons=[[0, 530], [2, 595]])]).s6_not_preferred == 2
    assert costs({}, [course(lessons=[[0, 590]])]).s6_not_preferred == 0


def test_the_operator_sets_the_weights() -> None:
    meta = {**county_json()["meta"], "weights": {"not_preferred": 7, "uncovered": 100}}
    found = costs({"meta": meta}, [course(lessons=[[0, 530]])])
    assert (found.s6_not_preferred, found.s1_uncovered) == (14, 2 * 150)
    assert found.total == 314

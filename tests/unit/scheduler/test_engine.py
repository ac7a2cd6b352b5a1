"""The search: what it finds keeps every rule, costs what it says, and on tiny problems is the best there is."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from scheduler.planning.check import check
from scheduler.planning.compiler import compile_instance
from scheduler.planning.engine import Progress, Search, new_work, solve
from scheduler.planning.instance import Instance, Pin
from scheduler.planning.kernel import layout as at
from scheduler.planning.kernel.place import POOL
from scheduler.planning.kernel.places import undo
from scheduler.planning.kernel.search import recreate, ruin
from scheduler.planning.solution import Course
from scheduler.planning.state import new_log
from tests.fakes import timetables
from tests.fakes.exhaustive import Exhaustive
from tests.fakes.generous_timetables import generous_instance
from tests.fakes.random_timetables import random_instance
from tests.fakes.timetables import county_json


def instances(first: int, count: int) -> list[Instance]:
    draw = (random_instance, generous_instance)
    return [timetables.instance(draw[seed % 2](Random(seed))) for seed in range(first, first + count)]


def test_what_it_finds_keeps_every_rule_and_costs_what_it_says() -> None:
    covered = 0
    for instance in instances(0, 150):
        problem = compile_instance(instance)
        search = Search(problem, seed=1)
        search.run(60)
        solution = solve(problem, seed=1, rounds=60)
        assert check(instance, solution) == []
        assert (search.coverage, search.cost) == (solution.coverage, solution.score.total)
        covered += solution.coverage
    assert covered > 100


def test_on_tiny_problems_it_finds_the_best_there_is() -> None:
    compared = 0
    for instance in instances(1000, 140):
        exhaustive = Exhaustive(instance)
        if exhaustive.plans < 4000:
            assert solve(compile_instance(instance), seed=2, rounds=400).score.total == exhaustive.best()
            compared += 1
    assert compared > 30


def test_undo_restores_everything() -> None:
    for instance in instances(2000, 40):
        problem = compile_instance(instance)
        search = Search(problem, seed=3)
        search.run(10)
        x, log, wants = search.state(), new_log(), len(problem.rows.wants)
        work, rng = new_work(wants), np.array([12345], np.int64)
        before = x.copy()
        for _ in range(5):
            recreate(problem.p, x, log, work, rng, ruin(problem.p, x, log, work, rng))
        undo(x, log)
        assert np.array_equal(x, before)
        assert x[at.COST] >= 0
        assert not work[POOL + wants :].any()


def test_the_same_seed_and_rounds_find_the_same_plan_in_whatever_steps() -> None:
    problem = compile_instance(timetables.instance(random_instance(Random(5))))
    once = Search(problem, seed=7)
    once.run(500)
    again = Search(problem, seed=7)
    for step in (1, 99, 150, 250):
        again.run(step)
    assert again.courses() == once.courses()


def a_county() -> Instance:
    return timetables.instance(county_json())


def test_frozen_courses_stay_and_may_gain_others() -> None:
    data = county_json()
    data["needs"].append(timetables.need_json(12, 3))
    data["schools"].append(timetables.school_json(3, "point"))
    data["classes"].append({"id": "3/g3", "screen_min_day": 80})
    instance = timetables.instance(data)
    course = Course(7, "music", 3, "*", (10, 11), ((0, 595), (2, 595)))
    search = Search(compile_instance(instance), seed=1, start=[course], frozen=[course])
    search.run(200)
    (found,) = search.courses()
    assert (found.lessons, set(found.needs)) == (course.lessons, {10, 11, 12})
    assert search.refused == ()


def test_frozen_courses_that_do_not_fit_are_named() -> None:
    course = Course(7, "music", 3, "*", (10, 11), ((0, 480),))  # the teacher is free in periods 1 and 2 only
    search = Search(compile_instance(a_county()), seed=1, start=[course], frozen=[course])
    assert search.refused == (course,)
    assert search.coverage == 4


def test_what_no_longer_fits_of_a_former_plan_is_planned_anew() -> None:
    course = Course(7, "music", 3, "*", (10, 11), ((0, 480), (2, 595)))
    search = Search(compile_instance(a_county()), seed=1, start=[course])
    assert (search.coverage, search.refused) == (4, ())


def test_pins_are_in_the_plan_as_they_are() -> None:
    pin = Pin(7, "music", 3, "*", (10,), ((1, 530),))
    instance = replace(a_county(), pins=(pin,))
    solution = solve(compile_instance(instance), seed=1, rounds=100)
    assert Course(7, "music", 3, "*", (10,), ((1, 530),), pinned=True) in solution.courses
    assert check(instance, solution) == []
    assert solution.coverage == 3


def test_what_standing_courses_leave_of_a_need_can_be_covered_on_other_days() -> None:
    rest = Course(7, "music", 3, "*", (10, 11), ((1, 530),))
    problem = compile_instance(a_county(), standing=[rest], cover_rest=True)
    solution = solve(problem, seed=1, rounds=100)
    cover = next(course for course in solution.courses if course.cover)
    assert set(cover.needs) == {10, 11}
    assert [day == 1 for day, _ in cover.lessons] == [False]
    assert check(a_county(), solution) == []
    assert solution.coverage == 4


def test_progress_tells_every_better_plan() -> None:
    told: list[Progress] = []
    ticks = iter(range(1000))
    solution = solve(
        compile_instance(a_county()),
        seed=1,
        deadline=20,
        now=lambda: float(next(ticks)),
        on_progress=told.append,
    )
    assert [progress.cost for progress in told] == sorted({progress.cost for progress in told}, reverse=True)
    assert (told[-1].coverage, told[-1].cost) == (solution.coverage, solution.score.total)


def test_a_cancelled_search_gives_the_plan_it_has() -> None:
    solution = solve(compile_instance(a_county()), seed=1, rounds=10**9, cancelled=lambda: True)
    assert solution.coverage == 4


def test_a_search_without_a_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="deadline"):
        solve(compile_instance(a_county()), seed=1)

"""The search in processes of its own: the same plans, stopped when asked, nothing left running."""

import multiprocessing
from random import Random

from scheduler.io.solver import Update, bound_instance, solve_instance
from scheduler.planning.check import check
from scheduler.planning.compiler import compile_instance
from scheduler.planning.engine import solve
from scheduler.planning.instance import Instance
from tests.fakes import timetables
from tests.fakes.generous_timetables import generous_instance
from tests.fakes.timetables import county_json, need_json, school_json


def a_county() -> Instance:
    """Some lessons cannot be covered, some can."""
    return timetables.instance(generous_instance(Random(11)))


def two_counties() -> Instance:
    """The same county twice, in two prefectures."""
    data = county_json()
    [teacher] = data["teachers"]
    data["counties"].append({**data["counties"][0], "id": 1, "prefecture": 1})
    data["schools"] += [
        school_json(3, "strong", county=1, up_mbps=20, down_mbps=20),
        school_json(4, "point", county=1),
        school_json(5, "point", county=1),
    ]
    data["teachers"].append({**teacher, "id": 8, "school": 3})
    data["needs"] += [need_json(12, 4), need_json(13, 5)]
    data["classes"] += [{"id": f"{point}/g3", "screen_min_day": 80} for point in (4, 5)]
    return timetables.instance(data)


def test_with_rounds_it_finds_what_one_process_finds() -> None:
    instance = a_county()
    run = solve_instance(instance, rounds=500, workers=1, seed=4, prove=False, bounders=0)
    alone = solve(compile_instance(instance), seed=4, rounds=500)
    assert run.solution.courses == alone.courses
    assert (run.solution.score, run.solution.uncovered) == (alone.score, alone.uncovered)
    assert run.rss_mb > 50


def test_a_small_county_is_proved_and_the_processes_are_gone() -> None:
    told: list[Update] = []
    instance = timetables.instance(county_json())
    run = solve_instance(instance, seconds=30, workers=2, seed=1, on_update=told.append)
    assert run.proved
    assert (run.solution.coverage, run.solution.bound_coverage) == (4, 4)
    assert run.bound_cost == run.solution.score.total
    assert check(instance, run.solution) == []
    assert tuple(told) == run.updates
    assert (told[-1].proved, told[-1].gap) == (True, 0.0)
    assert not multiprocessing.active_children()


def test_a_cancelled_run_gives_the_plan_it_has() -> None:
    instance = a_county()
    told: list[Update] = []
    run = solve_instance(
        instance, seconds=600, workers=1, seed=1, prove=False, on_update=told.append, cancelled=lambda: bool(told)
    )
    assert check(instance, run.solution) == []
    assert run.solution.coverage > 0


def test_parts_that_wait_for_a_worker_have_a_plan_early() -> None:
    told: list[Update] = []
    run = solve_instance(
        two_counties(), seconds=40, workers=1, seed=1, prove=False, on_update=told.append, cancelled=lambda: bool(told)
    )
    # A search of the first part to its end would have taken 20 seconds.
    assert run.seconds_to_first < 15
    assert run.solution.coverage == 8


def test_a_bound_alone() -> None:
    assert bound_instance(timetables.instance(county_json()), seconds=30, workers=1) == 4

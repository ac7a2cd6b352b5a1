"""What is said to be proved: the best plan of small problems, and bounds that no plan exceeds."""

from random import Random

from scheduler.planning.bound import bound_alone, bound_subject, subjects_of
from scheduler.planning.check import check
from scheduler.planning.columns import count_columns
from scheduler.planning.compiler import compile_instance
from scheduler.planning.components import components
from scheduler.planning.engine import solution_of, solve
from scheduler.planning.exact import solve_exactly
from scheduler.planning.instance import Instance
from scheduler.planning.program import Program
from tests.fakes import timetables
from tests.fakes.exhaustive import Exhaustive
from tests.fakes.generous_timetables import generous_instance
from tests.fakes.timetables import county_json, need_json, school_json

SECONDS = 20.0


def instances(first: int, count: int) -> list[Instance]:
    return [timetables.instance(generous_instance(Random(seed))) for seed in range(first, first + count)]


def test_the_proved_plan_is_the_best_there_is() -> None:
    compared = 0
    for instance in instances(3000, 40):
        exhaustive = Exhaustive(instance)
        problem = compile_instance(instance)
        if exhaustive.plans < 2000 and count_columns(problem, 300) <= 300:
            exact = solve_exactly(problem, SECONDS)
            assert exact is not None
            assert (exact.cost, exact.bound, exact.proved) == (exhaustive.best(), exhaustive.best(), True)
            compared += 1
    assert compared > 8


def test_proofs_and_bounds_agree_with_what_the_search_finds() -> None:
    tight = covered = 0
    for instance in instances(4000, 25):
        problem = compile_instance(instance)
        if count_columns(problem, 300) > 300:
            continue
        found = solve(problem, seed=1, rounds=300)
        exact = solve_exactly(problem, SECONDS, found.courses)
        assert exact is not None
        solution = solution_of(problem, exact.courses)
        assert check(instance, solution) == []
        assert (solution.score.total, solution.coverage) == (exact.cost, exact.coverage)
        assert exact.bound is not None
        assert exact.bound <= exact.cost <= found.score.total
        alone = bound_alone(problem)
        for subject in subjects_of(problem):
            relaxed = bound_subject(problem, subject, SECONDS, relaxed=True)
            bound = bound_subject(problem, subject, SECONDS)
            given = sum(len(c.lessons) * len(c.needs) for c in exact.courses if c.subject == subject)
            assert given <= bound.lessons <= relaxed.lessons <= alone[subject]
            assert bound.proved
            tight += bound.lessons == given
            covered += given
    assert tight > 5
    assert covered > 10


def test_a_floor_holds_and_is_close() -> None:
    program = Program()
    x, y, z = (program.column(-10) for _ in range(3))
    for pair in ((x, y), (y, z), (x, z)):
        program.at_most(dict.fromkeys(pair, 1), 1)
    answer = program.solve(SECONDS)
    assert answer is not None
    assert answer.cost == -10
    assert -15.001 <= program.floor(SECONDS) <= -15 + 1e-6


def test_parts_are_what_nothing_holds_together() -> None:
    data = county_json()
    data["counties"].append({"id": 1, "prefecture": 1, "sfu_participants": 10})
    data["schools"] += [school_json(20, "strong", county=1), school_json(21, "point", county=1)]
    data["teachers"].append({**data["teachers"][0], "id": 8, "school": 20})
    data["needs"] += [need_json(30, 21), need_json(31, 21, subject="art", **{"class": "21/g4"}, grade=4)]
    data["classes"] += [{"id": "21/g3", "screen_min_day": 80}, {"id": "21/g4", "screen_min_day": 80}]
    parts = components(timetables.instance(data))
    assert [{need.id for need in part.needs} for part in parts] == [{10, 11}, {30, 31}]
    assert [{teacher.id for teacher in part.teachers} for part in parts] == [{7}, {8}]
    assert [{county.id for county in part.counties} for part in parts] == [{0}, {1}]


def test_teachers_of_a_prefecture_hold_its_counties_together() -> None:
    data = county_json()
    data["counties"].append({"id": 1, "prefecture": 0, "sfu_participants": 10})
    data["schools"] += [school_json(20, "point", county=1)]
    data["needs"].append(need_json(30, 20))
    data["classes"].append({"id": "20/g3", "screen_min_day": 80})
    assert [{need.id for need in part.needs} for part in components(timetables.instance(data))] == [{10, 11}]
    data["teachers"][0]["scope"] = "prefecture"
    assert [{need.id for need in part.needs} for part in components(timetables.instance(data))] == [{10, 11, 30}]

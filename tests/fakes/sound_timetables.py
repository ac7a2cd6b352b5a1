"""Drawn timetable problems with answers that break no rule."""

import json
from dataclasses import replace
from random import Random

from scheduler.io.files import solution_of
from scheduler.planning.check import check
from scheduler.planning.instance import Instance
from scheduler.planning.solution import Solution
from tests.fakes import timetables
from tests.fakes.random_timetables import random_course, random_instance


def broken(instance: Instance, solution: Solution) -> set[str]:
    return {violation.code for violation in check(instance, solution) if violation.rule != "record"}


def sound_case(seed: int, scale: int = 1) -> tuple[Instance, Solution]:
    """A drawn instance, not quite as tight as usual, with those of the drawn courses that can stand together."""
    rng = Random(seed)
    data = random_instance(rng, scale)
    data["meta"]["max_points"] = 3
    for school in data["schools"]:
        school |= {"rooms": rng.choice([1, 2, 3]), "up_mbps": rng.choice([12, 20]), "down_mbps": rng.choice([6, 20])}
    for group in data["classes"]:
        group["screen_min_day"] += 40
    instance = timetables.instance(data)
    kept = Solution(courses=())
    for _ in range(12 * scale**2):
        drawn = {"courses": [random_course(rng, data)]}
        course = solution_of(json.dumps(drawn).encode(), instance).courses[0]
        more = replace(kept, courses=(*kept.courses, course))
        if not broken(instance, more):
            kept = more
    return instance, kept

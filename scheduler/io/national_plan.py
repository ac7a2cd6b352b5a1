"""The national curriculum, from the file beside this one."""

import tomllib
from functools import cache
from importlib import resources

from scheduler.planning.curriculum import NationalPlan, Subject


@cache
def national_plan() -> NationalPlan:
    """义务教育课程方案（2022年版）, divided into whole weekly lessons."""
    parsed = tomllib.loads(resources.files(__package__).joinpath("national_plan.toml").read_text("utf-8"))
    return NationalPlan(
        subjects=tuple(
            Subject(
                name=entry["name"],
                aliases=tuple(entry.get("aliases", ())),
                edition_free=entry.get("edition_free", False),
                lessons=tuple(entry["lessons"]),
            )
            for entry in parsed["subjects"]
        ),
        weekly_lessons=tuple(parsed["weekly_lessons"]),
    )

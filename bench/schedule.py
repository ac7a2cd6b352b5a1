"""Timetables for counties, prefectures and a province, two workers: how much is covered, when, and what is proved.

Run with names of rows (S M P V answers) for some of them. Every solution is checked again by `check`, which shares no
code with the search. Seconds count from when the first process is ready; start-up (imports, machine code from a cache)
is apart.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from bench.counties import county
from bench.load.answers import explain_figures, fet_figures, replan_figures
from bench.report import progress
from scheduler.io.solver import Run, bound_instance, solve_instance
from scheduler.planning.check import check
from scheduler.planning.instance import Instance

WORKERS = 2
SEED = 1
Figures = dict[str, Any]


def measure(
    name: str, seconds: float, marks: tuple[float, ...] = (), *, prove: bool = False
) -> tuple[Figures, Instance]:
    """Solve an instance and say how it went; `marks` are seconds at which the coverage is of interest."""
    instance = county(name)
    run = solve_instance(instance, seconds=seconds, workers=WORKERS, seed=SEED, prove=prove, bounders=int(prove))
    solution = run.solution
    figures: Figures = {
        "lessons": instance.lessons,
        "coverage": solution.coverage,
        "share": round(solution.coverage / instance.lessons, 4),
        "bound_coverage": solution.bound_coverage,
        "cost": solution.score.total,
        "startup_s": round(run.startup_s, 2),
        "seconds_to_first": round(run.seconds_to_first, 2),
        "seconds": round((solution.seconds or 0.0) - run.startup_s, 1),
        "rss_mb": run.rss_mb,
        "rounds": run.updates[-1].rounds if run.updates else 0,
        "violations": len(check(instance, solution)),
    }
    for mark in marks:
        figures[f"coverage_{mark:g}_s"] = covered_by(run, mark)
    if prove:
        figures |= {"proved": run.proved, "bound_cost": run.bound_cost}
    return figures, instance


def covered_by(run: Run, seconds: float) -> int:
    """The coverage of the best plan so many seconds after start-up."""
    return max((u.coverage for u in run.updates if u.seconds - run.startup_s <= seconds), default=0)


def gap(figures: Figures) -> Figures:
    """With the share of the bound that is covered at least, and the gap that is left."""
    bound = figures["bound_coverage"]
    shares = {
        key.replace("coverage", "of_bound"): round(figures[key] / bound, 4) for key in figures if "coverage_" in key
    }
    shares.pop("bound_of_bound", None)
    return {**figures, **shares, "gap": round(1 - figures["coverage"] / bound, 4)}


def small() -> Iterator[tuple[str, Figures]]:
    """All objectives to the proof."""
    for seed in (1, 2, 3):
        figures, _ = measure(f"S{seed}", 10.0, prove=True)
        yield f"S{seed}", gap(figures)


def county_sized() -> Iterator[tuple[str, Figures]]:
    """A minute of search, then the bound of our own, for which there are six minutes."""
    for seed in (1, 2, 3):
        figures, instance = measure(f"M{seed}", 60.0, (2, 10, 60))
        began = time.monotonic()
        figures["bound_coverage"] = bound_instance(instance, seconds=360.0, workers=WORKERS)
        figures["bound_seconds"] = round(time.monotonic() - began, 1)
        yield f"M{seed}", gap(figures)


def prefecture() -> Iterator[tuple[str, Figures]]:
    yield "P1", gap(measure("P1", 180.0, (15, 60, 180))[0])


def province() -> Iterator[tuple[str, Figures]]:
    """Six minutes with everything: reading, cutting, start-up."""
    yield "V1", gap(measure("V1", 330.0)[0])


def answers() -> Iterator[tuple[str, Figures]]:
    """What is asked of a county's timetable once it stands, and the same county given to FET."""
    for seed in (1, 2, 3):
        instance = county(f"M{seed}")
        run = solve_instance(instance, seconds=10.0, workers=WORKERS, seed=SEED, prove=False, bounders=0)
        figures: Figures = {"coverage": run.solution.coverage, "lessons": instance.lessons}
        figures["replan"] = replan_figures(instance, run.solution)
        figures["explain"] = explain_figures(instance, run.solution)
        figures["fet"] = fet_figures(instance, run.solution)
        yield f"M{seed}_answers", figures


# Another row is another function here.
ROWS: dict[str, Callable[[], Iterator[tuple[str, Figures]]]] = {
    "S": small,
    "M": county_sized,
    "P": prefecture,
    "V": province,
    "answers": answers,
}


def main(names: list[str]) -> None:
    figures: dict[str, Figures] = {}
    for name in names or ROWS:
        for instance, row in ROWS[name]():
            progress(f"{instance}: {json.dumps(row)}")
            figures[instance] = row
    for instance, row in figures.items():
        if "rounds" not in row:
            continue
        progress(
            f"{instance}: {row['lessons']} lessons, first plan after {row['seconds_to_first']} s, "
            f"{row['rounds'] / max(row['seconds'], 0.1):,.0f} rounds/s, {row['rss_mb']} MB"
        )
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])

"""What is asked of a timetable that stands: replans, explanations, and the same county given to FET.

Each function measures on one instance and its solution, and returns figures for a line of JSON. Whatever is claimed is
checked on the way: a replan by `check`, a remedy by `check` on the relaxed instance.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from bench.load.fet import place
from bench.load.pairing import Pairing
from bench.report import percentile, progress
from scheduler.planning.board import board_of
from scheduler.planning.check import check
from scheduler.planning.explain.explain import explain
from scheduler.planning.explain.remedies import remedies
from scheduler.planning.instance import Instance, Outage
from scheduler.planning.lookup import Lookup
from scheduler.planning.objectives import coverage, missing
from scheduler.planning.replan.changes import changes
from scheduler.planning.replan.replan import MOVES, replan
from scheduler.planning.solution import Course, Solution

Figures = dict[str, float]
# A millisecond, and a tenth of a percent.
DIGITS = 3

TEACHERS = 20
FET_SECONDS = 60


@dataclass
class _Tally:
    seconds: list[float]
    lost: int = 0
    made_good: int = 0
    others: int = 0
    unproved: int = 0
    violations: int = 0


def replan_figures(instance: Instance, solution: Solution) -> dict[str, Figures]:
    """Each of 20 teachers ill for a week, and for the day of a lesson; without and with others moving."""
    lookup = Lookup.of(instance)
    # Whoever asks first should not wait for the solver to be loaded.
    replan(lookup, solution, [Outage("teacher", solution.courses[0].teacher, 0)])
    found: dict[str, Figures] = {}
    for length in ("week", "day"):
        for moves in (0, MOVES):
            tally = _Tally([])
            for outages in _absences(instance, solution, length):
                _one(lookup, solution, outages, moves, tally)
            name = f"{length}_{moves}_moves"
            found[name] = {
                "p50_s": round(percentile(tally.seconds, 50), DIGITS),
                "p95_s": round(percentile(tally.seconds, 95), DIGITS),
                "lost": tally.lost,
                "recovered": round(tally.made_good / max(1, tally.lost), DIGITS),
                "changes_to_others": tally.others,
                "unproved": tally.unproved,
                "violations": tally.violations,
            }
            progress(f"  replan {name}: {found[name]}")
    return found


def _absences(instance: Instance, solution: Solution, length: str) -> Iterator[list[Outage]]:
    teaching = list(dict.fromkeys(course.teacher for course in solution.courses))
    for teacher in Random(1).sample(teaching, min(TEACHERS, len(teaching))):
        first = min(day for course in solution.courses if course.teacher == teacher for day, _ in course.lessons)
        days = range(instance.meta.days) if length == "week" else [first]
        yield [Outage("teacher", teacher, day) for day in days]


def _one(lookup: Lookup, solution: Solution, outages: list[Outage], moves: int, tally: _Tally) -> None:
    began = time.perf_counter()
    proposal = replan(lookup, solution, outages, moves=moves)
    after = replace(proposal.accept(), changes=changes(proposal))
    tally.seconds.append(time.perf_counter() - began)
    tally.lost += len(proposal.week.lost)
    tally.made_good += len(proposal.week.lost) - len(proposal.gone)
    tally.others += sum(change.code.startswith("change_other") for change in after.changes)
    tally.unproved += not proposal.proved
    tally.violations += len(check(lookup.instance, after))


def explain_figures(instance: Instance, solution: Solution) -> Figures:
    """All uncovered needs; then every remedy once more, applied and checked."""
    began = time.perf_counter()
    explained = explain(instance, solution)
    seconds = time.perf_counter() - began
    reasons = [reason for row in explained for reason in row.reasons]
    lookup = Lookup.of(instance)
    board = board_of(lookup, solution.courses)
    true = untrue = 0
    for need in missing(lookup, solution.courses):
        for remedy in remedies(board, solution.courses, lookup.needs[need]):
            relaxed = remedy.relaxation.apply(instance)
            broken = [each for each in check(relaxed, Solution(remedy.courses)) if each.rule != "record"]
            gained = _covered(relaxed, remedy.courses) - _covered(relaxed, solution.courses)
            good = not broken and gained == remedy.lessons > 0
            true, untrue = true + good, untrue + (not good)
    figures = {
        "seconds": round(seconds, DIGITS),
        "needs": len(explained),
        "without_reason": sum(not row.reasons for row in explained),
        "remedies": sum(reason.code.startswith("fix_") for reason in reasons),
        "remedies_true": true,
        "remedies_untrue": untrue,
    }
    progress(f"  explain: {figures}")
    return figures


def _covered(instance: Instance, courses: tuple[Course, ...]) -> int:
    return coverage(Lookup.of(instance), courses)


def fet_figures(instance: Instance, solution: Solution) -> dict[str, Figures]:
    """FET with our courses, and with courses paired before anybody looked at a clock, or at the bells only."""
    lookup = Lookup.of(instance)
    given = {
        "our_courses": list(solution.courses),
        "paired_blindly": Pairing(lookup, bells=False).courses,
        "paired_by_bells": Pairing(lookup, bells=True).courses,
    }
    found: dict[str, Figures] = {}
    for name, courses in given.items():
        placed = place(lookup, courses, FET_SECONDS)
        broken = [each for each in check(instance, Solution(placed.courses)) if each.rule != "record"]
        found[name] = {
            "seconds": round(placed.seconds, DIGITS),
            "activities": placed.asked,
            "placed": placed.activities,
            "coverage": coverage(lookup, placed.courses),
            "violations": len(broken),
        }
        progress(f"  FET, {name}: {found[name]}")
    return found

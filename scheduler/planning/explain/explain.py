"""What is uncovered, with its reasons and remedies; and pins that no timetable can keep."""

from collections.abc import Callable, Collection
from dataclasses import replace

from scheduler.planning.board import board_of
from scheduler.planning.causes import Users
from scheduler.planning.check import Violation, check
from scheduler.planning.explain.reasons import reasons
from scheduler.planning.explain.remedies import Remedy, remedies
from scheduler.planning.instance import Id, Instance
from scheduler.planning.lookup import Lookup
from scheduler.planning.objectives import missing
from scheduler.planning.solution import Course, Reason, Solution, Uncovered


def explain(
    instance: Instance,
    solution: Solution,
    needs: Collection[Id] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[Uncovered, ...]:
    """Everything uncovered (or these needs of it), each with why, and what would change that.

    `on_progress` hears how many of how many are done.
    """
    lookup, courses = Lookup.of(instance), solution.courses
    board = board_of(lookup, courses, solution.outages)
    users = Users(board, courses)
    lacking = {need: lessons for need, lessons in missing(lookup, courses).items() if needs is None or need in needs}
    found: list[Uncovered] = []
    for done, (need, lessons) in enumerate(lacking.items(), 1):
        row = lookup.needs[need]
        why = [*reasons(board, users, courses, row), *map(said, remedies(board, courses, row))]
        found.append(Uncovered(need, lessons, tuple(why)))
        if on_progress is not None:
            on_progress(done, len(lacking))
    return tuple(found)


def said(remedy: Remedy) -> Reason:
    data = {**remedy.relaxation.data, "needs": [str(need) for need in remedy.needs], "lessons_more": remedy.lessons}
    return Reason(remedy.relaxation.code, data)


def impossible_pins(instance: Instance) -> list[Violation]:
    """The rules that the pins break by themselves: no timetable can have them all."""
    pinned = tuple(
        Course(pin.teacher, pin.subject, pin.grade, pin.edition, pin.needs, pin.lessons, pinned=True)
        for pin in instance.pins
    )
    alone = replace(instance, pins=())
    return [each for each in check(alone, Solution(courses=pinned)) if each.rule != "record"]

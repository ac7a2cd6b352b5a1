"""An outage is answered with a timetable that can be held, in which nothing changed that need not have."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from random import Random
from typing import Any

import pytest

from scheduler.io.files import solution_of
from scheduler.planning.instance import Id, Instance, Outage, Start
from scheduler.planning.lookup import Lookup
from scheduler.planning.objectives import coverage
from scheduler.planning.program import Program
from scheduler.planning.replan.dated import WeekLesson
from scheduler.planning.replan.proposal import Proposal, courses_of
from scheduler.planning.replan.replan import replan
from scheduler.planning.replan.single import offers
from scheduler.planning.replan.week import Held
from scheduler.planning.solution import Course, Solution
from tests.fakes import timetables
from tests.fakes.sound_timetables import broken, sound_case
from tests.fakes.timetables import Json, county_json, need_json, school_json


def drawn_outage(rng: Random, instance: Instance, solution: Solution) -> Outage:
    """Of somebody or something that one of the lessons needs, at about that time."""
    course = rng.choice([course for course in solution.courses if course.lessons])
    day, minute = rng.choice(course.lessons)
    lookup = Lookup.of(instance)
    begin = minute + rng.choice([-60, -20, 0, 20, 45])
    end = begin + rng.choice([5, 60, 600])
    if rng.random() < 0.4:
        return Outage("teacher", course.teacher, day, begin, end)
    school = rng.choice([lookup.teachers[course.teacher].school, lookup.needs[rng.choice(course.needs)].point])
    return Outage(rng.choice(["school", "room", "line"]), school, day, begin, end, rng.choice([1, 2]))


def any_held(solution: Solution) -> bool:
    return any(course.lessons for course in solution.courses)


def drawn(seed: int, scale: int = 1) -> tuple[Instance, Solution, list[Outage], Start | None]:
    rng = Random(seed)
    instance, solution = sound_case(seed, scale)
    courses = [replace(course, pinned=rng.random() < 0.2) for course in solution.courses]
    outages = [
        drawn_outage(rng, instance, solution) for _ in range(scale * rng.choice([1, 1, 2]) if any_held(solution) else 0)
    ]
    now = rng.choice([None, None, (0, 540), (1, 500)])
    return instance, replace(solution, courses=tuple(courses)), outages, now


def meetings(solution: Solution) -> set[tuple[Id, frozenset[Id], Start]]:
    return {(course.teacher, frozenset(course.needs), start) for course in solution.courses for start in course.lessons}


@pytest.mark.parametrize("moves", [0, 3])
def test_whatever_is_out_the_proposal_can_be_held_and_touches_nothing_it_must_not(moves: int) -> None:
    hit = made_good = partial = 0
    for seed in range(130):
        instance, solution, outages, now = drawn(seed, scale=1 + 2 * (seed % 3 == 0))
        proposal = replan(Lookup.of(instance), solution, outages, now=now, moves=moves)
        after = proposal.accept()
        assert broken(instance, after) == set(), seed
        others = {step.before.origin for step in proposal.steps if step.before is not None and not step.gained}
        assert len(others) <= moves
        held, kept = meetings(after), meetings(solution)
        lost = {(each.held.teacher, each.held.needs, each.held.start) for each in proposal.week.lost}
        for course in solution.courses:
            for start in course.lessons:
                past = now is not None and start < now
                assert not (past and (course.teacher, course.needs, start) in lost)
                if past or (course.pinned and (course.teacher, course.needs, start) not in lost):
                    assert (course.teacher, frozenset(course.needs), start) in held, seed
        assert now is None or all(start >= now for _, _, start in held - kept)
        good = sum(len(step.lost) for step in proposal.steps)
        assert good + len(proposal.gone) == len(proposal.week.lost)
        assert after.coverage == coverage(proposal.lookup, solution.courses) - len(proposal.gone)
        for groups in {frozenset([group]) for group in proposal.groups} - {proposal.groups}:
            assert broken(instance, proposal.accept(groups)) == set(), seed
            partial += 1
        hit, made_good = hit + bool(proposal.week.lost), made_good + good
    assert min(hit, made_good) > 40
    assert partial > 3


def test_more_moves_never_cover_less() -> None:
    for seed in range(150):
        instance, solution, outages, now = drawn(seed)
        lookup = Lookup.of(instance)
        gone = [len(replan(lookup, solution, outages, now=now, moves=moves).gone) for moves in (0, 1, 3)]
        assert gone == sorted(gone, reverse=True), seed


def exhaustive(lookup: Lookup, proposal: Proposal) -> int:
    """How many of the lost lessons can be made good at all, trying everything: each alone, then all combinations."""
    week, instance = proposal.week, lookup.instance
    base = replace(proposal.solution, outages=proposal.outages)

    def stands(lessons: Sequence[Held]) -> bool:
        courses = courses_of(lookup, base.courses, lessons)
        return not broken(instance, replace(base, courses=courses))

    def alone(need: Id) -> Iterator[tuple[Id, Start]]:
        for teacher in instance.teachers:
            for start in product(range(2), range(455, 720, 5)):
                if stands([*week.held, Held(teacher.id, (need,), start)]) or joins(need, teacher.id, start):
                    yield teacher.id, start

    def joins(need: Id, teacher: Id, start: Start) -> bool:
        there = [lesson for lesson in week.held if (lesson.teacher, lesson.start) == (teacher, start)]
        return any(stands(with_need(week.held, lesson, need)) for lesson in there if need not in lesson.needs)

    def with_need(lessons: Sequence[Held], lesson: Held, need: Id) -> list[Held]:
        joins = not lesson.fixed and need not in lesson.needs
        return [replace(h, needs=(*h.needs, need)) if h == lesson and joins else h for h in lessons]

    def best(lessons: list[Held], needs: list[Id], options: dict[Id, list[tuple[Id, Start]]]) -> int:
        if not needs:
            return 0
        need, rest = needs[0], needs[1:]
        found = best(lessons, rest, options)
        for teacher, start in options[need]:
            meeting = next((h for h in lessons if (h.teacher, h.start) == (teacher, start)), None)
            more = [*lessons, Held(teacher, (need,), start)] if meeting is None else with_need(lessons, meeting, need)
            if found < len(needs) and more != lessons and stands(more):
                found = max(found, 1 + best(more, rest, options))
        return found

    lost = [each.need for each in week.lost]
    return best(list(week.held), lost, {need: list(alone(need)) for need in lost})


def test_without_moves_as_much_is_made_good_as_trying_everything_finds() -> None:
    tried = good = 0
    for seed in range(400, 560):
        instance, solution, outages, _ = drawn(seed)
        lookup = Lookup.of(instance)
        proposal = replan(lookup, solution, outages, moves=0)
        if proposal.week.lost and len(proposal.week.lost) <= 3:
            assert proposal.proved
            made_good = len(proposal.week.lost) - len(proposal.gone)
            assert made_good == exhaustive(lookup, proposal), seed
            tried, good = tried + 1, good + made_good
    assert min(tried, good) > 5


# -- one by one --------------------------------------------------------------------------------------------------------


def county(**changes: Any) -> tuple[Lookup, Solution]:
    instance = timetables.instance({**county_json(), **changes})
    return Lookup.of(instance), solution_of(json.dumps(timetables.solution_json()).encode(), instance)


def ill(day: int, teacher: int = 7) -> list[Outage]:
    return [Outage("teacher", teacher, day)]


def second_teacher(**fields: Any) -> list[Json]:
    return [*county_json()["teachers"], {**county_json()["teachers"][0], "id": 8, **fields}]


def test_a_colleague_takes_over_at_the_same_time() -> None:
    lookup, solution = county(teachers=second_teacher())
    proposal = replan(lookup, solution, ill(0))
    assert [(step.before, step.after) for step in proposal.steps] == [(None, Held(8, (10, 11), (0, 595)))]
    assert {lost.held.start for lost in proposal.steps[0].lost} == {(0, 595)}
    after = proposal.accept()
    assert after.courses == (
        Course(7, "music", 3, "*", (10, 11), ((2, 595),)),
        Course(8, "music", 3, "*", (10, 11), ((0, 595),), cover=True),
    )
    assert (after.coverage, after.uncovered, after.outages) == (4, (), tuple(ill(0)))


def test_without_a_colleague_the_lesson_moves_to_a_day_the_class_has_none() -> None:
    lookup, solution = county()
    proposal = replan(lookup, solution, ill(0))
    (step,) = proposal.steps
    assert (step.after.teacher, step.after.needs) == (7, (10, 11))
    assert step.after.start in {(day, minute) for day in (1, 3) for minute in (595,)}


def test_what_nobody_can_do_is_said() -> None:
    lookup, solution = county()
    proposal = replan(lookup, solution, [out for day in range(5) for out in ill(day)])
    assert (proposal.steps, len(proposal.gone), proposal.proved) == ((), 4, True)
    after = proposal.accept()
    assert after.courses == ()
    assert [(row.need, row.missing) for row in after.uncovered] == [(10, 2), (11, 2)]


def test_a_closed_point_does_not_stop_the_lesson_of_the_others() -> None:
    lookup, solution = county()
    proposal = replan(lookup, solution, [Outage("school", 1, 0)])
    assert [(lost.need, lost.held.start) for lost in proposal.week.lost] == [(10, (0, 595))]
    assert (7, frozenset([11]), (0, 595)) in meetings(proposal.accept())
    assert sum(len(step.lost) for step in proposal.steps) == 1


def test_a_line_that_is_down_for_a_period_takes_that_period_only() -> None:
    lookup, solution = county()
    assert replan(lookup, solution, [Outage("line", 0, 0, 480, 595)]).week.lost == ()
    assert len(replan(lookup, solution, [Outage("line", 0, 0, 630, 640)]).week.lost) == 2


def test_of_two_lessons_in_a_school_that_lost_a_room_the_heavier_stays() -> None:
    schools = [school_json(0, "strong", rooms=2, up_mbps=20, down_mbps=20), *county_json()["schools"][1:]]
    needs = [need_json(10, 1, priority=1), need_json(11, 2, priority=3)]
    lookup, solution = county(schools=schools, teachers=second_teacher(), needs=needs)
    courses = (
        Course(7, "music", 3, "*", (10,), ((0, 595), (2, 595))),
        Course(8, "music", 3, "*", (11,), ((0, 595), (2, 595))),
    )
    proposal = replan(lookup, replace(solution, courses=courses), [Outage("room", 0, 0)])
    assert [(lost.need, lost.held.start) for lost in proposal.week.lost] == [(10, (0, 595))]
    pinned = (replace(courses[0], pinned=True), courses[1])
    proposal = replan(lookup, replace(solution, courses=pinned), [Outage("room", 0, 0)])
    assert [lost.need for lost in proposal.week.lost] == [11]


def test_a_lesson_of_another_course_makes_room() -> None:
    """Teacher 8 could stand in on Monday only, and teaches somebody else just then, who could as well on Tuesday."""
    free = [[0, 2], [1, 2]]
    other = need_json(12, 3, subject="music", grade=4, **{"class": "3/g4"}, lessons_per_week=1)
    lookup, solution = county(
        schools=[
            school_json(0, "strong", rooms=2, up_mbps=20, down_mbps=20),
            *county_json()["schools"][1:],
            school_json(3, "point"),
        ],
        teachers=second_teacher(free=free, max_week=2),
        needs=[*(need_json(number, number - 9, allowed=[[0, 2], [2, 2]], preferred=[]) for number in (10, 11)), other],
        classes=[*county_json()["classes"], {"id": "3/g4", "screen_min_day": 80}],
    )
    courses = (*solution.courses, Course(8, "music", 4, "*", (12,), ((0, 595),)))
    solution = replace(solution, courses=courses)
    assert len(replan(lookup, solution, ill(0), moves=0).gone) == 2
    proposal = replan(lookup, solution, ill(0), moves=1)
    assert proposal.gone == ()
    assert len(proposal.groups) == 1
    assert meetings(proposal.accept()) == {
        (7, frozenset([10, 11]), (2, 595)),
        (8, frozenset([10, 11]), (0, 595)),
        (8, frozenset([12]), (1, 595)),
    }
    pinned = replace(solution, courses=(courses[0], replace(courses[1], pinned=True)))
    assert len(replan(lookup, pinned, ill(0), moves=3).gone) == 2
    assert len(replan(lookup, solution, ill(0), moves=3, now=(0, 600)).week.lost) == 0


def test_what_is_over_is_no_loss() -> None:
    lookup, solution = county()
    proposal = replan(lookup, solution, ill(0), now=(0, 600))
    assert proposal.week.lost == ()
    assert proposal.outages == (Outage("teacher", 7, 0, 635),)
    assert replan(lookup, solution, ill(0), now=(1, 0)).outages == ()


def test_a_pinned_lesson_is_lost_with_its_teacher_but_never_moved() -> None:
    lookup, solution = county()
    pinned = replace(solution, courses=(replace(solution.courses[0], pinned=True),))
    proposal = replan(lookup, pinned, ill(0))
    kept = next(course for course in proposal.accept().courses if not course.cover)
    assert (kept.lessons, kept.pinned) == (((2, 595),), True)


def test_a_second_outage_comes_on_top_of_the_first() -> None:
    lookup, solution = county(teachers=second_teacher())
    first = replan(lookup, solution, ill(0)).accept()
    second = replan(lookup, first, ill(0, teacher=8)).accept()
    assert second.outages == (*ill(0), *ill(0, teacher=8))
    assert not any(start[0] == 0 for _, _, start in meetings(second))
    assert second.coverage == 4


# -- the program -------------------------------------------------------------------------------------------------------


def test_a_program_is_solved_exactly() -> None:
    program = Program()
    columns = [program.column(cost) for cost in (-10, -10.5, -3, 2)]
    program.at_most({columns[0]: 1, columns[1]: 1}, 1)
    program.exactly({columns[3]: 1}, 1)
    answer = program.solve(1.0)
    assert answer is not None
    assert (set(answer.ones), answer.proved, answer.cost) == ({1, 2, 3}, True, -11.5)


def test_a_program_without_an_answer_has_none() -> None:
    program = Program()
    column = program.column(0)
    program.exactly({column: 1}, 2)
    assert program.solve(1.0) is None


def test_a_solver_says_nothing_on_the_way(capfd: pytest.CaptureFixture[str]) -> None:
    program = Program()
    program.column(-1)
    program.solve(1.0)
    assert capfd.readouterr() == ("", "")


def test_a_class_may_join_exactly_the_lessons_that_stay_right_with_it() -> None:
    joins = others = 0
    for seed in range(100):
        instance, solution = sound_case(seed, 1 + seed % 3)
        held = (course for course in solution.courses if course.lessons and not course.cover)
        courses = tuple(replace(course, lessons=course.lessons[:1]) for course in held)
        covered = {need for course in courses for need in course.needs}
        week = [WeekLesson(str(index), course, open=not course.pinned) for index, course in enumerate(courses)]
        for need in (need for need in instance.needs if need.id not in covered):
            found = list(offers(instance, week, need.id, now=None))
            right = set()
            for lesson in week:
                joined = replace(lesson.course, needs=(*lesson.course.needs, need.id))
                with_it = [joined if other is lesson.course else other for other in courses]
                if lesson.open and not broken(instance, Solution(courses=tuple(with_it))):
                    right.add(lesson.lesson_id)
            assert {offer.joins for offer in found if offer.joins is not None} == right, seed
            joins += len(right)
            for offer in (offer for offer in found if offer.joins is None):
                single = Course(offer.teacher, need.subject, need.grade, need.edition, (need.id,), (offer.start,))
                assert broken(instance, Solution(courses=(*courses, single))) == set(), seed
                others += 1
    assert min(joins, others) > 20

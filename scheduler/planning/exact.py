"""All objectives on all columns, to the proof: for counties small enough."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from scheduler.planning.columns import Column, columns_of, count_columns
from scheduler.planning.kernel import layout as at
from scheduler.planning.kernel.sections import liked
from scheduler.planning.limits import limit
from scheduler.planning.problem import Problem
from scheduler.planning.program import Program
from scheduler.planning.solution import Course

# More columns than this are not solved in a time anybody waits for.
MOST_COLUMNS = 12_000


@dataclass(frozen=True, slots=True)
class Exact:
    """`bound`: no plan costs less, as far as is known. `proved`: no plan costs less than this one."""

    courses: tuple[Course, ...]
    coverage: int
    cost: int
    bound: int | None
    proved: bool


def solve_exactly(problem: Problem, seconds: float, start: Iterable[Course] = ()) -> Exact | None:
    """The best plan there is, if `seconds` suffice; None where the problem is too large or has standing courses.

    `start` is a plan to begin with. Source of the form: columns as in crew scheduling (Desrochers and Soumis 1989), all
    of them.
    """
    weights = problem.rows.instance.meta.weights
    convex = weights.load_above_half <= weights.load_above_three_quarters
    if problem.rows.standing or not convex or not few_columns(problem):
        return None
    program = Program()
    columns: dict[int, Column] = {}
    for column in columns_of(problem):
        columns[program.column(_cost(problem, column))] = column
    limit(program, problem, columns)
    _partners(program, problem, columns)
    _load(program, problem, columns)
    base = int(problem.x[at.COST])
    numbers = {column: number for number, column in columns.items()}
    answer = program.solve(seconds, (numbers[column] for column in _columns(problem, start) if column in numbers))
    if answer is None:
        return None
    courses = tuple(columns[number].course(problem) for number in sorted(answer.ones))
    coverage = sum(len(course.lessons) * len(course.needs) for course in courses)
    bound = base + _whole(answer.bound) if math.isfinite(answer.bound) else None
    return Exact(courses, coverage, base + round(answer.cost), bound, answer.proved)


def few_columns(problem: Problem) -> bool:
    """Is the problem of a size that `solve_exactly` takes on? Known at once for large ones."""
    return count_columns(problem, MOST_COLUMNS) <= MOST_COLUMNS


def _whole(bound: float) -> int:
    """The smallest whole number that is not below a bound, up to the solver's rounding."""
    return -int(-(bound - 1e-4) // 1)


def _columns(problem: Problem, courses: Iterable[Course]) -> list[Column]:
    rows = problem.rows
    return [
        Column(
            rows.teacher_of[course.teacher],
            tuple(sorted(rows.want_of[need] for need in course.needs)),
            tuple(problem.clock.code(start) for start in course.lessons),
        )
        for course in courses
    ]


def _cost(problem: Problem, column: Column) -> int:
    """S1, S2, S5 and S6: what does not depend on other courses."""
    p, wants = problem.p, problem.rows.wants
    weights = problem.rows.instance.meta.weights
    teacher = problem.rows.instance.teachers[column.teacher].id
    days = {code // problem.clock.span for code in column.codes}
    cost = weights.neighbouring_days * sum(day + 1 in days for day in days)
    for want in column.wants:
        need = wants[want].need
        cost -= len(column.codes) * int(p[p[at.N_WEIGHT] + want])
        if not wants[want].cover and need.previous_teacher not in (None, teacher):
            cost += weights.teacher_changed
        cost += weights.not_preferred * sum(not liked(p, want, code) for code in column.codes)
    return cost


def _partners(program: Program, problem: Problem, columns: dict[int, Column]) -> None:
    """S3: `partner` is 1 as soon as one want of a point is taught from a school; all but one of a point's cost."""
    rows, weight = problem.rows, problem.rows.instance.meta.weights.partner_school
    taught: defaultdict[tuple[int, int], dict[int, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    for number, column in columns.items():
        school = rows.school_of[rows.instance.teachers[column.teacher].school]
        for want in column.wants:
            taught[rows.point_of[rows.wants[want].need.point], school][want][number] = 1
    partners: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for (point, _), by_want in taught.items():
        partner = program.amount(0)
        partners[point][partner] = 1
        for terms in by_want.values():
            program.at_most({**terms, partner: -1}, 0)
    for terms in partners.values():
        if len(terms) > 1:
            program.at_most({**terms, program.amount(weight): -1}, 1)


def _load(program: Program, problem: Problem, columns: dict[int, Column]) -> None:
    """S4: lessons above half of what a school's teachers can give cost, and those above three quarters cost more."""
    rows, p, weights = problem.rows, problem.p, problem.rows.instance.meta.weights
    hours: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for number, column in columns.items():
        hours[rows.school_of[rows.instance.teachers[column.teacher].school]][number] = len(column.codes)
    for school, terms in hours.items():
        more = weights.load_above_three_quarters - weights.load_above_half
        for table, cost in ((at.S_HALF, weights.load_above_half), (at.S_THREE_QUARTERS, more)):
            program.at_most({**terms, program.amount(cost): -1}, int(p[p[table] + school]))

"""What no plan can cover: an honest upper bound on the lessons given, subject by subject.

Teachers teach one subject, so between subjects only classes, rooms, lines and nodes are shared. Without those, each
subject is a problem of its own, on all its columns; the sum of their bounds is a bound. Three for each subject, each
better than the one before: every need alone; the linear relaxation, made safe by weak duality (`Program.floor`); the
integer program's own bound, however far it got.
"""

import math
from collections import Counter, defaultdict
from dataclasses import dataclass

from scheduler.planning.columns import Column, columns_of
from scheduler.planning.limits import limit
from scheduler.planning.problem import Problem
from scheduler.planning.program import Program

# Columns of a subject beyond which a program does not fit into the memory and time of anybody.
MOST_COLUMNS = 250_000
# What a bound in floating point may be wrong by, far more than it is; one lesson is 1.
SLACK = 1e-3
UNKNOWN = 1 << 40


@dataclass(frozen=True, slots=True)
class SubjectBound:
    """At most so many lessons of a subject can be covered; `proved`: and so many can, without the other subjects."""

    subject: str
    lessons: int
    proved: bool


def subjects_of(problem: Problem) -> list[str]:
    """Subjects with something to place, the largest last: it takes longest."""
    pairs = Counter(problem.rows.wants[pair.want].need.subject for pair in problem.pairs)
    return sorted(pairs, key=lambda subject: pairs[subject])


def bound_alone(problem: Problem) -> dict[str, int]:
    """By subject, what could be covered if every need had all teachers to itself; at once, for any size."""
    span = problem.clock.span
    most: defaultdict[int, int] = defaultdict(int)
    for pair in problem.pairs:
        days = len({code // span for code in problem.clock.codes(pair.starts)})
        lessons = min(
            days, problem.rows.instance.teachers[pair.teacher].max_week, problem.rows.wants[pair.want].lessons
        )
        most[pair.want] = max(most[pair.want], lessons)
    bounds: Counter[str] = Counter()
    for i, want in enumerate(problem.rows.wants):
        bounds[want.need.subject] += want.lessons if want.standing is not None else most[i]
    return dict(bounds)


def bound_subject(problem: Problem, subject: str, seconds: float, *, relaxed: bool = False) -> SubjectBound:
    """The bound of one subject within about `seconds`; `relaxed` stops at the linear relaxation."""
    alone = bound_alone(problem)[subject]
    standing = sum(
        want.lessons for want in problem.rows.wants if want.standing is not None and want.need.subject == subject
    )
    program = Program()
    columns: dict[int, Column] = {}
    for column in columns_of(problem, {subject}):
        columns[program.column(-len(column.wants) * len(column.codes))] = column
        if len(columns) > MOST_COLUMNS:
            return SubjectBound(subject, alone, proved=False)
    limit(program, problem, columns)
    if relaxed:
        return SubjectBound(subject, min(alone, standing + _lessons(program.floor(seconds))), proved=False)
    answer = program.solve(seconds)
    if answer is None:
        return SubjectBound(subject, alone, proved=False)
    return SubjectBound(subject, min(alone, standing + _lessons(answer.bound)), answer.proved)


def _lessons(cost: float) -> int:
    """A bound in lessons; a solver that had no time to find one says infinity or nothing."""
    return math.floor(-cost + SLACK) if math.isfinite(cost) else UNKNOWN

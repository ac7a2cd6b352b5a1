"""Every course there could be: a teacher, the wants that attend, the starts.

H1 – H4 are inside a column; what courses take from each other is `limits`. A county of 60 lessons has some 4,000
columns, one of 400 some 130,000.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from scheduler.planning.problem import Pair, Problem
from scheduler.planning.solution import Course


@dataclass(frozen=True, slots=True)
class Column:
    """Indices of the problem's rows; `codes` in order of time."""

    teacher: int
    wants: tuple[int, ...]
    codes: tuple[int, ...]

    def course(self, problem: Problem) -> Course:
        rows = problem.rows
        need = rows.wants[self.wants[0]].need
        return Course(
            teacher=rows.instance.teachers[self.teacher].id,
            subject=need.subject,
            grade=need.grade,
            edition=need.edition,
            needs=tuple(rows.wants[want].need.id for want in self.wants),
            lessons=tuple(problem.clock.start(code) for code in self.codes),
            cover=any(rows.wants[want].cover for want in self.wants),
        )


def columns_of(problem: Problem, subjects: Collection[str] | None = None) -> Iterator[Column]:
    """All courses that keep H1 – H4, of these subjects or of all."""
    groups: defaultdict[tuple[int, str, int, str], list[Pair]] = defaultdict(list)
    for pair in problem.pairs:
        need = problem.rows.wants[pair.want].need
        if subjects is None or need.subject in subjects:
            groups[pair.teacher, need.subject, need.grade, need.edition].append(pair)
    for (teacher, *_), pairs in groups.items():
        for together, starts in _companies(pairs, problem.rows.instance.meta.max_points):
            most = min(problem.rows.wants[pair.want].lessons for pair in together)
            most = min(most, problem.rows.instance.teachers[teacher].max_week)
            wants = tuple(pair.want for pair in together)
            codes = list(problem.clock.codes(starts))
            for lessons in range(1, most + 1):
                for chosen in combinations(codes, lessons):
                    if len({code // problem.clock.span for code in chosen}) == lessons:
                        yield Column(teacher, wants, chosen)


def count_columns(problem: Problem, enough: int) -> int:
    """How many columns there are; counting ends when there are more than enough."""
    count = 0
    for count, _ in enumerate(columns_of(problem), 1):
        if count > enough:
            break
    return count


def _companies(pairs: Sequence[Pair], most: int) -> Iterator[tuple[tuple[Pair, ...], int]]:
    """Wants that could attend together, and the starts that suit all."""
    waiting: list[tuple[tuple[Pair, ...], int, int]] = [((), -1, 0)]
    while waiting:
        together, starts, first = waiting.pop()
        for i in range(first, len(pairs)):
            common = starts & pairs[i].starts
            if common:
                company = (*together, pairs[i])
                yield company, common
                if len(company) < most:
                    waiting.append((company, common, i + 1))

"""H2 and H5 – H8 as rows over columns: what courses take of what there is only so much of."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence

from scheduler.planning.columns import Column
from scheduler.planning.kernel import layout as at
from scheduler.planning.problem import Problem
from scheduler.planning.program import Program

Terms = defaultdict[int, int]
# By who or what is used, then by start: what each column takes of it.
Uses = defaultdict[Hashable, defaultdict[int, Terms]]


def limit(program: Program, problem: Problem, columns: Mapping[int, Column]) -> None:
    """Say to the program what of its columns (by number) goes together."""
    _counts(program, problem, columns)
    uses = _uses(problem, columns)
    for (kind, who), by_start in uses.items():
        most, slots = _most(problem, kind, who)
        for terms in _peaks(by_start, slots):
            program.at_most(terms, most)


def _counts(program: Program, problem: Problem, columns: Mapping[int, Column]) -> None:
    """A course for each want; lessons a week and a day for each teacher, a day for each class."""
    rows, span = problem.rows, problem.clock.span
    lesson_min = rows.instance.meta.lesson_min
    screen = {row.id: row.screen_min_day // lesson_min for row in rows.instance.classes}
    counts: defaultdict[tuple[Hashable, ...], Terms] = defaultdict(lambda: defaultdict(int))
    most: dict[tuple[Hashable, ...], int] = {}
    for number, column in columns.items():
        teacher = rows.instance.teachers[column.teacher]
        days = [code // span for code in column.codes]
        units: list[tuple[tuple[Hashable, ...], int, int]] = [(("week", column.teacher), len(days), teacher.max_week)]
        units += [(("day", column.teacher, day), 1, teacher.max_day) for day in days]
        for want in column.wants:
            group = rows.wants[want].need.class_id
            units.append((("want", want), 1, 1))
            units += [(("class", group, day), 1, screen[group]) for day in days]
        for key, taken, limit_of_key in units:
            counts[key][number] += taken
            most[key] = limit_of_key
    for key, terms in counts.items():
        program.at_most(terms, most[key])


def _uses(problem: Problem, columns: Mapping[int, Column]) -> "defaultdict[tuple[str, int], dict[int, Terms]]":
    p = problem.p
    tables = {
        name: p[p[table] :]
        for name, table in (
            ("school", at.T_SCHOOL), ("node", at.T_NODE), ("class", at.N_CLASS), ("point", at.N_SCHOOL),
            ("up", at.S_LINE_UP), ("down", at.S_LINE_DOWN),
        )
    }  # fmt: skip
    uses: defaultdict[tuple[str, int], dict[int, Terms]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    for number, column in columns.items():
        host, node = int(tables["school"][column.teacher]), int(tables["node"][column.teacher])
        points = [int(tables["point"][want]) for want in column.wants]
        taken = [(("teacher", column.teacher), 1), (("rooms", host), 1), (("load", node), 1 + len(points))]
        taken += [(("load", int(tables["up"][host])), int(p[at.HOST_UP]))]
        taken += [(("load", int(tables["down"][host])), int(p[at.HOST_DOWN]) * len(points))]
        for want, point in zip(column.wants, points, strict=True):
            taken += [(("class", int(tables["class"][want])), 1), (("rooms", point), 1)]
            taken += [(("load", int(tables["up"][point])), int(p[at.POINT_UP]))]
            taken += [(("load", int(tables["down"][point])), int(p[at.POINT_DOWN]))]
        # A load that no plan can fill has no number.
        taken = [(what, units) for what, units in taken if what != ("load", -1)]
        for code in column.codes:
            for what, units in taken:
                uses[what][code][number] += units
    return uses


def _most(problem: Problem, kind: str, who: int) -> tuple[int, int]:
    """The limit, and for how many slots a lesson counts."""
    clock = problem.clock
    if kind == "rooms":
        return problem.rows.schools[who].rooms, clock.busy
    if kind == "load":
        return int(problem.p[problem.p[at.LOAD_MOST] + who]), clock.live
    return 1, clock.busy


def _peaks(by_start: Mapping[int, Mapping[int, int]], slots: int) -> Iterator[Terms]:
    """What is used at each start that is not outdone: where all that began before still lasts, the next says more."""
    starts: Sequence[int] = sorted(by_start)
    first = 0
    for i, start in enumerate(starts):
        while starts[first] + slots <= start:
            first += 1
        if i + 1 < len(starts) and starts[first] + slots > starts[i + 1]:
            continue
        terms: Terms = defaultdict(int)
        for began in starts[first : i + 1]:
            for number, units in by_start[began].items():
                terms[number] += units
        yield terms

"""What a replan proposes: steps that can be explained one by one, and accepted in groups."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from scheduler.planning.board import Board, Resource
from scheduler.planning.instance import Id, Outage
from scheduler.planning.lookup import Lookup
from scheduler.planning.objectives import coverage, missing, score
from scheduler.planning.replan.choices import group_of
from scheduler.planning.replan.fill import Filling
from scheduler.planning.replan.week import Held, Lost, Week
from scheduler.planning.solution import Course, Solution, Uncovered


@dataclass(frozen=True, slots=True)
class Step:
    """`before` becomes `after`: a lesson is opened (no `before`), gains needs, or moves. `lost`: what is made good.

    Steps of one `group` need each other, because one frees what the other takes.
    """

    before: Held | None
    after: Held
    lost: tuple[Lost, ...]
    group: int

    @property
    def gained(self) -> tuple[Id, ...]:
        """The needs that did not attend before."""
        return tuple(need for need in self.after.needs if self.before is None or need not in self.before.needs)


@dataclass(frozen=True, slots=True)
class Proposal:
    """`gone` are the losses nothing is proposed for. `proved`: no proposal within the rules covers more."""

    lookup: Lookup
    solution: Solution
    outages: tuple[Outage, ...]
    week: Week
    steps: tuple[Step, ...]
    gone: tuple[Lost, ...]
    proved: bool

    @property
    def groups(self) -> frozenset[int]:
        return frozenset(step.group for step in self.steps)

    def accept(self, groups: Collection[int] | None = None) -> Solution:
        """The solution with the steps of these groups taken; None: of all."""
        taken = [step for step in self.steps if groups is None or step.group in groups]
        changed = {step.before: step.after for step in taken if step.before is not None}
        lessons = [changed.get(lesson, lesson) for lesson in self.week.held]
        lessons += [step.after for step in taken if step.before is None]
        courses = courses_of(self.lookup, self.solution.courses, lessons)
        lacking = missing(self.lookup, courses)
        known = {row.need: row for row in self.solution.uncovered}
        uncovered = (
            known[need] if need in known and known[need].missing == lessons else Uncovered(need, lessons)
            for need, lessons in lacking.items()
        )
        return replace(
            self.solution,
            courses=courses,
            uncovered=tuple(uncovered),
            coverage=coverage(self.lookup, courses),
            bound_coverage=None,
            score=score(self.lookup, courses),
            outages=(*self.solution.outages, *self.outages),
            changes=(),
        )


def proposal_of(solution: Solution, outages: tuple[Outage, ...], week: Week, filling: Filling) -> Proposal:
    """The steps of a filling, each with the losses it makes good."""
    raw: list[tuple[Held | None, Held]] = [(None, lesson) for lesson in filling.opened]
    raw += [(old, replace(old, needs=(*old.needs, *needs))) for old, needs in filling.joined.items()]
    raw += list(filling.moved)
    raw.sort(key=lambda step: (step[1].start, str(step[1].teacher)))
    made_good, gone = _match(week.lost, raw)
    groups = _groups(week.board, raw)
    steps = (Step(before, after, tuple(made_good[i]), groups[i]) for i, (before, after) in enumerate(raw))
    return Proposal(week.board.lookup, solution, outages, week, tuple(steps), tuple(gone), filling.proved)


def _match(
    lost: Sequence[Lost], steps: Sequence[tuple[Held | None, Held]]
) -> tuple[Mapping[int, list[Lost]], list[Lost]]:
    """Which loss each new attendance stands for: one at the same time, else on the same day, else any of the need."""
    open_: defaultdict[Id, list[Lost]] = defaultdict(list)
    for each in lost:
        open_[each.need].append(each)
    pairs = [
        (i, need)
        for i, (before, after) in enumerate(steps)
        for need in after.needs
        if before is None or need not in before.needs
    ]
    found: defaultdict[int, list[Lost]] = defaultdict(list)
    for alike in (_same_start, _same_day, _any):
        for i, need in list(pairs):
            good = next((each for each in open_[need] if alike(each.held, steps[i][1])), None)
            if good is not None:
                open_[need].remove(good)
                pairs.remove((i, need))
                found[i].append(good)
    return found, [each for rest in open_.values() for each in rest]


def _same_start(before: Held, after: Held) -> bool:
    return before.start == after.start


def _same_day(before: Held, after: Held) -> bool:
    return before.start[0] == after.start[0]


def _any(before: Held, after: Held) -> bool:
    return True


def _groups(board: Board, steps: Sequence[tuple[Held | None, Held]]) -> list[int]:
    """A step may depend on any that leaves a teacher, or on its day a class, school or node, that the step uses."""
    group = list(range(len(steps)))

    def root(i: int) -> int:
        while group[i] != i:
            i = group[i]
        return i

    moved = [i for i, (before, after) in enumerate(steps) if before is not None and before.start != after.start]
    moved += [i for i, (before, after) in enumerate(steps) if before is not None and before.teacher != after.teacher]
    for i in moved:
        before = steps[i][0]
        freed = _uses(board, before) if before is not None else set()
        for j, (_, after) in enumerate(steps):
            if i != j and _uses(board, after) & freed:
                group[root(j)] = root(i)
    numbers = {each: number for number, each in enumerate(dict.fromkeys(root(i) for i in range(len(steps))))}
    return [numbers[root(i)] for i in range(len(steps))]


def _uses(board: Board, lesson: Held) -> set[tuple[Resource, int]]:
    demands = (*board.hosting(lesson.teacher, 1), *board.receiving(lesson.needs))
    # A teacher's week is one account, whatever the day.
    week = {(("teacher", lesson.teacher), -1)}
    return week | {(demand.resource, lesson.start[0]) for demand in demands}


def courses_of(lookup: Lookup, before: Sequence[Course], lessons: Iterable[Held]) -> tuple[Course, ...]:
    """Lessons as courses: what is left of those that were, and covers for the rest."""
    kept: defaultdict[int, list[Held]] = defaultdict(list)
    covers: defaultdict[tuple[Id, frozenset[Id]], list[Held]] = defaultdict(list)
    for lesson in lessons:
        course = before[lesson.origin] if lesson.origin is not None else None
        if lesson.origin is not None and course is not None and _belongs(lesson, course):
            kept[lesson.origin].append(lesson)
        else:
            covers[lesson.teacher, frozenset(lesson.needs)].append(lesson)
    courses = [
        replace(course, lessons=tuple(sorted(lesson.start for lesson in kept[i])))
        for i, course in enumerate(before)
        if kept[i]
    ]
    for (teacher, _), held in covers.items():
        needs = held[0].needs
        subject, grade, edition = group_of(lookup.needs[needs[0]])
        starts = tuple(sorted(lesson.start for lesson in held))
        courses.append(Course(teacher, subject, grade, edition, needs, starts, cover=True))
    return tuple(courses)


def _belongs(lesson: Held, course: Course) -> bool:
    return lesson.teacher == course.teacher and set(lesson.needs) == set(course.needs)

"""The best plan by trying everything: for problems so small that this ends."""

from collections.abc import Iterator
from itertools import combinations

from scheduler.planning.check import check
from scheduler.planning.instance import Instance, Start, Teacher, starts_near
from scheduler.planning.lookup import Lookup
from scheduler.planning.objectives import score
from scheduler.planning.solution import Course, Solution


class Exhaustive:
    """Every need in turn: left out, in each course there is, in each new course there could be.

    Knows the rules only through `check`: a part of a plan that breaks one is not continued, as every rule forbids more
    of something.
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.lookup = Lookup.of(instance)
        self._best = self._cost(())

    @property
    def plans(self) -> int:
        """At most so many plans are tried."""
        plans = 1
        for number in range(len(self.instance.needs)):
            plans *= number + 1 + sum(1 for _ in self._with((), number))
        return plans

    def best(self) -> int:
        """The cost of the best."""
        self._try((), 0)
        return self._best

    def _cost(self, courses: tuple[Course, ...]) -> int:
        return score(self.lookup, courses).total

    def _try(self, courses: tuple[Course, ...], number: int) -> None:
        if number == len(self.instance.needs):
            self._best = min(self._best, self._cost(courses))
            return
        self._try(courses, number + 1)
        for plan in self._with(courses, number):
            if self._keeps_rules(plan):
                self._try(plan, number + 1)

    def _keeps_rules(self, courses: tuple[Course, ...]) -> bool:
        return all(violation.rule == "record" for violation in check(self.instance, Solution(courses)))

    def _with(self, courses: tuple[Course, ...], number: int) -> Iterator[tuple[Course, ...]]:
        need = self.instance.needs[number]
        for i, course in enumerate(courses):
            joined = Course(
                course.teacher, course.subject, course.grade, course.edition, (*course.needs, need.id), course.lessons
            )
            yield (*courses[:i], joined, *courses[i + 1 :])
        for teacher in self.instance.teachers:
            starts = self._starts(teacher)
            for lessons in range(1, need.lessons_per_week + 1):
                for chosen in combinations(starts, lessons):
                    yield (*courses, Course(teacher.id, need.subject, need.grade, need.edition, (need.id,), chosen))

    def _starts(self, teacher: Teacher) -> list[Start]:
        bell, grid = self.lookup.host(teacher).bell, self.instance.meta.grid_min
        near = ((day, minute) for day, p in teacher.free for minute in starts_near(bell[p][0], teacher.flex_min, grid))
        return sorted(set(near))

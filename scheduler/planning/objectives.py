"""What a set of courses costs: the one definition, against which the search's incremental cost is tested.

- S1 each lesson a need still misses: `uncovered`, and `priority` for each step of the need's priority above 1. So one
  more lesson covered always weighs more than which one it is.
- S2 `teacher_changed` for each need with a previous teacher that attends a course of another (covers aside).
- S3 `partner_school` for each school that teaches a point, beyond the first.
- S4 of a school whose teachers can give C lessons a week (the sum of `max_week`), the k-th lesson (k = 1, 2, …) costs
  `load_above_three_quarters` when 4k > 3C, else `load_above_half` when 2k > C.
- S5 `neighbouring_days` for each lesson of a course on the day after another of its lessons.
- S6 `not_preferred` for each lesson a need attends that starts within tolerance of no preferred period of its point.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from scheduler.planning.instance import Id, Need, School, Start, Weights
from scheduler.planning.lookup import Lookup
from scheduler.planning.solution import Course, Score


def attended(courses: Iterable[Course]) -> Counter[Id]:
    """How many lessons each need attends."""
    counts: Counter[Id] = Counter()
    for course in courses:
        for need in course.needs:
            counts[need] += len(course.lessons)
    return counts


def missing(lookup: Lookup, courses: Iterable[Course]) -> dict[Id, int]:
    """The needs that lack lessons, in the instance's order, and how many."""
    counts = attended(courses)
    lacking = ((need.id, need.lessons_per_week - counts[need.id]) for need in lookup.instance.needs)
    return {need: lessons for need, lessons in lacking if lessons > 0}


def coverage(lookup: Lookup, courses: Iterable[Course]) -> int:
    """How many lessons are given to needs that lack them."""
    return lookup.instance.lessons - sum(missing(lookup, courses).values())


def score(lookup: Lookup, courses: Sequence[Course]) -> Score:
    """The cost of each objective."""
    weights = lookup.instance.meta.weights
    return Score(
        s1_uncovered=_uncovered(lookup, courses, weights),
        s2_teacher_changed=weights.teacher_changed * _teachers_changed(lookup, courses),
        s3_partner_schools=weights.partner_school * _extra_partners(lookup, courses),
        s4_load=_load(lookup, courses, weights),
        s5_neighbouring_days=weights.neighbouring_days * sum(neighbours(course.lessons) for course in courses),
        s6_not_preferred=weights.not_preferred * _not_preferred(lookup, courses),
    )


def uncovered_cost(need: Need, weights: Weights) -> int:
    """What one missing lesson of a need costs."""
    return weights.uncovered + weights.priority * (need.priority - 1)


def load_cost(lessons: int, capacity: int, weights: Weights) -> int:
    """What the lessons that one school gives in a week cost."""
    cost = 0
    for nth in range(1, lessons + 1):
        if 4 * nth > 3 * capacity:
            cost += weights.load_above_three_quarters
        elif 2 * nth > capacity:
            cost += weights.load_above_half
    return cost


def neighbours(lessons: Iterable[Start]) -> int:
    days = {day for day, _ in lessons}
    return sum(day + 1 in days for day in days)


def is_preferred(need: Need, point: School, start: Start) -> bool:
    day, minute = start
    return any(
        day == preferred and abs(minute - point.bell[period][0]) <= point.tolerance_min
        for preferred, period in need.preferred
    )


def _uncovered(lookup: Lookup, courses: Sequence[Course], weights: Weights) -> int:
    lacking = missing(lookup, courses)
    return sum(lessons * uncovered_cost(lookup.needs[need], weights) for need, lessons in lacking.items())


def _teachers_changed(lookup: Lookup, courses: Sequence[Course]) -> int:
    changed = {
        need
        for course in courses
        for need in (course.needs if not course.cover else ())
        if lookup.needs[need].previous_teacher not in (None, course.teacher)
    }
    return len(changed)


def _extra_partners(lookup: Lookup, courses: Sequence[Course]) -> int:
    partners: defaultdict[Id, set[Id]] = defaultdict(set)
    for course in courses:
        for need in course.needs:
            partners[lookup.needs[need].point].add(lookup.teachers[course.teacher].school)
    return sum(len(schools) - 1 for schools in partners.values())


def capacities(lookup: Lookup) -> Mapping[Id, int]:
    """How many lessons a week the teachers of each school can give."""
    total: Counter[Id] = Counter()
    for teacher in lookup.instance.teachers:
        total[teacher.school] += teacher.max_week
    return total


def _load(lookup: Lookup, courses: Sequence[Course], weights: Weights) -> int:
    given: Counter[Id] = Counter()
    for course in courses:
        given[lookup.teachers[course.teacher].school] += len(course.lessons)
    capacity = capacities(lookup)
    return sum(load_cost(lessons, capacity[school], weights) for school, lessons in given.items())


def _not_preferred(lookup: Lookup, courses: Sequence[Course]) -> int:
    count = 0
    for course in courses:
        for need in map(lookup.needs.__getitem__, course.needs):
            point = lookup.schools[need.point]
            count += sum(not is_preferred(need, point, lesson) for lesson in course.lessons)
    return count

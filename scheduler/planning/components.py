"""An instance cut where nothing holds it together: parts that can be solved on their own, in other processes.

Held together are a teacher, the school and its node; a teacher and the points of the needs that could be served (H1);
a point and its needs; whoever is in a pinned or standing course. A prefecture is one part as soon as some teachers may
serve all of it; prefectures are always apart.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable
from dataclasses import replace

from scheduler.planning.instance import Id, Instance, Need, Pin
from scheduler.planning.lookup import Lookup
from scheduler.planning.solution import Course
from scheduler.planning.starts import can_teach


class _Sets:
    """Union-find with path halving."""

    def __init__(self) -> None:
        self._parent: dict[Hashable, Hashable] = {}

    def find(self, item: Hashable) -> Hashable:
        parent = self._parent
        parent.setdefault(item, item)
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    def join(self, one: Hashable, other: Hashable) -> None:
        self._parent[self.find(one)] = self.find(other)


def components(instance: Instance, standing: Iterable[Course] = ()) -> list[Instance]:
    """The parts, the one with most lessons first. What no teacher could serve is in none of them."""
    lookup = Lookup.of(instance)
    sets = _Sets()
    served: set[Id] = set()
    needs: defaultdict[tuple[str, int, Id], list[Need]] = defaultdict(list)
    for need in instance.needs:
        prefecture = lookup.counties[lookup.schools[need.point].county].prefecture
        needs[need.subject, need.grade, prefecture].append(need)
    for teacher in instance.teachers:
        county = lookup.counties[lookup.host(teacher).county]
        sets.join(("school", teacher.school), ("node", county.id))
        for grade in set(teacher.grades):
            for need in needs[teacher.subject, grade, county.prefecture]:
                if can_teach(teacher, need) and lookup.in_scope(teacher, need):
                    sets.join(("school", teacher.school), ("school", need.point))
                    served.add(need.id)
    given: list[Course | Pin] = [*instance.pins, *standing]
    for course in given:
        for need_id in course.needs:
            sets.join(("school", lookup.teachers[course.teacher].school), ("school", lookup.needs[need_id].point))
            served.add(need_id)
    roots = dict.fromkeys(sets.find(("school", need.point)) for need in instance.needs if need.id in served)
    schools: dict[Hashable, set[Id]] = {root: set() for root in roots}
    for school in instance.schools:
        schools.get(sets.find(("school", school.id)), set()).add(school.id)
    parts = [_part(instance, ids) for ids in schools.values()]
    return sorted(parts, key=lambda part: -part.lessons)


def _part(instance: Instance, ids: Collection[Id]) -> Instance:
    schools = tuple(school for school in instance.schools if school.id in ids)
    teachers = tuple(teacher for teacher in instance.teachers if teacher.school in ids)
    names = {teacher.id for teacher in teachers}
    needs = tuple(need for need in instance.needs if need.point in ids)
    classes = {need.class_id for need in needs}
    counties = {school.county for school in schools}
    return replace(
        instance,
        counties=tuple(county for county in instance.counties if county.id in counties),
        schools=schools,
        teachers=teachers,
        needs=needs,
        classes=tuple(row for row in instance.classes if row.id in classes),
        outages=tuple(out for out in instance.outages if out.id in (names if out.kind == "teacher" else ids)),
        pins=tuple(pin for pin in instance.pins if pin.teacher in names),
    )

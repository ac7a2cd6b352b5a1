"""The rows of an instance by id."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scheduler.planning.instance import (
    ANY_EDITION,
    ClassGroup,
    County,
    Id,
    Instance,
    Need,
    School,
    Teacher,
)


@dataclass(frozen=True, slots=True)
class Lookup:
    """Built once for each instance; ids resolve, as `consistency` has seen to."""

    instance: Instance
    counties: Mapping[Id, County]
    schools: Mapping[Id, School]
    teachers: Mapping[Id, Teacher]
    needs: Mapping[Id, Need]
    classes: Mapping[Id, ClassGroup]
    by_subject: Mapping[str, Sequence[Teacher]]

    @classmethod
    def of(cls, instance: Instance) -> "Lookup":
        by_subject: defaultdict[str, list[Teacher]] = defaultdict(list)
        for teacher in instance.teachers:
            by_subject[teacher.subject].append(teacher)
        return cls(
            instance,
            {row.id: row for row in instance.counties},
            {row.id: row for row in instance.schools},
            {row.id: row for row in instance.teachers},
            {row.id: row for row in instance.needs},
            {row.id: row for row in instance.classes},
            by_subject,
        )

    def teachers_of(self, subject: str) -> Sequence[Teacher]:
        """In the instance's order."""
        return self.by_subject.get(subject, ())

    def host(self, teacher: Teacher) -> School:
        return self.schools[teacher.school]

    def in_scope(self, teacher: Teacher, need: Need) -> bool:
        """May this teacher serve the need's point at all?"""
        home, there = self.host(teacher).county, self.schools[need.point].county
        if home == there:
            return True
        counties = self.counties
        return teacher.scope == "prefecture" and counties[home].prefecture == counties[there].prefecture


def edition_fits(teacher: Teacher, edition: str) -> bool:
    """`*` is any edition on the teacher's side, and of no importance on the course's."""
    return ANY_EDITION in (teacher.edition, edition) or teacher.edition == edition

"""The rows of an instance by id."""

from collections.abc import Mapping
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

    @classmethod
    def of(cls, instance: Instance) -> "Lookup":
        return cls(
            instance,
            {row.id: row for row in instance.counties},
            {row.id: row for row in instance.schools},
            {row.id: row for row in instance.teachers},
            {row.id: row for row in instance.needs},
            {row.id: row for row in instance.classes},
        )

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

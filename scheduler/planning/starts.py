"""When each end of a lesson can meet: the starts of a teacher (H3) and of a need (H4), outages left out (H9)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scheduler.planning.instance import Id, Instance, Need, Outage, School, Start, Teacher, starts_near


@dataclass(frozen=True, slots=True)
class Calendar:
    """Outages by whom they concern."""

    of_teacher: Mapping[Id, Sequence[Outage]]
    of_school: Mapping[Id, Sequence[Outage]]

    @classmethod
    def of(cls, outages: Iterable[Outage]) -> "Calendar":
        teachers: dict[Id, list[Outage]] = {}
        schools: dict[Id, list[Outage]] = {}
        for outage in outages:
            (teachers if outage.kind == "teacher" else schools).setdefault(outage.id, []).append(outage)
        return cls(teachers, schools)

    def concerns(self, teacher: Id, school: Id, day: int, start: int, end: int) -> bool:
        """Is the teacher away, or the school closed, at any minute from `start` to before `end`?"""
        away = any(out.day == day and out.start < end and start < out.end for out in self.of_teacher.get(teacher, ()))
        return away or self.closes(school, day, start, end)

    def closes(self, school: Id, day: int, start: int, end: int) -> bool:
        """Is the school closed, or its line down, at any minute from `start` to before `end`?"""
        return any(
            out.kind in {"school", "line"} and out.day == day and out.start < end and start < out.end
            for out in self.of_school.get(school, ())
        )


def teacher_starts(instance: Instance, teacher: Teacher, school: School, calendar: Calendar) -> list[Start]:
    """Starts at which the teacher is free, in order of time (H3, H9)."""
    meta = instance.meta
    free = set(teacher.free)
    found: set[Start] = set()
    for day, period in free:
        for minute in starts_near(school.bell[period][0], teacher.flex_min, meta.grid_min):
            end = minute + meta.lesson_min
            busy = any(
                start < end + meta.changeover_min and minute < stop + meta.changeover_min and (day, other) not in free
                for other, (start, stop) in enumerate(school.bell)
            )
            if not busy and not calendar.concerns(teacher.id, school.id, day, minute, end):
                found.add((day, minute))
    return sorted(found)


def need_starts(instance: Instance, need: Need, point: School, calendar: Calendar) -> tuple[list[Start], set[Start]]:
    """Starts at which the class may attend, in order of time, and those of them in a preferred period (H4, S6)."""
    meta = instance.meta
    preferred = set(need.preferred)
    found: set[Start] = set()
    liked: set[Start] = set()
    for day, period in need.allowed:
        for minute in starts_near(point.bell[period][0], point.tolerance_min, meta.grid_min):
            if calendar.closes(point.id, day, minute, minute + meta.lesson_min):
                continue
            found.add((day, minute))
            if (day, period) in preferred:
                liked.add((day, minute))
    return sorted(found), liked


def can_teach(teacher: Teacher, need: Need) -> bool:
    """H1 without the scope."""
    return (
        teacher.subject == need.subject
        and need.grade in teacher.grades
        and (teacher.edition == need.edition or "*" in {teacher.edition, need.edition})
    )

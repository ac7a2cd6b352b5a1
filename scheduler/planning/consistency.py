"""What the fields of an instance and of a solution must have to do with each other.

Shapes and ranges are checked before (the annotations of the dataclasses); here ids resolve, bells do not overlap, times
lie on the grid. Every fault is found, not just the first; each names its place.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeVar

from scheduler.planning.instance import (
    ClassGroup,
    County,
    Id,
    Instance,
    Need,
    Outage,
    Pin,
    School,
    Slot,
    Start,
    Teacher,
)
from scheduler.planning.solution import Course, Datum, Solution

Row = TypeVar("Row", County, School, Teacher, Need, ClassGroup)


@dataclass(frozen=True, slots=True)
class Fault:
    """`path` leads to the place in the file, as in `needs[3].allowed[0]`; the text of `code` is in the catalog."""

    path: str
    code: str
    data: Mapping[str, Datum] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Known:
    """The rows of an instance by id, and the faults of ids that stand for two."""

    counties: Mapping[Id, County]
    schools: Mapping[Id, School]
    teachers: Mapping[Id, Teacher]
    needs: Mapping[Id, Need]
    classes: Mapping[Id, ClassGroup]


def instance_faults(instance: Instance) -> Iterator[Fault]:
    """Everything that is wrong with an instance whose fields are well-formed."""
    known = _Known(
        {row.id: row for row in instance.counties},
        {row.id: row for row in instance.schools},
        {row.id: row for row in instance.teachers},
        {row.id: row for row in instance.needs},
        {row.id: row for row in instance.classes},
    )
    return chain(
        _meta_faults(instance),
        _twice(instance.counties, "counties"),
        _twice(instance.schools, "schools"),
        _twice(instance.teachers, "teachers"),
        _twice(instance.needs, "needs"),
        _twice(instance.classes, "classes"),
        _prefecture_faults(instance),
        _each(instance.schools, "schools", lambda row, at: _school_faults(row, at, known, instance)),
        _each(instance.teachers, "teachers", lambda row, at: _teacher_faults(row, at, known, instance)),
        _each(instance.needs, "needs", lambda row, at: _need_faults(row, at, known, instance)),
        _each(instance.outages, "outages", lambda row, at: _outage_faults(row, at, known, instance)),
        _each(instance.pins, "pins", lambda row, at: _course_faults(row, at, known, instance)),
        _pins_faults(instance.pins),
    )


def solution_faults(instance: Instance, solution: Solution) -> Iterator[Fault]:
    """Everything in a solution that does not resolve in its instance; broken rules are for `check`."""
    known = _Known(
        {},
        {row.id: row for row in instance.schools},
        {row.id: row for row in instance.teachers},
        {row.id: row for row in instance.needs},
        {},
    )
    return chain(
        _each(solution.courses, "courses", lambda row, at: _course_faults(row, at, known, instance)),
        _each(solution.uncovered, "uncovered", lambda row, at: _resolve(row.need, known.needs, f"{at}.need")),
        _each(solution.outages, "outages", lambda row, at: _outage_faults(row, at, known, instance)),
    )


Each = TypeVar("Each")


def _each(rows: Sequence[Each], name: str, faults: Callable[[Each, str], Iterable[Fault]]) -> Iterator[Fault]:
    for index, row in enumerate(rows):
        yield from faults(row, f"{name}[{index}]")


def _resolve(id: Id, rows: Mapping[Id, object], path: str) -> Iterator[Fault]:
    # In Python 1 == True, but no id is a bool here; 12 and "12" are different ids, and only one of them is known.
    if id not in rows:
        yield Fault(path, "plan_id_unknown", {"id": id})


def _twice(rows: Sequence[Row], name: str) -> Iterator[Fault]:
    """Ids are told apart by how they are written, so that `--need 12` means one need."""
    first: dict[str, int] = {}
    for index, row in enumerate(rows):
        earlier = first.setdefault(str(row.id), index)
        if earlier != index:
            yield Fault(f"{name}[{index}].id", "plan_id_twice", {"id": row.id, "earlier": f"{name}[{earlier}]"})


def _meta_faults(instance: Instance) -> Iterator[Fault]:
    meta = instance.meta
    for name, value in (("lesson_min", meta.lesson_min), ("changeover_min", meta.changeover_min)):
        yield from _grid(value, instance, f"meta.{name}")


def _grid(minute: int, instance: Instance, path: str) -> Iterator[Fault]:
    if minute % instance.meta.grid_min:
        yield Fault(path, "plan_off_grid", {"minute": minute, "grid_min": instance.meta.grid_min})


def _prefecture_faults(instance: Instance) -> Iterator[Fault]:
    """Prefectures have no list of their own; two ways to write one would silently part it."""
    written: dict[str, Id] = {}
    for index, county in enumerate(instance.counties):
        if written.setdefault(str(county.prefecture), county.prefecture) != county.prefecture:
            yield Fault(f"counties[{index}].prefecture", "plan_id_unknown", {"id": county.prefecture})


def _school_faults(school: School, at: str, known: _Known, instance: Instance) -> Iterator[Fault]:
    yield from _resolve(school.county, known.counties, f"{at}.county")
    before = 0
    for index, (start, end) in enumerate(school.bell):
        path = f"{at}.bell[{index}]"
        yield from _grid(start, instance, f"{path}[0]")
        yield from _grid(end, instance, f"{path}[1]")
        if end <= start:
            yield Fault(path, "plan_ends_before_start", {"start": start, "end": end})
        elif start < before:
            yield Fault(path, "plan_bells_overlap", {"start": start, "before": before})
        before = max(before, end)


def _slot_faults(slots: Sequence[Slot], at: str, bell: School | None, instance: Instance) -> Iterator[Fault]:
    days, periods = instance.meta.days, len(bell.bell) if bell is not None else None
    for index, (day, period) in enumerate(slots):
        if day >= days:
            yield Fault(f"{at}[{index}][0]", "plan_day_beyond", {"day": day, "days": days})
        if periods is not None and period >= periods:
            yield Fault(f"{at}[{index}][1]", "plan_period_beyond", {"period": period, "periods": periods})
    yield from _repeated(slots, at)


def _repeated(values: Sequence[object], at: str) -> Iterator[Fault]:
    if len(set(values)) == len(values):
        return
    seen: set[object] = set()
    for index, value in enumerate(values):
        if value in seen:
            yield Fault(f"{at}[{index}]", "plan_listed_twice", {"value": str(value)})
        seen.add(value)


def _school_of_kind(id: Id, kind: str, path: str, known: _Known) -> Iterator[Fault]:
    school = known.schools.get(id)
    if school is None:
        yield from _resolve(id, known.schools, path)
    elif school.kind != kind:
        yield Fault(path, "plan_school_of_wrong_kind", {"school": id, "kind": kind})


def _teacher_faults(teacher: Teacher, at: str, known: _Known, instance: Instance) -> Iterator[Fault]:
    yield from _school_of_kind(teacher.school, "strong", f"{at}.school", known)
    yield from _slot_faults(teacher.free, f"{at}.free", known.schools.get(teacher.school), instance)
    yield from _repeated(teacher.grades, f"{at}.grades")


def _need_faults(need: Need, at: str, known: _Known, instance: Instance) -> Iterator[Fault]:
    yield from _school_of_kind(need.point, "point", f"{at}.point", known)
    yield from _resolve(need.class_id, known.classes, f"{at}.class")
    yield from _slot_faults(need.allowed, f"{at}.allowed", known.schools.get(need.point), instance)
    yield from _repeated(need.preferred, f"{at}.preferred")
    allowed = set(need.allowed)
    for index, slot in enumerate(need.preferred):
        if slot not in allowed:
            yield Fault(f"{at}.preferred[{index}]", "plan_preferred_not_allowed", {"day": slot[0], "period": slot[1]})
    if need.previous_teacher is not None:
        yield from _resolve(need.previous_teacher, known.teachers, f"{at}.previous_teacher")


def _outage_faults(outage: Outage, at: str, known: _Known, instance: Instance) -> Iterator[Fault]:
    rows: Mapping[Id, object] = known.teachers if outage.kind == "teacher" else known.schools
    yield from _resolve(outage.id, rows, f"{at}.id")
    if outage.day >= instance.meta.days:
        yield Fault(f"{at}.day", "plan_day_beyond", {"day": outage.day, "days": instance.meta.days})
    if outage.end <= outage.start:
        yield Fault(at, "plan_ends_before_start", {"start": outage.start, "end": outage.end})


def _course_faults(course: Pin | Course, at: str, known: _Known, instance: Instance) -> Iterator[Fault]:
    yield from _resolve(course.teacher, known.teachers, f"{at}.teacher")
    for index, need in enumerate(course.needs):
        yield from _resolve(need, known.needs, f"{at}.needs[{index}]")
    yield from _repeated(course.needs, f"{at}.needs")
    yield from _lesson_faults(course.lessons, at, instance)


def _lesson_faults(lessons: Sequence[Start], at: str, instance: Instance) -> Iterator[Fault]:
    for index, (day, minute) in enumerate(lessons):
        path = f"{at}.lessons[{index}]"
        if day >= instance.meta.days:
            yield Fault(f"{path}[0]", "plan_day_beyond", {"day": day, "days": instance.meta.days})
        yield from _grid(minute, instance, f"{path}[1]")
    yield from _repeated(lessons, f"{at}.lessons")


def _pins_faults(pins: Sequence[Pin]) -> Iterator[Fault]:
    """Two pins of one need leave no solution; the file says so itself. Whether one pin can stand is for `explain`."""
    first: dict[Id, int] = {}
    for index, pin in enumerate(pins):
        for place, need in enumerate(pin.needs):
            earlier = first.setdefault(need, index)
            if earlier != index:
                path = f"pins[{index}].needs[{place}]"
                yield Fault(path, "plan_pinned_twice", {"need": need, "earlier": f"pins[{earlier}]"})

"""Small changes to an instance, each of one row: what a person could decide so that one more need is covered."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from scheduler.planning.board import Board, Demand
from scheduler.planning.instance import DAY_MIN, ClassGroup, Id, Instance, Need, School, Teacher
from scheduler.planning.said import clock
from scheduler.planning.solution import Datum

# Further than this nobody moves a bell for one lesson.
MOST_MINUTES = 15


@dataclass(frozen=True, slots=True)
class Relaxation:
    """`fields` of the row `id` of a list get new values; `code` and `data` say so in the catalog.

    `effort`: how much is asked, to try the small ones first.
    """

    code: str
    data: Mapping[str, Datum]
    table: str
    id: Id
    fields: Mapping[str, Any]
    effort: int

    def apply(self, instance: Instance) -> Instance:
        rows = getattr(instance, self.table)
        changed: Any = tuple(replace(row, **self.fields) if row.id == self.id else row for row in rows)
        return replace(instance, **{self.table: changed})


def of_teacher_times(teacher: Teacher, school: School, days: int, grid_min: int) -> Iterator[Relaxation]:
    """Start further off the bell, or be free in one more period."""
    for minutes in range(grid_min, MOST_MINUTES + 1, grid_min):
        data: dict[str, Datum] = {"teacher": teacher.id, "minutes": minutes, "limit": teacher.flex_min + minutes}
        fields = {"flex_min": teacher.flex_min + minutes}
        yield Relaxation("fix_teacher_flex", data, "teachers", teacher.id, fields, minutes)
    free = set(teacher.free)
    for day in range(days):
        for period, (start, _) in enumerate(school.bell):
            if (day, period) not in free:
                data = {"teacher": teacher.id, "day": day, "period": period, "nth": period + 1, "time": clock(start)}
                freed = {"free": (*teacher.free, (day, period))}
                yield Relaxation("fix_teacher_free", data, "teachers", teacher.id, freed, 30)


def of_need_times(need: Need, point: School, days: int, grid_min: int) -> Iterator[Relaxation]:
    """Start further off the bell, move one bell, or allow one more period."""
    for minutes in range(grid_min, MOST_MINUTES + 1, grid_min):
        data: dict[str, Datum] = {"school": point.id, "minutes": minutes, "limit": point.tolerance_min + minutes}
        yield Relaxation(
            "fix_tolerance", data, "schools", point.id, {"tolerance_min": point.tolerance_min + minutes}, minutes + 1
        )
    for period in range(len(point.bell)):
        yield from _of_bell(point, period, grid_min)
    allowed = set(need.allowed)
    for day in range(days):
        for period, (start, _) in enumerate(point.bell):
            if (day, period) not in allowed:
                data = {"need": need.id, "day": day, "period": period, "nth": period + 1, "time": clock(start)}
                fields = {"allowed": (*need.allowed, (day, period))}
                yield Relaxation("fix_need_allowed", data, "needs", need.id, fields, 25)


def _of_bell(point: School, period: int, grid_min: int) -> Iterator[Relaxation]:
    start, end = point.bell[period]
    before = point.bell[period - 1][1] if period > 0 else 0
    after = point.bell[period + 1][0] if period + 1 < len(point.bell) else DAY_MIN
    for minutes in range(-MOST_MINUTES, MOST_MINUTES + 1, grid_min):
        if minutes == 0 or start + minutes < before or end + minutes > after:
            continue
        bell = list(point.bell)
        bell[period] = (start + minutes, end + minutes)
        data: dict[str, Datum] = {
            "school": point.id,
            "period": period,
            "nth": period + 1,
            "minutes": abs(minutes),
            "time": clock(start),
            "to_time": clock(start + minutes),
        }
        code = "fix_bell_later" if minutes > 0 else "fix_bell_earlier"
        yield Relaxation(code, data, "schools", point.id, {"bell": tuple(bell)}, abs(minutes))


def of_teacher_hours(teacher: Teacher, lessons: int) -> Relaxation:
    """More lessons a week."""
    limit = teacher.max_week + lessons
    data: dict[str, Datum] = {"teacher": teacher.id, "lessons": lessons, "limit": limit}
    return Relaxation("fix_teacher_week", data, "teachers", teacher.id, {"max_week": limit}, 20 * lessons)


def of_teacher_day(teacher: Teacher) -> Relaxation:
    limit = teacher.max_day + 1
    data: dict[str, Datum] = {"teacher": teacher.id, "limit": limit}
    return Relaxation("fix_teacher_day", data, "teachers", teacher.id, {"max_day": limit}, 20)


def of_deficit(teacher: Teacher, need: Need, deficit: str) -> Relaxation:
    """A teacher also serves the prefecture, teaches one more grade, or uses another edition."""
    data: dict[str, Datum] = {"teacher": teacher.id, "need": need.id}
    if deficit == "scope":
        return Relaxation("fix_teacher_scope", data, "teachers", teacher.id, {"scope": "prefecture"}, 40)
    if deficit == "grade":
        fields: dict[str, Any] = {"grades": (*teacher.grades, need.grade)}
        return Relaxation("fix_teacher_grade", {**data, "grade": need.grade}, "teachers", teacher.id, fields, 60)
    data |= {"edition": need.edition, "from_edition": teacher.edition}
    return Relaxation("fix_teacher_edition", data, "teachers", teacher.id, {"edition": "*"}, 50)


def of_resource(board: Board, demand: Demand) -> Relaxation | None:
    """One room, so many megabits or so many participants more; None where more would not help."""
    kind, key = demand.resource
    lookup = board.lookup
    if kind == "node":
        limit = lookup.counties[key].sfu_participants + demand.units
        return Relaxation("fix_node", {"county": key, "limit": limit}, "counties", key, {"sfu_participants": limit}, 45)
    if kind in {"teacher", "class"}:
        return None
    school = lookup.schools[key]
    if kind == "room":
        rooms = school.rooms + demand.units
        return Relaxation("fix_rooms", {"school": key, "limit": rooms}, "schools", key, {"rooms": rooms}, 50)
    units, mbps = board.gauge(demand.resource).limit + demand.units, lookup.instance.meta.mbps
    if kind == "up":
        up = units * (mbps.host_up if school.kind == "strong" else mbps.point_up)
        return Relaxation("fix_line_up", {"school": key, "limit": up}, "schools", key, {"up_mbps": up}, 40)
    down = units * (mbps.host_down_per_point if school.kind == "strong" else mbps.point_down)
    return Relaxation("fix_line_down", {"school": key, "limit": down}, "schools", key, {"down_mbps": down}, 40)


def of_screen(group: ClassGroup, need: Need, lesson_min: int) -> Relaxation:
    limit = group.screen_min_day + lesson_min
    data: dict[str, Datum] = {"class": group.id, "need": need.id, "limit": limit}
    return Relaxation("fix_screen", data, "classes", group.id, {"screen_min_day": limit}, 60)

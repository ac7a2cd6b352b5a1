"""From what a county knows of its schools to a timetable problem. Ids of the problem are those of the registry."""

from math import gcd

from classroom.model.place import SchoolKind
from classroom.model.registry import (
    Period,
    RegisteredNeed,
    RegisteredSchool,
    Registry,
    periods_outside,
    screen_cap_min,
)
from classroom.model.term import PlanRules
from scheduler.planning.instance import ClassGroup, County, Instance, Mbps4, Meta, Need, School, Teacher, Weights

# Monday to Friday
SCHOOL_DAYS = 5


def instance_of(registry: Registry, rules: PlanRules, weights: Weights | None = None) -> Instance:
    """The timetable problem of a registry with its needs.

    Teachers of schools that are not strong are left out, and periods that the bell does not have any more.
    """
    schools = {school.id: school for school in registry.schools}
    groups = {group.id: group for group in registry.classes}
    wanted = [need for need in registry.needs if need.lessons > 0]
    counties = {school.county: school.prefecture for school in registry.schools}
    return Instance(
        meta=_meta(registry, rules, weights or Weights()),
        counties=tuple(County(county, prefecture, rules.node_participants) for county, prefecture in counties.items()),
        schools=tuple(_school(school, registry.rooms_of(school)) for school in registry.schools),
        teachers=tuple(
            Teacher(
                id=teacher.id,
                school=teacher.school,
                subject=teacher.subject,
                grades=teacher.grades,
                edition=teacher.edition,
                free=_within(teacher.free, schools[teacher.school]),
                flex_min=teacher.flex_min,
                max_week=teacher.max_week,
                max_day=teacher.max_day,
                scope=teacher.scope.value,
                name=teacher.name,
            )
            for teacher in registry.teachers
            if schools[teacher.school].kind is SchoolKind.STRONG
        ),
        needs=tuple(
            _need(
                need, groups[need.class_id].grade, groups[need.class_id].allowed, schools[groups[need.class_id].school]
            )
            for need in wanted
        ),
        classes=tuple(
            ClassGroup(
                id=group.id,
                screen_min_day=screen_cap_min(group.grade, schools[group.school].bell)
                if group.screen_min_day is None
                else group.screen_min_day,
                name=group.name,
            )
            for group in registry.classes
            if schools[group.school].kind is not SchoolKind.STRONG
        ),
    )


def _meta(registry: Registry, rules: PlanRules, weights: Weights) -> Meta:
    times = [minute for school in registry.schools for period in school.bell for minute in period]
    return Meta(
        days=SCHOOL_DAYS,
        # bells off the wanted grid make it finer: nobody's bell is rounded
        grid_min=gcd(rules.grid_min, rules.lesson_min, rules.changeover_min, *times),
        lesson_min=rules.lesson_min,
        max_points=rules.max_points,
        changeover_min=rules.changeover_min,
        mbps=Mbps4(rules.host_up_mbps, rules.host_down_per_point_mbps, rules.point_down_mbps, rules.point_up_mbps),
        weights=weights,
    )


def _school(school: RegisteredSchool, rooms: int) -> School:
    return School(
        id=school.id,
        kind="strong" if school.kind is SchoolKind.STRONG else "point",
        county=school.county,
        bell=school.bell,
        rooms=rooms,
        up_mbps=school.up_mbps,
        down_mbps=school.down_mbps,
        tolerance_min=school.tolerance_min,
        name=school.name,
    )


def _need(need: RegisteredNeed, grade: int, class_allows: tuple[Period, ...] | None, school: RegisteredSchool) -> Need:
    chosen = need.allowed if need.allowed is not None else class_allows
    if chosen is None:
        chosen = tuple((day, period) for day in range(SCHOOL_DAYS) for period in range(len(school.bell)))
    allowed = _within(chosen, school)
    return Need(
        id=need.id,
        point=school.id,
        class_id=need.class_id,
        subject=need.subject,
        grade=grade,
        edition=need.edition,
        lessons_per_week=need.lessons,
        allowed=allowed,
        preferred=tuple(period for period in need.preferred if period in set(allowed)),
        priority=need.priority,
        previous_teacher=need.previous_teacher,
    )


def _within(periods: tuple[Period, ...], school: RegisteredSchool) -> tuple[Period, ...]:
    outside = set(periods_outside(periods, school.bell))
    return tuple(dict.fromkeys(period for period in periods if period not in outside and period[0] < SCHOOL_DAYS))

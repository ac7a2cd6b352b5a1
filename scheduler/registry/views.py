"""The registry, terms and needs as pages see them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from classroom.messages.planning import (
    ClassGroupView,
    CoverageCell,
    CoverageView,
    CurriculumLineView,
    EditionLine,
    NeedView,
    OwnTeachingView,
    PlanningRegionView,
    PlanRulesView,
    RegistryView,
    RoomPlanView,
    SchoolPlanView,
    SubjectView,
    TeacherPlanView,
    TermDayView,
    TermView,
)
from classroom.model.place import Region
from classroom.model.registry import (
    RegisteredClass,
    RegisteredNeed,
    RegisteredSchool,
    RegisteredTeacher,
    Registry,
    screen_cap_min,
)
from classroom.model.term import Term, TermDay
from scheduler.io.holidays import announced_until
from scheduler.planning.curriculum import Coverage, Curriculum, NationalPlan
from scheduler.planning.term import undecided


def region_view(region: Region, may_change: bool) -> PlanningRegionView:
    return PlanningRegionView(
        id=region.id, name=region.name, level=region.level, parent_id=region.parent_id, may_change=may_change
    )


def registry_view(region: PlanningRegionView, registry: Registry, plan: NationalPlan) -> RegistryView:
    curriculum = Curriculum(plan, registry)
    own: dict[str, list[OwnTeachingView]] = defaultdict(list)
    for row in registry.own_teaching:
        own[row.class_id].append(OwnTeachingView(subject=row.subject, lessons=row.lessons))
    schools = {school.id: school for school in registry.schools}
    return RegistryView(
        region=region,
        schools=[school_view(school, registry.rooms_of(school)) for school in registry.schools],
        rooms=[
            RoomPlanView(id=room.id, code=room.code, name=room.name, kind=room.kind, school_id=room.school_id)
            for room in registry.rooms
        ],
        teachers=[teacher_view(teacher) for teacher in registry.teachers],
        classes=[class_view(group, schools[group.school], own[group.id]) for group in registry.classes],
        editions=[
            EditionLine(school_id=choice.school, subject=choice.subject, edition=choice.edition)
            for choice in registry.editions
        ],
        curriculum=[
            CurriculumLineView(grade=grade, subject=subject, lessons=lessons, national=plan.lessons(grade, subject))
            for grade, subject, lessons in curriculum.lines()
        ],
        subjects=[SubjectView(name=name, edition_free=curriculum.edition_free(name)) for name in curriculum.subjects],
    )


def school_view(school: RegisteredSchool, rooms: int) -> SchoolPlanView:
    return SchoolPlanView(
        id=school.id,
        code=school.code,
        name=school.name,
        kind=school.kind,
        region_id=school.region,
        bell=list(school.bell),
        rooms=rooms,
        rooms_limit=school.rooms_limit,
        up_mbps=school.up_mbps,
        down_mbps=school.down_mbps,
        tolerance_min=school.tolerance_min,
    )


def teacher_view(teacher: RegisteredTeacher) -> TeacherPlanView:
    return TeacherPlanView(
        id=teacher.id,
        username=teacher.username,
        name=teacher.name,
        school_id=teacher.school,
        subject=teacher.subject,
        grades=list(teacher.grades),
        edition=teacher.edition,
        free=list(teacher.free),
        flex_min=teacher.flex_min,
        max_week=teacher.max_week,
        max_day=teacher.max_day,
        scope=teacher.scope,
    )


def class_view(group: RegisteredClass, school: RegisteredSchool, own: list[OwnTeachingView]) -> ClassGroupView:
    return ClassGroupView(
        id=group.id,
        school_id=group.school,
        name=group.name,
        grade=group.grade,
        size=group.size,
        screen_min_day=group.screen_min_day,
        screen_cap_min=screen_cap_min(group.grade, school.bell),
        allowed=None if group.allowed is None else list(group.allowed),
        own_teaching=own,
    )


def day_view(day: TermDay) -> TermDayView:
    return TermDayView(day=day.day, kind=day.kind, follows=day.follows, note=day.note)


def term_view(term: Term) -> TermView:
    unknown_from = announced_until() + timedelta(days=1)
    return TermView(
        id=term.id,
        region_id=term.region_id,
        name=term.name,
        first_day=term.first_day,
        last_day=term.last_day,
        weeks=term.week_of(term.last_day),
        rules=PlanRulesView.model_validate(term.rules, from_attributes=True),
        days=[day_view(day) for day in term.days.values()],
        undecided=undecided(term),
        holidays_unknown_from=max(term.first_day, unknown_from) if unknown_from <= term.last_day else None,
    )


def need_view(need: RegisteredNeed, group: RegisteredClass) -> NeedView:
    return NeedView(
        id=need.id,
        school_id=group.school,
        class_id=need.class_id,
        grade=group.grade,
        subject=need.subject,
        edition=need.edition,
        computed=need.computed,
        edited=need.edited,
        lessons=need.lessons,
        priority=need.priority,
        allowed=None if need.allowed is None else list(need.allowed),
        preferred=list(need.preferred),
        previous_teacher_id=need.previous_teacher,
    )


def coverage_view(term: Term, subjects: list[str], cells: Iterable[Coverage]) -> CoverageView:
    shown = list(cells)
    present = {cell.subject for cell in shown}
    return CoverageView(
        term_id=term.id,
        schools=list(dict.fromkeys(cell.school for cell in shown)),
        subjects=[subject for subject in subjects if subject in present],
        cells=[
            CoverageCell(
                school_id=cell.school,
                subject=cell.subject,
                required=cell.required,
                own=cell.own,
                wanted=cell.wanted,
                given=cell.given,
            )
            for cell in shown
        ],
        wanted=sum(cell.wanted for cell in shown),
        given=sum(min(cell.given, cell.wanted) for cell in shown),
    )

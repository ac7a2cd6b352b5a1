"""The registry, terms and needs, on both databases: who may, and that what is put in comes out."""

from collections.abc import Awaitable, Callable
from datetime import date

import pytest
from sqlalchemy import select

from classroom.access.needs import access_need_edit, access_needs_computed, access_term_registry
from classroom.access.people import access_account_password
from classroom.access.registry import access_planning_regions, access_registry
from classroom.access.registry_edit import (
    access_class_edit,
    access_class_remove,
    access_curriculum_edit,
    access_editions_edit,
    access_new_class,
    access_new_teacher,
    access_school_edit,
    access_teacher_edit,
    access_teacher_withdraw,
)
from classroom.access.terms import access_new_term, access_term, access_term_edit, access_terms
from classroom.auth.sessions import sign_in
from classroom.clock import VirtualClock
from classroom.errors import BadInput, ClassroomError, Conflict, Forbidden, NotFound, NotSignedIn
from classroom.messages.planning import (
    ClassEdit,
    CurriculumLine,
    EditionLine,
    NeedEdit,
    NewTeacher,
    OwnTeachingView,
    SchoolEdit,
    TeacherEdit,
    TermDayView,
    TermEdit,
)
from classroom.model.place import SchoolKind
from classroom.model.principal import SYSTEM
from classroom.model.registry import ComputedNeed, CurriculumChange, EditionChoice, OwnTeaching, TeachingScope
from classroom.model.term import DayKind, PlanRules, Term
from classroom.store.store import Store
from classroom.store.tables import AuditRow
from tests.fakes.county import NOW, PASSWORD, County, build_county

OFFER = TeacherEdit(subject="音乐", grades=[4, 3, 3], free=[(1, 2), (0, 1), (1, 2)], max_week=4, max_day=2)
SCHOOL = SchoolEdit(
    name="一小", kind=SchoolKind.STRONG, bell=[(480, 520), (530, 570)], up_mbps=20, down_mbps=50.5, tolerance_min=5
)
CLASS = ClassEdit(
    name="三(1)班", grade=3, size=31, allowed=[(0, 1)], own_teaching=[OwnTeachingView(subject="音乐", lessons=1)]
)
TERM = TermEdit(name="2026 秋", first_day=date(2026, 8, 31), last_day=date(2027, 1, 15))

SCHOOL_MANAGERS = {"system", "admin", "province_coordinator", "county_coordinator", "school_coordinator"}
MANAGERS = SCHOOL_MANAGERS - {"school_coordinator"}
SEERS = MANAGERS | {"province_supervisor", "county_supervisor"}

Use = Callable[[County, str, Term], Awaitable[object]]


async def see_registry(c: County, who: str, term: Term) -> object:
    if c.county.id not in {region.id for region, _ in await access_planning_regions(c.store, c[who])}:
        raise Forbidden("not_listed")
    return await access_registry(c.store, c[who], c.county.id)


async def see_term(c: County, who: str, term: Term) -> object:
    await access_term(c.store, c[who], term.id)
    await access_term_registry(c.store, c[who], term.id)
    return await access_terms(c.store, c[who], c.county.id)


async def edit_term(c: County, who: str, term: Term) -> object:
    await access_new_term(c.store, c[who], c.county.id, TERM.model_copy(update={"name": who}), days=[], now=NOW)
    return await access_term_edit(c.store, c[who], term.id, TERM, days=[], now=NOW)


async def edit_region(c: County, who: str, term: Term) -> object:
    await access_curriculum_edit(c.store, c[who], c.county.id, [], NOW)
    await access_editions_edit(c.store, c[who], c.county.id, [], NOW)
    return True


async def edit_needs(c: County, who: str, term: Term) -> object:
    group = await access_new_class(c.store, SYSTEM, c.host.id, CLASS.model_copy(update={"name": f"need {who}"}), NOW)
    await access_needs_computed(c.store, c[who], term.id, [ComputedNeed(group.id, "音乐", "*", 2)], NOW)
    return await access_need_edit(
        c.store, c[who], term.id, NeedEdit(class_id=group.id, subject="音乐", lessons=1), edition="*", now=NOW
    )


async def edit_school(c: County, who: str, term: Term) -> object:
    await access_school_edit(c.store, c[who], c.host.id, SCHOOL, NOW)
    new = NewTeacher(username=f"new-{who}", name="新", school_id=c.host.id, offer=OFFER)
    teacher = await access_new_teacher(c.store, c[who], new, NOW)
    await access_teacher_edit(c.store, c[who], teacher.id, OFFER, NOW)
    await access_teacher_withdraw(c.store, c[who], teacher.id, NOW)
    group = await access_new_class(c.store, c[who], c.host.id, CLASS.model_copy(update={"name": who}), NOW)
    await access_class_edit(c.store, c[who], group.id, CLASS.model_copy(update={"name": who}), NOW)
    await access_class_remove(c.store, c[who], group.id, NOW)
    return True


MATRIX: dict[str, tuple[Use, set[str]]] = {
    "see the registry": (see_registry, SEERS),
    "see a term": (see_term, SEERS),
    "change a term": (edit_term, MANAGERS),
    "change what holds for the region": (edit_region, MANAGERS),
    "change needs": (edit_needs, MANAGERS),
    "change a school": (edit_school, SCHOOL_MANAGERS),
}


async def test_the_matrix(store: Store) -> None:
    c = await build_county(store)
    term = await access_new_term(store, SYSTEM, c.county.id, TERM, days=[], now=NOW)
    wrong = []
    for deed, (use, may) in MATRIX.items():
        for who in c.people:
            try:
                await use(c, who, term)
            except (Forbidden, NotSignedIn):
                if who in may:
                    wrong.append(f"{who} may not {deed}")
            else:
                if who not in may:
                    wrong.append(f"{who} may {deed}")
    assert wrong == []


async def refused(work: Awaitable[object], kind: type[ClassroomError]) -> str:
    with pytest.raises(kind) as error:
        await work
    return error.value.code


async def test_what_is_put_into_the_registry_comes_out(store: Store) -> None:
    c = await build_county(store)
    who = c["county_coordinator"]
    await access_school_edit(store, who, c.host.id, SCHOOL, NOW)
    teacher = await access_teacher_edit(store, who, c["teacher"].id, OFFER, NOW)
    group = await access_new_class(store, who, c.uninvolved.id, CLASS, NOW)
    lines = [
        EditionLine(subject="英语", edition="人教版"),
        EditionLine(school_id=c.host.id, subject="英语", edition="外研版"),
    ]
    await access_editions_edit(store, who, c.county.id, lines, NOW)
    await access_curriculum_edit(store, who, c.county.id, [CurriculumLine(grade=3, subject="书法", lessons=1)], NOW)
    registry = await access_registry(store, who, c.county.id)
    # the teaching point lies in the other county
    assert [school.name for school in registry.schools] == ["一小", "二小"]
    host, other = registry.schools
    assert (host.bell, host.up_mbps, host.down_mbps, host.tolerance_min) == (((480, 520), (530, 570)), 20, 50.5, 5)
    assert (host.county, host.prefecture) == (c.county.id, c.county.parent_id)
    assert registry.rooms_of(host) == 2
    assert (other.bell, registry.rooms_of(other)) == ((), 1)
    assert registry.teachers == (teacher,)
    assert (teacher.grades, teacher.free, teacher.scope) == ((3, 4), ((0, 1), (1, 2)), TeachingScope.COUNTY)
    assert registry.classes == (group,)
    assert (group.name, group.allowed, group.screen_min_day) == ("三(1)班", ((0, 1),), None)
    assert registry.own_teaching == (OwnTeaching(group.id, "音乐", 1),)
    assert set(registry.editions) == {EditionChoice(None, "英语", "人教版"), EditionChoice(c.host.id, "英语", "外研版")}
    assert registry.curriculum == (CurriculumChange(3, "书法", 1),)
    await access_teacher_withdraw(store, who, teacher.id, NOW)
    await access_class_remove(store, who, group.id, NOW)
    registry = await access_registry(store, who, c.county.id)
    assert (registry.teachers, registry.classes, registry.own_teaching) == ((), (), ())
    async with store.reading() as db:
        deeds = set(await db.scalars(select(AuditRow.action)))
    assert {"school.edited", "teacher.withdrawn", "class.removed", "editions.edited", "curriculum.edited"} <= deeds


async def test_an_account_added_with_the_registry_signs_in_once_it_has_a_password(store: Store) -> None:
    c = await build_county(store)
    new = NewTeacher(username="Ｗang", name="王", school_id=c.host.id, offer=OFFER)
    teacher = await access_new_teacher(store, c["county_coordinator"], new, NOW)
    assert teacher.username == "wang"
    clock = VirtualClock(NOW)
    assert await refused(sign_in(store, clock, "wang", PASSWORD), NotSignedIn) == "sign_in_wrong"
    await access_account_password(store, c["county_coordinator"], teacher.id, "another password", NOW)
    _, principal = await sign_in(store, clock, "wang", "another password")
    assert principal.id == teacher.id
    assert await refused(access_new_teacher(store, SYSTEM, new, NOW), Conflict) == "already_exists"


async def test_the_registry_is_checked(store: Store) -> None:
    c = await build_county(store)
    wrong_bell = SCHOOL.model_copy(update={"bell": [(480, 520), (515, 570)]})
    assert await refused(access_school_edit(store, SYSTEM, c.host.id, wrong_bell, NOW), BadInput) == "bell_wrong"
    group = await access_new_class(store, SYSTEM, c.host.id, CLASS, NOW)
    other = await access_new_class(store, SYSTEM, c.host.id, CLASS.model_copy(update={"name": "b"}), NOW)
    assert await refused(access_new_class(store, SYSTEM, c.host.id, CLASS, NOW), Conflict) == "already_exists"
    assert await refused(access_class_edit(store, SYSTEM, other.id, CLASS, NOW), Conflict) == "already_exists"
    assert await access_class_edit(store, SYSTEM, group.id, CLASS, NOW) == group
    assert await refused(access_class_edit(store, SYSTEM, "nothing", CLASS, NOW), NotFound) == "class_unknown"
    twice = [EditionLine(subject="英语", edition="人教版"), EditionLine(subject="英语", edition="外研版")]
    elsewhere = [EditionLine(school_id=c.point.id, subject="英语", edition="人教版")]
    editions = [(twice, Conflict, "already_exists"), (elsewhere, NotFound, "school_unknown")]
    for lines, kind, code in editions:
        assert await refused(access_editions_edit(store, SYSTEM, c.county.id, lines, NOW), kind) == code
    assert await refused(access_registry(store, SYSTEM, "nowhere"), NotFound) == "region_unknown"
    pupil = c["pupil"].id
    assert await refused(access_teacher_edit(store, SYSTEM, pupil, OFFER, NOW), NotFound) == "teacher_unknown"


async def test_terms_keep_their_days_and_rules(store: Store) -> None:
    c = await build_county(store)
    who = c["county_coordinator"]
    days = [TermDayView(day=date(2026, 10, 10), kind=DayKind.SWAPPED, follows=4, note="国庆调休")]
    made = await access_new_term(store, who, c.county.id, TERM, days=days, now=NOW)
    assert await access_term(store, who, made.id) == made
    assert made.rules == PlanRules()
    assert made.days[date(2026, 10, 10)].follows == 4
    edit = TERM.model_copy(update={"rules": TERM.rules.model_copy(update={"max_points": 5, "host_up_mbps": 4.5})})
    changed = await access_term_edit(store, who, made.id, edit, days=[], now=NOW)
    assert await access_terms(store, who, c.county.id) == [changed]
    assert (changed.rules.max_points, changed.rules.host_up_mbps, changed.days) == (5, 4.5, {})

    def renew(days: list[TermDayView] = days, **changes: object) -> Awaitable[object]:
        wrong = TERM.model_copy(update={"name": "other", **changes})
        return access_new_term(store, who, c.county.id, wrong, days=days, now=NOW)

    assert await refused(renew(last_day=TERM.first_day), BadInput) == "term_days_wrong"
    assert await refused(renew(last_day=date(2028, 1, 1)), BadInput) == "term_days_wrong"
    assert await refused(renew(first_day=date(2026, 11, 1)), BadInput) == "term_day_outside"
    assert await refused(renew(days * 2), Conflict) == "already_exists"
    assert await refused(renew(name=" 2026 秋 "), Conflict) == "already_exists"
    assert await refused(access_term(store, who, "nothing"), NotFound) == "term_unknown"


async def test_computing_needs_again_keeps_what_somebody_said(store: Store) -> None:
    c = await build_county(store)
    who = c["county_coordinator"]
    term = await access_new_term(store, who, c.county.id, TERM, days=[], now=NOW)
    group = await access_new_class(store, who, c.uninvolved.id, CLASS, NOW)

    async def compute(**lessons: int) -> None:
        computed = [ComputedNeed(group.id, subject, "*", number) for subject, number in lessons.items()]
        await access_needs_computed(store, who, term.id, computed, NOW)

    async def edit(subject: str, lessons: int | None, **more: object) -> object:
        need = NeedEdit.model_validate({"class_id": group.id, "subject": subject, "lessons": lessons, **more})
        return await access_need_edit(store, who, term.id, need, edition="人教版", now=NOW)

    async def needs() -> dict[str, tuple[int, int | None]]:
        _, registry = await access_term_registry(store, who, term.id)
        return {need.subject: (need.computed, need.edited) for need in registry.needs}

    await compute(音乐=2, 美术=1, 科学=0)
    assert await needs() == {"音乐": (2, None), "美术": (1, None)}
    await edit("音乐", 1, priority=3, preferred=[(1, 1)])
    await edit("英语", 3)  # nobody computed it
    await compute(音乐=0, 美术=2)
    assert await needs() == {"音乐": (0, 1), "美术": (2, None), "英语": (0, 3)}
    await compute()
    assert await needs() == {"音乐": (0, 1), "英语": (0, 3)}
    assert await edit("音乐", None) is None
    assert await needs() == {"英语": (0, 3)}
    assert await refused(edit("英语", 1, previous_teacher_id=c["teacher"].id), NotFound) == "teacher_unknown"
    await access_class_remove(store, who, group.id, NOW)
    assert await needs() == {}
    assert await refused(edit("英语", 1), NotFound) == "class_unknown"

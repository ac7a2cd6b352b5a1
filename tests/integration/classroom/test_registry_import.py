"""A whole registry put into the store at once, on both databases."""

from collections.abc import Awaitable
from dataclasses import replace

from sqlalchemy import func, select

from classroom.access.needs import access_term_registry
from classroom.access.places import access_new_region
from classroom.access.registry import access_registry
from classroom.access.registry_import import ImportOutcome, access_registry_import
from classroom.access.terms import access_new_term
from classroom.model.place import RegionLevel
from classroom.model.principal import SYSTEM
from classroom.model.registry import Registry
from classroom.store.store import Store
from classroom.store.tables import AuditRow, SchoolRow
from scheduler.io.workbook.work import read_workbook
from tests.fakes.county import NOW, County, build_county
from tests.fakes.workbooks import content_of, right_book
from tests.integration.classroom.test_registry import TERM


def right_registry() -> Registry:
    registry = read_workbook(content_of(right_book())).registry
    assert registry is not None
    return registry


def without_ids(registry: Registry) -> Registry:
    """With the natural keys instead of the store's ids, as a workbook has it."""
    codes = {school.id: school.code for school in registry.schools}
    groups = {group.id: f"{codes[group.school]}/{group.name}" for group in registry.classes}
    usernames = {teacher.id: teacher.username for teacher in registry.teachers}
    return Registry(
        schools=tuple(
            replace(school, id=school.code, region="", county="本区域", prefecture="本区域")
            for school in registry.schools
        ),
        # the store has them by code
        rooms=tuple(replace(room, id=room.code, school_id=codes[room.school_id]) for room in reversed(registry.rooms)),
        teachers=tuple(
            replace(teacher, id=teacher.username, school=codes[teacher.school]) for teacher in registry.teachers
        ),
        classes=tuple(replace(group, id=groups[group.id], school=codes[group.school]) for group in registry.classes),
        editions=registry.editions,
        curriculum=registry.curriculum,
        own_teaching=tuple(replace(own, class_id=groups[own.class_id]) for own in registry.own_teaching),
        needs=tuple(
            replace(
                need,
                id=f"{groups[need.class_id]}/{need.subject}",
                class_id=groups[need.class_id],
                previous_teacher=usernames.get(need.previous_teacher or ""),
            )
            for need in registry.needs
        ),
    )


async def test_what_a_workbook_says_is_in_the_store_and_again_changes_nothing(store: Store) -> None:
    c = await build_county(store)
    who = c["province_coordinator"]
    assert c.county.parent_id is not None
    region = await access_new_region(
        store, SYSTEM, name="黑石县", level=RegionLevel.COUNTY, parent_id=c.county.parent_id, now=NOW
    )
    term = await access_new_term(store, who, region.id, TERM, days=[], now=NOW)
    wanted = right_registry()

    def bring(registry: Registry, **options: object) -> Awaitable[ImportOutcome]:
        return access_registry_import(store, who, region.id, registry, now=NOW, term_id=term.id, **options)  # type: ignore[arg-type]

    dry = await bring(wanted, dry_run=True)
    assert dry.added["schools"] == 2
    assert (await access_registry(store, who, region.id)).schools == ()
    first = await bring(wanted)
    assert (first.faults, first.set) == ([], {})
    assert first.added == dry.added == {
        "schools": 2, "rooms": 2, "teachers": 1, "classes": 1, "own_teaching": 1, "editions": 1, "curriculum": 1,
        "needs": 1,
    }  # fmt: skip
    _, there = await access_term_registry(store, who, term.id)
    assert without_ids(there) == wanted
    again = await bring(wanted)
    assert {what: again.set[what] for what in ("schools", "rooms", "teachers", "classes", "needs")} == {
        "schools": 2, "rooms": 2, "teachers": 1, "classes": 1, "needs": 1
    }  # fmt: skip
    _, unchanged = await access_term_registry(store, who, term.id)
    assert unchanged == there
    # what is not named stays
    await bring(Registry(schools=wanted.schools[:1]))
    _, unchanged = await access_term_registry(store, who, term.id)
    assert unchanged == there
    async with store.reading() as db:
        imported = await db.scalar(select(func.count()).where(AuditRow.action == "registry.imported"))
    assert imported == 3


async def test_what_belongs_to_others_is_named_and_nothing_is_imported(store: Store) -> None:
    c = await build_county(store)
    wanted = right_registry()
    strong, point = wanted.schools

    async def faults(registry: Registry) -> set[tuple[str, str, str]]:
        outcome = await access_registry_import(store, c["county_coordinator"], c.county.id, registry, now=NOW)
        return {(fault.table, fault.field, fault.code) for fault in outcome.faults}

    before = await count_schools(c)
    elsewhere = replace(point, code=c.point.code, region="")
    assert await faults(replace(wanted, schools=(strong, elsewhere))) == {
        ("schools", "school", "cell_school_elsewhere")
    }
    nowhere = replace(point, region="白石县")
    assert await faults(replace(wanted, schools=(strong, nowhere))) == {("schools", "region", "cell_region_unknown")}
    room = replace(wanted.rooms[0], code=c.point_room.code)
    teacher = replace(wanted.teachers[0], username="point_teacher")
    taken = replace(wanted, rooms=(room,), teachers=(teacher,), needs=())
    assert await faults(taken) == {
        ("rooms", "room", "cell_room_elsewhere"), ("teachers", "teacher", "cell_username_elsewhere")
    }  # fmt: skip
    assert await faults(replace(wanted, teachers=(replace(teacher, username="pupil"),), needs=())) == {
        ("teachers", "teacher", "cell_username_elsewhere")
    }
    assert await count_schools(c) == before


async def count_schools(c: County) -> int:
    async with c.store.reading() as db:
        return await db.scalar(select(func.count()).select_from(SchoolRow)) or 0

"""Puts the demo's county and the lessons of the day into a store; what is there already stays as it is."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from classroom.access.devices import access_devices, access_new_device
from classroom.access.lessons import access_lessons_in_states, access_lessons_of_day, access_step
from classroom.access.needs import access_needs_computed
from classroom.access.people import access_account_by_username, access_new_account
from classroom.access.places import (
    access_new_region,
    access_new_room,
    access_new_school,
    access_regions,
    access_schools,
)
from classroom.access.planning import access_new_lesson
from classroom.access.registry import access_registry
from classroom.access.registry_import import access_registry_import
from classroom.access.rooms import access_rooms
from classroom.access.rows import RoleGrant
from classroom.access.terms import access_new_term, access_terms
from classroom.clock import SCHOOL_ZONE
from classroom.demo.county import DEMO_ROOM, DEMO_TEACHER, PEOPLE, REGIONS, ROOMS, SCHOOLS, DemoPerson
from classroom.demo.passwords import demo_password
from classroom.demo.registry import WEEKLY, demo_registry, demo_term
from classroom.demo.timetable import LESSON_MINUTES, DemoLesson, lessons_around
from classroom.errors import Conflict, NotFound
from classroom.messages.api import NewLesson
from classroom.messages.planning import TermEdit
from classroom.model.lesson import RUNNING, UPCOMING, Lesson, LessonStep
from classroom.model.principal import SYSTEM
from classroom.model.registry import ANY_EDITION, ComputedNeed
from classroom.store.store import Store

DEVICE_NAME: Final = "demo"
# A lesson that begins before one begun now would end is opened early instead.
EARLY: Final = timedelta(minutes=LESSON_MINUTES)


@dataclass(frozen=True, slots=True)
class SeededCounty:
    """Identifiers by the keys of `classroom.demo.county`: rooms by code, accounts by user name."""

    county_id: str
    rooms: Mapping[str, str]
    accounts: Mapping[str, str]
    device_id: str


async def seed_county(store: Store, secret: bytes, now: datetime) -> SeededCounty:
    """Regions, schools, rooms, accounts and the demo room's device. `secret` makes the passwords."""
    regions = {(region.name, region.parent_id): region.id for region in await access_regions(store, SYSTEM)}
    region_ids: dict[str, str] = {}
    for region in REGIONS:
        parent_id = region_ids[region.parent] if region.parent else None
        region_id = regions.get((region.name, parent_id))
        if region_id is None:
            added = await access_new_region(
                store, SYSTEM, name=region.name, level=region.level, parent_id=parent_id, now=now
            )
            region_id = added.id
        region_ids[region.key] = region_id

    schools = {school.code: school.id for school in await access_schools(store, SYSTEM)}
    for school in SCHOOLS:
        if school.code not in schools:
            region_id = region_ids[school.region]
            made = await access_new_school(
                store, SYSTEM, code=school.code, name=school.name, kind=school.kind, region_id=region_id, now=now
            )
            schools[school.code] = made.id
    school_ids = {school.key: schools[school.code] for school in SCHOOLS}

    rooms = {details.room.code: details.room.id for details in await access_rooms(store, SYSTEM)}
    for room in ROOMS:
        if room.code not in rooms:
            built = await access_new_room(
                store,
                SYSTEM,
                code=room.code,
                name=room.name,
                kind=room.kind,
                school_id=school_ids[room.school],
                now=now,
            )
            rooms[room.code] = built.id

    # At once: hashing a password is made to be slow, and runs in threads.
    county_id = region_ids["county"]
    ids = await asyncio.gather(
        *(_account(store, person, secret=secret, schools=school_ids, county_id=county_id, now=now) for person in PEOPLE)
    )
    accounts = dict(zip((person.username for person in PEOPLE), ids, strict=True))
    if not await access_terms(store, SYSTEM, county_id):
        await _plan(store, county_id, now)
    return SeededCounty(county_id, rooms, accounts, await _device(store, rooms[DEMO_ROOM], now))


async def _plan(store: Store, county_id: str, now: datetime) -> None:
    """A term to plan: what schools are like, and what their classes lack."""
    registry = demo_registry()
    await access_registry_import(store, SYSTEM, county_id, registry, now=now)
    name, first_day, last_day = demo_term(now.astimezone(SCHOOL_ZONE).date())
    edit = TermEdit(name=name, first_day=first_day, last_day=last_day)
    term = await access_new_term(store, SYSTEM, county_id, edit, days=[], now=now)
    kept = await access_registry(store, SYSTEM, county_id)
    groups = {group.id: group for group in kept.classes}
    editions = {(choice.school, choice.subject): choice.edition for choice in kept.editions}
    needs = []
    for own in kept.own_teaching:
        group = groups[own.class_id]
        edition = editions.get((group.school, own.subject)) or editions.get((None, own.subject)) or ANY_EDITION
        lacking = WEEKLY[own.subject][group.grade - 1] - own.lessons
        needs.append(ComputedNeed(group.id, own.subject, edition, lacking))
    await access_needs_computed(store, SYSTEM, term.id, needs, now)


async def _account(
    store: Store, person: DemoPerson, *, secret: bytes, schools: Mapping[str, str], county_id: str, now: datetime
) -> str:
    try:
        return (await access_account_by_username(store, SYSTEM, person.username)).id
    except NotFound:
        # who belongs to a school has the role there, who does not, in the whole county
        grant = RoleGrant(person.role, None if person.school else county_id)
        account = await access_new_account(
            store,
            SYSTEM,
            username=person.username,
            name=person.name,
            password=demo_password(secret, person.username),
            grants=[grant],
            school_id=schools[person.school] if person.school else None,
            now=now,
        )
        return account.id


async def _device(store: Store, room_id: str, now: datetime) -> str:
    for device in await access_devices(store, SYSTEM, room_id):
        if device.name == DEVICE_NAME and device.revoked_at is None:
            return device.id
    return (await access_new_device(store, SYSTEM, room_id, name=DEVICE_NAME, now=now)).id


async def seed_day(store: Store, county: SeededCounty, now: datetime) -> Lesson:
    """The lessons of the day around `now`, and of those the demo room's to be opened now.

    That is the one still running from before a restart, else the one the timetable has now or soon; a timetable is
    made where neither exists, on the first start of a day for example.
    """
    room_id = county.rooms[DEMO_ROOM]
    for running in await access_lessons_in_states(store, SYSTEM, RUNNING, room_id):
        if running.ends_at > now:
            return running
        # left open when the demo was last interrupted, hours or days ago
        await access_step(store, SYSTEM, running.id, LessonStep.STOP, now)
    upcoming = await access_lessons_in_states(store, SYSTEM, UPCOMING, room_id)
    for lesson in upcoming:
        if lesson.ends_at > now and lesson.starts_at <= now + EARLY:
            return lesson

    current: Lesson | None = None
    today = await access_lessons_of_day(store, SYSTEM, now.astimezone(SCHOOL_ZONE).date())
    busy = {details.lesson.room_id for details in today}
    for plan in lessons_around(now):
        planned_room = county.rooms[plan.room]
        over = plan.ends_at <= now
        if planned_room in busy and (over or planned_room != room_id):
            continue
        try:
            lesson = await access_new_lesson(store, SYSTEM, _new_lesson(plan, county), now)
        except Conflict as conflict:
            if conflict.code not in {"room_taken", "teacher_taken"}:
                raise
            continue
        if over:
            await access_step(store, SYSTEM, lesson.id, LessonStep.START, plan.starts_at)
            await access_step(store, SYSTEM, lesson.id, LessonStep.STOP, plan.ends_at)
        elif planned_room == room_id and plan.starts_at <= now:
            current = lesson
    if current is None:
        # somebody planned other lessons for the demo's own teacher
        raise Conflict("teacher_taken", lesson=DEMO_TEACHER)
    return current


def _new_lesson(plan: DemoLesson, county: SeededCounty) -> NewLesson:
    return NewLesson(
        title=plan.title,
        subject=plan.subject,
        grade=plan.grade,
        mode=plan.mode,
        room_id=county.rooms[plan.room],
        teacher_id=county.accounts[plan.teacher],
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        open_join=plan.open_join,
        points=list(plan.points),
    )

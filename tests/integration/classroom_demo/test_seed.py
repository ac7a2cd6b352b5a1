"""Seeding a real store: once, again, after an interruption, and on later days."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from classroom.access.lessons import access_lessons_of_day, access_step
from classroom.access.needs import access_term_registry
from classroom.access.registry import access_planning_regions
from classroom.access.rooms import access_rooms
from classroom.access.terms import access_terms
from classroom.auth.sessions import sign_in
from classroom.clock import SCHOOL_ZONE, VirtualClock
from classroom.demo.county import DEMO_ROOM, PEOPLE, ROOMS
from classroom.demo.passwords import demo_password
from classroom.demo.seed import SeededCounty, seed_county, seed_day
from classroom.model.lesson import Lesson, LessonState, LessonStep
from classroom.model.principal import SYSTEM
from classroom.store.store import Store
from scheduler.io.national_plan import national_plan
from scheduler.planning.consistency import instance_faults
from scheduler.planning.curriculum import Curriculum, computed_needs
from scheduler.planning.of_registry import instance_of

NOW = datetime(2026, 9, 1, 2, 23, 45, tzinfo=UTC)  # 10:23 at school
SECRET = bytes(range(32))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite:///{tmp_path / 'demo.db'}")
    try:
        yield opened
    finally:
        await opened.close()


async def seed(store: Store, now: datetime) -> tuple[SeededCounty, Lesson]:
    county = await seed_county(store, SECRET, now)
    return county, await seed_day(store, county, now)


async def states(store: Store, now: datetime) -> dict[tuple[str, str], LessonState]:
    """By identifier and title."""
    lessons = await access_lessons_of_day(store, SYSTEM, now.astimezone(SCHOOL_ZONE).date())
    return {(details.lesson.id, details.lesson.title): details.lesson.state for details in lessons}


async def test_the_first_start_makes_a_county_with_a_lesson_for_now(store: Store) -> None:
    county, lesson = await seed(store, NOW)
    assert {details.room.code for details in await access_rooms(store, SYSTEM)} == {room.code for room in ROOMS}
    assert lesson.room_id == county.rooms[DEMO_ROOM]
    assert lesson.starts_at <= NOW < lesson.ends_at
    assert lesson.state is LessonState.PLANNED
    found = {title: state for (_, title), state in (await states(store, NOW)).items()}
    assert found["第一课 直角三角形"] is LessonState.ENDED
    assert found["第四课 逆定理"] is LessonState.PLANNED


async def test_everybody_can_sign_in_with_the_printed_password(store: Store) -> None:
    await seed_county(store, SECRET, NOW)
    for person in PEOPLE:
        _, principal = await sign_in(store, VirtualClock(NOW), person.username, demo_password(SECRET, person.username))
        assert principal.has(person.role)


async def test_the_county_has_a_term_to_plan(store: Store) -> None:
    await seed_county(store, SECRET, NOW)
    (term,) = [
        term
        for region, _ in await access_planning_regions(store, SYSTEM)
        for term in await access_terms(store, SYSTEM, region.id)
    ]
    assert term.first_day <= NOW.date() <= term.last_day
    _, registry = await access_term_registry(store, SYSTEM, term.id)
    assert all(school.bell and registry.rooms_of(school) for school in registry.schools)
    computed = computed_needs(registry, Curriculum(national_plan(), registry))
    found = {(need.class_id, need.subject): (need.computed, need.edition) for need in registry.needs}
    assert found == {(need.class_id, need.subject): (need.lessons, need.edition) for need in computed}
    instance = instance_of(registry, term.rules)
    assert list(instance_faults(instance)) == []
    assert instance.lessons > 60
    assert {teacher.username for teacher in registry.teachers} >= {"teacher", "teacher2", "teacher3", "teacher4"}


async def test_a_second_start_changes_nothing(store: Store) -> None:
    first = await seed(store, NOW)
    before = await states(store, NOW)
    assert await seed(store, NOW + timedelta(minutes=3)) == first
    assert await states(store, NOW) == before


async def test_a_lesson_left_running_goes_on(store: Store) -> None:
    _, lesson = await seed(store, NOW)
    await access_step(store, SYSTEM, lesson.id, LessonStep.START, NOW)
    _, again = await seed(store, NOW + timedelta(minutes=10))
    assert (again.id, again.state) == (lesson.id, LessonState.LIVE)


@pytest.mark.parametrize("later", [timedelta(hours=5), timedelta(days=1), timedelta(days=30, hours=-9)])
async def test_a_later_start_ends_what_was_left_and_has_a_lesson_for_then(store: Store, later: timedelta) -> None:
    _, lesson = await seed(store, NOW)
    await access_step(store, SYSTEM, lesson.id, LessonStep.START, NOW)
    then = NOW + later
    _, fresh = await seed(store, then)
    assert fresh.id != lesson.id
    assert fresh.starts_at <= then < fresh.ends_at
    assert (await states(store, NOW))[lesson.id, lesson.title] is LessonState.ENDED


async def test_a_start_at_any_time_of_the_day_finds_a_lesson_to_open(store: Store) -> None:
    now = NOW
    for _ in range(40):
        _, lesson = await seed(store, now)
        assert lesson.ends_at > now
        assert lesson.starts_at <= now + timedelta(minutes=40)
        if not lesson.running:
            await access_step(store, SYSTEM, lesson.id, LessonStep.START, now)
        if now.minute % 2:
            await access_step(store, SYSTEM, lesson.id, LessonStep.STOP, now)
        now += timedelta(minutes=17, seconds=8)

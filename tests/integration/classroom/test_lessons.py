"""Lessons in the store: planning, steps taken at once, days, codes."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from classroom.access.lessons import (
    access_lesson_by_code,
    access_lesson_details,
    access_lesson_to_publish,
    access_lesson_to_see,
    access_lesson_to_watch,
    access_lessons_in_states,
    access_lessons_of_day,
    access_step,
)
from classroom.access.people import access_account_disable
from classroom.access.places import access_new_school
from classroom.access.planning import CODE_ALPHABET, CODE_LENGTH, LONGEST_LESSON, access_new_lesson
from classroom.clock import SCHOOL_ZONE
from classroom.errors import BadInput, ClassroomError, Conflict, Forbidden, NotFound, Unprocessable
from classroom.messages.api import NewLesson
from classroom.model.lesson import RUNNING, Lesson, LessonMode, LessonState, LessonStep
from classroom.model.place import SchoolKind
from classroom.model.principal import SYSTEM
from classroom.store.store import Store
from classroom.store.tables import AuditRow, LessonPointRow
from tests.fakes.county import NOW, County, build_county

NEXT_WEEK = NOW + timedelta(days=7)


def new(c: County, **changes: object) -> NewLesson:
    """A lesson next week in the second room."""
    fields: dict[str, object] = {
        "title": "加课",
        "subject": "数学",
        "grade": 1,
        "mode": LessonMode.MASTER,
        "room_id": c.second_room.id,
        "teacher_id": c["colleague"].id,
        "starts_at": NEXT_WEEK,
        "ends_at": NEXT_WEEK + timedelta(minutes=40),
    }
    return NewLesson.model_validate(fields | changes)


async def refused(work: object, kind: type[ClassroomError]) -> str:
    with pytest.raises(kind) as error:
        await work  # type: ignore[misc]
    return error.value.code


async def test_a_new_lesson_is_what_was_asked_for(store: Store) -> None:
    c = await build_county(store)
    in_china = NEXT_WEEK.astimezone(SCHOOL_ZONE)
    lesson = await access_new_lesson(store, SYSTEM, new(c, starts_at=in_china, points=["河西教学点", "甲"]), NOW)
    assert lesson.state is LessonState.PLANNED
    assert lesson.starts_at == NEXT_WEEK
    assert lesson.points == ("河西教学点", "甲")
    assert len(lesson.code) == CODE_LENGTH
    assert set(lesson.code) <= set(CODE_ALPHABET)
    details = await access_lesson_details(store, SYSTEM, lesson.id)
    assert details.lesson == lesson
    assert (details.teacher_name, details.school_name, details.room_name) == ("姓名 colleague", "一小", "qh-102")


async def test_a_point_named_as_two_schools_is_tied_to_neither(store: Store) -> None:
    c = await build_county(store)
    await access_new_school(
        store, SYSTEM, code="2137990009", name="二小", kind=SchoolKind.WEAK, region_id=c.other_county.id, now=NOW
    )
    lesson = await access_new_lesson(store, SYSTEM, new(c, points=["二小", "一小"], open_join=False), NOW)
    async with store.reading() as db:
        tied = await db.scalars(
            select(LessonPointRow.school_id)
            .where(LessonPointRow.lesson_id == lesson.id)
            .order_by(LessonPointRow.position)
        )
        assert list(tied) == [None, c.host.id]
    assert await refused(access_lesson_to_watch(store, c["other_pupil"], lesson.id), Forbidden) == "lesson_forbidden"


@pytest.mark.parametrize(
    ("starts", "ends"),
    [
        (NEXT_WEEK, NEXT_WEEK),
        (NEXT_WEEK, NEXT_WEEK - timedelta(minutes=1)),
        (NEXT_WEEK, NEXT_WEEK + LONGEST_LESSON + timedelta(seconds=1)),
        (NEXT_WEEK.replace(tzinfo=None), NEXT_WEEK + timedelta(minutes=40)),
    ],
)
async def test_impossible_times_are_refused(store: Store, starts: datetime, ends: datetime) -> None:
    c = await build_county(store)
    planning = access_new_lesson(store, SYSTEM, new(c, starts_at=starts, ends_at=ends), NOW)
    assert await refused(planning, BadInput) == "lesson_times_wrong"


async def test_the_longest_lesson_is_accepted(store: Store) -> None:
    c = await build_county(store)
    await access_new_lesson(store, SYSTEM, new(c, ends_at=NEXT_WEEK + LONGEST_LESSON), NOW)


async def test_what_does_not_exist_is_named(store: Store) -> None:
    c = await build_county(store)
    for changes, kind, code in [
        ({"room_id": "nowhere"}, NotFound, "room_unknown"),
        ({"teacher_id": "nobody"}, NotFound, "teacher_unknown"),
        ({"teacher_id": c["pupil"].id}, NotFound, "teacher_unknown"),
        ({"room_id": c.point_room.id}, Unprocessable, "room_not_recording"),
    ]:
        assert await refused(access_new_lesson(store, SYSTEM, new(c, **changes), NOW), kind) == code
    await access_account_disable(store, SYSTEM, c["colleague"].id, NOW)
    assert await refused(access_new_lesson(store, SYSTEM, new(c), NOW), NotFound) == "teacher_unknown"


async def test_a_room_and_a_teacher_hold_one_lesson_at_a_time(store: Store) -> None:
    c = await build_county(store)
    first = await access_new_lesson(store, SYSTEM, new(c), NOW)
    overlapping = {"starts_at": first.ends_at - timedelta(minutes=1), "ends_at": first.ends_at + timedelta(hours=1)}
    same_room = new(c, teacher_id=c["teacher"].id, **overlapping)
    same_teacher = new(c, room_id=c.room.id, **overlapping)
    assert await refused(access_new_lesson(store, SYSTEM, same_room, NOW), Conflict) == "room_taken"
    assert await refused(access_new_lesson(store, SYSTEM, same_teacher, NOW), Conflict) == "teacher_taken"
    # one after the other is fine, and a cancelled lesson is in nobody's way
    await access_new_lesson(
        store, SYSTEM, new(c, starts_at=first.ends_at, ends_at=first.ends_at + timedelta(minutes=40)), NOW
    )
    await access_step(store, SYSTEM, first.id, LessonStep.CANCEL, NOW)
    await access_new_lesson(store, SYSTEM, new(c), NOW)


async def test_of_planners_at_once_one_gets_the_room(store: Store) -> None:
    c = await build_county(store)
    teachers = [c["teacher"].id, c["colleague"].id]
    results = await asyncio.gather(
        *(access_new_lesson(store, SYSTEM, new(c, teacher_id=teachers[n % 2]), NOW) for n in range(6)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Lesson) for result in results) == 1
    assert {str(result.code) for result in results if isinstance(result, Conflict)} <= {"room_taken", "teacher_taken"}
    assert sum(isinstance(result, Conflict) for result in results) == 5


async def test_of_many_who_start_at_once_one_succeeds(store: Store) -> None:
    c = await build_county(store)
    people = [c["teacher"], c["room_device"], c["county_coordinator"], SYSTEM] * 2
    results = await asyncio.gather(
        *(access_step(store, who, c.lesson.id, LessonStep.START, NOW) for who in people), return_exceptions=True
    )
    assert [result.state for result in results if isinstance(result, Lesson)] == [LessonState.LIVE]
    assert [result.code for result in results if isinstance(result, Conflict)] == ["lesson_step_illegal"] * 7
    async with store.reading() as db:
        started = list(await db.scalars(select(AuditRow).where(AuditRow.action == "lesson.start")))
    assert [row.details for row in started] == [{"from": "planned", "to": "live"}]


async def test_of_two_lessons_of_a_room_started_at_once_one_goes_live(store: Store) -> None:
    c = await build_county(store)
    results = await asyncio.gather(
        *(access_step(store, SYSTEM, each.id, LessonStep.START, NOW) for each in (c.lesson, c.open_lesson)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Lesson) for result in results) == 1
    assert [result.code for result in results if isinstance(result, Conflict)] == ["room_busy"]


async def test_a_lesson_lives_its_life_in_the_store(store: Store) -> None:
    c = await build_county(store)
    later = NOW + timedelta(minutes=30)
    stepped = await access_step(store, c["teacher"], c.lesson.id, LessonStep.START, NOW)
    assert stepped.started_at == NOW
    for step, state in [
        (LessonStep.INTERRUPT, LessonState.INTERRUPTED),
        (LessonStep.RESUME, LessonState.LIVE),
        (LessonStep.STOP, LessonState.ENDED),
        (LessonStep.ARCHIVE, LessonState.ARCHIVED),
    ]:
        stepped = await access_step(store, SYSTEM, c.lesson.id, step, later)
        assert stepped.state is state
        assert await access_lesson_to_see(store, SYSTEM, c.lesson.id) == stepped
    assert (stepped.started_at, stepped.ended_at) == (NOW, later)


async def test_running_lessons_are_found_after_a_restart(store: Store) -> None:
    c = await build_county(store)
    assert await access_lessons_in_states(store, SYSTEM, RUNNING) == []
    live = await access_step(store, SYSTEM, c.lesson.id, LessonStep.START, NOW)
    assert await access_lessons_in_states(store, SYSTEM, RUNNING) == [live]
    assert await access_lessons_in_states(store, SYSTEM, RUNNING, c.second_room.id) == []
    assert await access_lessons_in_states(store, c["room_device"], RUNNING, c.room.id) == [live]
    assert await access_lessons_in_states(store, c["other_device"], RUNNING) == []


async def test_a_day_is_the_schools_day(store: Store) -> None:
    c = await build_county(store)
    midnight = datetime(2026, 9, 8, tzinfo=SCHOOL_ZONE)
    last = await access_new_lesson(
        store, SYSTEM, new(c, starts_at=midnight - timedelta(minutes=1), ends_at=midnight), NOW
    )
    first = await access_new_lesson(
        store, SYSTEM, new(c, starts_at=midnight, ends_at=midnight + timedelta(hours=1)), NOW
    )

    async def of(day: int) -> list[Lesson]:
        return [details.lesson for details in await access_lessons_of_day(store, SYSTEM, date(2026, 9, day))]

    assert (await of(7), await of(8), await of(9)) == ([last], [first], [])
    assert first.starts_at == datetime(2026, 9, 7, 16, tzinfo=UTC)


async def test_a_day_is_in_order_and_may_be_of_one_room(store: Store) -> None:
    c = await build_county(store)
    today = NOW.astimezone(SCHOOL_ZONE).date()
    both = await access_lessons_of_day(store, c["room_device"], today, c.room.id)
    assert [details.lesson for details in both] == [c.lesson, c.open_lesson]
    assert await access_lessons_of_day(store, c["room_device"], today, c.second_room.id) == []


async def test_codes_are_found_as_children_type_them(store: Store) -> None:
    c = await build_county(store)
    found = await access_lesson_by_code(store, f"  {c.lesson.code.upper()} ")
    assert (found.lesson, found.school_name) == (c.lesson, "一小")
    assert await refused(access_lesson_by_code(store, "nosuch"), NotFound) == "lesson_code_unknown"


async def test_a_publishing_token_is_told_its_source(store: Store) -> None:
    c = await build_county(store)
    with pytest.raises(Forbidden) as error:
        await access_lesson_to_publish(store, c["publisher"], c.lesson.id, "teacher")
    assert (error.value.code, error.value.data) == ("source_forbidden", {"source": "teacher", "allowed": "slides"})


async def test_an_unknown_lesson_is_not_found(store: Store) -> None:
    c = await build_county(store)
    for work in (
        access_lesson_to_watch(store, c["admin"], "nowhere"),
        access_step(store, c["admin"], "nowhere", LessonStep.START, NOW),
    ):
        assert await refused(work, NotFound) == "lesson_unknown"

"""Who may do what, for everybody there is, on both databases: the whole matrix, written out."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from classroom.access.devices import access_device_revoke, access_devices, access_new_device
from classroom.access.lessons import (
    access_lesson_details,
    access_lesson_to_control,
    access_lesson_to_publish,
    access_lesson_to_see,
    access_lesson_to_watch,
    access_lesson_viewers,
    access_lessons_of_day,
    access_step,
)
from classroom.access.planning import access_new_lesson
from classroom.access.rooms import access_room, access_room_as_device, access_room_by_code, access_rooms
from classroom.clock import SCHOOL_ZONE
from classroom.errors import Forbidden, NotSignedIn
from classroom.messages.api import NewLesson
from classroom.model.lesson import LessonMode, LessonStep
from classroom.store.store import Store
from tests.fakes.county import NOW, County, build_county

ADMINS = {"system", "admin"}
HOST_COORDINATORS = {"province_coordinator", "county_coordinator", "school_coordinator"}
HOST_SUPERVISORS = {"province_supervisor", "county_supervisor", "school_supervisor"}
HOST_ARCHIVISTS = {"province_archivist", "county_archivist", "school_archivist"}
# the teaching point lies in the other county
RECEIVING_STAFF = {"other_county_coordinator", "other_county_supervisor"}
MEMBERS = {"colleague", "pupil", "second_room_device", "point_teacher", "point_pupil", "point_device"}
OUTSIDERS = {
    "other_teacher", "other_pupil", "other_device", "other_guest", "other_publisher", "other_county_archivist",
    "other_school_coordinator", "other_school_supervisor", "other_school_archivist",
}  # fmt: skip

Use = Callable[[County, str], Awaitable[object]]


async def see(c: County, who: str) -> object:
    await access_lesson_details(c.store, c[who], c.lesson.id)
    return await access_lesson_to_see(c.store, c[who], c.lesson.id)


async def watch(c: County, who: str) -> object:
    return await access_lesson_to_watch(c.store, c[who], c.lesson.id)


async def watch_open(c: County, who: str) -> object:
    return await access_lesson_to_watch(c.store, c[who], c.open_lesson.id)


async def publish_slides(c: County, who: str) -> object:
    return await access_lesson_to_publish(c.store, c[who], c.lesson.id, "slides")


async def publish_teacher(c: County, who: str) -> object:
    return await access_lesson_to_publish(c.store, c[who], c.lesson.id, "teacher")


async def control(c: County, who: str) -> object:
    return await access_lesson_to_control(c.store, c[who], c.lesson.id)


async def list_of_day(c: County, who: str) -> object:
    found = await access_lessons_of_day(c.store, c[who], NOW.astimezone(SCHOOL_ZONE).date())
    if c.lesson not in [details.lesson for details in found]:
        raise Forbidden("not_listed")
    return found


async def viewers(c: County, who: str) -> object:
    if not await access_lesson_viewers(c.store, c[who], c.lesson.id):
        raise Forbidden("not_shown")
    return True


async def room(c: County, who: str) -> object:
    await access_room_by_code(c.store, c[who], "QH-101 ")
    return await access_room(c.store, c[who], c.room.id)


async def list_rooms(c: County, who: str) -> object:
    if c.room not in [details.room for details in await access_rooms(c.store, c[who])]:
        raise Forbidden("not_listed")
    return True


async def room_as_device(c: County, who: str) -> object:
    return await access_room_as_device(c.store, c[who])


async def manage_devices(c: County, who: str) -> object:
    device = await access_new_device(c.store, c[who], c.room.id, name="agent", now=NOW)
    assert device in await access_devices(c.store, c[who], c.room.id)
    return await access_device_revoke(c.store, c[who], device.id, NOW)


def plan(teacher: str) -> Use:
    async def use(c: County, who: str) -> object:
        begin = NOW + timedelta(days=1)
        new = NewLesson(
            title="加课", subject="数学", grade=1, mode=LessonMode.MASTER, room_id=c.second_room.id,
            teacher_id=c[who if teacher == "self" else teacher].id, starts_at=begin, ends_at=begin + timedelta(hours=1),
        )  # fmt: skip
        lesson = await access_new_lesson(c.store, c[who], new, NOW)
        # so that the next one finds the room free
        return await access_step(c.store, c["system"], lesson.id, LessonStep.CANCEL, NOW)

    return use


EVERYTHING_SEEN = (
    ADMINS | HOST_COORDINATORS | HOST_SUPERVISORS | HOST_ARCHIVISTS | RECEIVING_STAFF | MEMBERS
    | {"teacher", "room_device", "guest", "publisher"}
)  # fmt: skip
WATCHERS = EVERYTHING_SEEN - HOST_ARCHIVISTS - {"publisher"}
ROOM_SEEN = (
    ADMINS | HOST_COORDINATORS | HOST_SUPERVISORS | {"teacher", "colleague", "room_device", "second_room_device"}
)

MATRIX: dict[str, tuple[Use, set[str]]] = {
    "see": (see, EVERYTHING_SEEN),
    "watch": (watch, WATCHERS),
    "publish its token's source": (publish_slides, {"teacher", "room_device", "publisher"}),
    "publish another source": (publish_teacher, {"teacher", "room_device"}),
    "control": (control, ADMINS | HOST_COORDINATORS | {"teacher", "room_device"}),
    "be shown who watches": (
        viewers,
        ADMINS | HOST_COORDINATORS | HOST_SUPERVISORS | RECEIVING_STAFF | {"teacher", "room_device"},
    ),
    "find it in the list of the day": (list_of_day, EVERYTHING_SEEN),
    "see the room": (room, ROOM_SEEN),
    "find the room in the list": (list_rooms, ROOM_SEEN),
    "be the room's device": (room_as_device, {"room_device", "second_room_device", "point_device", "other_device"}),
    "manage the room's devices": (manage_devices, ADMINS | HOST_COORDINATORS),
    "plan for another teacher": (plan("teacher"), ADMINS | HOST_COORDINATORS | {"teacher"}),
}


@pytest.mark.parametrize("deed", MATRIX)
async def test_the_matrix(store: Store, deed: str) -> None:
    use, may = MATRIX[deed]
    c = await build_county(store)
    assert may | OUTSIDERS | EVERYTHING_SEEN | {"nobody"} >= set(c.people)
    wrong = [who for who in c.people if await succeeds(use, c, who) != (who in may)]
    assert wrong == []


async def test_everybody_signed_in_may_watch_a_lesson_open_to_all(store: Store) -> None:
    c = await build_county(store)
    refused = {who for who in c.people if not await succeeds(watch_open, c, who)}
    # token-holders of the other lesson, a publisher, and nobody
    assert refused == {"nobody", "guest", "publisher", "other_publisher"}


async def test_teachers_plan_for_themselves_at_their_own_school(store: Store) -> None:
    c = await build_county(store)
    assert await succeeds(plan("self"), c, "colleague")
    assert not await succeeds(plan("self"), c, "other_teacher")
    assert not await succeeds(plan("self"), c, "point_teacher")


STEPS = {
    LessonStep.START: ADMINS | HOST_COORDINATORS | {"teacher", "room_device"},
    LessonStep.STOP: ADMINS | HOST_COORDINATORS | {"teacher", "room_device"},
    LessonStep.CANCEL: ADMINS | HOST_COORDINATORS | {"teacher"},
    LessonStep.ROOM_READY: ADMINS,
    LessonStep.ROOM_GONE: ADMINS,
    LessonStep.INTERRUPT: ADMINS,
    LessonStep.RESUME: ADMINS,
    LessonStep.ARCHIVE: ADMINS,
}
# a way from planned to a state where the step is possible
BEFORE = {
    LessonStep.STOP: [LessonStep.START],
    LessonStep.ROOM_GONE: [LessonStep.ROOM_READY],
    LessonStep.INTERRUPT: [LessonStep.START],
    LessonStep.RESUME: [LessonStep.START, LessonStep.INTERRUPT],
    LessonStep.ARCHIVE: [LessonStep.START, LessonStep.STOP],
}


@pytest.mark.parametrize("step", LessonStep)
async def test_who_may_take_a_step(store: Store, step: LessonStep) -> None:
    c = await build_county(store)
    for before in BEFORE.get(step, []):
        await access_step(store, c["system"], c.lesson.id, before, NOW)
    for who in set(c.people) - STEPS[step]:
        with pytest.raises((Forbidden, NotSignedIn)):
            await access_step(store, c[who], c.lesson.id, step, NOW)
    # an illegal step would have been a Conflict: those who may are asked the question, and one of them takes it
    await access_step(store, c[max(STEPS[step])], c.lesson.id, step, NOW)


async def succeeds(use: Use, c: County, who: str) -> bool:
    """Whether it worked; nobody is told to sign in, and everybody else that they may not."""
    refusal = NotSignedIn if who == "nobody" else Forbidden
    try:
        await use(c, who)
    except refusal:
        return False
    return True

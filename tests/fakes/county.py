"""A small province in a real store, with somebody of every kind: for tests of who may do what."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from argon2 import PasswordHasher

from classroom.access.devices import access_new_device
from classroom.access.lessons import access_step
from classroom.access.places import access_new_region, access_new_room, access_new_school
from classroom.access.planning import access_new_lesson
from classroom.auth.accounts import principal_of
from classroom.messages.api import NewLesson
from classroom.model.lesson import Lesson, LessonMode, LessonStep
from classroom.model.place import Region, RegionLevel, Room, RoomKind, School, SchoolKind
from classroom.model.principal import NOBODY, SYSTEM, Principal, Role
from classroom.store.store import Store
from classroom.store.tables import AccountRoleRow, AccountRow
from classroom.store.types import new_id

NOW = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)  # nine in the morning at school
PASSWORD = "correct horse"


@dataclass(frozen=True)
class County:
    """青禾县 (schools 一小 and its teaching point 河西, and 二小, which has no part in the lesson) beside 白石县."""

    store: Store
    county: Region
    other_county: Region
    host: School
    point: School
    uninvolved: School
    room: Room
    second_room: Room
    point_room: Room
    uninvolved_room: Room
    lesson: Lesson  # by the teacher, in `room`, with 河西 taking part, for invited people only
    open_lesson: Lesson  # later that day, in `room`, open to all
    people: dict[str, Principal]

    def __getitem__(self, name: str) -> Principal:
        return self.people[name]


@cache
def _password_hash() -> str:
    return PasswordHasher().hash(PASSWORD)


async def build_county(store: Store) -> County:
    """Fill an empty store. Everybody's password is `PASSWORD`."""

    async def region(name: str, level: RegionLevel, parent: Region | None) -> Region:
        parent_id = parent.id if parent else None
        return await access_new_region(store, SYSTEM, name=name, level=level, parent_id=parent_id, now=NOW)

    async def school(code: str, name: str, kind: SchoolKind, where: Region) -> School:
        return await access_new_school(store, SYSTEM, code=code, name=name, kind=kind, region_id=where.id, now=NOW)

    async def room(code: str, kind: RoomKind, where: School) -> Room:
        return await access_new_room(store, SYSTEM, code=code, name=code, kind=kind, school_id=where.id, now=NOW)

    province = await region("江北省", RegionLevel.PROVINCE, None)
    city = await region("青州市", RegionLevel.CITY, province)
    county = await region("青禾县", RegionLevel.COUNTY, city)
    other_county = await region("白石县", RegionLevel.COUNTY, city)
    host = await school("2137990001", "一小", SchoolKind.STRONG, county)
    point = await school("2137990002", "河西教学点", SchoolKind.POINT, other_county)
    uninvolved = await school("2137990003", "二小", SchoolKind.STRONG, county)
    main = await room("qh-101", RoomKind.RECORDING, host)
    second = await room("qh-102", RoomKind.RECORDING, host)
    point_room = await room("hx-1", RoomKind.RECEIVING, point)
    uninvolved_room = await room("ex-1", RoomKind.RECORDING, uninvolved)

    people: dict[str, Principal] = {"nobody": NOBODY, "system": SYSTEM}

    async def person(name: str, role: Role, where: School | None, over: Region | None = None) -> None:
        # not by `access_new_account`: two dozen people's password hashes take seconds, one is enough for all
        row = AccountRow(
            id=new_id(),
            username=name,
            name=f"姓名 {name}",
            password_hash=_password_hash(),
            school_id=where.id if where else None,
            created_at=NOW,
            disabled_at=None,
            roles=[AccountRoleRow(role=role, region_id=over.id if over else None)],
        )
        async with store.session() as db:
            db.add(row)
        people[name] = principal_of(row)

    async def device(name: str, where: Room) -> None:
        made = await access_new_device(store, SYSTEM, where.id, name=name, now=NOW)
        people[name] = Principal(
            id=made.id, name=where.name, roles=frozenset({Role.DEVICE}), school_id=where.school_id, room_id=where.id
        )

    await person("admin", Role.ADMIN, None)
    await person("teacher", Role.TEACHER, host)
    await person("colleague", Role.TEACHER, host)
    await person("point_teacher", Role.TEACHER, point)
    await person("other_teacher", Role.TEACHER, uninvolved)
    await person("pupil", Role.STUDENT, host)
    await person("point_pupil", Role.STUDENT, point)
    await person("other_pupil", Role.STUDENT, uninvolved)
    for role in (Role.COORDINATOR, Role.SUPERVISOR, Role.ARCHIVIST):
        await person(f"province_{role.value}", role, None, province)
        await person(f"county_{role.value}", role, None, county)
        await person(f"other_county_{role.value}", role, None, other_county)
        await person(f"school_{role.value}", role, host)
        await person(f"other_school_{role.value}", role, uninvolved)
    await device("room_device", main)
    await device("second_room_device", second)
    await device("point_device", point_room)
    await device("other_device", uninvolved_room)

    lesson = await access_new_lesson(
        store,
        SYSTEM,
        NewLesson(
            title="古诗两首",
            subject="语文",
            grade=3,
            mode=LessonMode.DELIVERY,
            room_id=main.id,
            teacher_id=people["teacher"].id,
            starts_at=NOW,
            ends_at=NOW + timedelta(minutes=40),
            open_join=False,
            points=["河西教学点", "三(2)班"],
        ),
        NOW,
    )
    open_lesson = await access_new_lesson(
        store,
        SYSTEM,
        NewLesson(
            title="科学实验",
            subject="科学",
            grade=5,
            mode=LessonMode.OPEN,
            room_id=main.id,
            teacher_id=people["teacher"].id,
            starts_at=NOW + timedelta(hours=1),
            ends_at=NOW + timedelta(hours=2),
            open_join=True,
        ),
        NOW,
    )
    people["guest"] = Principal(id="guest-1", name="河西", lesson_id=lesson.id)
    people["other_guest"] = Principal(id="guest-2", name="河西", lesson_id=open_lesson.id)
    people["publisher"] = Principal(id="publisher-1", name="slides", lesson_id=lesson.id, publish_source="slides")
    people["other_publisher"] = Principal(
        id="publisher-2", name="slides", lesson_id=open_lesson.id, publish_source="slides"
    )
    return County(
        store=store,
        county=county,
        other_county=other_county,
        host=host,
        point=point,
        uninvolved=uninvolved,
        room=main,
        second_room=second,
        point_room=point_room,
        uninvolved_room=uninvolved_room,
        lesson=lesson,
        open_lesson=open_lesson,
        people=people,
    )


async def start(county: County) -> Lesson:
    """The lesson, live."""
    return await access_step(county.store, SYSTEM, county.lesson.id, LessonStep.START, NOW)

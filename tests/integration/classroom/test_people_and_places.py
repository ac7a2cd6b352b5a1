"""Accounts, schools and devices: who may make whom, and what is refused."""

from collections.abc import Awaitable
from datetime import timedelta

import pytest
from sqlalchemy import select

from classroom.access.devices import access_device_revoke, access_devices, access_new_device
from classroom.access.lessons import access_lesson_details, access_step
from classroom.access.people import (
    access_account_by_username,
    access_account_disable,
    access_account_enable,
    access_account_password,
    access_accounts_of_school,
    access_new_account,
)
from classroom.access.places import (
    access_new_region,
    access_new_room,
    access_new_school,
    access_regions,
    access_room_edit,
    access_room_retire,
    access_school_by_code,
    access_schools,
)
from classroom.access.planning import access_new_lesson
from classroom.access.rooms import access_rooms
from classroom.access.rows import Account, RoleGrant
from classroom.auth.authenticate import principal_of_token
from classroom.auth.sessions import principal_of_session, sign_in
from classroom.auth.tokens import Tokens
from classroom.clock import VirtualClock
from classroom.errors import BadInput, ClassroomError, Conflict, Forbidden, NotFound, NotSignedIn
from classroom.messages.api import NewLesson
from classroom.model.lesson import LessonMode, LessonStep
from classroom.model.place import RegionLevel, Room, RoomKind, SchoolKind
from classroom.model.principal import SYSTEM, Principal, Role
from classroom.store.store import Store
from classroom.store.tables import AuditRow
from tests.fakes.county import NOW, PASSWORD, County, build_county

KEY = b"k" * 32


async def refused(work: object, kind: type[ClassroomError]) -> str:
    with pytest.raises(kind) as error:
        await work  # type: ignore[misc]
    return error.value.code


async def make(
    c: County,
    by: Principal,
    grant: RoleGrant,
    school_id: str | None,
    username: str = "new",
    *,
    password: str = PASSWORD,
) -> Account:
    return await access_new_account(
        c.store, by, username=username, name="新人", password=password, grants=[grant], school_id=school_id, now=NOW
    )


@pytest.mark.parametrize("role", [Role.TEACHER, Role.STUDENT, Role.ARCHIVIST])
async def test_a_coordinator_makes_people_in_its_region_only(store: Store, role: Role) -> None:
    c = await build_county(store)
    by = c["county_coordinator"]
    account = await make(c, by, RoleGrant(role), c.host.id)
    assert account in await access_accounts_of_school(store, by, c.host.id)
    assert await refused(make(c, by, RoleGrant(role), c.point.id, "b"), Forbidden) == "school_forbidden"
    assert await refused(access_accounts_of_school(store, by, c.point.id), Forbidden) == "school_forbidden"


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.SUPERVISOR, Role.ADMIN])
async def test_only_an_admin_makes_staff(store: Store, role: Role) -> None:
    c = await build_county(store)
    by = c["county_coordinator"]
    assert await refused(make(c, by, RoleGrant(role), c.host.id), Forbidden) == "roles_forbidden"
    made = await make(c, c["admin"], RoleGrant(role, c.county.id), None)
    assert made.grants == (RoleGrant(role, c.county.id),)


async def test_nobody_else_makes_anybody(store: Store) -> None:
    c = await build_county(store)
    for who in ("teacher", "room_device", "guest", "county_supervisor", "other_county_coordinator"):
        assert await refused(make(c, c[who], RoleGrant(Role.STUDENT), c.host.id), Forbidden) == "school_forbidden"
    assert await refused(make(c, c["nobody"], RoleGrant(Role.STUDENT), c.host.id), NotSignedIn) == "sign_in_needed"


async def test_a_coordinator_reaches_no_further_than_its_region(store: Store) -> None:
    c = await build_county(store)
    beyond = RoleGrant(Role.ARCHIVIST, c.other_county.id)
    assert await refused(make(c, c["county_coordinator"], beyond, c.host.id), Forbidden) == "region_forbidden"


async def test_unusable_accounts_are_refused(store: Store) -> None:
    c = await build_county(store)
    teacher = RoleGrant(Role.TEACHER)
    for username in ("", "   ", "two words", "x" * 65, "bell\a"):
        assert await refused(make(c, SYSTEM, teacher, c.host.id, username), BadInput) == "username_wrong"
    assert await refused(make(c, SYSTEM, teacher, c.host.id, "a", password="short12"), BadInput) == "password_too_short"
    assert await refused(make(c, SYSTEM, teacher, c.host.id, "a", password="x" * 257), BadInput) == "password_too_long"
    assert await refused(make(c, SYSTEM, RoleGrant(Role.DEVICE), c.host.id), BadInput) == "role_not_for_accounts"
    assert await refused(make(c, SYSTEM, teacher, None), BadInput) == "role_needs_place"
    assert await refused(make(c, SYSTEM, RoleGrant(Role.SUPERVISOR), None), BadInput) == "role_needs_place"
    assert await refused(make(c, SYSTEM, teacher, "nowhere"), NotFound) == "school_unknown"


async def test_user_names_are_one_whatever_their_case_and_width(store: Store) -> None:
    c = await build_county(store)
    account = await make(c, SYSTEM, RoleGrant(Role.TEACHER), c.host.id, " Wang.Li ")
    assert account.username == "wang.li"
    fullwidth = "WANG．li"
    assert await refused(make(c, SYSTEM, RoleGrant(Role.TEACHER), c.host.id, fullwidth), Conflict) == "already_exists"
    assert await access_account_by_username(store, SYSTEM, "WANG.LI") == account


async def test_everybody_finds_itself_and_managers_find_theirs(store: Store) -> None:
    c = await build_county(store)
    assert (await access_account_by_username(store, c["teacher"], "teacher")).id == c["teacher"].id
    assert (await access_account_by_username(store, c["county_coordinator"], "teacher")).id == c["teacher"].id
    for who, name in [("colleague", "teacher"), ("county_coordinator", "admin"), ("county_coordinator", "point_pupil")]:
        with pytest.raises(Forbidden):
            await access_account_by_username(store, c[who], name)
    assert await refused(access_account_by_username(store, SYSTEM, "no.one"), NotFound) == "account_unknown"


async def test_a_new_password_ends_all_sessions(store: Store) -> None:
    c = await build_county(store)
    clock = VirtualClock(NOW)
    session, _ = await sign_in(store, clock, "pupil", PASSWORD)
    await access_account_password(store, c["pupil"], c["pupil"].id, "another password", NOW)
    assert await refused(principal_of_session(store, clock, session), NotSignedIn) == "session_ended"
    assert await refused(sign_in(store, clock, "pupil", PASSWORD), NotSignedIn) == "sign_in_wrong"
    await sign_in(store, clock, "pupil", "another password")
    with pytest.raises(Forbidden):
        await access_account_password(store, c["colleague"], c["pupil"].id, PASSWORD, NOW)


async def test_a_disabled_account_is_out_at_once_and_may_return(store: Store) -> None:
    c = await build_county(store)
    clock = VirtualClock(NOW)
    session, _ = await sign_in(store, clock, "pupil", PASSWORD)
    assert (await access_account_disable(store, c["county_coordinator"], c["pupil"].id, NOW)).disabled_at == NOW
    assert await refused(principal_of_session(store, clock, session), NotSignedIn) == "session_ended"
    assert await refused(sign_in(store, clock, "pupil", PASSWORD), NotSignedIn) == "sign_in_wrong"
    await access_account_enable(store, c["county_coordinator"], c["pupil"].id, NOW)
    await sign_in(store, clock, "pupil", PASSWORD)


async def test_a_revoked_device_is_out_at_once(store: Store) -> None:
    c = await build_county(store)
    tokens = Tokens(KEY, VirtualClock(NOW))
    device = await access_new_device(store, c["county_coordinator"], c.room.id, name="agent", now=NOW)
    token = tokens.issue_device(c.room.id, device.id)
    principal = await principal_of_token(store, tokens, token)
    assert principal == Principal(
        id=device.id, name="qh-101", roles=frozenset({Role.DEVICE}), school_id=c.host.id, room_id=c.room.id
    )
    revoked = await access_device_revoke(store, c["county_coordinator"], device.id, NOW)
    assert revoked in await access_devices(store, SYSTEM, c.room.id)
    assert await refused(principal_of_token(store, tokens, token), NotSignedIn) == "device_revoked"
    assert await refused(access_device_revoke(store, SYSTEM, "nothing", NOW), NotFound) == "device_unknown"


async def test_a_device_token_of_another_room_or_store_is_refused(store: Store) -> None:
    c = await build_county(store)
    tokens = Tokens(KEY, VirtualClock(NOW))
    moved = tokens.issue_device(c.second_room.id, c["room_device"].id)
    unknown = tokens.issue_device(c.room.id, "nothing")
    for token in (moved, unknown):
        assert await refused(principal_of_token(store, tokens, token), NotSignedIn) == "device_revoked"


async def test_guests_need_no_row(store: Store) -> None:
    tokens = Tokens(KEY, VirtualClock(NOW))
    assert (await principal_of_token(store, tokens, tokens.issue_join("lesson", "河西"))).lesson_id == "lesson"


async def test_places_are_checked(store: Store) -> None:
    c = await build_county(store)

    def school(code: str = "2137990008", name: str = "三小", region_id: str = c.county.id) -> object:
        return access_new_school(
            store, SYSTEM, code=code, name=name, kind=SchoolKind.WEAK, region_id=region_id, now=NOW
        )

    def room(code: str = "new-1", name: str = "101") -> object:
        return access_new_room(
            store, SYSTEM, code=code, name=name, kind=RoomKind.RECORDING, school_id=c.host.id, now=NOW
        )

    for code in ("", "213799000", "21379900011", "213799000x", "２１３７９９０００８"):
        assert await refused(school(code), BadInput) == "school_code_wrong"
    assert await refused(school(c.host.code), Conflict) == "already_exists"
    assert await refused(school(region_id="nowhere"), NotFound) == "region_unknown"
    for name in ("", "  ", "x" * 81, "a\nb"):
        assert await refused(school(name=name), BadInput) == "name_wrong"
    for code in ("", "Room", "a b", "-a", "x" * 33):
        assert await refused(room(code), BadInput) == "room_code_wrong"
    assert await refused(room("qh-101"), Conflict) == "already_exists"


async def test_a_room_is_out_of_use_once_no_lesson_waits_for_it_and_comes_back_under_its_code(store: Store) -> None:
    c = await build_county(store)
    who, room = c["school_coordinator"], c.second_room
    await access_room_edit(store, who, room.id, name="新名字", kind=RoomKind.RECORDING, now=NOW)
    starts_at = NOW + timedelta(days=1)
    lesson = NewLesson(
        title="音乐",
        subject="音乐",
        grade=3,
        mode=LessonMode.DELIVERY,
        room_id=room.id,
        teacher_id=c["teacher"].id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=40),
        points=[],
    )
    planned = await access_new_lesson(store, SYSTEM, lesson, NOW)
    await access_room_edit(store, who, room.id, name="还是它", kind=RoomKind.RECORDING, now=NOW)
    edit = access_room_edit(store, who, room.id, name="还是它", kind=RoomKind.RECEIVING, now=NOW)
    assert await refused(edit, Conflict) == "room_awaited"
    assert await refused(access_room_retire(store, who, room.id, NOW), Conflict) == "room_awaited"
    await access_step(store, SYSTEM, planned.id, LessonStep.CANCEL, NOW)
    await access_room_retire(store, who, room.id, NOW)
    assert room.id not in {details.room.id for details in await access_rooms(store, who)}
    assert await refused(access_new_lesson(store, SYSTEM, lesson, NOW), NotFound) == "room_unknown"
    assert await refused(access_room_retire(store, who, room.id, NOW), NotFound) == "room_unknown"
    assert (await access_lesson_details(store, SYSTEM, planned.id)).room_name == "还是它"

    def again(school_id: str) -> Awaitable[Room]:
        kind = RoomKind.RECEIVING
        return access_new_room(store, SYSTEM, code=room.code, name="回来了", kind=kind, school_id=school_id, now=NOW)

    assert await refused(again(c.point.id), Conflict) == "already_exists"
    assert (await again(c.host.id)).id == room.id


async def test_regions_nest_by_level(store: Store) -> None:
    c = await build_county(store)

    def region(by: Principal, level: RegionLevel, parent_id: str | None) -> object:
        return access_new_region(store, by, name="某地", level=level, parent_id=parent_id, now=NOW)

    await access_new_region(
        store, c["county_coordinator"], name="中心校", level=RegionLevel.CENTRAL_SCHOOL, parent_id=c.county.id, now=NOW
    )
    for level in (RegionLevel.PROVINCE, RegionLevel.CITY, RegionLevel.COUNTY):
        assert await refused(region(SYSTEM, level, c.county.id), BadInput) == "region_level_wrong"
    below = RegionLevel.CENTRAL_SCHOOL
    assert await refused(region(c["county_coordinator"], below, c.other_county.id), Forbidden) == "region_forbidden"
    assert await refused(region(c["county_coordinator"], below, None), Forbidden) == "admin_needed"
    assert await refused(region(SYSTEM, below, "nowhere"), NotFound) == "region_unknown"
    assert len(await access_regions(store, c["pupil"])) == 5


async def test_schools_are_found_by_code(store: Store) -> None:
    c = await build_county(store)
    assert await access_school_by_code(store, c["pupil"], c.host.code) == c.host
    assert await access_school_by_code(store, c["province_archivist"], c.host.code) == c.host
    assert await refused(access_school_by_code(store, c["other_pupil"], c.host.code), Forbidden) == "school_forbidden"
    assert await refused(access_school_by_code(store, SYSTEM, "0000000000"), NotFound) == "school_unknown"
    assert await access_schools(store, c["admin"]) == [c.host, c.point, c.uninvolved]
    assert await refused(access_schools(store, c["county_coordinator"]), Forbidden) == "admin_needed"


async def test_every_deed_is_in_the_audit_without_names(store: Store) -> None:
    c = await build_county(store)
    account = await make(c, c["county_coordinator"], RoleGrant(Role.TEACHER), c.host.id, "zhang.san")
    async with store.reading() as db:
        row = (await db.scalars(select(AuditRow).order_by(AuditRow.id.desc()).limit(1))).one()
    assert (row.actor_id, row.actor_roles) == (c["county_coordinator"].id, "coordinator")
    assert (row.action, row.object) == ("account.added", f"account:{account.id}")
    assert row.details == {"roles": ["teacher@school"]}
    assert row.at == NOW

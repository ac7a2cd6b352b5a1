"""Regions, schools and their rooms."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.matrix import Deed
from classroom.access.relations import relations_to_region, relations_to_school, require, require_somebody
from classroom.access.rows import region_of, room_of, school_of
from classroom.audit import append
from classroom.errors import BadInput, Conflict, Forbidden, NotFound
from classroom.model.lesson import RUNNING, UPCOMING
from classroom.model.place import (
    LONGEST_ROOM_CODE,
    ROOM_CODE,
    Region,
    RegionLevel,
    Room,
    RoomKind,
    School,
    SchoolKind,
)
from classroom.model.principal import Principal, Role
from classroom.model.school_code import CodeProblem, school_code_problem
from classroom.store.store import Store
from classroom.store.tables import LessonRow, RegionRow, RoomRow, SchoolRow
from classroom.store.types import new_id

LONGEST_NAME = 80

_LEVELS = list(RegionLevel)


def checked_name(name: str) -> str:
    """The name without spaces around it. Raises `BadInput("name_wrong")` when nothing or too much is left."""
    stripped = name.strip()
    if not stripped or len(stripped) > LONGEST_NAME or not stripped.isprintable():
        raise BadInput("name_wrong", longest=LONGEST_NAME)
    return stripped


def check_school_code(code: str) -> None:
    """Raises `BadInput` with `school_code_wrong`, `school_code_kind_unknown` or `school_code_province_unknown`."""
    match school_code_problem(code):
        case CodeProblem.DIGITS:
            raise BadInput("school_code_wrong")
        case CodeProblem.KIND:
            raise BadInput("school_code_kind_unknown", kind_code=code[:2])
        case CodeProblem.PROVINCE:
            raise BadInput("school_code_province_unknown", province_code=code[2:4])
        case None:
            return


async def access_new_region(
    store: Store, principal: Principal, *, name: str, level: RegionLevel, parent_id: str | None, now: datetime
) -> Region:
    """Add a region below another one, or, as an admin, at the top.

    Raises `BadInput("region_level_wrong")` unless its level is below its parent's.
    """
    require_somebody(principal)
    async with store.session() as db:
        if parent_id is None:
            _require_admin(principal)
        else:
            parent = await db.get(RegionRow, parent_id)
            if parent is None:
                raise NotFound("region_unknown", region=parent_id[:64])
            await require_region(db, principal, parent_id)
            if _LEVELS.index(level) <= _LEVELS.index(parent.level):
                raise BadInput("region_level_wrong", level=level.value, parent_level=parent.level.value)
        row = RegionRow(id=new_id(), name=checked_name(name), level=level, parent_id=parent_id)
        db.add(row)
        append(db, principal, "region.added", f"region:{row.id}", {"parent": parent_id}, now=now)
        return region_of(row)


async def access_new_school(
    store: Store, principal: Principal, *, code: str, name: str, kind: SchoolKind, region_id: str, now: datetime
) -> School:
    """Add a school. Raises `BadInput("school_code_wrong")`, `Conflict("already_exists")`, `NotFound`, `Forbidden`."""
    require_somebody(principal)
    check_school_code(code)
    async with store.session() as db:
        if await db.get(RegionRow, region_id) is None:
            raise NotFound("region_unknown", region=region_id[:64])
        await require_region(db, principal, region_id)
        if await db.scalar(select(SchoolRow.id).where(SchoolRow.code == code)) is not None:
            raise Conflict("already_exists", kind="school", key=code)
        row = SchoolRow(id=new_id(), code=code, name=checked_name(name), kind=kind, region_id=region_id)
        db.add(row)
        append(db, principal, "school.added", f"school:{row.id}", {"region": region_id}, now=now)
        return school_of(row)


async def access_new_room(
    store: Store, principal: Principal, *, code: str, name: str, kind: RoomKind, school_id: str, now: datetime
) -> Room:
    """Add a room. Raises `BadInput("room_code_wrong")`, `Conflict("already_exists")`, `NotFound`, `Forbidden`."""
    require_somebody(principal)
    if not ROOM_CODE.fullmatch(code):
        raise BadInput("room_code_wrong", room_code=code[:64], longest=LONGEST_ROOM_CODE)
    async with store.session() as db:
        await managed_school(db, principal, school_id)
        row = await db.scalar(select(RoomRow).where(RoomRow.code == code))
        if row is None:
            row = RoomRow(id=new_id(), code=code, school_id=school_id)
            db.add(row)
        elif row.retired_at is None or row.school_id != school_id:
            raise Conflict("already_exists", kind="room", key=code)
        row.name, row.kind, row.retired_at = checked_name(name), kind, None
        append(db, principal, "room.added", f"room:{row.id}", {"school": school_id}, now=now)
        return room_of(row)


async def access_room_edit(
    store: Store, principal: Principal, room_id: str, *, name: str, kind: RoomKind, now: datetime
) -> None:
    """Name a room, and say what it can do. Raises `NotFound("room_unknown")`, `Forbidden`, `BadInput`;
    `Conflict("room_awaited")` for a recording room that lessons are still to be given in."""
    require_somebody(principal)
    async with store.session() as db:
        row = await _managed_room(db, principal, room_id)
        if row.kind is not kind:
            await _require_empty(db, row)
        row.name, row.kind = checked_name(name), kind
        append(db, principal, "room.edited", f"room:{room_id}", now=now)


async def access_room_retire(store: Store, principal: Principal, room_id: str, now: datetime) -> None:
    """Nothing is planned in a room any more; adding it again brings it back. Raises as `access_room_edit`."""
    require_somebody(principal)
    async with store.session() as db:
        row = await _managed_room(db, principal, room_id)
        await _require_empty(db, row)
        row.retired_at = now
        append(db, principal, "room.retired", f"room:{room_id}", now=now)


async def _managed_room(db: AsyncSession, principal: Principal, room_id: str) -> RoomRow:
    # nobody plans a lesson into it meanwhile
    row = await db.scalar(select(RoomRow).where(RoomRow.id == room_id).with_for_update())
    if row is None:
        raise NotFound("room_unknown", room=room_id[:64])
    await managed_school(db, principal, row.school_id)
    if row.retired_at is not None:
        raise NotFound("room_unknown", room=room_id[:64])
    return row


async def _require_empty(db: AsyncSession, room: RoomRow) -> None:
    coming = await db.scalar(
        select(func.count()).where(LessonRow.room_id == room.id, LessonRow.state.in_(UPCOMING | RUNNING))
    )
    if coming:
        raise Conflict("room_awaited", room=room.name, count=coming)


async def access_school_by_code(store: Store, principal: Principal, code: str) -> School:
    """A school, for its members and whoever manages it. Raises `NotFound("school_unknown")`, `Forbidden`."""
    require_somebody(principal)
    async with store.reading() as db:
        row = await db.scalar(select(SchoolRow).where(SchoolRow.code == code))
        if row is None:
            raise NotFound("school_unknown", school_code=code[:10])
        if not await relations_to_school(db, principal, row):
            raise Forbidden("school_forbidden", school=row.id)
        return school_of(row)


async def access_schools(store: Store, principal: Principal) -> list[School]:
    """All schools, by code: for admins only."""
    _require_admin(principal)
    async with store.reading() as db:
        return [school_of(row) for row in await db.scalars(select(SchoolRow).order_by(SchoolRow.code))]


async def access_regions(store: Store, principal: Principal) -> list[Region]:
    """The whole tree of regions: their names are public, but one has to be somebody."""
    require_somebody(principal)
    async with store.reading() as db:
        return [region_of(row) for row in await db.scalars(select(RegionRow).order_by(RegionRow.name, RegionRow.id))]


async def managed_school(db: AsyncSession, principal: Principal, school_id: str) -> SchoolRow:
    """The school, for whoever manages it. Raises `NotFound("school_unknown")`, `Forbidden("school_forbidden")`."""
    row = await db.get(SchoolRow, school_id)
    if row is None:
        raise NotFound("school_unknown", school=school_id[:64])
    relations = await relations_to_school(db, principal, row)
    require(Deed.MANAGE_SCHOOL, relations, "school_forbidden", school=school_id)
    return row


async def require_region(db: AsyncSession, principal: Principal, region_id: str) -> None:
    """Raises `Forbidden("region_forbidden")` unless `principal` is an admin, or coordinator of it or a region above."""
    relations = await relations_to_region(db, principal, region_id)
    require(Deed.MANAGE_SCHOOL, relations, "region_forbidden", region=region_id)


def _require_admin(principal: Principal) -> None:
    require_somebody(principal)
    if not principal.has(Role.ADMIN):
        raise Forbidden("admin_needed")

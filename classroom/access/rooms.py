"""Rooms."""

from sqlalchemy import or_, select

from classroom.access.matrix import Deed
from classroom.access.relations import relations_to_school, require, require_somebody, schools_below, scopes_of
from classroom.access.rows import RoomDetails, room_of, school_of
from classroom.errors import Forbidden, NotFound
from classroom.model.place import Room
from classroom.model.principal import Principal, Role
from classroom.store.store import Store
from classroom.store.tables import RoomRow, SchoolRow

_ROOM_STAFF = frozenset({Role.COORDINATOR, Role.SUPERVISOR})


async def access_room(store: Store, principal: Principal, room_id: str) -> RoomDetails:
    """A room, for whoever may see its state and its pictures: staff, teachers and devices of its school."""
    require_somebody(principal)
    async with store.reading() as db:
        room = await db.get(RoomRow, room_id)
        if room is None:
            raise NotFound("room_unknown", room=room_id[:64])
        school = await db.get_one(SchoolRow, room.school_id)
        relations = await relations_to_school(db, principal, school, room.id)
        require(Deed.SEE_ROOM, relations, "room_forbidden", room=room_id)
        return RoomDetails(room_of(room), school_of(school))


async def access_room_by_code(store: Store, principal: Principal, code: str) -> RoomDetails:
    """As `access_room`, by the code of the command line."""
    require_somebody(principal)
    async with store.reading() as db:
        room_id = await db.scalar(select(RoomRow.id).where(RoomRow.code == code.strip().lower()))
    if room_id is None:
        raise NotFound("room_unknown", room=code[:64])
    return await access_room(store, principal, room_id)


async def access_rooms(store: Store, principal: Principal) -> list[RoomDetails]:
    """All rooms in use that the principal may see, by code."""
    require_somebody(principal)
    wanted = select(RoomRow, SchoolRow).join(SchoolRow).where(RoomRow.retired_at.is_(None)).order_by(RoomRow.code)
    async with store.reading() as db:
        if not principal.has(Role.ADMIN):
            scopes = [scope for scope in await scopes_of(db, principal) if scope.role in _ROOM_STAFF]
            regions = {scope.region_id for scope in scopes if scope.region_id is not None}
            conditions = [schools_below(regions)]
            if principal.room_id is not None:
                conditions.append(RoomRow.id == principal.room_id)
            member = principal.has(Role.TEACHER, Role.DEVICE) or any(scope.region_id is None for scope in scopes)
            if member and principal.school_id is not None:
                conditions.append(SchoolRow.id == principal.school_id)
            wanted = wanted.where(or_(*conditions))
        return [RoomDetails(room_of(room), school_of(school)) for room, school in await db.execute(wanted)]


async def access_room_as_device(store: Store, principal: Principal) -> Room:
    """The room this device stands in. Raises `Forbidden("device_needed")` for anybody else."""
    require_somebody(principal)
    if not principal.has(Role.DEVICE) or principal.room_id is None:
        raise Forbidden("device_needed")
    async with store.reading() as db:
        room = await db.get(RoomRow, principal.room_id)
    if room is None:
        raise NotFound("room_unknown", room=principal.room_id)
    return room_of(room)

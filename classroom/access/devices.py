"""Rooms' agents, known by the tokens issued to them (`Tokens.issue_device`)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.places import checked_name, managed_school
from classroom.access.relations import require_somebody
from classroom.access.rows import Device, device_of
from classroom.audit import append
from classroom.errors import NotFound
from classroom.model.principal import Principal
from classroom.store.store import Store
from classroom.store.tables import DeviceRow, RoomRow
from classroom.store.types import new_id


async def access_new_device(store: Store, principal: Principal, room_id: str, *, name: str, now: datetime) -> Device:
    """Register an agent for a room; its `id` goes into `Tokens.issue_device`. Raises `NotFound`, `Forbidden`."""
    require_somebody(principal)
    async with store.session() as db:
        await _managed_room(db, principal, room_id)
        row = DeviceRow(id=new_id(), room_id=room_id, name=checked_name(name), created_at=now, revoked_at=None)
        db.add(row)
        append(db, principal, "device.added", f"device:{row.id}", {"room": room_id}, now=now)
        return device_of(row)


async def access_devices(store: Store, principal: Principal, room_id: str) -> list[Device]:
    """All agents ever registered for a room, the newest first."""
    require_somebody(principal)
    async with store.reading() as db:
        await _managed_room(db, principal, room_id)
        rows = await db.scalars(
            select(DeviceRow).where(DeviceRow.room_id == room_id).order_by(DeviceRow.created_at.desc(), DeviceRow.id)
        )
        return [device_of(row) for row in rows]


async def access_device_revoke(store: Store, principal: Principal, device_id: str, now: datetime) -> Device:
    """Let a device's token in no more. Raises `NotFound("device_unknown")`, `Forbidden`."""
    require_somebody(principal)
    async with store.session() as db:
        row = await db.get(DeviceRow, device_id)
        if row is None:
            raise NotFound("device_unknown", device=device_id[:64])
        await _managed_room(db, principal, row.room_id)
        row.revoked_at = row.revoked_at or now
        append(db, principal, "device.revoked", f"device:{row.id}", {"room": row.room_id}, now=now)
        return device_of(row)


async def _managed_room(db: AsyncSession, principal: Principal, room_id: str) -> RoomRow:
    room = await db.get(RoomRow, room_id)
    if room is None:
        raise NotFound("room_unknown", room=room_id[:64])
    await managed_school(db, principal, room.school_id)
    return room

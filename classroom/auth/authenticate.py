"""From a token to a principal that the store still stands behind."""

from classroom.auth.tokens import Tokens
from classroom.errors import NotSignedIn
from classroom.model.principal import Principal, Role
from classroom.store.store import Store
from classroom.store.tables import DeviceRow, RoomRow, SchoolRow


async def principal_of_token(store: Store, tokens: Tokens, token: str) -> Principal:
    """Who holds this token. A device gets the name and school of its room.

    Raises `NotSignedIn` with `token_expired`, `token_invalid` or `device_revoked`.
    """
    principal = tokens.read(token)
    if not principal.has(Role.DEVICE):
        return principal
    async with store.reading() as db:
        device = await db.get(DeviceRow, principal.id)
        room = await db.get(RoomRow, device.room_id) if device else None
        school = await db.get(SchoolRow, room.school_id) if room else None
    if device is None or device.revoked_at is not None or room is None or room.id != principal.room_id:
        raise NotSignedIn("device_revoked")
    return Principal(
        id=device.id,
        name=room.name,
        roles=frozenset({Role.DEVICE}),
        school_id=school.id if school else None,
        room_id=room.id,
    )

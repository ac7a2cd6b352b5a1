"""`/api/v1/rooms`."""

from classroom.access.rooms import access_room, access_rooms
from classroom.http.call import Call
from classroom.http.routes import Routes
from classroom.messages.api import RoomsView
from classroom.messages.views import RoomView
from classroom.service import Context
from scheduler.presence import Presence
from scheduler.rooms.views import room_view


class RoomsApi:
    """Which rooms somebody may see, and how they are."""

    def __init__(self, context: Context, presence: Presence) -> None:
        self._context = context
        self._presence = presence

    def add_routes(self, routes: Routes) -> None:
        routes.json("GET", "/api/v1/rooms", self._list, summary="Rooms one may see", returns=RoomsView)
        routes.json("GET", "/api/v1/rooms/{id}", self._show, summary="A room", returns=RoomView)

    async def _list(self, call: Call) -> RoomsView:
        found = await access_rooms(self._context.store, call.principal)
        return RoomsView(
            rooms=[room_view(details, self._presence.room(details.room.id), call.language) for details in found]
        )

    async def _show(self, call: Call) -> RoomView:
        details = await access_room(self._context.store, call.principal, call.path["id"])
        return room_view(details, self._presence.room(details.room.id), call.language)

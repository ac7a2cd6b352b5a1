"""`/api/v1/rooms`."""

from classroom.access.planning import access_teachers_for_room
from classroom.access.rooms import access_room, access_rooms
from classroom.http.call import Call
from classroom.http.routes import Routes
from classroom.messages.api import RoomsView, TeachersView, TeacherView
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
        routes.json(
            "GET",
            "/api/v1/rooms/{id}/teachers",
            self._teachers,
            summary="For whom one may plan a lesson here",
            returns=TeachersView,
        )

    async def _list(self, call: Call) -> RoomsView:
        found = await access_rooms(self._context.store, call.principal)
        return RoomsView(
            rooms=[room_view(details, self._presence.room(details.room.id), call.language) for details in found]
        )

    async def _show(self, call: Call) -> RoomView:
        details = await access_room(self._context.store, call.principal, call.path["id"])
        return room_view(details, self._presence.room(details.room.id), call.language)

    async def _teachers(self, call: Call) -> TeachersView:
        found = await access_teachers_for_room(self._context.store, call.principal, call.path["id"])
        return TeachersView(teachers=[TeacherView(id=teacher_id, name=name) for teacher_id, name in found])

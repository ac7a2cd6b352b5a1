"""`watch_room`: how a room is now and on change, with its pictures and sound levels as they come."""

from classroom.access.rooms import access_room
from classroom.access.rows import RoomDetails
from classroom.errors import Unavailable
from classroom.http.sockets import Socket
from classroom.logs import get_logger
from classroom.messages.events import RoomLevelsMeasured, RoomPreviewTaken, RoomWatched
from classroom.messages.live import RoomChanged, RoomLevels, RoomPreview, WatchRoom
from classroom.service import Context
from scheduler.live.coalescer import Coalescer
from scheduler.live.watchers import Watchers
from scheduler.presence import Presence
from scheduler.rooms.views import room_view

SAY_WATCHED_EVERY_S = 5.0

log = get_logger(__name__)


class RoomFeed:
    """Panels and consoles that look into rooms."""

    def __init__(self, context: Context, presence: Presence) -> None:
        self._context = context
        self._presence = presence
        self._watchers: Watchers[str, RoomDetails] = Watchers()
        self.coalescer: Coalescer[str] = Coalescer(context.clock, self._flush)

    async def watch(self, socket: Socket, message: WatchRoom) -> None:
        """Raises as `access_room`, or `TooMany("too_many_watches")`."""
        details = await access_room(self._context.store, socket.principal, message.room_id)
        self._watchers.add(message.room_id, socket, details)
        view = room_view(details, self._presence.room(message.room_id), socket.language)
        socket.send(RoomChanged(id=message.id, room=view))
        await self._say_watched(message.room_id)

    async def say_watched(self) -> None:
        """Until cancelled: agents send pictures and levels only while somebody looks (a school's line is thin)."""
        while True:
            await self._context.clock.sleep(SAY_WATCHED_EVERY_S)
            for room_id in self._watchers.watched():
                await self._say_watched(room_id)

    def touched(self, room_id: str) -> None:
        """Its agent came, went or changed."""
        if room_id in self._watchers:
            self.coalescer.mark(room_id)

    def preview(self, event: RoomPreviewTaken) -> None:
        self._pass_on(event.room_id, RoomPreview(room_id=event.room_id, source=event.source, jpeg=event.jpeg))

    def levels(self, event: RoomLevelsMeasured) -> None:
        self._pass_on(
            event.room_id,
            RoomLevels(room_id=event.room_id, source=event.source, rms_dbfs=event.rms_dbfs, peak_dbfs=event.peak_dbfs),
        )

    async def _say_watched(self, room_id: str) -> None:
        try:
            await self._context.bus.publish(RoomWatched(room_id=room_id))
        except Unavailable as error:
            log.warning("room not watched", room=room_id, code=error.code)

    def _pass_on(self, room_id: str, message: RoomPreview | RoomLevels) -> None:
        watchers = self._watchers.of(room_id)
        if watchers:
            text = message.model_dump_json()
            for socket, _ in watchers:
                socket.send_text(text)

    async def _flush(self, room_ids: set[str]) -> None:
        for room_id in sorted(room_ids):
            said = self._presence.room(room_id)
            texts: dict[str, str] = {}
            for socket, details in self._watchers.of(room_id):
                if socket.language not in texts:
                    view = room_view(details, said, socket.language)
                    texts[socket.language] = RoomChanged(room=view).model_dump_json()
                socket.send_text(texts[socket.language])

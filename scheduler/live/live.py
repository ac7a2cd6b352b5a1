"""All feeds, wired to the bus, to presence and to the sockets."""

from collections.abc import Callable

from classroom.bus.interface import Subscription
from classroom.messages.events import BusEvent, LessonMoved, RoomLevelsMeasured, RoomPreviewTaken
from classroom.messages.live import WatchLesson, WatchLessons, WatchRoom
from classroom.service import Context
from scheduler.live.lesson_feed import LessonFeed
from scheduler.live.list_feed import ListFeed
from scheduler.live.room_feed import RoomFeed
from scheduler.presence import Presence


class Live:
    """`start` registers the socket handlers and begins to follow; the returned functions unregister."""

    def __init__(self, context: Context, presence: Presence) -> None:
        self._context = context
        self._lessons = LessonFeed(context, presence)
        self._lists = ListFeed(context, presence)
        self._rooms = RoomFeed(context, presence)
        presence.on_lesson(self._lessons.touched)
        presence.on_lesson(self._lists.touched)
        presence.on_room(self._rooms.touched)

    def start(self) -> list[Callable[[], None]]:
        """Take requests from sockets and begin to send."""
        tasks, sockets = self._context.tasks, self._context.sockets
        tasks.forever(self._follow, "live views")
        tasks.forever(self._lessons.coalescer.run, "lesson views")
        tasks.forever(self._lists.coalescer.run, "lesson lists")
        tasks.forever(self._rooms.coalescer.run, "room views")
        tasks.forever(self._rooms.say_watched, "room watches")
        return [
            sockets.on(WatchLesson, self._lessons.watch),
            sockets.on(WatchLessons, self._lists.watch),
            sockets.on(WatchRoom, self._rooms.watch),
        ]

    async def _follow(self) -> None:
        bus = self._context.bus
        events: Subscription = bus.subscribe(LessonMoved, RoomPreviewTaken, RoomLevelsMeasured)
        async with events:
            self._missed()
            async for event in events:
                self._take(event)

    def _missed(self) -> None:
        self._lessons.all_moved()
        self._lists.moved(None)

    def _take(self, event: BusEvent | None) -> None:
        match event:
            case None:
                self._missed()
            case LessonMoved():
                self._lessons.moved(event.lesson_id)
                self._lists.moved(event.room_id)
            case RoomPreviewTaken():
                self._rooms.preview(event)
            case RoomLevelsMeasured():
                self._rooms.levels(event)
            case _:
                return

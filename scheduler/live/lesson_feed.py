"""`watch_lesson`: a snapshot now and whenever the lesson, its sources or its viewers change."""

from dataclasses import dataclass

from classroom.access.lessons import access_lesson_details, access_lesson_viewers
from classroom.access.rows import LessonDetails
from classroom.errors import NotFound, Unavailable
from classroom.http.sockets import Socket
from classroom.messages.live import LessonChanged, WatchLesson
from classroom.model.principal import SYSTEM
from classroom.service import Context
from scheduler.lessons.views import lesson_view
from scheduler.live.coalescer import Coalescer
from scheduler.live.watchers import Watchers
from scheduler.presence import Presence


@dataclass(slots=True)
class _Watch:
    """One socket's watch: whether it is shown who watches, and the text it was sent last."""

    with_viewers: bool
    sent: str = ""


class LessonFeed:
    """One snapshot serves all watchers of a lesson: at most two texts are made, with and without the viewers' names."""

    def __init__(self, context: Context, presence: Presence) -> None:
        self._context = context
        self._presence = presence
        self._watchers: Watchers[str, _Watch] = Watchers()
        self._details: dict[str, LessonDetails] = {}
        self._moved: set[str] = set()
        self.coalescer: Coalescer[str] = Coalescer(context.clock, self._flush)

    async def watch(self, socket: Socket, message: WatchLesson) -> None:
        """Raises as `access_lesson_to_see`, or `TooMany("too_many_watches")`."""
        store, lesson_id = self._context.store, message.lesson_id
        with_viewers = await access_lesson_viewers(store, socket.principal, lesson_id)
        # Registered before it is read: a change in between is flushed afterwards and not lost.
        watch = _Watch(with_viewers)
        self._watchers.add(lesson_id, socket, watch)
        details = await access_lesson_details(store, socket.principal, lesson_id)
        view = lesson_view(details, self._presence, with_viewers=with_viewers)
        watch.sent = LessonChanged(lesson=view).model_dump_json()
        socket.send(LessonChanged(id=message.id, lesson=view))

    def moved(self, lesson_id: str) -> None:
        """It has changed in the store."""
        if lesson_id in self._watchers:
            self._moved.add(lesson_id)
            self.coalescer.mark(lesson_id)

    def touched(self, lesson_id: str) -> None:
        """Its sources or viewers have changed."""
        if lesson_id in self._watchers:
            self.coalescer.mark(lesson_id)

    def all_moved(self) -> None:
        """Events may have been missed."""
        for lesson_id in self._watchers.watched():
            self.moved(lesson_id)

    async def _flush(self, lesson_ids: set[str]) -> None:
        for lesson_id in self._details.keys() - set(self._watchers.watched()):
            del self._details[lesson_id]
        for lesson_id in sorted(lesson_ids):
            details = await self._read(lesson_id)
            if details is not None:
                self._send(details)

    async def _read(self, lesson_id: str) -> LessonDetails | None:
        details = self._details.get(lesson_id)
        if details is not None and lesson_id not in self._moved:
            return details
        self._moved.discard(lesson_id)
        try:
            details = await access_lesson_details(self._context.store, SYSTEM, lesson_id)
        except NotFound:
            self._details.pop(lesson_id, None)
            return None
        except Unavailable:
            self._moved.add(lesson_id)
            raise
        self._details[lesson_id] = details
        return details

    def _send(self, details: LessonDetails) -> None:
        texts: dict[bool, str] = {}
        for socket, watch in self._watchers.of(details.lesson.id):
            if watch.with_viewers not in texts:
                view = lesson_view(details, self._presence, with_viewers=watch.with_viewers)
                texts[watch.with_viewers] = LessonChanged(lesson=view).model_dump_json()
            text = texts[watch.with_viewers]
            if watch.sent != text:
                watch.sent = text
                socket.send_text(text)

"""`watch_lessons`: the lessons of a day, now and whenever one of them changes."""

from dataclasses import dataclass
from datetime import date

from classroom.access.lessons import access_lessons_of_day
from classroom.access.rows import LessonDetails
from classroom.errors import Forbidden, NotSignedIn
from classroom.http.sockets import Socket
from classroom.messages.live import LessonList, WatchLessons
from classroom.service import Context
from scheduler.lessons.views import lesson_view
from scheduler.live.coalescer import Coalescer
from scheduler.live.watchers import Watchers
from scheduler.presence import Presence

# Numbers of viewers in a long list may lag a second; a console of a county watches hundreds of lessons.
PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class _Wanted:
    day: date
    room_id: str | None


@dataclass(slots=True)
class _List:
    """One socket's list: whose lessons are on it depends on who watches."""

    details: list[LessonDetails]
    lesson_ids: frozenset[str]
    stale: bool = False
    sent: str = ""


class ListFeed:
    """Each watcher has its own list; the store is asked again only when lessons moved, not when viewers come and go."""

    def __init__(self, context: Context, presence: Presence) -> None:
        self._context = context
        self._presence = presence
        self._watchers: Watchers[_Wanted, _List] = Watchers()
        self.coalescer: Coalescer[_Wanted] = Coalescer(context.clock, self._flush, PAUSE_S)

    async def watch(self, socket: Socket, message: WatchLessons) -> None:
        """Raises as `access_lessons_of_day`, or `TooMany("too_many_watches")`."""
        wanted = _Wanted(message.day, message.room_id)
        found = await access_lessons_of_day(self._context.store, socket.principal, wanted.day, wanted.room_id)
        shown = _List(found, _ids(found))
        self._watchers.add(wanted, socket, shown)
        lessons = self._message(wanted, shown)
        shown.sent = lessons.model_dump_json()
        socket.send(lessons.model_copy(update={"id": message.id}))

    def moved(self, room_id: str | None) -> None:
        """A lesson of this room (None: of any) has changed in the store."""
        for wanted in self._watchers.watched():
            if room_id is None or wanted.room_id is None or wanted.room_id == room_id:
                for _, shown in self._watchers.of(wanted):
                    shown.stale = True
                self.coalescer.mark(wanted)

    def touched(self, lesson_id: str) -> None:
        """A lesson's sources or viewers have changed."""
        for wanted in self._watchers.watched():
            if any(lesson_id in shown.lesson_ids for _, shown in self._watchers.of(wanted)):
                self.coalescer.mark(wanted)

    async def _flush(self, marked: set[_Wanted]) -> None:
        for wanted in marked:
            for socket, shown in self._watchers.of(wanted):
                if shown.stale:
                    try:
                        shown.details = await access_lessons_of_day(
                            self._context.store, socket.principal, wanted.day, wanted.room_id
                        )
                    except (Forbidden, NotSignedIn) as error:
                        socket.fail(error)
                        continue
                    shown.lesson_ids = _ids(shown.details)
                    shown.stale = False
                text = self._message(wanted, shown).model_dump_json()
                if text != shown.sent:
                    shown.sent = text
                    socket.send_text(text)

    def _message(self, wanted: _Wanted, shown: _List) -> LessonList:
        return LessonList(
            day=wanted.day,
            lessons=[lesson_view(details, self._presence, with_viewers=False) for details in shown.details],
        )


def _ids(found: list[LessonDetails]) -> frozenset[str]:
    return frozenset(details.lesson.id for details in found)

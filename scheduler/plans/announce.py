"""Saying on the bus that lessons have been published or replanned."""

from datetime import timedelta
from typing import Final

from classroom.access.publish import Published
from classroom.errors import Unavailable
from classroom.logs import get_logger
from classroom.messages.events import LessonMoved
from classroom.model.lesson import LessonState
from classroom.service import Context

log = get_logger(__name__)

# Lessons further away are read from the store before anybody looks at them.
ANNOUNCED_AHEAD: Final = timedelta(hours=48)


async def announce(context: Context, done: Published) -> None:
    """Panels and lists of the next days follow at once; of later lessons, one in each room is enough to say that its
    list is another one."""
    soon = context.clock.now() + ANNOUNCED_AHEAD
    rooms: set[str] = set()
    for lesson_id, change in done.changes.items():
        if change.starts_at > soon and change.room_id in rooms:
            continue
        rooms.add(change.room_id)
        state = LessonState.CANCELLED if change.cancelled else LessonState.PLANNED
        try:
            await context.bus.publish(LessonMoved(lesson_id=lesson_id, room_id=change.room_id, state=state))
        except Unavailable as error:
            # It stands in the store: whoever follows the bus reads everything again when it is back.
            log.warning("publication not announced", code=error.code)
            return

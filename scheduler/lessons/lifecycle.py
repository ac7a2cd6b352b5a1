"""When the server itself moves a lesson. Pure: told what is seen and when, it answers which steps are due."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from classroom.model.lesson import UPCOMING, Lesson, LessonState, LessonStep

# Teachers come a few minutes early; a room that is on all day should not make tomorrow's lesson look ready.
READY_BEFORE = timedelta(minutes=15)
# An agent that restarts or a network that blinks is back within seconds; shorter would frighten people needlessly.
GRACE = timedelta(seconds=10)
# Nobody pressed Stop and nothing has come from the room since: it must not look like a lesson for ever.
FORGOTTEN_AFTER = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class DueStep:
    """A step the server should take now."""

    lesson_id: str
    step: LessonStep


@dataclass(slots=True)
class _Tracked:
    lesson: Lesson
    # Since when nothing is published, while the lesson runs; None while something is.
    silent_since: datetime | None


@dataclass(slots=True)
class _Room:
    ready: bool
    since: datetime


class Lifecycle:
    """All lessons that may still move by themselves.

    Feed it `lesson_seen`, `sources_seen` and `room_seen` with what is true; ask `due`. Telling it the same twice
    changes nothing, so it may be fed from events and from re-reading alike.
    """

    def __init__(self) -> None:
        self._lessons: dict[str, _Tracked] = {}
        self._rooms: dict[str, _Room] = {}
        self._publishing: set[str] = set()

    def lesson_seen(self, lesson: Lesson, now: datetime) -> None:
        """A lesson as it is in the store."""
        if not lesson.running and lesson.state not in UPCOMING:
            self.forget(lesson.id)
            return
        known = self._lessons.get(lesson.id)
        if known is None or known.lesson.running != lesson.running:
            # Also after a restart of this process: agents and publishers get the whole grace to come back.
            self._lessons[lesson.id] = _Tracked(lesson, None if lesson.id in self._publishing else now)
        else:
            known.lesson = lesson

    def lessons_seen(self, lessons: list[Lesson], now: datetime) -> None:
        """All lessons that may move; others are forgotten."""
        ids = {lesson.id for lesson in lessons}
        for lesson_id in self._lessons.keys() - ids:
            self.forget(lesson_id)
        for lesson in lessons:
            self.lesson_seen(lesson, now)

    def forget(self, lesson_id: str) -> None:
        self._lessons.pop(lesson_id, None)

    def sources_seen(self, lesson_id: str, publishing: bool, now: datetime) -> None:
        """Whether any source of a lesson is published."""
        if publishing:
            self._publishing.add(lesson_id)
        else:
            self._publishing.discard(lesson_id)
        tracked = self._lessons.get(lesson_id)
        if tracked is None:
            return
        if publishing:
            tracked.silent_since = None
        elif tracked.silent_since is None:
            tracked.silent_since = now

    def room_seen(self, room_id: str, ready: bool, now: datetime) -> None:
        """Whether a room's agent is online with a source that runs."""
        known = self._rooms.get(room_id)
        if known is None or known.ready != ready:
            self._rooms[room_id] = _Room(ready, now)

    @property
    def lessons(self) -> list[Lesson]:
        """Those it keeps an eye on."""
        return [tracked.lesson for tracked in self._lessons.values()]

    def due(self, now: datetime) -> list[DueStep]:
        """The steps to take now, at most one a lesson. The same again until `lesson_seen` shows it was taken."""
        steps: list[DueStep] = []
        for lesson_id, tracked in self._lessons.items():
            step = self._due(tracked, now)
            if step is not None:
                steps.append(DueStep(lesson_id, step))
        return steps

    def _due(self, tracked: _Tracked, now: datetime) -> LessonStep | None:
        lesson = tracked.lesson
        silent = tracked.silent_since
        room = self._rooms.get(lesson.room_id)
        match lesson.state:
            case LessonState.PLANNED if room is not None and room.ready:
                if lesson.starts_at - READY_BEFORE <= now < lesson.ends_at:
                    return LessonStep.ROOM_READY
            case LessonState.READY if room is not None and not room.ready:
                if now - room.since >= GRACE:
                    return LessonStep.ROOM_GONE
            case LessonState.LIVE if silent is not None:
                if now - silent >= GRACE:
                    return LessonStep.INTERRUPT
            case LessonState.INTERRUPTED:
                if silent is None:
                    return LessonStep.RESUME
                if now >= max(lesson.ends_at, silent) + FORGOTTEN_AFTER:
                    return LessonStep.STOP
            case _:
                return None
        return None

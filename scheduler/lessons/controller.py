"""Applies the rules of `lifecycle` to the lessons in the store."""

import asyncio

from classroom.access.lessons import access_lesson_to_see, access_lessons_in_states, access_lessons_of_day
from classroom.clock import SCHOOL_ZONE
from classroom.errors import Conflict, NotFound, Unavailable
from classroom.logs import get_logger
from classroom.messages.events import LessonMoved
from classroom.model.lesson import RUNNING, Lesson, LessonState
from classroom.model.principal import SYSTEM
from classroom.service import Context
from scheduler.lessons.lifecycle import READY_BEFORE, Lifecycle
from scheduler.lessons.steps import Steps
from scheduler.presence import Presence

log = get_logger(__name__)

# Deadlines are seconds to minutes; a second late is not noticed.
TICK_S = 1.0
# New lessons announce themselves; this only brings the next ones into sight.
RELOAD_S = 60.0

_MOVING = RUNNING | {LessonState.READY}


class Controller:
    """Makes lessons ready, interrupts and resumes them. Several hubs may run one each: the store lets one step win."""

    def __init__(self, context: Context, presence: Presence, steps: Steps) -> None:
        self._context = context
        self._presence = presence
        self._steps = steps
        self._lifecycle = Lifecycle()
        self._acting = asyncio.Lock()
        self._woken = asyncio.Event()
        presence.on_lesson(lambda _: self._woken.set())
        presence.on_room(lambda _: self._woken.set())

    async def run(self) -> None:
        """Follow lessons until cancelled."""
        async with self._context.bus.subscribe(LessonMoved) as events, asyncio.TaskGroup() as group:
            await self._reload()
            ticking = group.create_task(self._tick(), name="lifecycle tick")
            waking = group.create_task(self._act_when_woken(), name="lifecycle wake")
            async for event in events:
                if event is None:
                    await self._reload()
                elif isinstance(event, LessonMoved):
                    await self._read(event.lesson_id)
                self._woken.set()
            ticking.cancel()
            waking.cancel()

    async def act(self) -> None:
        """Take every step that is due now."""
        async with self._acting:
            clock = self._context.clock
            self._look()
            for due in self._lifecycle.due(clock.now()):
                try:
                    lesson = await self._steps.take(SYSTEM, due.lesson_id, due.step)
                except (Conflict, NotFound):
                    # Somebody else moved it meanwhile: see where it is now.
                    await self._read(due.lesson_id)
                except Unavailable as error:
                    log.warning("step put off", lesson=due.lesson_id, step=due.step.value, code=error.code)
                    return
                else:
                    self._lifecycle.lesson_seen(lesson, clock.now())

    def _look(self) -> None:
        now = self._context.clock.now()
        for lesson in self._lifecycle.lessons:
            self._lifecycle.sources_seen(lesson.id, bool(self._presence.sources(lesson.id)), now)
            self._lifecycle.room_seen(lesson.room_id, self._presence.room_ready(lesson.room_id), now)

    async def _tick(self) -> None:
        clock = self._context.clock
        reloaded_s = clock.monotonic()
        while True:
            await clock.sleep(TICK_S)
            if clock.monotonic() - reloaded_s >= RELOAD_S:
                reloaded_s = clock.monotonic()
                await self._reload()
            self._woken.set()

    async def _act_when_woken(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            await self.act()

    async def _reload(self) -> None:
        store, now = self._context.store, self._context.clock.now()
        lessons: dict[str, Lesson] = {}
        days = {moment.astimezone(SCHOOL_ZONE).date() for moment in (now, now + READY_BEFORE)}
        try:
            for day in days:
                for details in await access_lessons_of_day(store, SYSTEM, day):
                    lessons[details.lesson.id] = details.lesson
            for lesson in await access_lessons_in_states(store, SYSTEM, _MOVING):
                lessons[lesson.id] = lesson
        except Unavailable as error:
            log.warning("lessons not read", code=error.code)
            return
        self._lifecycle.lessons_seen(list(lessons.values()), now)

    async def _read(self, lesson_id: str) -> None:
        try:
            lesson = await access_lesson_to_see(self._context.store, SYSTEM, lesson_id)
        except NotFound:
            self._lifecycle.forget(lesson_id)
        except Unavailable as error:
            log.warning("lesson not read", lesson=lesson_id, code=error.code)
        else:
            self._lifecycle.lesson_seen(lesson, self._context.clock.now())

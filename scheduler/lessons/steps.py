"""Taking steps: the store first (it decides), then the news on the bus."""

from prometheus_client import Counter

from classroom.access.lessons import access_step
from classroom.access.planning import access_new_lesson
from classroom.errors import Unavailable
from classroom.logs import get_logger
from classroom.messages.api import NewLesson
from classroom.messages.events import LessonMoved
from classroom.model.lesson import Lesson, LessonStep
from classroom.model.principal import Principal
from classroom.service import Context

log = get_logger(__name__)


class Steps:
    """Moves lessons on behalf of people and of the server itself."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._taken = Counter("lesson_steps", "Steps lessons have taken", ["step"], registry=context.metrics)

    async def take(self, principal: Principal, lesson_id: str, step: LessonStep) -> Lesson:
        """The lesson after the step. Raises what `access_step` does."""
        lesson = await access_step(self._context.store, principal, lesson_id, step, self._context.clock.now())
        self._taken.labels(step.value).inc()
        log.info("lesson moved", lesson=lesson.id, step=step.value, state=lesson.state.value)
        await self._announce(lesson)
        return lesson

    async def plan(self, principal: Principal, new: NewLesson) -> Lesson:
        """A new lesson. Raises what `access_new_lesson` does."""
        lesson = await access_new_lesson(self._context.store, principal, new, self._context.clock.now())
        log.info("lesson planned", lesson=lesson.id)
        await self._announce(lesson)
        return lesson

    async def _announce(self, lesson: Lesson) -> None:
        try:
            await self._context.bus.publish(
                LessonMoved(lesson_id=lesson.id, room_id=lesson.room_id, state=lesson.state)
            )
        except Unavailable as error:
            # The step stands in the store. Whoever follows the bus reads everything again when it is back.
            log.warning("step not announced", lesson=lesson.id, code=error.code)

"""`/api/v1/lessons`: the timetable of a day, planning, starting, stopping, tokens."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta

from classroom.access.lessons import (
    access_lesson_details,
    access_lesson_to_control,
    access_lesson_viewers,
    access_lessons_of_day,
)
from classroom.auth.tokens import JOIN_TTL_S, PUBLISH_TTL_S
from classroom.clock import SCHOOL_ZONE
from classroom.errors import BadInput
from classroom.http.call import Call
from classroom.http.routes import QueryParameter, Routes
from classroom.messages.api import LessonsView, NewLesson, TokenRequest, TokenView
from classroom.messages.views import LessonView
from classroom.model.lesson import LessonStep
from classroom.model.principal import Principal
from classroom.service import Context
from scheduler.lessons.steps import Steps
from scheduler.lessons.views import lesson_view
from scheduler.presence import Presence

LESSONS = "/api/v1/lessons"


class LessonsApi:
    """Handlers; who may do what is decided by `classroom.access`."""

    def __init__(self, context: Context, presence: Presence, steps: Steps) -> None:
        self._context = context
        self._presence = presence
        self._steps = steps

    def add_routes(self, routes: Routes) -> None:
        one = LESSONS + "/{id}"
        day = QueryParameter("day", "A day like 2026-09-01 in the schools' time zone; today unless given")
        room = QueryParameter("room", "Id of a room to narrow the list to")
        routes.json(
            "GET", LESSONS, self._list, summary="One's lessons of a day", returns=LessonsView, query=(day, room)
        )
        routes.json(
            "POST", LESSONS, self._plan, summary="Plan a lesson", body=NewLesson, returns=LessonView, status=201
        )
        routes.json("GET", one, self._show, summary="A lesson", returns=LessonView)
        for name, step in (("start", LessonStep.START), ("stop", LessonStep.STOP), ("cancel", LessonStep.CANCEL)):
            summary = f"{name.capitalize()} a lesson"
            routes.json("POST", f"{one}/{name}", self._stepping(step), summary=summary, returns=LessonView)
        routes.json(
            "POST",
            f"{one}/tokens",
            self._issue,
            summary="A token for a third-party publisher or player",
            body=TokenRequest,
            returns=TokenView,
            status=201,
        )

    async def _list(self, call: Call) -> LessonsView:
        text = call.query.get("day")
        try:
            day = date.fromisoformat(text) if text else self._context.clock.now().astimezone(SCHOOL_ZONE).date()
        except ValueError:
            raise BadInput("day_wrong", day=(text or "")[:32]) from None
        found = await access_lessons_of_day(self._context.store, call.principal, day, call.query.get("room") or None)
        return LessonsView(lessons=[lesson_view(details, self._presence, with_viewers=False) for details in found])

    async def _plan(self, call: Call) -> LessonView:
        lesson = await self._steps.plan(call.principal, call.parsed(NewLesson))
        return await self._view(call.principal, lesson.id)

    async def _show(self, call: Call) -> LessonView:
        return await self._view(call.principal, call.path["id"])

    def _stepping(self, step: LessonStep) -> Callable[[Call], Awaitable[LessonView]]:
        async def take(call: Call) -> LessonView:
            lesson = await self._steps.take(call.principal, call.path["id"], step)
            return await self._view(call.principal, lesson.id)

        return take

    async def _view(self, principal: Principal, lesson_id: str) -> LessonView:
        store = self._context.store
        details = await access_lesson_details(store, principal, lesson_id)
        with_viewers = await access_lesson_viewers(store, principal, lesson_id)
        return lesson_view(details, self._presence, with_viewers=with_viewers)

    async def _issue(self, call: Call) -> TokenView:
        request = call.parsed(TokenRequest)
        lesson = await access_lesson_to_control(self._context.store, call.principal, call.path["id"])
        if request.kind == "publish":
            if request.source is None:
                raise BadInput("source_needed")
            token, ttl_s = self._context.tokens.issue_publish(lesson.id, request.source), PUBLISH_TTL_S
        else:
            token, ttl_s = self._context.tokens.issue_join(lesson.id, call.principal.name), JOIN_TTL_S
        expires_at = self._context.clock.now() + timedelta(seconds=ttl_s)
        return TokenView(token=token, lesson_id=lesson.id, expires_at=expires_at)

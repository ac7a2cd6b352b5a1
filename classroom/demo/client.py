"""The demo's people, who use the API as a page would."""

import asyncio
from types import TracebackType
from typing import Any, Final, Self

import aiohttp

from classroom.errors import Unavailable
from classroom.messages.api import Problem, SignIn
from classroom.messages.plans import NewRun
from classroom.messages.views import LessonView

POLL_S: Final = 0.1


class DemoClient:
    """`async with DemoClient(server_url) as teacher`: one signed-in session at a time."""

    def __init__(self, server_url: str) -> None:
        # `unsafe`: the server is known by its address, for which cookies are not kept otherwise
        jar = aiohttp.CookieJar(unsafe=True)
        self._http = aiohttp.ClientSession(server_url, cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=10))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    async def sign_in(self, username: str, password: str) -> None:
        await self._call("POST", "/api/v1/session", SignIn(username=username, password=password).model_dump())

    async def lesson(self, lesson_id: str) -> LessonView:
        return LessonView.model_validate_json(await self._call("GET", f"/api/v1/lessons/{lesson_id}"))

    async def start(self, lesson_id: str) -> LessonView:
        return LessonView.model_validate_json(await self._call("POST", f"/api/v1/lessons/{lesson_id}/start"))

    async def stop(self, lesson_id: str) -> LessonView:
        return LessonView.model_validate_json(await self._call("POST", f"/api/v1/lessons/{lesson_id}/stop"))

    async def until_published(self, lesson_id: str, source: str) -> LessonView:
        """Wait until the room's source has reached the media server."""
        while True:
            lesson = await self.lesson(lesson_id)
            if any(published.name == source for published in lesson.sources):
                return lesson
            await asyncio.sleep(POLL_S)

    async def solve(self, term_id: str) -> None:
        """Begin a run of the solver."""
        body = NewRun(seconds=5, workers=1).model_dump()
        await self._call("POST", f"/api/v1/planning/terms/{term_id}/runs", body)

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        async with self._http.request(method, path, json=body) as response:
            answer = await response.read()
        if response.status >= 400:
            problem = Problem.model_validate_json(answer)
            raise Unavailable("demo_refused", path=path, problem=f"{problem.detail} {problem.remedy}")
        return answer

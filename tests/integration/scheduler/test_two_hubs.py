"""Two hubs on one store and one Redis: an agent at one, a teacher at the other, a page at either."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from classroom.clock import VirtualClock
from classroom.messages.live import AgentLesson, AgentState, LessonChanged, RoomChanged, WatchLesson, WatchRoom
from classroom.messages.views import RoomSourceView
from classroom.model.lesson import LessonState
from classroom.server import Server
from scheduler.service import SchedulerService
from tests.fakes.county import NOW, build_county
from tests.fakes.hub import Hub, hub_settings
from tests.fakes.servers import RedisServer

RUNNING = AgentState(
    sources=[RoomSourceView(name="teacher", kinds=["audio", "video"], state="running")],
    alarms=[],
    publishing_lesson_id=None,
)


@dataclass(frozen=True)
class Pair:
    one: Hub
    other: Hub


@asynccontextmanager
async def running_pair(data: Path, redis: RedisServer) -> AsyncIterator[Pair]:
    clock = VirtualClock(NOW)
    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(
                Server(hub_settings(data, bus_url=redis.url), clock=clock, services=[SchedulerService])
            )
            for _ in range(2)
        ]
        county = await build_county(servers[0].context.store)
        one, other = [await stack.enter_async_context(Hub(server, clock, county)) for server in servers]
        yield Pair(one, other)


@pytest.fixture
async def pair(tmp_path: Path, redis_server: RedisServer) -> AsyncIterator[Pair]:
    async with running_pair(tmp_path, redis_server) as running:
        yield running


async def test_a_lesson_started_at_one_hub_reaches_the_agent_and_the_pages_at_the_other(pair: Pair) -> None:
    lesson = pair.one.county.lesson
    async with pair.one.socket("room_device") as agent, pair.one.socket("point_teacher") as page:
        await agent.send(RUNNING)
        assert await agent.receive() == AgentLesson(lesson_id=None)
        await page.send(WatchLesson(id=1, lesson_id=lesson.id))
        status, _ = await pair.other.call("teacher", "POST", f"/api/v1/lessons/{lesson.id}/start")
        assert status == 200
        named = await agent.receive()
        assert isinstance(named, AgentLesson)
        assert (named.lesson_id, named.title) == (lesson.id, lesson.title)
        assert named.began_at is not None
        while True:
            message = await pair.one.next(page)
            assert isinstance(message, LessonChanged)
            if message.lesson.state is LessonState.LIVE:
                break


async def test_a_room_at_one_hub_is_seen_at_the_other(pair: Pair) -> None:
    room = pair.one.county.room.id
    async with pair.other.socket("teacher") as panel:
        await panel.send(WatchRoom(id=1, room_id=room))
        first = await panel.receive()
        assert isinstance(first, RoomChanged)
        assert not first.room.online
        async with pair.one.socket("room_device") as agent:
            await agent.send(RUNNING)
            there = await pair.other.next(panel)
            assert isinstance(there, RoomChanged)
            assert there.room.online
            await agent.send({"type": "agent_preview", "source": "teacher", "jpeg": "/9j/AAAA"})
            assert (await pair.other.next(panel)).type == "room_preview"
        away = await pair.other.next(panel)
        assert isinstance(away, RoomChanged)
        assert not away.room.online

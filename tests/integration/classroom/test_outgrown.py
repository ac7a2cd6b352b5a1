"""A server that has outgrown one process: hub and media apart, on a real PostgreSQL and a real Redis."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from classroom.auth.authenticate import principal_of_token
from classroom.messages.events import LessonMoved
from classroom.model.lesson import LessonState
from classroom.server import Server
from classroom.settings import load_settings
from tests.fakes.county import PASSWORD, County, build_county
from tests.fakes.servers import PostgresServer, RedisServer

WITHIN_S = 20.0


@dataclass(frozen=True)
class Halves:
    hub: Server
    media: Server
    county: County


@pytest.fixture
async def halves(tmp_path: Path, postgres_server: PostgresServer, redis_server: RedisServer) -> AsyncIterator[Halves]:
    shared = {
        "host": "127.0.0.1",
        "port": 0,
        "media_port": 0,
        "database_url": postgres_server.new_database(),
        "bus_url": redis_server.url,
        "secret_file": tmp_path / "secret.key",
    }

    def half(role: str) -> Server:
        return Server(load_settings(None, {**shared, "role": role, "data": tmp_path / role}, {}))

    async with half("hub") as hub, half("media") as media:
        yield Halves(hub, media, await build_county(hub.context.store))


@asynccontextmanager
async def teacher(server: Server) -> AsyncIterator[aiohttp.ClientSession]:
    """A browser signed in as the teacher."""
    async with aiohttp.ClientSession(server.url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        answer = await browser.post("/api/v1/session", json={"username": "teacher", "password": PASSWORD})
        assert answer.status in {200, 201}, await answer.text()
        yield browser


async def test_what_the_hub_does_the_media_half_hears_and_finds_in_the_store(halves: Halves) -> None:
    lesson = halves.county.lesson
    async with (
        asyncio.timeout(WITHIN_S),
        halves.media.context.bus.subscribe(LessonMoved) as moves,
        teacher(halves.hub) as browser,
    ):
        answer = await browser.post(f"/api/v1/lessons/{lesson.id}/start")
        assert answer.status == 200, await answer.text()
        moved = await anext(aiter(moves))
        assert moved == LessonMoved(lesson_id=lesson.id, room_id=lesson.room_id, state=LessonState.LIVE)


async def test_tokens_of_the_hub_open_the_media_half(halves: Halves) -> None:
    hub, media = halves.hub.context, halves.media.context
    device = halves.county["room_device"]
    token = hub.tokens.issue_device(halves.county.room.id, device.id)
    assert await principal_of_token(media.store, media.tokens, token) == device


async def test_both_halves_say_when_the_bus_is_away_and_back(halves: Halves, redis_server: RedisServer) -> None:
    async def ready(server: Server) -> int:
        async with aiohttp.ClientSession(server.url) as browser, browser.get("/readyz") as answer:
            return answer.status

    assert [await ready(half) for half in (halves.hub, halves.media)] == [200, 200]
    redis_server.stop()
    assert [await ready(half) for half in (halves.hub, halves.media)] == [503, 503]
    redis_server.start()
    assert [await ready(half) for half in (halves.hub, halves.media)] == [200, 200]

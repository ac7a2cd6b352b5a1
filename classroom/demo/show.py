"""Runs the demo: the server in this process, the room's agent beside it, the lesson opened."""

import asyncio
import contextlib
import signal
import time
from typing import Final

import click

from classroom.auth.secret import load_secret
from classroom.demo.client import DemoClient
from classroom.demo.county import DEMO_ROOM, DEMO_TEACHER
from classroom.demo.library import fill_library
from classroom.demo.passwords import demo_password
from classroom.demo.room import DemoRoom
from classroom.demo.seed import seed_county, seed_day
from classroom.demo.term import solve_term
from classroom.demo.welcome import Welcome
from classroom.errors import Unavailable
from classroom.logs import get_logger
from classroom.messages.views import LessonView
from classroom.model.lesson import Lesson
from classroom.server import Server
from classroom.settings import Settings

log = get_logger(__name__)

# The demo is usable before the room's picture arrives; do not keep the user waiting for a machine that is too slow.
PUBLISHED_WITHIN_S: Final = 15.0
RESTART_PAUSE_S: Final = 2.0


async def show(settings: Settings, room: DemoRoom, begun: float) -> None:
    """Run the demo until SIGINT or SIGTERM. `begun` is the monotonic time at which the command was given.

    Raises what `Server` raises, and `Unavailable` when the lesson could not be opened.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with Server(settings) as server:
        running = asyncio.create_task(_run(server, room, begun))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def _run(server: Server, room: DemoRoom, begun: float) -> None:
    context = server.context
    secret = load_secret(context.settings.secret_path)
    now = context.clock.now()
    county = await seed_county(context.store, secret, now)
    lesson = await seed_day(context.store, county, now)
    token = context.tokens.issue_device(county.rooms[DEMO_ROOM], county.device_id)
    await room.open(server.url, token)
    ended = asyncio.create_task(room.ended())
    opening = asyncio.create_task(_open_lesson(server, secret, lesson))
    await asyncio.wait({opening, ended}, return_when=asyncio.FIRST_COMPLETED)
    if not opening.done():
        opening.cancel()
        raise Unavailable("demo_room_failed", log=str(room.log), problem=room.last_words())
    welcome = Welcome(context.settings, server.port, secret, opening.result())
    click.echo(welcome.text(ready_s=time.monotonic() - begun))
    context.tasks.spawn(fill_library(context.store, context.clock, context.settings.data), "demo library")
    context.tasks.spawn(solve_term(context, server.url, county.county_id, secret), "demo timetable")
    while True:
        log.warning("the demo room's agent ended and is started again", exit_code=await ended)
        await context.clock.sleep(RESTART_PAUSE_S)
        await room.begin()
        await room.open(server.url, token)
        ended = asyncio.create_task(room.ended())


async def _open_lesson(server: Server, secret: bytes, lesson: Lesson) -> LessonView:
    async with DemoClient(server.url) as teacher:
        await teacher.sign_in(DEMO_TEACHER, demo_password(secret, DEMO_TEACHER))
        view = await (teacher.lesson(lesson.id) if lesson.running else teacher.start(lesson.id))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PUBLISHED_WITHIN_S):
                view = await teacher.until_published(lesson.id, "teacher")
        return view

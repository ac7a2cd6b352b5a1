"""`qianshou demo`: a county to try everything with, one lesson of it running."""

import asyncio
import contextlib
import signal
import time
from pathlib import Path
from typing import Final

import click

from classroom.auth.secret import load_secret
from classroom.cli.options import DATA, run_async, settings_of
from classroom.demo.client import DemoTeacher
from classroom.demo.county import DEMO_ROOM, DEMO_TEACHER
from classroom.demo.passwords import demo_password
from classroom.demo.room import DemoRoom, check_film
from classroom.demo.seed import seed_county, seed_day
from classroom.demo.welcome import Welcome
from classroom.logs import get_logger
from classroom.server import Server
from classroom.settings import Settings

log = get_logger(__name__)

# The demo is usable before the room's picture arrives; do not keep the user waiting for a machine that is too slow.
PUBLISHED_WITHIN_S: Final = 15.0
RESTART_PAUSE_S: Final = 2.0


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="TCP port of the pages.")
@click.option("--media-port", type=click.IntRange(0, 65535), help="UDP port of sound and picture. [7800]")
@click.option("--host", help="Address to listen on. [0.0.0.0]", metavar="ADDRESS")
@DATA
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="A video for the demo room to play. [a generated one]",
)
def demo(*, port: int, media_port: int | None, host: str | None, data: Path | None, source: Path | None) -> None:
    """Show a demo county with a lesson running, until Ctrl-C."""
    begun = time.monotonic()
    # Quiet unless something is wrong, so that the addresses stay on the screen; a chosen level is respected.
    settings = settings_of(None, port=port, media_port=media_port, host=host, data=data)
    if "log_level" not in settings.model_fields_set:
        settings = settings_of(None, port=port, media_port=media_port, host=host, data=data, log_level="warning")
    if source is not None:
        check_film(source)
    run_async(show(settings, source, begun))


async def show(settings: Settings, film: Path | None, begun: float) -> None:
    """Run the demo until SIGINT or SIGTERM. `begun` is the monotonic time at which the command was given."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with Server(settings) as server:
        running = asyncio.create_task(_run(server, film, begun))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def _run(server: Server, film: Path | None, begun: float) -> None:
    context = server.context
    settings = context.settings
    secret = load_secret(settings.secret_path)
    now = context.clock.now()
    room = DemoRoom(settings.data, film)
    # The film is made by another process while this one fills the store.
    async with asyncio.TaskGroup() as group:
        group.create_task(room.prepare())
        seeding = group.create_task(seed_county(context.store, secret, now))
    county = seeding.result()
    lesson = await seed_day(context.store, county, now)
    token = context.tokens.issue_device(county.rooms[DEMO_ROOM], county.device_id)
    try:
        await room.start(server.url, token)
        async with DemoTeacher(server.url) as teacher:
            await teacher.sign_in(DEMO_TEACHER, demo_password(secret, DEMO_TEACHER))
            view = await (teacher.lesson(lesson.id) if lesson.running else teacher.start(lesson.id))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PUBLISHED_WITHIN_S):
                    view = await teacher.until_published(lesson.id, "teacher")
        welcome = Welcome(settings, server.port, secret, view)
        click.echo(welcome.text(ready_s=time.monotonic() - begun))
        while True:
            code = await room.ended()
            log.warning("the demo room's agent ended and is started again", exit_code=code)
            await context.clock.sleep(RESTART_PAUSE_S)
            await room.start(server.url, token)
    finally:
        await room.stop()

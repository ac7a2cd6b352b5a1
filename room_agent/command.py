"""`qianshou room` and `qianshou room-demo-video`."""

import asyncio
import contextlib
import json
import signal
import sys
from operator import itemgetter
from pathlib import Path

import click

from classroom.errors import BadSettings, ClassroomError
from classroom.memory import hold_the_collector, spare_the_collector


@click.command()
@click.option("--server", metavar="URL", help="The server, as in http://10.0.0.5:8080.")
@click.option("--room", "room_code", required=True, metavar="CODE", help="The room's code.")
@click.option("--token", metavar="T", envvar="QIANSHOU_ROOM_TOKEN", help="The room's device token.")
@click.option("--told", is_flag=True, help='Read {"server": URL, "token": T} from standard input once loaded.')
@click.option("--config", metavar="FILE", type=click.Path(path_type=Path), help="room.toml with the sources.")
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="NAME=SPEC",
    help="A source, as in teacher=camera:0+mic: or slides=screen: (again for more).",
)
@click.option("--recordings", metavar="DIR", type=click.Path(path_type=Path), help="Where lessons are recorded to.")
@click.option("--stamp", is_flag=True, help="Draw the time of capture into every picture, to measure latency.")
def room(
    *,
    server: str | None,
    room_code: str,
    token: str | None,
    told: bool,
    config: Path | None,
    sources: tuple[str, ...],
    recordings: Path | None,
    stamp: bool,
) -> None:
    """Run the program of a recording classroom until interrupted."""
    hold_the_collector()
    # Late: `qianshou --help` shall not load FFmpeg and OpenCV.
    from room_agent.config import load_config

    settings = load_config(config, sources)
    if stamp:
        stamped = {name: source.model_copy(update={"stamp": True}) for name, source in settings.sources.items()}
        settings = settings.model_copy(update={"sources": stamped})

    if recordings is not None:
        kept = settings.recording.model_copy(update={"directory": str(recordings)})
        settings = settings.model_copy(update={"recording": kept})

    import uvloop
    from yarl import URL

    from classroom.cli.main import language
    from classroom.clock import SystemClock
    from classroom.logs import configure_logs
    from classroom.tasks import Tasks
    from room_agent.agent import RoomAgent

    if told:
        line = sys.stdin.readline()
        if not line:
            return  # whoever was to tell ended first
        try:
            server, token = itemgetter("server", "token")(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            raise click.UsageError('standard input held no {"server": URL, "token": T}') from error
    if not server or not token:
        raise click.UsageError("--server and --token are needed, or --told")
    try:
        url = URL(server)
    except ValueError as error:
        raise BadSettings("server_url_wrong", url=server) from error
    if url.scheme not in ("http", "https") or not url.host:
        raise BadSettings("server_url_wrong", url=server)
    configure_logs()

    async def main() -> None:
        clock = SystemClock()
        tasks = Tasks(clock)
        agent = RoomAgent(
            config=settings, server=url, room=room_code, token=token, clock=clock, tasks=tasks, language=language()
        )
        spare_the_collector()
        try:
            await agent.run()
        finally:
            await tasks.close()

    async def until_stopped() -> None:
        running = asyncio.ensure_future(main())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, running.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await running

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(until_stopped())


@click.command("room-demo-video")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
def room_demo_video(path: Path) -> None:
    """Write the demo room's film (MP4) to PATH."""
    from room_agent.demo_video import write_demo_video

    try:
        write_demo_video(path)
    except OSError as error:
        raise ClassroomError("file_unwritable", path=str(path), reason=error.strerror or str(error)) from error
    click.echo(path)

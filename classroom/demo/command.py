"""`qianshou demo`: a county to try everything with, one lesson of it running."""

import time
from pathlib import Path

import click

from classroom.cli.options import DATA, run_async, settings_of
from classroom.demo.room import DemoRoom, check_film
from classroom.memory import hold_the_collector
from classroom.settings import Settings


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="TCP port of the pages.")
@click.option("--media-port", type=click.IntRange(0, 65535), help="UDP and TCP port of sound and picture. [7800]")
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
    hold_the_collector()
    chosen = {"port": port, "media_port": media_port, "host": host, "data": data}
    settings = settings_of(None, **chosen)
    if "log_level" not in settings.model_fields_set:
        # Quiet unless something is wrong, so that the addresses stay on the screen.
        settings = settings_of(None, **chosen, log_level="warning")
    if source is not None:
        check_film(source)
    run_async(_main(settings, source, begun))


async def _main(settings: Settings, source: Path | None, begun: float) -> None:
    room = DemoRoom(settings.data, source)
    try:
        # On first start this process makes the film while ours loads the server and fills the store.
        await room.begin()
        from classroom.demo.show import show

        await show(settings, room, begun)
    finally:
        await room.stop()

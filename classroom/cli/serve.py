"""`qianshou serve`: run the server."""

from pathlib import Path

import click

from classroom.cli.options import CONFIG, DATA, run_async, settings_of
from classroom.memory import hold_the_collector
from classroom.settings import ServerRole


@click.command()
@CONFIG
@DATA
@click.option("--role", type=click.Choice([role.value for role in ServerRole]), help="Services run here. [all]")
@click.option("--host", help="Address to listen on. [0.0.0.0]", metavar="ADDRESS")
@click.option("--port", type=click.IntRange(0, 65535), help="TCP port of the pages. [8080]")
@click.option("--media-port", type=click.IntRange(0, 65535), help="UDP and TCP port of sound and picture. [7800]")
def serve(
    *,
    config: Path | None,
    data: Path | None,
    role: str | None,
    host: str | None,
    port: int | None,
    media_port: int | None,
) -> None:
    """Run the server until Ctrl-C."""
    hold_the_collector()
    from classroom.server import serve as run_server

    settings = settings_of(config, data=data, role=role, host=host, port=port, media_port=media_port)
    run_async(run_server(settings))

"""Options shared by the commands that work on a server's data, and how a command gets at its store."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click
import uvloop

from classroom.logs import configure_logs
from classroom.settings import Settings, load_settings
from classroom.store.store import Store

P = ParamSpec("P")
T = TypeVar("T")
Command = TypeVar("Command", bound=Callable[..., Any])

CONFIG = click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="TOML file of settings.", metavar="FILE"
)
DATA = click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help="Directory of database and keys.", metavar="DIR"
)


def server_options(command: Command) -> Command:
    """`--config` and `--data`: which server's data this is about. Everything else comes from file and environment."""
    return CONFIG(DATA(command))


def settings_of(config: Path | None, **overrides: Any) -> Settings:
    """Settings with these options on top; also sets up the logs. Raises `BadSettings`."""
    settings = load_settings(config, {key: value for key, value in overrides.items() if value is not None})
    configure_logs(settings.log_format, settings.log_level)
    return settings


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Store]:
    store = await Store.open(settings.store_url)
    try:
        yield store
    finally:
        await store.close()


def run_async(main: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine under uvloop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)

"""`qianshou archive`: recordings out to a directory and in from one, on the server's own machine, beside the server."""

import asyncio
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import click

from classroom.access.library import Wanted, access_found_ids
from classroom.access.unused import Unused, access_unused
from classroom.catalog import text, text_of
from classroom.cli.main import language, say
from classroom.cli.options import open_store, run_async, server_options, settings_of
from classroom.clock import SystemClock
from classroom.errors import BadInput
from classroom.model.principal import SYSTEM
from classroom.settings import Settings
from classroom.sheets import Report
from media_server.exchange.columns import COLUMNS
from media_server.exchange.exporter import MOST_EXPORTED, Exporter, Order, Result
from media_server.exchange.importer import Importer
from media_server.exchange.library_sheet import template
from media_server.watching.desk import Desk

CLOCK = SystemClock()
_SHOW_EVERY_S = 0.5


@click.group()
def archive() -> None:
    """Recordings out of the archive, and libraries of MP4 files into it."""


@archive.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--text", "words", default="", help="Only what is found with these words.", metavar="WORDS")
@click.option("--id", "ids", multiple=True, help="Only this recording; repeatable.", metavar="ID")
@click.option("--no-media", is_flag=True, help="Metadata and captions, no films.")
@server_options
def export(
    *, config: Path | None, data: Path | None, folder: Path, words: str, ids: tuple[str, ...], no_media: bool
) -> int:
    """Write recordings into FOLDER: films, captions, metadata, checksums. Interrupted, the same command goes on.

    Check it anywhere with `sha256sum -c manifest-sha256.txt`.
    """
    settings = settings_of(config, data=data)
    result = run_async(_export(settings, folder, words, ids, media=not no_media))
    size_mb = sum(each.size for each in result.files) / 1e6
    counted = say(f"{result.exported} 个录像，{size_mb:,.0f} MB", f"{result.exported} recordings, {size_mb:,.0f} MB")
    click.echo(f"{counted}: {folder}")
    for problem in result.problems:
        said = text(problem["code"], problem["data"], language())
        click.echo(f"{problem['title'] or problem['id']}: {said.message} {said.remedy}", err=True)
    return 1 if result.problems else 0


async def _export(settings: Settings, folder: Path, words: str, ids: tuple[str, ...], *, media: bool) -> Result:
    async with open_store(settings) as store:
        chosen = ids or tuple(await access_found_ids(store, SYSTEM, Wanted(text=words), MOST_EXPORTED))
        if not chosen:
            raise BadInput("nothing_to_export")
        desk = Desk.set_up(settings, store, CLOCK, f"{socket.gethostname()}-export")
        try:
            order = Order(tuple(dict.fromkeys(chosen)), media, language(), folder.name)
            bag, result = await Exporter(store, CLOCK, desk).export(folder, order, SYSTEM, shown())
            await asyncio.to_thread(bag.seal)
            return result
        finally:
            await desk.close()


@archive.command("unused")
@server_options
def unused(*, config: Path | None, data: Path | None) -> None:
    """Say what the segment store holds of purged recordings and imports given up; the nights to come remove it."""
    found = run_async(_unused(settings_of(config, data=data)))
    size_mb = found.size_bytes / 1e6
    click.echo(say(f"{found.segments} 个片段，{size_mb:,.0f} MB", f"{found.segments} segments, {size_mb:,.0f} MB"))


async def _unused(settings: Settings) -> Unused:
    async with open_store(settings) as store:
        return await access_unused(store, SYSTEM)


@archive.command("template")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def write_template(file: Path) -> None:
    """Write an empty table for `import`, as XLSX."""
    template().save(file)


@archive.command("import")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.argument("sheet")
@click.option("--dry-run", is_flag=True, help="Check every cell and file, change nothing.")
@server_options
def import_(*, config: Path | None, data: Path | None, folder: Path, sheet: str, dry_run: bool) -> int:
    """Take the MP4 files in FOLDER into the archive as its table SHEET (XLSX or CSV) describes them: all or none.

    Interrupted, the same command goes on; a file that is there already is not imported twice.
    """
    report = run_async(_import(settings_of(config, data=data), folder, sheet, dry_run=dry_run))
    place = 0 if language() == "zh-CN" else -1
    for problem in sorted(report.problems, key=lambda each: each.row):
        said = text_of(problem.error, language())
        row, column = say(f"第 {problem.row} 行", f"row {problem.row}"), COLUMNS[problem.column][place]
        click.echo(f"{row}, {column}: {said.message} {said.remedy}", err=True)
    if report.problems:
        n = len(report.problems)
        click.echo(say(f"{n} 处错误，什么都没有导入。", f"{n} mistakes: nothing was imported."), err=True)
        return 1
    done = (report.added, report.same)
    if dry_run:
        click.echo(say("可以导入 {} 个录像。", "{} recordings can be imported.").format(report.added))
    else:
        click.echo(say("导入 {} 个录像，{} 个已有。", "{} recordings imported, {} were there.").format(*done))
    return 0


async def _import(settings: Settings, folder: Path, sheet: str, *, dry_run: bool) -> Report:
    async with open_store(settings) as store:
        desk = Desk.set_up(settings, store, CLOCK, f"{socket.gethostname()}-import")
        importer = Importer(store, CLOCK, desk.keeper, desk.workshop, spool=settings.recordings_path / "films")
        try:
            return await importer.take_in(folder, sheet, SYSTEM, shown(), dry_run=dry_run)
        finally:
            await desk.close()


def shown() -> Callable[[int, int], Awaitable[None]]:
    """A line of progress on a terminal, none elsewhere."""
    terminal = sys.stderr.isatty()
    next_s = 0.0

    async def tell(done: int, total: int) -> None:
        nonlocal next_s
        if terminal and (time.monotonic() >= next_s or done == total):
            next_s = time.monotonic() + _SHOW_EVERY_S
            click.echo(f"\r{done / max(1, total):4.0%}  ", nl=done == total, err=True)

    return tell

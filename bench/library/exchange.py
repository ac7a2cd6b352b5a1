"""How fast recordings go out as files, and how fast such files come in."""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.library.watch import kept, pictures, sounds
from bench.report import progress
from classroom.model.principal import SYSTEM
from media_server.exchange.exporter import Exporter, Order
from media_server.exchange.importer import Importer
from media_server.watching.desk import Desk
from tests.fakes.hub import Hub, running_hub
from tests.fakes.library import change

LESSONS, LESSON_S = 3, 1200


async def exchange() -> dict[str, float]:
    """`export_mb_s`: lessons of twenty minutes into a bag on the same disk, hashed and fsynced, nothing prepared.
    `import_mb_s`: the same bag back as a library of films: hashed, cut, each segment fsynced, all put on record.
    """
    with tempfile.TemporaryDirectory(prefix="bench-exchange-") as folder:
        async with running_hub(Path(folder) / "server", services=[], recordings_keep_free_mb=0) as hub:
            progress(f"  writing {LESSONS} lessons of {LESSON_S // 60} minutes")
            sound = sounds(LESSON_S)
            lessons = [
                (await kept(hub, {"teacher-v": pictures(LESSON_S, seed), "teacher-a": sound})).id
                for seed in range(1, LESSONS + 1)
            ]
            for lesson in lessons:
                await change(hub.server.context.store, lesson, subject="语文", grade=3, teacher_name="林晓梅")
            bag = Path(folder) / "bag"
            return await _out(hub, lessons, bag) | await _in(hub, bag)


async def _out(hub: Hub, lessons: Sequence[str], folder: Path) -> dict[str, float]:
    context = hub.server.context
    desk = Desk.set_up(context.settings, context.store, context.clock, "bench")
    order = Order(tuple(lessons), media=True, language="zh-CN", name="bench")
    began_s = time.monotonic()
    try:
        bag, result = await Exporter(context.store, context.clock, desk).export(folder, order, SYSTEM, _quietly)
        bag.seal()
    finally:
        await desk.close()
    took_s = time.monotonic() - began_s
    size_mb = sum(each.size for each in result.files) / 1e6
    if result.problems or result.exported != LESSONS:
        raise RuntimeError(f"exported {result.exported} of {LESSONS}: {result.problems}")
    progress(f"  {size_mb:,.0f} MB out in {took_s:.2f} s")
    return {"export_mb_s": size_mb / took_s}


async def _in(hub: Hub, folder: Path) -> dict[str, float]:
    context = hub.server.context
    desk = Desk.set_up(context.settings, context.store, context.clock, "bench")
    spool = context.settings.recordings_path / "films"
    importer = Importer(context.store, context.clock, desk.keeper, desk.workshop, spool=spool)
    began_s = time.monotonic()
    try:
        report = await importer.take_in(folder, "data/metadata.csv", SYSTEM, _quietly, dry_run=False)
    finally:
        await desk.close()
    took_s = time.monotonic() - began_s
    if report.added != LESSONS:
        raise RuntimeError(f"imported {report.added} of {LESSONS}: {report.problems[:3]}")
    size_mb = await asyncio.to_thread(_films_mb, folder)
    progress(f"  {size_mb:,.0f} MB in, in {took_s:.2f} s")
    return {"import_mb_s": size_mb / took_s}


def _films_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*.mp4")) / 1e6


async def _quietly(done: int, total: int) -> None:
    return

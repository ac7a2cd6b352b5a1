"""How fast recordings go out as files."""

import tempfile
import time
from pathlib import Path

from bench.library.watch import kept, pictures, sounds
from bench.report import progress
from classroom.model.principal import SYSTEM
from media_server.exchange.exporter import Exporter, Order
from media_server.watching.desk import Desk
from tests.fakes.hub import running_hub

LESSONS, LESSON_S = 3, 1200


async def exchange() -> dict[str, float]:
    """`export_mb_s`: lessons of twenty minutes into a bag on the same disk, hashed and fsynced, nothing prepared."""
    with tempfile.TemporaryDirectory(prefix="bench-exchange-") as folder:
        async with running_hub(Path(folder) / "server", services=[], recordings_keep_free_mb=0) as hub:
            progress(f"  writing {LESSONS} lessons of {LESSON_S // 60} minutes")
            sound = sounds(LESSON_S)
            lessons = [
                (await kept(hub, {"teacher-v": pictures(LESSON_S, seed), "teacher-a": sound})).id
                for seed in range(1, LESSONS + 1)
            ]
            context = hub.server.context
            desk = Desk.set_up(context.settings, context.store, context.clock, "bench")
            order = Order(tuple(lessons), media=True, language="zh-CN", name="bench")
            began_s = time.monotonic()
            try:
                bag, result = await Exporter(context.store, context.clock, desk).export(
                    Path(folder) / "bag", order, SYSTEM, _quietly
                )
                bag.seal()
            finally:
                await desk.close()
            took_s = time.monotonic() - began_s
            size_mb = sum(each.size for each in result.files) / 1e6
            if result.problems or result.exported != LESSONS:
                raise RuntimeError(f"exported {result.exported} of {LESSONS}: {result.problems}")
            progress(f"  {size_mb:,.0f} MB in {took_s:.2f} s")
            return {"export_mb_s": size_mb / took_s}


async def _quietly(done: int, total: int) -> None:
    return

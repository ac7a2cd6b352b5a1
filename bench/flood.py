"""What a flood from one source costs the server, and whether anybody in a lesson loses by it.

60 viewers watch while one source sends 20,000 datagrams/s of one kind: strangers' garbage, and the dearer ones that
need to know a viewer. The flood's own process takes processor from this machine too, so delays are an upper bound.
"""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from bench.load.clients import Load
from bench.load.flood import KINDS, Flood, Kind
from bench.load.process import Generator, cpu_seconds, go_first, waited_seconds
from bench.report import progress, result
from tests.harness.world import World

SUBSCRIBERS = 60
PACKETS_PER_S = 200
FLOOD_PER_S = 20_000
SECONDS = 8.0


class Bench:
    """A lesson on a running server, with and without a flood."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._pid = world.server.pid
        go_first(self._pid)

    async def run(self, kind: Kind | None) -> dict[str, float]:
        """The server's CPU, what was flooded, what viewers missed and how late packets were."""
        world = self._world
        load = Load(
            server="ours",
            url=world.server.url,
            lesson=world.lesson.id,
            publish_token=world.tokens.issue_publish(world.lesson.id, "load"),
            join_token=world.tokens.issue_join(world.lesson.id, "load"),
            subscribers=SUBSCRIBERS,
            packets_per_s=PACKETS_PER_S,
            seconds=SECONDS,
        )
        lesson = await Generator.start(load)
        flood = None
        if kind is not None:
            # The whole lesson lies within the flood.
            seconds = SECONDS + 1.0
            flood = await Generator.start(
                Flood(kind, world.server.url, world.lesson.id, load.join_token, FLOOD_PER_S, seconds)
            )
            await flood.go()
        before, waited = cpu_seconds(self._pid), waited_seconds(self._pid)
        await lesson.go()
        counts = await lesson.counts()
        used = cpu_seconds(self._pid) - before
        flooded: dict[str, Any] = await flood.counts() if flood else {"sent": 0}
        return {
            "cpu_s": used,
            "waited_s": waited_seconds(self._pid) - waited,
            "flooded": flooded["sent"],
            "missing": counts["expected"] - counts["received"],
            "ms_p50": counts["delays_ms"].get("p50", float("nan")),
            "ms_p99": counts["delays_ms"].get("p99", float("nan")),
        }


async def main() -> None:
    with tempfile.TemporaryDirectory(prefix="qianshou-bench-") as name:
        progress("starting the server")
        async with World.create(Path(name)) as world:
            teacher = await world.teacher()
            await teacher.start(world.lesson.id)
            bench = Bench(world)
            calm = await bench.run(None)
            progress(_line("no flood", calm))
            costs: dict[str, float] = {}
            missing = 0.0
            worst_p99 = 0.0
            for kind, what in KINDS.items():
                figures = await bench.run(kind)
                costs[kind] = (figures["cpu_s"] - calm["cpu_s"]) / figures["flooded"] * 1e6
                missing += figures["missing"]
                worst_p99 = max(worst_p99, figures["ms_p99"])
                progress(f"{_line(what, figures)}, {costs[kind]:.1f} µs each")
    result(
        subscribers=SUBSCRIBERS,
        flood_per_s=FLOOD_PER_S,
        missing=missing,
        calm_ms_p99=calm["ms_p99"],
        worst_ms_p99=worst_p99,
        **{f"us_per_{kind}": cost for kind, cost in costs.items()},
    )


def _line(what: str, figures: dict[str, float]) -> str:
    share = 100 * figures["cpu_s"] / SECONDS
    return (
        f"{what}: {share:.0f} % of a core, {figures['flooded']:.0f} flooded, {figures['missing']:.0f} missing, "
        f"{figures['waited_s']:.1f} s without a processor, "
        f"delay {figures['ms_p50']:.1f} ms, p99 {figures['ms_p99']:.1f} ms"
    )


if __name__ == "__main__":
    asyncio.run(main())

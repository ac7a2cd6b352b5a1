"""One process under a full load: 300 viewers of one source, then a thousand who come and go.

How long packets stay in the server is what it says itself (`media_residence_seconds`: from the burst they were read in
to the system call that sends them on) and what a publisher and a viewer in a process of their own see from outside: an
upper bound, since the kernel's queues and their own delays are in it.
"""

import asyncio
import dataclasses
import tempfile
from collections import Counter
from itertools import pairwise
from pathlib import Path

from bench.load.clients import Load
from bench.load.process import FORWARD_ONLY, Generator, cpu_seconds, go_first, resident_kb, waited_seconds
from bench.report import progress, result
from tests.harness.world import World

SUBSCRIBERS = 300
PACKETS_PER_S = 220
SECONDS = 60.0
GROWTH = (10, 30, 100)
GROWTH_SECONDS = 8.0
JOINS_AND_LEAVES = 1_000
JOINS_AT_ONCE = 100
SETTLE_S = 3.0


class Bench:
    """The steps of the measurement on one running server."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.pid = world.server.pid
        go_first(self.pid)

    def load(self, subscribers: int, seconds: float, *, publishes: bool) -> Load:
        world = self._world
        return Load(
            server="ours",
            url=world.server.url,
            lesson=world.lesson.id,
            publish_token=world.tokens.issue_publish(world.lesson.id, "load"),
            join_token=world.tokens.issue_join(world.lesson.id, "load"),
            subscribers=subscribers,
            packets_per_s=PACKETS_PER_S,
            seconds=seconds,
            publishes=publishes,
        )

    async def dropped(self) -> float:
        return await self._world.server.metric("media_packets_dropped_total")

    async def resided(self) -> Counter[float]:
        """Packets by the longest time in the server that their bucket of the histogram has, in seconds."""
        reached = await self._world.server.metric_by("media_residence_seconds_bucket", "le")
        ends = sorted(reached, key=float)
        return Counter({float(end): int(reached[end] - reached.get(lower, 0)) for lower, end in pairwise(["", *ends])})

    async def tasks(self) -> float:
        return await self._world.server.metric("asyncio_tasks")

    async def run(self, subscribers: int, seconds: float) -> dict[str, float]:
        """CPU share, drops and delays while `subscribers` watch."""
        empty_kb = resident_kb(self.pid)
        crowd = await Generator.start(self.load(subscribers - 1, seconds, publishes=False))
        probe = await Generator.start(self.load(1, seconds, publishes=True))
        full_kb = resident_kb(self.pid)
        before, dropped, resided = cpu_seconds(self.pid), await self.dropped(), await self.resided()
        waited = waited_seconds(self.pid)
        await crowd.go()
        await probe.go()
        probed = await probe.counts()
        used = cpu_seconds(self.pid) - before
        await crowd.stop()
        crowded = await crowd.counts()
        expected = probed["sent"] * subscribers
        return {
            "cpu_percent": 100 * used / seconds,
            "waited_percent": 100 * (waited_seconds(self.pid) - waited) / seconds,
            "us_per_packet": used / expected * 1e6,
            "packets_per_s": expected / seconds,
            "dropped": await self.dropped() - dropped,
            "missing": expected - probed["received"] - crowded["received"],
            "inside_ms_p99": 1000 * percentile(await self.resided() - resided, 0.99),
            "outside_ms_p50": probed["delays_ms"].get("p50", float("nan")),
            "outside_ms_p99": probed["delays_ms"].get("p99", float("nan")),
            "kb_per_subscriber": (full_kb - empty_kb) / subscribers,
        }

    async def come_and_go(self, count: int) -> None:
        """Viewers that connect and leave."""
        for number in range(0, count, JOINS_AT_ONCE):
            quick = dataclasses.replace(self.load(JOINS_AT_ONCE, 0.1, publishes=False))
            generator = await Generator.start(quick)
            await generator.go()
            await generator.stop()
            await generator.counts()
            progress(f"{number + JOINS_AT_ONCE} of {count} came and went: {resident_kb(self.pid)} kB resident")


async def main() -> None:
    with tempfile.TemporaryDirectory(prefix="qianshou-bench-") as name:
        progress("starting the server")
        async with World.create(Path(name), environment=FORWARD_ONLY) as world:
            teacher = await world.teacher()
            await teacher.start(world.lesson.id)
            bench = Bench(world)
            await bench.come_and_go(JOINS_AT_ONCE)  # first-time costs: OpenSSL's tables, code, pools
            await asyncio.sleep(SETTLE_S)
            tasks, settled_kb = await bench.tasks(), resident_kb(bench.pid)
            for subscribers in GROWTH:
                figures = await bench.run(subscribers, GROWTH_SECONDS)
                progress(f"{subscribers} viewers: {_line(figures)}")
                await asyncio.sleep(SETTLE_S)
            figures = await bench.run(SUBSCRIBERS, SECONDS)
            progress(f"{SUBSCRIBERS} viewers: {_line(figures)}")
            await bench.come_and_go(JOINS_AND_LEAVES)
            await asyncio.sleep(SETTLE_S)
            left_kb, tasks_left = resident_kb(bench.pid) - settled_kb, await bench.tasks() - tasks
            progress(f"tasks before and after: {tasks:.0f}, {tasks + tasks_left:.0f}")
    result(
        subscribers=SUBSCRIBERS,
        packets_per_s=figures["packets_per_s"],
        dropped=figures["dropped"],
        missing=figures["missing"],
        server_ms_p99=figures["inside_ms_p99"],
        outside_ms_p99=figures["outside_ms_p99"],
        cpu_percent=figures["cpu_percent"],
        rss_kb_per_subscriber=figures["kb_per_subscriber"],
        rss_kb_left_after=left_kb,
        tasks_left_after=tasks_left,
    )


def percentile(buckets: Counter[float], share: float) -> float:
    """The upper end of the bucket that the share of all is reached in."""
    reached, total = 0, buckets.total()
    for end in sorted(buckets):
        reached += buckets[end]
        if reached >= share * total:
            return end
    return float("nan")


def _line(figures: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.1f}" for name, value in figures.items())


if __name__ == "__main__":
    asyncio.run(main())

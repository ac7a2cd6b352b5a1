"""CPU per packet sent, ours beside Janus in one run: one publisher, 60 subscribers, AES-GCM on both.

The whole server process is measured (kernel time included); the load generators run in processes of their own.
"""

import asyncio
import statistics
import tempfile
from pathlib import Path
from typing import Any

from bench.load.clients import Load
from bench.load.janus import Janus
from bench.load.namespace import enter_namespace
from bench.load.process import FORWARD_ONLY, Generator, cpu_seconds
from bench.report import progress, result
from tests.harness.world import World

SUBSCRIBERS = 60
PACKETS_PER_S = 200
SECONDS = 8.0
ROUNDS = 3


async def measure(pid: int, load: Load) -> tuple[float, dict[str, Any]]:
    """Microseconds of CPU of `pid` per packet sent under a load, and the generator's counts."""
    generator = await Generator.start(load)
    before = cpu_seconds(pid)
    await generator.go()
    counts = await generator.counts()
    return (cpu_seconds(pid) - before) / counts["expected"] * 1e6, counts


async def main() -> None:
    figures: dict[str, list[float]] = {"ours": [], "ours_mixed": [], "janus": [], "janus_mixed": []}
    received = expected = 0
    with tempfile.TemporaryDirectory(prefix="qianshou-bench-") as name:
        folder = Path(name)
        progress("starting our server and Janus")
        async with World.create(folder, environment=FORWARD_ONLY) as world, Janus(folder) as janus:
            teacher = await world.teacher()
            await teacher.start(world.lesson.id)
            for number in range(1, ROUNDS + 1):
                for server, pid, url in (("ours", world.server.pid, world.server.url), ("janus", janus.pid, janus.url)):
                    for equal in (True, False):
                        load = Load(
                            server=server,
                            url=url,
                            lesson=world.lesson.id,
                            publish_token=world.tokens.issue_publish(world.lesson.id, "load"),
                            join_token=world.tokens.issue_join(world.lesson.id, "load"),
                            subscribers=SUBSCRIBERS,
                            packets_per_s=PACKETS_PER_S,
                            seconds=SECONDS,
                            equal=equal,
                        )
                        us, counts = await measure(pid, load)
                        figures[server + ("" if equal else "_mixed")].append(us)
                        sizes = "equal sizes" if equal else "Chromium's sizes"
                        progress(
                            f"round {number}, {server}, {sizes}: {us:.1f} µs per packet, "
                            f"{counts['received']} of {counts['expected']} received, {', '.join(counts['srtp'])}"
                        )
                        if server == "ours":
                            received += counts["received"]
                            expected += counts["expected"]
    ours, janus_us, mixed, janus_mixed = (statistics.median(figures[key]) for key in (
        "ours", "janus", "ours_mixed", "janus_mixed"
    ))  # fmt: skip
    result(
        ours_us_per_packet=ours,
        janus_us_per_packet=janus_us,
        ratio=janus_us / ours,
        received=received,
        expected=expected,
        ours_mixed_us_per_packet=mixed,
        janus_mixed_us_per_packet=janus_mixed,
    )


if __name__ == "__main__":
    enter_namespace("bench.fanout")
    asyncio.run(main())

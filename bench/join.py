"""Joining a running lesson: from the click to the first decoded picture, twenty times, one fresh browser profile each.

The page itself notes both moments (`window.qianshou`). The server's count of keyframe requests tells how often the
teacher's encoder was disturbed for it.
"""

import asyncio
import tempfile
from pathlib import Path
from typing import Any, Final

from bench.report import percentile, progress, result
from tests.harness.eventually import eventually
from tests.harness.world import FPS, Viewer, World

JOINS: Final = 20
KEYFRAME_REQUESTS: Final = "media_keyframe_requests_total"


async def join(world: World, number: int) -> float:
    """Milliseconds from the click to the first picture."""
    page = await world.page()
    viewer = Viewer(page, f"bench {number}")
    await viewer.open(world.join_address)
    await viewer.click()

    async def shown() -> dict[str, Any] | None:
        probe = await viewer.probe()
        return probe if probe["firstFrameAt"] is not None else None

    probe = await eventually(shown, "the first picture", within_s=20)
    assert probe is not None
    await page.context.close()
    return float(probe["firstFrameAt"] - probe["clickedAt"])


async def measure(folder: Path) -> tuple[list[float], float]:
    """The delays in milliseconds, and how many keyframes all joins together asked of the publisher."""
    progress("seeding and starting the server")
    async with World.create(folder) as world:
        await world.agent()
        progress("starting the lesson")
        await world.live()
        before = await world.server.metric(KEYFRAME_REQUESTS)
        # Not timed: it warms the browser up.
        first = await world.viewer("bench")
        await first.sees(2 * FPS)
        await first.page.context.close()
        delays: list[float] = []
        for number in range(1, JOINS + 1):
            delays.append(await join(world, number))
            progress(f"join {number} of {JOINS}: {delays[-1]:.0f} ms")
        return delays, await world.server.metric(KEYFRAME_REQUESTS) - before


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="qianshou-bench-") as folder:
        delays, requests = asyncio.run(measure(Path(folder)))
    result(
        first_frame_ms_p50=percentile(delays, 50),
        first_frame_ms_p95=percentile(delays, 95),
        keyframe_requests_to_publisher=requests,
    )


if __name__ == "__main__":
    main()

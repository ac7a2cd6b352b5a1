"""Glass to glass: from the moment the agent gives a picture to its encoder until a browser has it on a canvas.

The `synthetic:` source draws frame n for the Unix time n / fps, gives it to the encoder at that time, and draws n into
it (`room_agent.capture.framecode`). Chromium reads n from every frame it presents and notes the time. Both clocks are
this machine's, so their difference is the delay: encoder, packets, server, jitter buffer, decoder and compositor.
"""

import asyncio
import tempfile
from pathlib import Path
from typing import Final

from bench.report import percentile, progress, result
from room_agent.capture.framecode import time_of_counter
from tests.harness.world import FPS, World

# The first seconds belong to the start: connection, first keyframe, the choice of an encoding.
WARM_UP_S: Final = 8
MEASURED_S: Final = 30


async def measure(folder: Path) -> list[float]:
    """The delay of every frame shown, in milliseconds."""
    progress("seeding and starting the server")
    async with World.create(folder) as world:
        await world.agent()
        progress("starting the lesson")
        await world.live()
        viewer = await world.viewer("bench")
        progress(f"warming up for {WARM_UP_S} s")
        await viewer.sees(WARM_UP_S * FPS, within_s=10 * WARM_UP_S)
        begun = len(await viewer.frames())
        progress(f"measuring for {MEASURED_S} s")
        await viewer.sees(MEASURED_S * FPS, within_s=5 * MEASURED_S)
        frames = (await viewer.frames())[begun:]
    delays = [
        1000 * (frame.unix_s - time_of_counter(frame.counter, FPS, frame.unix_s))
        for frame in frames
        if frame.counter is not None
    ]
    heights = sorted({frame.height for frame in frames})
    progress(f"{len(delays)} frames of {heights} lines; the slowest took {max(delays):.0f} ms")
    return delays


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="qianshou-bench-") as folder:
        delays = asyncio.run(measure(Path(folder)))
    result(glass_to_glass_ms_p50=percentile(delays, 50), glass_to_glass_ms_p95=percentile(delays, 95))


if __name__ == "__main__":
    main()

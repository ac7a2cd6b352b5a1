"""A server is taken out of service in the middle of a lesson while another one stands by."""

import asyncio
import time
from itertools import pairwise
from pathlib import Path

from tests.fakes.balancer import Balancer
from tests.fakes.servers import RedisServer
from tests.harness.eventually import eventually
from tests.harness.processes import Server
from tests.harness.world import FPS, World

MOVED_WITHIN_S = 5.0


async def test_everybody_moves_to_the_other_node_within_five_seconds(tmp_path: Path, redis_server: RedisServer) -> None:
    environment = {"QIANSHOU_BUS_URL": redis_server.url}
    async with World.create(tmp_path, environment=environment) as world:
        other = Server(tmp_path, environment=environment)
        other.name, other.output = "other", tmp_path / "other.log"
        await other.start()
        try:
            async with Balancer([world.server.port, other.port]) as balancer:
                world.server.front = balancer.url
                await _lesson_moves(world, other)
        finally:
            await other.stop()


async def _lesson_moves(world: World, other: Server) -> None:
    await world.agent()
    await world.live()
    viewers = [await world.viewer(name) for name in ("沙湾教学点", "杏花教学点")]
    for viewer in viewers:
        await viewer.sees(FPS)
    before = [len(await viewer.counters()) for viewer in viewers]
    began_s = time.monotonic()
    stopping = asyncio.create_task(world.server.stop())

    async def moved() -> bool:
        return await other.metric("media_subscribers") == 2 and await other.metric("media_publishers") == 1

    await eventually(moved, "everybody is at the other node", MOVED_WITHIN_S)
    for viewer, count in zip(viewers, before, strict=True):
        await viewer.sees(1, within_s=began_s + MOVED_WITHIN_S - time.monotonic())
        assert len(await viewer.counters()) > count
    assert await stopping == 0
    assert time.monotonic() - began_s < MOVED_WITHIN_S
    for viewer in viewers:
        await viewer.sees(FPS)
        await viewer.shows("live")
        shown = [frame.unix_s for frame in await viewer.frames() if frame.counter is not None]
        pause_s = max(later - earlier for earlier, later in pairwise(shown))
        assert pause_s < MOVED_WITHIN_S, "between the last picture of one node and the first of the other"
        print(f"{viewer.name}: no picture for {pause_s:.2f} s")


async def test_the_only_node_says_goodbye_and_ends(world: World) -> None:
    agent = await world.agent()
    await world.live()
    viewer = await world.viewer("沙湾教学点")
    await viewer.sees(FPS)
    began_s = time.monotonic()
    assert await world.server.stop() == 0
    assert time.monotonic() - began_s < MOVED_WITHIN_S
    assert "Traceback" not in world.server.text()
    assert agent.running
    await world.server.start()
    await viewer.sees(FPS)

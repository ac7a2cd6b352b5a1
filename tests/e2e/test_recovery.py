"""What is killed comes back, and so does everybody, without a click."""

import asyncio

from tests.harness.eventually import eventually
from tests.harness.world import FPS, World

NAMES = ("沙湾教学点", "杏花教学点")


async def test_the_server_is_killed_and_started_again_mid_lesson(world: World) -> None:
    await world.agent()
    await world.live()
    viewers = [await world.viewer(name) for name in NAMES]
    for viewer in viewers:
        await viewer.sees(FPS)
    await world.server.kill()
    last = [(await viewer.counters())[-1] for viewer in viewers]
    await world.server.start()
    for viewer, before in zip(viewers, last, strict=True):
        assert min(await viewer.sees(FPS)) > before
        await viewer.shows("live")
    async with asyncio.timeout(10):
        teacher = await world.teacher()
        await world.published(teacher)


async def test_the_agent_is_killed_and_started_again_mid_lesson(world: World) -> None:
    agent = await world.agent()
    teacher = await world.live()
    viewers = [await world.viewer(name) for name in NAMES]
    for viewer in viewers:
        await viewer.sees(FPS)
    await agent.kill()

    async def interrupted() -> bool:
        return (await teacher.lesson(world.lesson.id)).state == "interrupted"

    # A publisher is given up some seconds after its last packet; ten more, and the lesson is interrupted.
    await eventually(interrupted, "the lesson is interrupted", within_s=45)
    for viewer in viewers:
        await viewer.shows("interrupted", within_s=5)
    last = [(await viewer.counters())[-1] for viewer in viewers]
    await agent.start()
    for viewer, before in zip(viewers, last, strict=True):
        assert min(await viewer.sees(FPS)) > before
        await viewer.shows("live")

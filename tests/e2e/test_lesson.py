"""A lesson, from the teacher's start to the teacher's stop, in real browsers."""

import asyncio
from itertools import pairwise
from pathlib import Path

from room_agent.demo_video import FPS, write_demo_video
from tests.harness.eventually import eventually
from tests.harness.world import World


async def test_three_viewers_decode_the_agents_real_file(world: World, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    await asyncio.to_thread(write_demo_video, film)
    await world.agent([f"teacher=file:{film}"])
    teacher = await world.live()
    viewers = [await world.viewer(name) for name in ("沙湾教学点", "杏花教学点", "松林教学点")]
    for viewer in viewers:
        await viewer.sees()
    for counters in await asyncio.gather(*(viewer.sees(2 * FPS) for viewer in viewers)):
        # In their order, but for the one jump where the film begins again.
        assert sum(later < earlier for earlier, later in pairwise(counters)) <= 1
        assert len(set(counters)) == len(counters)

    async def everybody_hears() -> bool:
        return all([await viewer.packets("audio") > 0 for viewer in viewers])

    async def the_teacher_knows() -> bool:
        lesson = await teacher.lesson(world.lesson.id)
        return sorted(view.name for view in lesson.viewers or []) == sorted(viewer.name for viewer in viewers)

    await eventually(everybody_hears, "sound arrives at everybody's")
    await eventually(the_teacher_knows, "the teacher is told who watches")


async def test_the_teacher_stops_and_everybody_sees_it(world: World) -> None:
    await world.agent()
    teacher = await world.live()
    viewers = [await world.viewer(name) for name in ("沙湾教学点", "杏花教学点")]
    for viewer in viewers:
        await viewer.sees()
    await teacher.stop(world.lesson.id)
    for viewer in viewers:
        await viewer.shows("ended", within_s=5)

    async def nothing_carried() -> bool:
        return await world.server.metric("media_subscribers") + await world.server.metric("media_publishers") == 0

    await eventually(nothing_carried, "the media server has let everybody go")

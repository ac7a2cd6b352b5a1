"""Takes the screenshots of the README: `python -m tools.screenshots`. A real lesson in real browsers."""

import asyncio
import tempfile
from pathlib import Path
from typing import Final

from tests.harness.world import FPS, World

FOLDER: Final = Path(__file__).parent.parent / "docs" / "screenshots"
# Long enough for previews, sound levels and viewers' qualities to have arrived.
SETTLED_MS: Final = 6000


async def staff_page(world: World, username: str, path: str) -> None:
    page = await world.page()
    await page.goto(f"{world.server.url}/?next={path}")
    form = page.locator("form:has(input[type=password])")
    await form.locator("input[autocomplete=username]").fill(username)
    await form.locator("input[type=password]").fill(world.password(username))
    await form.locator("button[type=submit]").click()
    await page.wait_for_url(world.server.url + path)
    await page.wait_for_timeout(SETTLED_MS)
    await page.screenshot(path=FOLDER / f"{path.strip('/')}.png")


async def take(folder: Path) -> None:
    async with World.create(folder) as world:
        await world.agent(["teacher=synthetic:teacher", "slides=synthetic:slides"])
        teacher = await world.live()
        await world.published(teacher, "slides")
        viewers = [await world.viewer(name) for name in world.lesson.points[:2]]
        for viewer in viewers:
            await viewer.sees(FPS)
        await viewers[0].page.wait_for_timeout(SETTLED_MS)
        await viewers[0].page.screenshot(path=FOLDER / "join.png")
        await staff_page(world, "teacher", "/panel")
        await staff_page(world, "coordinator", "/console")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="qianshou-screenshots-") as folder:
        asyncio.run(take(Path(folder)))


if __name__ == "__main__":
    main()

"""Firefox ESR watching."""

from collections.abc import AsyncIterator

import pytest

from tests.harness.eventually import eventually
from tests.harness.firefox import FirefoxPage, firefox
from tests.harness.world import World

JOIN = """
name => {
  const field = document.querySelector('#name');
  if (!field) return false;
  field.value = name;
  field.dispatchEvent(new Event('input', {bubbles: true}));
  document.querySelector('button[type=submit]').click();
  return true;
}
"""
COUNTERS = "() => (window.frameCodes?.of('teacher') ?? []).map(frame => frame.counter).filter(each => each !== null)"


@pytest.fixture
async def page() -> AsyncIterator[FirefoxPage]:
    async with firefox() as browser:
        yield await browser.new_page()


async def test_it_watches_on_the_join_page(world: World, page: FirefoxPage) -> None:
    await world.agent()
    await world.live()
    await page.goto(world.join_address)

    async def joined() -> bool:
        return bool(await page.evaluate(JOIN, "火狐"))

    await eventually(joined, "the join page shows its form")

    async def sees() -> list[int]:
        counters: list[int] = await page.evaluate(COUNTERS)
        return counters if len(counters) >= 50 else []

    counters = await eventually(sees, "Firefox shows 50 numbered frames", 40)
    assert counters == sorted(set(counters)), "in their order, none twice"

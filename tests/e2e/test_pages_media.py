"""What the join page does with real media, beyond playing it."""

from playwright.async_api import expect

from tests.harness.eventually import eventually
from tests.harness.world import Viewer, World

BOTH = ("teacher=synthetic:teacher", "slides=synthetic:slides")


async def tracks(viewer: Viewer) -> dict[tuple[str, str], dict[str, object]]:
    return {(track["source"], track["kind"]): track for track in (await viewer.probe())["tracks"]}


async def wait_for_encodings(viewer: Viewer, wanted: dict[str, set[str | None]]) -> None:
    """Until each source's picture is sent in one of these encodings (None: not sent)."""

    async def sent() -> bool:
        found = await tracks(viewer)
        return all(found[source, "video"]["rid"] in rids for source, rids in wanted.items())

    # A busy machine looks like a thin line for a while.
    await eventually(sent, f"pictures are sent as {wanted}", within_s=60)


async def test_small_pictures_are_sent_small_and_sound_outlives_all_of_them(world: World) -> None:
    await world.agent(BOTH)
    teacher = await world.live()
    await world.published(teacher, "slides")
    viewer = await world.viewer("沙湾教学点")
    await viewer.sees()
    await wait_for_encodings(viewer, {"teacher": {"h", "m"}, "slides": {"l"}})
    await viewer.page.get_by_role("button", name="课件").click()
    await wait_for_encodings(viewer, {"teacher": {"l"}, "slides": {"h", "m"}})
    await viewer.page.select_option("select", "audio_only")
    await wait_for_encodings(viewer, {"teacher": {None}, "slides": {None}})
    await expect(viewer.page.locator(".controls__status")).to_have_attribute("data-grade", "audio_only")
    before = await viewer.packets("audio")

    async def more_sound() -> bool:
        return await viewer.packets("audio") > before + 50

    await eventually(more_sound, "the sound goes on without pictures")


async def test_a_reload_goes_back_inside_with_sound_or_the_offer_of_it(world: World) -> None:
    await world.agent()
    await world.live()
    viewer = await world.viewer("沙湾教学点")
    await viewer.sees()
    await viewer.page.reload()
    await viewer.sees()
    # No click has been made on this page: the browser decides whether sound may play without one.
    offer = viewer.page.get_by_role("button", name="点这里打开声音")
    playing = (
        "document.querySelectorAll('audio').length > 0 && [...document.querySelectorAll('audio')].every(a => !a.paused)"
    )

    async def plays_or_offers() -> bool:
        return bool(await viewer.page.evaluate(playing)) or await offer.is_visible()

    await eventually(plays_or_offers, "sound plays or is offered")
    if await offer.is_visible():
        await offer.click()
        await expect(offer).to_have_count(0)
    assert await viewer.page.evaluate(playing)

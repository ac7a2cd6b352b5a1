"""The player page in real Chromium, with hls.js: tracks in step, holes, keys; accessible in both languages."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from classroom.access.lessons import access_step
from classroom.http.callers import SESSION_COOKIE
from classroom.model.lesson import LessonStep
from classroom.model.principal import SYSTEM
from classroom.model.recording import RecordingState
from classroom.service import ServiceFactory
from media_server.service import MediaService
from media_server.watching.service import WatchingService
from scheduler.service import SchedulerService
from tests.fakes.county import NOW, start
from tests.fakes.hub import Hub, running_hub
from tests.fakes.kept_recordings import KeptRecording, keep_recording
from tests.fakes.recorded import a_picture, a_sound
from tests.harness.browser import chromium
from tests.harness.eventually import eventually
from tests.harness.pages import built_pages, with_development_tools
from tests.harness.visitor import Visitor
from web_ui.service import WebService

LONG = "青禾县柳河镇石桥村第二完全小学附属教学点：古诗两首《山行》与《赠刘景文》（第二课时，公开课）"
# The pictures are of ten frames a second: two of them.
IN_STEP_S = 0.2


@pytest.fixture(scope="module")
def axe() -> str:
    return (with_development_tools() / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


# One server and one browser for all of them: starting those takes longer than what is tested.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hub]:
    built_pages()
    async with running_hub(tmp_path_factory.mktemp("watch"), services=[WatchingService, WebService]) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as opened:
        yield opened


async def kept(hub: Hub, **more: Any) -> KeptRecording:
    slides = a_picture(40.0, slides_s=20.0).without(3, 4)  # from 6 s to 10 s there are none
    tracks = {"teacher-v": a_picture(40.0), "teacher-a": a_sound(40.0), "slides": slides}
    return await keep_recording(
        hub.server.context.store,
        hub.server.context.settings.data,
        more.pop("tracks", tracks),
        school_id=hub.county.host.id,
        began_at=NOW,
        teacher_id=hub.county["teacher"].id,
        title=LONG,
        **more,
    )


async def visitor(hub: Hub, browser: Browser, axe: str, screen: str, language: str) -> Visitor:
    made = await Visitor.at(browser, hub.server.url, axe, screen, language=language)
    await hub.headers_of("teacher")
    cookie = {"name": SESSION_COOKIE, "value": hub.sessions["teacher"], "url": hub.server.url}
    await made.page.context.add_cookies([cookie])  # type: ignore[list-item]
    return made


async def times(page: Page) -> dict[str, float]:
    """Where each track is, all read at one moment."""
    found: dict[str, float] = await page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('.screens video, .screens audio')].map(
            (element) => [element.closest('[data-track]').dataset.track, element.currentTime]))"""
    )
    return found


def reached(page: Page, key: str, moment: float) -> Callable[[], Awaitable[bool]]:
    async def there() -> bool:
        return (await times(page)).get(key, 0.0) >= moment

    return there


async def test_several_tracks_play_as_one_and_a_hole_of_one_stops_nobody(hub: Hub, browser: Browser, axe: str) -> None:
    recording = await kept(hub)
    somebody = await visitor(hub, browser, axe, "pc", "zh-CN")
    page = somebody.page
    await somebody.go(f"/watch/{recording.id}")
    await expect(page.locator(".control--main")).to_be_visible()
    await page.keyboard.press("k")
    await eventually(reached(page, "teacher-audio", 2.0), "two seconds were heard")
    for _ in range(5):
        found = await times(page)
        assert max(found.values()) - min(found.values()) < IN_STEP_S, found
        await asyncio.sleep(0.2)
    # into the hole of the slides: sound and teacher go on, and it is said
    await page.keyboard.press("ArrowRight")
    hole = page.locator('[data-track="slides-video"] .screen__words')
    await expect(hole).to_be_visible()
    await eventually(reached(page, "teacher-audio", 10.6), "the hole was passed")
    await expect(hole).to_be_hidden()

    async def together() -> bool:
        now = await times(page)
        return max(now.values()) - min(now.values()) < IN_STEP_S

    await eventually(together, "the slides are back in step")
    await page.keyboard.press("k")
    await page.keyboard.press("5")
    await eventually(together, "a stopped picture stands where the sound does")
    assert (await times(page))["slides-video"] == pytest.approx(20.0, abs=0.1)
    assert somebody.troubles == []


@pytest.mark.parametrize(("screen", "language"), [("panel", "en"), ("phone", "zh-CN")])
async def test_the_page_is_accessible(hub: Hub, browser: Browser, axe: str, screen: str, language: str) -> None:
    recording = await kept(hub)
    somebody = await visitor(hub, browser, axe, screen, language)
    page = somebody.page
    await somebody.go(f"/watch/{recording.id}")
    await expect(page.locator(".control--main")).to_be_visible()
    await somebody.approve("before it plays")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await somebody.approve("keys")
    await page.keyboard.press("Escape")
    assert await somebody.smallest_target() >= 44
    await somebody.go("/watch/none")
    await expect(page.get_by_role("alert")).to_be_visible()
    await somebody.approve("no such recording")


async def test_one_goes_on_where_one_left(hub: Hub, browser: Browser, axe: str) -> None:
    recording = await kept(hub)
    somebody = await visitor(hub, browser, axe, "pc", "en")
    page = somebody.page
    await somebody.go(f"/watch/{recording.id}")
    await expect(page.locator(".control--main")).to_be_visible()
    await page.keyboard.press("5")
    await page.reload()
    await expect(page.locator(".player__resumed")).to_contain_text("00:20")
    await eventually(reached(page, "teacher-audio", 19.9), "it stands where it was left")


async def test_a_running_lesson_is_watched_from_its_beginning(hub: Hub, browser: Browser, axe: str) -> None:
    await start(hub.county)
    recording = await kept(hub, tracks={}, state=RecordingState.CAPTURING, lesson_id=hub.county.lesson.id)
    picture, sound = a_picture(40.0), a_sound(40.0)
    for name, track in (("teacher", picture), ("teacher", sound)):
        await recording.add(name, track, upto=8)
    somebody = await visitor(hub, browser, axe, "pc", "zh-CN")
    page = somebody.page
    await somebody.go(f"/watch/{recording.id}")
    await expect(page.locator(".playbar__time")).to_contain_text("00:16")
    await page.keyboard.press("k")
    await eventually(reached(page, "teacher-video", 1.0), "it plays from the beginning")
    for name, track in (("teacher", picture), ("teacher", sound)):
        await recording.add(name, track, upto=16)
    hub.clock.advance(2.0)
    await eventually(reached(page, "teacher-video", 3.0), "it goes on")

    async def grown() -> bool:
        hub.clock.advance(1.0)
        return int(await page.locator(".seek__input").get_attribute("max") or 0) >= 30

    await eventually(grown, "the page knows that the lesson went on")


async def test_chromium_plays_the_file(hub: Hub, browser: Browser) -> None:
    recording = await kept(hub)
    await hub.headers_of("teacher")
    context = await browser.new_context()
    cookie = {"name": SESSION_COOKIE, "value": hub.sessions["teacher"], "url": hub.server.url}
    await context.add_cookies([cookie])  # type: ignore[list-item]
    page = await context.new_page()
    await page.goto(f"{hub.server.url}/watch/none")
    played = await page.evaluate(
        """async (address) => {
            const video = document.createElement('video');
            video.muted = true;
            video.src = address;
            await video.play();
            video.currentTime = 30;
            await new Promise((seeked) => video.addEventListener('seeked', seeked, { once: true }));
            return { duration: video.duration, at: video.currentTime, width: video.videoWidth };
        }""",
        f"/hls/{recording.id}/movie.mp4",
    )
    assert played["duration"] == pytest.approx(40.0, abs=0.05)
    assert (played["at"], played["width"]) == (pytest.approx(30.0, abs=0.2), 320)


async def test_a_guest_who_comes_late_starts_at_the_beginning_and_returns_to_the_lesson(
    tmp_path: Path, browser: Browser, axe: str
) -> None:
    services: list[ServiceFactory] = [MediaService, SchedulerService, WatchingService, WebService]
    async with running_hub(tmp_path, services=services) as hub:
        lesson = hub.county.open_lesson
        await access_step(hub.server.context.store, SYSTEM, lesson.id, LessonStep.START, hub.clock.now())
        recording = await kept(hub, tracks={}, state=RecordingState.CAPTURING, lesson_id=lesson.id)
        await recording.add("teacher", a_picture(40.0), upto=18)
        await recording.add("teacher", a_sound(40.0), upto=18)
        hub.clock.advance(600.0)
        somebody = await Visitor.at(browser, hub.server.url, axe, "pc")
        page = somebody.page
        await somebody.go(f"/join/{lesson.code}")
        await page.fill("#name", "石桥教学点")
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="从头看这节课").click()
        await eventually(reached(page, "teacher-audio", 1.0), "the lesson is heard from its beginning")
        assert await page.evaluate("document.querySelector('.player video').playbackRate") == pytest.approx(
            1.25, abs=0.2
        )
        await somebody.approve("time-shift")
        await page.get_by_role("slider", name="播放位置").focus()
        await page.keyboard.press("End")
        # close enough to the live lesson: it goes on there by itself
        await expect(page.locator(".player")).to_have_count(0, timeout=20_000)
        await expect(page.locator(".stage")).to_be_visible()

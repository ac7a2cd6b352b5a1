"""hls.js as others use it, on our multivariant playlists: VOD with a change of header, a running lesson, and live."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from classroom.http.callers import SESSION_COOKIE
from classroom.model.recording import RecordingState, TrackOrigin
from media_server.watching.service import WatchingService
from tests.fakes.county import NOW, start
from tests.fakes.hub import Hub, running_hub
from tests.fakes.kept_recordings import keep_recording
from tests.fakes.recorded import a_picture, a_sound
from tests.harness.browser import chromium
from tests.harness.eventually import eventually
from tests.harness.pages import built_pages, with_development_tools
from web_ui.service import WebService

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hub]:
    built_pages()
    async with running_hub(tmp_path_factory.mktemp("hls"), services=[WatchingService, WebService]) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as opened:
        yield opened


async def play(hub: Hub, browser: Browser, address: str) -> Page:
    """A page of our origin with nothing on it but hls.js (its whole build) and one video."""
    script = (with_development_tools() / "node_modules" / "hls.js" / "dist" / "hls.min.js").read_text(encoding="utf-8")
    await hub.headers_of("teacher")
    context = await browser.new_context()
    cookie = {"name": SESSION_COOKIE, "value": hub.sessions["teacher"], "url": hub.server.url}
    await context.add_cookies([cookie])  # type: ignore[list-item]
    page = await context.new_page()
    await page.goto(f"{hub.server.url}/watch/none")
    debugger = await context.new_cdp_session(page)
    await debugger.send("Runtime.evaluate", {"expression": script})
    await page.evaluate(
        """(address) => {
            window.video = document.createElement('video');
            video.muted = true;
            window.fatal = [];
            const hls = window.hls = new Hls();
            hls.on(Hls.Events.ERROR, (_, data) => data.fatal && fatal.push(data.details));
            hls.on(Hls.Events.MEDIA_ATTACHED, () => video.play());
            hls.loadSource(address);
            hls.attachMedia(video);
        }""",
        address,
    )
    return page


async def reaches(page: Page, moment: float) -> None:
    async def there() -> bool:
        assert await page.evaluate("fatal") == []
        return bool(await page.evaluate("(moment) => video.currentTime >= moment", moment))

    await eventually(there, f"hls.js plays to {moment} s")


async def test_a_whole_recording_with_a_change_of_header(hub: Hub, browser: Browser) -> None:
    tracks = {"teacher-v": a_picture().without(2), "teacher-a": a_sound(), "slides": a_picture(slides_s=4.0)}
    recording = await keep_recording(
        hub.server.context.store, hub.server.context.settings.data, tracks, school_id=hub.county.host.id,
        began_at=NOW, teacher_id=hub.county["teacher"].id, state=RecordingState.CAPTURING,
    )  # fmt: skip
    # what the room has not from 4 s to 6 s, the server has, in another size
    await recording.add("teacher", a_picture(width=160, height=96), origin=TrackOrigin.SERVER)
    page = await play(hub, browser, f"/hls/{recording.id}/index.m3u8")
    await reaches(page, 4.5)
    assert await page.evaluate("video.videoWidth") == 160
    await reaches(page, 7.5)
    assert await page.evaluate("video.videoWidth") == 320
    assert await page.evaluate("video.duration") == pytest.approx(8.0, abs=0.1)
    assert await page.evaluate("hls.audioTracks.length") >= 1


async def test_a_running_lesson(hub: Hub, browser: Browser) -> None:
    await start(hub.county)
    recording = await keep_recording(
        hub.server.context.store, hub.server.context.settings.data, {}, school_id=hub.county.host.id,
        began_at=NOW, lesson_id=hub.county.lesson.id, state=RecordingState.CAPTURING,
    )  # fmt: skip
    for track in (a_picture(100.0), a_sound(100.0)):
        await recording.add("teacher", track, upto=45)
    event = await play(hub, browser, f"/hls/{recording.id}/index.m3u8")
    await event.evaluate("hls.on(Hls.Events.LEVEL_LOADED, () => (video.currentTime = 1))")
    await reaches(event, 2.0)
    live = await play(hub, browser, f"/hls/{recording.id}/live.m3u8")
    details = "hls.latestLevelDetails"
    await eventually(lambda: live.evaluate(f"{details} ? {details}.startSN : 0"), "the live playlist was read")
    # three target durations from its end, and none of its beginning
    assert await live.evaluate(f"{details}.startSN") == 15
    before = await live.evaluate("video.currentTime")
    await reaches(live, max(before + 1.0, 1.0))

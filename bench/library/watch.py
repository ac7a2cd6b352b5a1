"""How soon a lesson is seen, and how long an hour of it takes to be sent as one file."""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from hashlib import sha256
from pathlib import Path

from playwright.async_api import Page

from bench.library.lesson import segments
from bench.report import progress
from classroom.fmp4.fragment import Sample
from classroom.fmp4.header import write_header
from classroom.fmp4.reader import read_segment
from classroom.http.callers import SESSION_COOKIE
from classroom.model.recording import Segment
from media_server.watching.service import WatchingService
from tests.fakes.county import NOW
from tests.fakes.hub import Hub, running_hub
from tests.fakes.kept_recordings import KeptRecording, keep_recording
from tests.fakes.recorded import OPUS_PACKET, RecordedTrack, a_picture, a_sound, track_of
from tests.harness.browser import chromium
from tests.harness.eventually import eventually
from tests.harness.pages import built_pages
from web_ui.service import WebService

HOUR_S = 3600
OPENINGS = 10
# A client of its own, so that the server's process does not also receive.
_FETCH = """
import sys, urllib.request
request = urllib.request.Request(sys.argv[1], headers={"Cookie": sys.argv[2]})
size = 0
with urllib.request.urlopen(request) as answer:
    while data := answer.read(1 << 20):
        size += len(data)
print(size)
"""
# The moment a picture is there, counted from when the page was asked for.
_FIRST = """document.addEventListener('loadeddata', (event) => {
    if (event.target.tagName === 'VIDEO') window.firstPictureMs ??= performance.now();
}, true)"""


async def watch() -> dict[str, float]:
    """`hls_first_frame_ms`: from asking for the player page to a picture, the median of ten browsers without a cache.
    `export_s_per_hour`: 1.5 Mbit/s with Opus as MP4, with the indexes kept as the background leaves them;
    `export_first_s_per_hour`: without them. Neither has AAC in it.
    """
    built_pages()
    with tempfile.TemporaryDirectory(prefix="bench-watch-") as folder:
        async with running_hub(Path(folder), services=[WatchingService, WebService], recordings_keep_free_mb=0) as hub:
            cookie = (await hub.headers_of("teacher"))["Cookie"]
            progress("  writing an hour")
            hour = await kept(hub, {"teacher-v": pictures(HOUR_S), "teacher-a": sounds(HOUR_S)})
            figures = {
                "export_first_s_per_hour": await _export(hub, hour, cookie),
                "export_s_per_hour": await _export(hub, hour, cookie),
            }
            shown = await kept(hub, {"teacher-v": a_picture(60.0, width=1280, height=720), "teacher-a": a_sound(60.0)})
            return figures | await _first_pictures(hub, shown)


async def kept(hub: Hub, tracks: dict[str, RecordedTrack]) -> KeptRecording:
    context, county = hub.server.context, hub.county
    return await keep_recording(
        context.store,
        context.settings.data,
        tracks,
        school_id=county.host.id,
        began_at=NOW,
        teacher_id=county["teacher"].id,
    )


async def _export(hub: Hub, recording: KeptRecording, cookie: str) -> float:
    """Seconds until the last byte has come."""
    address = f"{hub.server.url}/hls/{recording.id}/movie.mp4"
    began_s = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _FETCH, address, cookie, stdout=subprocess.PIPE
    )
    output, _ = await process.communicate()
    took_s = time.monotonic() - began_s
    if process.returncode != 0:
        raise RuntimeError("the file did not come whole")
    progress(f"  {int(output) / 1e6:,.0f} MB in {took_s:.2f} s")
    return took_s


async def _first_pictures(hub: Hub, recording: KeptRecording) -> dict[str, float]:
    found: list[float] = []
    async with chromium() as browser:
        for _ in range(OPENINGS):
            context = await browser.new_context(viewport={"width": 1366, "height": 768})
            session = {"name": SESSION_COOKIE, "value": hub.sessions["teacher"], "url": hub.server.url}
            await context.add_cookies([session])  # type: ignore[list-item]
            await context.add_init_script(_FIRST)
            page = await context.new_page()
            await page.goto(f"{hub.server.url}/watch/{recording.id}")
            found.append(await eventually(partial(_first_picture_ms, page), "a picture"))
            await context.close()
    return {"hls_first_frame_ms": statistics.median(found), "hls_first_frame_worst_ms": max(found)}


async def _first_picture_ms(page: Page) -> float:
    return float(await page.evaluate("window.firstPictureMs ?? 0"))


def pictures(seconds: int, seed: int = 1) -> RecordedTrack:
    """Of 1.5 Mbit/s; of another `seed`, other bytes."""
    form, made = segments(seconds, seed)
    header = write_header(form)
    blobs, lines = {sha256(header).hexdigest(): header}, []
    for number, (data, start, end) in enumerate(made):
        digest = sha256(data).hexdigest()
        blobs[digest] = data
        lines.append(Segment(number, digest, sha256(header).hexdigest(), len(data), start, end - start))
    return RecordedTrack(form, tuple(lines), blobs)


def sounds(seconds: int) -> RecordedTrack:
    """A minute of real Opus, again and again."""
    minute = a_sound(60.0)
    samples = [
        Sample(minute.blobs[segment.digest][each.start : each.start + each.size], OPUS_PACKET)
        for segment in minute.segments
        for fragment in read_segment(minute.blobs[segment.digest])
        for each in fragment.samples
    ]
    return track_of(minute.format, samples * (seconds // 60))

"""The instrument itself: a browser reads from its canvas the numbers that were drawn into a picture."""

import base64
import io
from pathlib import Path

import av
import numpy as np
import pytest

from room_agent.capture.framecode import draw_code
from tests.harness.browser import chromium, new_context
from tests.harness.eventually import eventually
from tests.harness.frames import shown_frames

FRAMES = 20


def film(width: int, height: int) -> bytes:
    """A grey H.264 film whose frames carry the numbers from 70,000 on."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=10, options={"profile": "baseline", "crf": "30"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(FRAMES):
            planes = np.full((height * 3 // 2, width), 128, dtype=np.uint8)
            draw_code(planes[:height], 70_000 + index)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, "yuv420p")))
        container.mux(stream.encode(None))
    return buffer.getvalue()


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (640, 360), (320, 180)])
async def test_a_browser_reads_the_numbers_at_every_encoding(width: int, height: int, tmp_path: Path) -> None:
    data = base64.b64encode(film(width, height)).decode()
    async with chromium() as browser:
        page = await (await new_context(browser)).new_page()
        await page.set_content(f'<video id="v" autoplay muted src="data:video/mp4;base64,{data}"></video>')

        async def last() -> bool:
            return any(frame.counter == 70_000 + FRAMES - 1 for frame in await shown_frames(page, "v"))

        await eventually(last, "the last frame was shown")
        shown = await shown_frames(page, "v")
    counters = [frame.counter for frame in shown]
    assert None not in counters
    assert counters == sorted(counters, key=lambda counter: counter or 0)
    assert {frame.height for frame in shown} == {height}

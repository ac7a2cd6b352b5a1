"""What a browser has shown, frame by frame, read from a canvas (see `frames.js`)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.async_api import Page

# Must be added to a page's context before the page is opened.
INIT_SCRIPT: Final = Path(__file__).with_name("frames.js")


@dataclass(frozen=True, slots=True)
class ShownFrame:
    """One frame a `<video>` presented; `counter` is None where no code could be read."""

    counter: int | None
    unix_s: float
    height: int


async def shown_frames(page: Page, name: str) -> list[ShownFrame]:
    """Every frame presented so far by the pictures of a source, or by the video with this id."""
    rows = await page.evaluate("name => window.frameCodes.of(name)", name)
    return [ShownFrame(row["counter"], row["unix_ms"] / 1000, row["height"]) for row in rows]

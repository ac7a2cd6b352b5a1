"""Real Chromium, as Debian packages it, driven through Playwright."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from playwright.async_api import Browser, BrowserContext, async_playwright

from tests.harness.frames import INIT_SCRIPT

CHROMIUM: Final = "/usr/bin/chromium"
# Pages are timed by what they show, so a hidden page must not be slowed down.
_ARGUMENTS: Final = ("--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--mute-audio")


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser of our own, closed afterwards."""
    # Chromium's sandbox refuses to run as root, which is who runs the tests in a container.
    arguments = [*_ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()


async def new_context(browser: Browser, language: str = "zh-CN") -> BrowserContext:
    """A fresh profile: no cookies, its own storage, frame codes noted in every page."""
    context = await browser.new_context(locale=language, viewport={"width": 1280, "height": 800})
    await context.add_init_script(path=INIT_SCRIPT)
    return context

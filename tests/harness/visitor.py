"""Somebody at a screen, for whom a page must be accessible, fit and ask nobody but our server."""

import json
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import Browser, Page

from tests.fakes.staged_hub import PASSWORD

AXE_TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCREENS: Final = {"panel": (1024, 768), "pc": (1366, 768), "phone": (390, 844), "narrow": (320, 640)}


class Visitor:
    """One person at one screen. Notes every request, error and policy violation of the page."""

    def __init__(self, page: Page, url: str, axe: str) -> None:
        self.page = page
        self.url = url
        self.troubles: list[str] = []
        self._axe = axe
        self._host = urlsplit(url).netloc
        page.on("request", lambda request: self._check(request.url))
        page.on("websocket", lambda socket: self._check(socket.url))
        page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        page.on("console", lambda message: self._said(message.type, message.text))

    @classmethod
    async def at(
        cls, browser: Browser, url: str, axe: str, screen: str, *, language: str = "zh-CN", username: str | None = None
    ) -> "Visitor":
        width, height = SCREENS[screen]
        context = await browser.new_context(locale=language, viewport={"width": width, "height": height})
        if username is not None:
            answer = await context.request.post(
                f"{url}/api/v1/session", data={"username": username, "password": PASSWORD}
            )
            assert answer.ok, await answer.text()
        return cls(await context.new_page(), url, axe)

    def _check(self, address: str) -> None:
        if urlsplit(address).scheme not in {"blob", "data"} and urlsplit(address).netloc != self._host:
            self.troubles.append(f"asked elsewhere: {address}")

    def _said(self, kind: str, text: str) -> None:
        # Chromium reports every refused request, whether or not the page expected it.
        if kind in {"error", "warning"} and "Failed to load resource" not in text:
            self.troubles.append(f"{kind}: {text}")

    async def go(self, path: str) -> None:
        await self.page.goto(self.url + path)

    async def approve(self, where: str) -> None:
        """axe is content, nothing sticks out sideways, and nothing went wrong so far."""
        # Through the debugger: the page's own policy would not let this script in, and must not.
        debugger = await self.page.context.new_cdp_session(self.page)
        await debugger.send("Runtime.evaluate", {"expression": self._axe})
        options = json.dumps({"runOnly": AXE_TAGS})
        answer: dict[str, Any] = await debugger.send(
            "Runtime.evaluate",
            {
                "expression": f"axe.run(document, {options}).then(found => found.violations.map(one =>"
                " `${one.id}: ${one.nodes.map(node => node.html.slice(0, 200)).join(' | ')}`))",
                "awaitPromise": True,
                "returnByValue": True,
            },
        )
        await debugger.detach()
        assert answer["result"]["value"] == [], where
        too_wide = await self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert too_wide <= 0, f"{where} is {too_wide} px too wide"
        assert self.troubles == [], where

    async def smallest_target(self) -> float:
        """The shorter side of the smallest button, link or field, in CSS pixels."""
        sides: float = await self.page.evaluate(
            """() => Math.min(...[...document.querySelectorAll('button, a[href]:not(.mark, .skip), select, input')]
                .filter(element => element.checkVisibility() && getComputedStyle(element).opacity !== '0')
                .filter(element => !element.matches('[type=checkbox], [type=radio]'))
                .map(element => element.getBoundingClientRect())
                .map(box => Math.min(box.width, box.height)))"""
        )
        return sides

"""A bare RTCPeerConnection in a real Chromium, without the product's pages: for what a transport must do for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Page

from tests.harness.browser import chromium
from tests.harness.eventually import eventually

_OFFER = """async () => {
    const pc = window.pc = new RTCPeerConnection({bundlePolicy: "max-bundle"});
    window.said = [];
    const room = window.room = pc.createDataChannel("room");
    room.onmessage = (event) => window.said.push(event.data);
    pc.addTransceiver("audio", {direction: "recvonly"});
    pc.addTransceiver("video", {direction: "recvonly"});
    const playing = new MediaStream();
    const video = document.createElement("video");
    video.muted = true; video.autoplay = true; video.srcObject = playing;
    document.body.append(video);
    pc.ontrack = (event) => playing.addTrack(event.track);
    await pc.setLocalDescription();
    return pc.localDescription.sdp;
}"""
_RESTART = """async () => {
    window.pc.restartIce();
    await window.pc.setLocalDescription();
    return window.pc.localDescription.sdp;
}"""
_SAY = """async (text) => {
    if (window.room.readyState === "connecting") await new Promise((done) => { window.room.onopen = done; });
    window.room.send(text);
}"""
_ACCEPT = """async (sdp) => { await window.pc.setRemoteDescription({type: "answer", sdp}); }"""
_STATS = """async () => {
    const all = [...(await window.pc.getStats()).values()];
    const transport = all.find((each) => each.type === "transport") ?? {};
    const pair = all.find((each) => each.id === transport.selectedCandidatePairId) ?? {};
    const remote = all.find((each) => each.id === pair.remoteCandidateId) ?? {};
    const local = all.find((each) => each.id === pair.localCandidateId) ?? {};
    const video = all.find((each) => each.type === "inbound-rtp" && each.kind === "video") ?? {};
    return {
        state: window.pc.connectionState, dtls: transport.dtlsState, remote, local,
        frames: video.framesDecoded ?? 0, packets: video.packetsReceived ?? 0, lost: video.packetsLost ?? 0,
    };
}"""


class BrowserViewer:
    """Offers to receive one sound and one picture, and to speak on the data channel `room`."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def offer(self) -> str:
        return str(await self._page.evaluate(_OFFER))

    async def offer_restart(self) -> str:
        """`restartIce()`: the same connection with fresh credentials."""
        return str(await self._page.evaluate(_RESTART))

    async def accept(self, answer: str) -> None:
        await self._page.evaluate(_ACCEPT, answer)

    async def stats(self) -> dict[str, Any]:
        found: dict[str, Any] = await self._page.evaluate(_STATS)
        return found

    async def says(self, text: str) -> None:
        """Send on the data channel `room` as soon as it is open."""
        await self._page.evaluate(_SAY, text)

    async def hears(self) -> list[str]:
        """What came on the data channel `room` so far."""
        said: list[str] = await self._page.evaluate("() => window.said")
        return said

    async def sees_more(self, frames: int = 10, within_s: float = 20.0) -> dict[str, Any]:
        """Wait until so many more pictures were decoded than now; the statistics then."""
        before = (await self.stats())["frames"]

        async def seen() -> dict[str, Any] | None:
            stats = await self.stats()
            return stats if stats["frames"] >= before + frames else None

        found = await eventually(seen, f"Chromium decodes {frames} more pictures", within_s)
        assert found is not None
        return found


@asynccontextmanager
async def browser_viewer() -> AsyncIterator[BrowserViewer]:
    async with chromium() as browser:
        page = await browser.new_page()
        await page.goto("about:blank")
        yield BrowserViewer(page)

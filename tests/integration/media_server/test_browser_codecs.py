"""Chromium publishes in each codec, as simulcast and as SVC, and Chromium watches: qualities change without a seam."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page

from classroom.clock import SystemClock
from classroom.model.principal import Principal
from media_server.engine import MediaEngine
from media_server.sessions import SubscriberSession
from tests.fakes.peers import until
from tests.harness.browser import chromium
from tests.harness.eventually import eventually
from tests.harness.processes import HOST

LESSON = "lesson"
WIDTH = 640
# A drawn picture instead of a camera, so that no secure page is needed.
PUBLISH = """
async ([codec, encodings]) => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [640, 360];
  const context = canvas.getContext('2d');
  let count = 0;
  setInterval(() => {
    context.fillStyle = `hsl(${count++ % 360} 60% 50%)`;
    context.fillRect(0, 0, 640, 360);
    context.fillStyle = 'white';
    context.font = '120px sans-serif';
    context.fillText(count, 100 + count % 200, 220);
  }, 50);
  const connection = window.connection = new RTCPeerConnection();
  const track = canvas.captureStream(20).getVideoTracks()[0];
  const transceiver = connection.addTransceiver(track, {direction: 'sendonly', sendEncodings: encodings});
  const all = RTCRtpSender.getCapabilities('video').codecs;
  transceiver.setCodecPreferences(all.filter(each => [`video/${codec}`, 'video/rtx'].includes(each.mimeType)));
  await connection.setLocalDescription();
  return connection.localDescription.sdp;
}
"""
WATCH = """
async () => {
  const connection = window.connection = new RTCPeerConnection();
  const transceiver = connection.addTransceiver('video', {direction: 'recvonly'});
  // Chromium offers to read the dependency descriptor only when asked to.
  const extensions = transceiver.getHeaderExtensionsToNegotiate();
  for (const each of extensions) if (/dependency-descriptor/.test(each.uri)) each.direction = 'sendrecv';
  transceiver.setHeaderExtensionsToNegotiate(extensions);
  const video = document.body.appendChild(document.createElement('video'));
  video.muted = true;
  video.srcObject = new MediaStream([transceiver.receiver.track]);
  video.play();
  await connection.setLocalDescription();
  return connection.localDescription.sdp;
}
"""
ACCEPT = "sdp => connection.setRemoteDescription({type: 'answer', sdp})"
RECEIVED = """
async () => {
  for (const report of (await connection.getStats()).values())
    if (report.type === 'inbound-rtp') {
      const codec = (await connection.getStats()).get(report.codecId);
      return {...report, codec: codec?.mimeType};
    }
  return {};
}
"""
SIMULCAST = [{"rid": "h", "scaleResolutionDownBy": 1}, {"rid": "l", "scaleResolutionDownBy": 4}]


@pytest.fixture
async def engine() -> AsyncIterator[MediaEngine]:
    engine = MediaEngine(SystemClock(), HOST, 0, [HOST])
    running = asyncio.create_task(engine.run())
    yield engine
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    engine.close()


@pytest.fixture
async def pages() -> AsyncIterator[tuple[Page, Page]]:
    """Somebody who publishes, and somebody who watches."""
    async with chromium() as browser:
        yield await browser.new_page(), await browser.new_page()


async def watch(engine: MediaEngine, page: Page) -> SubscriberSession:
    offer: str = await page.evaluate(WATCH)
    session, answer = engine.subscribe(LESSON, Principal("viewer", "viewer"), offer, "teacher")
    await page.evaluate(ACCEPT, answer)
    return session


async def publish(engine: MediaEngine, page: Page, codec: str, encodings: list[dict[str, Any]]) -> None:
    offer: str = await page.evaluate(PUBLISH, [codec, encodings])
    _, answer = engine.publish(LESSON, "teacher", "room", offer)
    await page.evaluate(ACCEPT, answer)
    await until(lambda: bool(engine.rooms[LESSON].sources["teacher"].encodings))


async def shows(page: Page, width: int) -> dict[str, Any]:
    """Wait until pictures of this width are decoded; the browser's own statistics of them (W3C webrtc-stats)."""

    async def decoded() -> dict[str, Any] | None:
        report: dict[str, Any] = await page.evaluate(RECEIVED)
        return report if report.get("frameWidth") == width else None

    found = await eventually(decoded, f"the picture to be {width} wide", 25.0)
    assert found is not None
    return found


async def goes_on(page: Page, pictures: int = 15) -> dict[str, Any]:
    """Wait until so many more pictures are decoded."""
    before: dict[str, Any] = await page.evaluate(RECEIVED)

    async def decoded() -> dict[str, Any] | None:
        report: dict[str, Any] = await page.evaluate(RECEIVED)
        return report if report["framesDecoded"] >= before["framesDecoded"] + pictures else None

    found = await eventually(decoded, f"{pictures} more pictures", 25.0)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("codec", "encodings", "lowest"),
    [
        ("VP8", SIMULCAST, ("l", WIDTH // 4)),
        ("H264", SIMULCAST, ("l", WIDTH // 4)),
        ("VP9", [{"scalabilityMode": "L3T3"}], ("s0", WIDTH // 2)),
        ("VP9", [{"scalabilityMode": "L3T3_KEY"}], ("s0", WIDTH // 2)),
        ("AV1", [{**each, "scalabilityMode": "L1T2"} for each in SIMULCAST], ("l", WIDTH // 4)),
        ("AV1", [{"scalabilityMode": "L2T2"}], ("s0", WIDTH // 2)),
    ],
    ids=["VP8", "H264", "VP9 L3T3", "VP9 L3T3_KEY", "AV1", "AV1 L2T2"],
)
async def test_a_viewer_goes_down_and_up_again(
    engine: MediaEngine, pages: tuple[Page, Page], codec: str, encodings: list[dict[str, Any]], lowest: tuple[str, int]
) -> None:
    rid, narrow = lowest
    publisher, viewer = pages
    session = await watch(engine, viewer)
    await publish(engine, publisher, codec, encodings)
    report = await shows(viewer, WIDTH)
    assert report["codec"] == f"video/{codec}"
    for _ in range(2):
        engine.prefer(session, "0", rid)
        await shows(viewer, narrow)
        await goes_on(viewer)
        engine.prefer(session, "0", "auto")
        await shows(viewer, WIDTH)
        report = await goes_on(viewer)
    assert report["packetsLost"] == 0

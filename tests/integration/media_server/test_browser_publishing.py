"""Chromium publishing over a bad line: it must learn what its line carries, and what is lost must be mended."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page

from classroom.clock import SystemClock
from media_server.engine import MediaEngine
from media_server.sessions import PublisherSession
from media_server.sfu.encoding import Encoding
from tests.fakes.lossy_relay import LossyRelay
from tests.fakes.peers import until
from tests.harness.browser import chromium
from tests.harness.eventually import eventually
from tests.harness.processes import HOST

LESSON = "lesson"
RELAY_HOST = "127.0.0.2"
LOSS = 0.05
# A canvas full of changing noise: an encoder takes all bits it is given. No media device, so no secure page is needed.
PUBLISH = """
async (rids) => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [640, 360];
  const context = canvas.getContext('2d');
  setInterval(() => {
    for (let n = 0; n < 400; n++) {
      context.fillStyle = `hsl(${Math.random() * 360} 80% 50%)`;
      context.fillRect(Math.random() * 640, Math.random() * 360, 24, 24);
    }
  }, 40);
  const connection = window.connection = new RTCPeerConnection();
  const track = canvas.captureStream(25).getVideoTracks()[0];
  const scales = {h: 1, l: 2};
  const sendEncodings = rids.map(rid => ({rid, scaleResolutionDownBy: scales[rid]}));
  const transceiver = connection.addTransceiver(track, {direction: 'sendonly', sendEncodings});
  const all = RTCRtpSender.getCapabilities('video').codecs;
  const kept = all.filter(codec => /H264|rtx/.test(codec.mimeType));
  transceiver.setCodecPreferences(kept);
  await connection.setLocalDescription();
  return connection.localDescription.sdp;
}
"""
ACCEPT = "sdp => connection.setRemoteDescription({type: 'answer', sdp})"
AVAILABLE_BPS = """
async () => {
  for (const report of (await connection.getStats()).values())
    if (report.type === 'candidate-pair' && report.nominated) return report.availableOutgoingBitrate || 0;
  return 0;
}
"""
RESENT = """
async () => {
  let total = 0;
  for (const report of (await connection.getStats()).values())
    if (report.type === 'outbound-rtp') total += report.retransmittedPacketsSent;
  return total;
}
"""


@pytest.fixture
async def engine() -> AsyncIterator[MediaEngine]:
    engine = MediaEngine(SystemClock(), HOST, 0, [RELAY_HOST])
    running = asyncio.create_task(engine.run())
    yield engine
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    engine.close()


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with chromium() as browser:
        yield await browser.new_page()


async def publish(engine: MediaEngine, page: Page, rids: list[str]) -> PublisherSession:
    offer: str = await page.evaluate(PUBLISH, rids)
    session, answer = engine.publish(LESSON, "teacher", "room", offer)
    await page.evaluate(ACCEPT, answer)
    await until(lambda: len(engine.rooms[LESSON].sources["teacher"].encodings) == max(1, len(rids)))
    return session


def encodings(engine: MediaEngine) -> list[Encoding]:
    return engine.rooms[LESSON].sources["teacher"].encodings


async def test_feedback_lets_chromium_find_out_what_its_line_carries(engine: MediaEngine, page: Page) -> None:
    async with LossyRelay((RELAY_HOST, engine.network.port), (HOST, engine.network.port)):
        session = await publish(engine, page, [])
        await until(lambda: session.rtt_s is not None)

        async def ramped_up() -> bool:
            available: float = await page.evaluate(AVAILABLE_BPS)
            return available > 1_500_000  # Chromium begins at 300 kbit/s and stays there without feedback

        await eventually(ramped_up, "Chromium's estimate to grow", 60.0)


@pytest.mark.parametrize("rids", [[], ["h", "l"]], ids=["one encoding", "simulcast"])
async def test_packets_lost_on_the_way_to_us_come_again(engine: MediaEngine, page: Page, rids: list[str]) -> None:
    async with LossyRelay((RELAY_HOST, engine.network.port), (HOST, engine.network.port), up=LOSS) as relay:
        await publish(engine, page, rids)
        await until(lambda: relay.passed.up_lost > 40)
        resent: int = await page.evaluate(RESENT)
        assert resent > 0
        for encoding in encodings(engine):
            assert encoding.nacks.given_up <= 2
            assert encoding.repaired > 0

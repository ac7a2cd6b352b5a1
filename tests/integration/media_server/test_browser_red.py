"""Chromium publishes sound with redundancy (RED, RFC 2198) over a bad line; Chromium listens with it and without."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page

from classroom.clock import SystemClock
from classroom.model.principal import Principal
from media_server.engine import MediaEngine
from tests.fakes.lossy_relay import LossyRelay
from tests.fakes.peers import until
from tests.harness.browser import chromium
from tests.harness.eventually import eventually
from tests.harness.processes import HOST

LESSON = "lesson"
RELAY_HOST = "127.0.0.2"
LOSS = 0.1
# A tone instead of a microphone, so that no secure page is needed. RED first: the browser then sends it.
PUBLISH = """
async () => {
  const context = new AudioContext();
  const tone = new OscillatorNode(context, {frequency: 440});
  const destination = context.createMediaStreamDestination();
  tone.connect(destination);
  tone.start();
  const connection = window.connection = new RTCPeerConnection();
  const transceiver = connection.addTransceiver(destination.stream.getAudioTracks()[0], {direction: 'sendonly'});
  const codecs = RTCRtpSender.getCapabilities('audio').codecs;
  transceiver.setCodecPreferences(['audio/red', 'audio/opus'].map(name => codecs.find(one => one.mimeType === name)));
  await connection.setLocalDescription();
  return connection.localDescription.sdp;
}
"""
LISTEN = """
async (names) => {
  const connection = window.connection = new RTCPeerConnection();
  const transceiver = connection.addTransceiver('audio', {direction: 'recvonly'});
  const codecs = RTCRtpReceiver.getCapabilities('audio').codecs;
  transceiver.setCodecPreferences(names.map(name => codecs.find(one => one.mimeType === name)));
  const audio = document.body.appendChild(document.createElement('audio'));
  audio.srcObject = new MediaStream([transceiver.receiver.track]);
  audio.play();
  await connection.setLocalDescription();
  return connection.localDescription.sdp;
}
"""
ACCEPT = "sdp => connection.setRemoteDescription({type: 'answer', sdp})"
HEARD = """
async () => {
  for (const report of (await connection.getStats()).values())
    if (report.type === 'inbound-rtp') return report;
  return {};
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


async def listen(engine: MediaEngine, page: Page, *names: str) -> None:
    offer: str = await page.evaluate(LISTEN, list(names))
    _, answer = engine.subscribe(LESSON, Principal("viewer", "viewer"), offer, "teacher")
    # Listeners go past the bad line.
    await page.evaluate(ACCEPT, answer.replace(RELAY_HOST, HOST))


async def hears(page: Page, packets: int) -> dict[str, Any]:
    """Wait until so many packets came; the browser's own statistics of them (W3C webrtc-stats)."""

    async def enough() -> dict[str, Any] | None:
        report: dict[str, Any] = await page.evaluate(HEARD)
        return report if report.get("packetsReceived", 0) >= packets else None

    found = await eventually(enough, f"{packets} packets of sound", 25.0)
    assert found is not None
    return found


async def test_redundancy_goes_to_who_speaks_it_and_mends_the_sound_of_all(engine: MediaEngine) -> None:
    async with (
        chromium() as browser,
        LossyRelay((RELAY_HOST, engine.network.port), (HOST, engine.network.port), up=LOSS) as relay,
    ):
        publisher, with_red, without = [await browser.new_page() for _ in range(3)]
        await listen(engine, with_red, "audio/red", "audio/opus")
        await listen(engine, without, "audio/opus")
        offer: str = await publisher.evaluate(PUBLISH)
        _, answer = engine.publish(LESSON, "teacher", "room", offer)
        await publisher.evaluate(ACCEPT, answer)
        await until(lambda: relay.passed.up_lost > 10)
        whole, alone = await hears(with_red, 150), await hears(without, 150)
    # Chromium repeats one packet in the next, and Opus repairs a little inside its packets, which counts as well.
    assert whole["fecPacketsReceived"] > alone.get("fecPacketsReceived", 0) + 60
    assert whole["bytesReceived"] > 1.5 * alone["bytesReceived"]
    for report in (whole, alone):
        # Two lost in a row are more than Chromium repeats.
        assert report["packetsLost"] <= 6
        assert report["totalAudioEnergy"] > 0
    [encoding] = engine.rooms[LESSON].sources["teacher"].encodings
    assert encoding.repaired >= 8

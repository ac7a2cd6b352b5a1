"""Firefox ESR watching and publishing, next to Chromium."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.harness.eventually import eventually
from tests.harness.firefox import FirefoxPage, firefox
from tests.harness.world import World

JOIN = """
name => {
  const field = document.querySelector('#name');
  if (!field) return false;
  field.value = name;
  field.dispatchEvent(new Event('input', {bubbles: true}));
  document.querySelector('button[type=submit]').click();
  return true;
}
"""
COUNTERS = "() => (window.frameCodes?.of('teacher') ?? []).map(frame => frame.counter).filter(each => each !== null)"
# WHIP from a page of the server itself: camera and microphone of the browser's fake device.
PUBLISH = """
async ({path, token, rids, codec}) => {
  const stream = await navigator.mediaDevices.getUserMedia({audio: true, video: {width: 640, height: 360}});
  const connection = window.connection = new RTCPeerConnection();
  connection.addTransceiver(stream.getAudioTracks()[0], {direction: 'sendonly', streams: [stream]});
  const sendEncodings = rids.map((rid, n) => ({rid, scaleResolutionDownBy: 2 ** n}));
  const video = connection.addTransceiver(
    stream.getVideoTracks()[0], {direction: 'sendonly', streams: [stream], ...(rids.length ? {sendEncodings} : {})});
  const codecs = RTCRtpSender.getCapabilities('video').codecs;
  video.setCodecPreferences(codecs.filter(each => each.mimeType === codec || each.mimeType === 'video/rtx'));
  await connection.setLocalDescription();
  const headers = {'Content-Type': 'application/sdp', Authorization: `Bearer ${token}`};
  const response = await fetch(path, {method: 'POST', headers, body: connection.localDescription.sdp});
  const sdp = await response.text();
  if (response.status !== 201) throw new Error(`${response.status} ${sdp}`);
  await connection.setRemoteDescription({type: 'answer', sdp});
  return [connection.localDescription.sdp, sdp];
}
"""
STATISTICS = """
async () => [...(await window.connection.getStats()).values()]
  .filter(each => each.type === 'outbound-rtp' || each.type === 'remote-inbound-rtp')
"""


@pytest.fixture
async def page() -> AsyncIterator[FirefoxPage]:
    async with firefox() as browser:
        yield await browser.new_page()


async def test_it_watches_on_the_join_page(world: World, page: FirefoxPage) -> None:
    await world.agent()
    await world.live()
    await page.goto(world.join_address)

    async def joined() -> bool:
        return bool(await page.evaluate(JOIN, "火狐"))

    await eventually(joined, "the join page shows its form")

    async def sees() -> list[int]:
        counters: list[int] = await page.evaluate(COUNTERS)
        return counters if len(counters) >= 50 else []

    counters = await eventually(sees, "Firefox shows 50 numbered frames", 40)
    assert counters == sorted(set(counters)), "in their order, none twice"


async def publish(world: World, page: FirefoxPage, rids: list[str], codec: str = "video/VP8") -> list[str]:
    token = world.tokens.issue_publish(world.lesson.id, "teacher")
    await page.goto(f"{world.server.url}/")
    path = f"/whip/{world.lesson.id}?source=teacher"
    sdps: list[str] = await page.evaluate(PUBLISH, {"path": path, "token": token, "rids": rids, "codec": codec})
    return sdps


@pytest.mark.parametrize("rids", [[], ["h", "l"]], ids=["one encoding", "simulcast"])
async def test_it_publishes_and_chromium_watches(world: World, page: FirefoxPage, rids: list[str]) -> None:
    teacher = await world.teacher()
    await teacher.start(world.lesson.id)
    await publish(world, page, rids)
    await world.published(teacher)
    viewer = await world.viewer("沙湾教学点")

    async def decodes() -> bool:
        return (await viewer.received()).get("framesDecoded", 0) > 50

    async def hears() -> bool:
        return await viewer.packets("audio") > 100

    await eventually(decodes, "Chromium decodes what Firefox sends", 40)
    await eventually(hears, "sound arrives")

    async def all_encodings() -> bool:
        [source] = (await teacher.lesson(world.lesson.id)).sources
        return {encoding.rid for encoding in source.encodings} == set(rids or [""])

    await eventually(all_encodings, "every encoding arrives")
    statistics: list[dict[str, Any]] = await page.evaluate(STATISTICS)
    assert not any(each.get("fractionLost") for each in statistics), "our reports tell of no loss"

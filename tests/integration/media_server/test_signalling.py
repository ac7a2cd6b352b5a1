"""ICE restarts as clients ask for them: players with PATCH (RFC 9725 § 4.3.3), pages with another offer on `/ws`."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from classroom.access.lessons import access_step
from classroom.messages.live import MediaAnswer, MediaOffer, MediaTrackState, WantedTrack
from classroom.model.lesson import LessonStep
from classroom.model.principal import SYSTEM
from classroom.rtp.sdp import parse_sdp
from media_server.service import MediaService
from scheduler.service import SchedulerService
from tests.fakes.browser_viewer import BrowserViewer, browser_viewer
from tests.fakes.hub import Hub, LiveSocket, running_hub
from tests.fakes.peers import Publisher, closing

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    """A server whose lesson is live, with a publisher; its clock goes with the browser's."""
    publisher = Publisher()
    async with running_hub(tmp_path, services=[MediaService, SchedulerService]) as hub, closing(publisher):
        await access_step(hub.server.context.store, SYSTEM, hub.county.lesson.id, LessonStep.START, hub.clock.now())
        ticking = asyncio.create_task(_tick(hub))
        headers = {**await hub.headers_of("room_device"), **SDP}
        path = f"/whip/{hub.county.lesson.id}?source=teacher"
        async with hub.http.post(path, data=(await publisher.offer()).encode(), headers=headers) as response:
            await publisher.accept(await response.text())
        yield hub
        ticking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await ticking


async def _tick(hub: Hub) -> None:
    while True:
        await asyncio.sleep(0.02)
        hub.clock.advance(0.02)


def attribute(sdp: str, name: str) -> str:
    found = re.search(rf"^a={name}:(\S+)", sdp, re.MULTILINE)
    assert found, sdp
    return found[1]


async def restarts(hub: Hub) -> float:
    metrics = (await hub.call("nobody", "GET", "/metrics"))[1]
    return float(re.search(r"^media_ice_restarts_total (\S+)", metrics, re.MULTILINE)[1])  # type: ignore[index]


async def local_ufrag(viewer: BrowserViewer) -> str:
    return str((await viewer.stats())["local"]["usernameFragment"])


async def test_a_whep_player_restarts_with_patch(hub: Hub) -> None:
    token = await hub.headers_of("guest")
    async with browser_viewer() as viewer:
        path = f"/whep/{hub.county.lesson.id}?source=teacher"
        async with hub.http.post(path, data=(await viewer.offer()).encode(), headers={**token, **SDP}) as response:
            answer, location = await response.text(), response.headers["Location"]
        await viewer.accept(answer)
        await viewer.sees_more(5)
        offer = await viewer.offer_restart()
        ufrag, password = attribute(offer, "ice-ufrag"), attribute(offer, "ice-pwd")
        body = f"a=ice-ufrag:{ufrag}\r\na=ice-pwd:{password}\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n"
        headers = {**token, **FRAGMENT, "If-Match": "*"}
        async with hub.http.patch(location, data=body.encode(), headers=headers) as response:
            assert response.status == 200, await response.text()
            fragment = await response.text()
        for name in ("ice-ufrag", "ice-pwd"):
            assert attribute(fragment, name) != attribute(answer, name)
            answer = answer.replace(attribute(answer, name), attribute(fragment, name))
        await viewer.accept(answer)
        await viewer.sees_more(10)
        assert await local_ufrag(viewer) == ufrag
        assert await restarts(hub) == 1


async def offered(hub: Hub, page: LiveSocket, number: int, sdp: str) -> str:
    tracks = [
        WantedTrack(mid=section.mid, source="teacher", kind="video" if section.kind == "video" else "audio")
        for section in parse_sdp(sdp).media
        if section.kind in ("audio", "video")
    ]
    await page.send(MediaOffer(id=number, lesson_id=hub.county.lesson.id, sdp=sdp, tracks=tracks))
    while isinstance(message := await page.receive(), MediaTrackState):
        pass
    assert isinstance(message, MediaAnswer), message
    assert message.id == number
    return message.sdp


async def test_a_page_restarts_with_another_offer(hub: Hub) -> None:
    async with browser_viewer() as viewer, hub.socket("pupil") as page:
        first = await offered(hub, page, 1, await viewer.offer())
        await viewer.accept(first)
        await viewer.sees_more(5)
        offer = await viewer.offer_restart()
        second = await offered(hub, page, 2, offer)
        assert attribute(second, "ice-ufrag") != attribute(first, "ice-ufrag")
        assert attribute(second, "fingerprint") == attribute(first, "fingerprint")
        await viewer.accept(second)
        await viewer.sees_more(10)
        assert await local_ufrag(viewer) == attribute(offer, "ice-ufrag")
        assert await restarts(hub) == 1

"""What an administrator sees of connections, and Prometheus of all of them together."""

import asyncio
from pathlib import Path

from classroom.access.lessons import access_step
from classroom.messages.statistics import PeersView
from classroom.model.lesson import LessonStep
from classroom.model.principal import SYSTEM
from media_server.service import MediaService
from scheduler.service import SchedulerService
from tests.fakes.hub import Hub, running_hub
from tests.fakes.peers import Publisher, Viewer, closing

SDP = {"Content-Type": "application/sdp"}


async def exchange(hub: Hub, who: str, kind: str, peer: Publisher | Viewer) -> None:
    headers = {**await hub.headers_of(who), **SDP}
    path = f"/{kind}/{hub.county.lesson.id}?source=teacher"
    async with hub.http.post(path, data=(await peer.offer()).encode(), headers=headers) as response:
        assert response.status == 201, await response.text()
        await peer.accept(await response.text())


async def watching(hub: Hub, viewer: Viewer) -> None:
    """Let virtual time pass until pictures come."""

    async def pictures() -> None:
        for _ in range(5):
            await viewer.picture()

    receiving = asyncio.ensure_future(pictures())
    while not receiving.done():
        hub.clock.advance(0.02)
        await asyncio.wait([receiving], timeout=0.02)
    await receiving


async def peers(hub: Hub, query: str = "") -> PeersView:
    status, body = await hub.call("admin", "GET", f"/api/v1/media/peers{query}")
    assert status == 200, body
    return PeersView.model_validate(body)


async def test_every_connection_is_described(tmp_path: Path) -> None:
    publisher, viewer = Publisher(), Viewer()
    async with running_hub(tmp_path, services=[MediaService, SchedulerService]) as hub, closing(publisher, viewer):
        lesson = hub.county.lesson
        await access_step(hub.server.context.store, SYSTEM, lesson.id, LessonStep.START, hub.clock.now())
        assert (await peers(hub)).peers == []
        await exchange(hub, "room_device", "whip", publisher)
        await exchange(hub, "guest", "whep", viewer)
        await watching(hub, viewer)
        view = await peers(hub)
        sending, receiving = view.peers
        assert view.forwarding.packets_sent > 0
        assert 0.0 <= view.forwarding.residence_ms_p50 <= view.forwarding.residence_ms_p99

        assert (sending.kind, sending.name, sending.lesson_id) == ("publisher", "teacher", lesson.id)
        assert sending.transport.dtls_state == "connected"
        assert sending.transport.srtp_cipher == "SRTP_AEAD_AES_128_GCM"
        assert "GCM" in sending.transport.dtls_cipher
        assert sending.transport.packets_received > 0
        assert sending.transport.bytes_received > 0
        assert sending.transport.connect_ms is not None
        assert {stream.kind for stream in sending.inbound} == {"audio", "video"}
        video = next(stream for stream in sending.inbound if stream.kind == "video")
        assert (video.frame_width, video.frame_height) == (640, 480)
        assert video.packets_received > 0
        assert sending.outbound == []

        assert (receiving.kind, receiving.transport.protocol) == ("viewer", "udp")
        assert receiving.transport.packets_sent > 0
        assert receiving.transport.ice_restarts == 0
        streams = {stream.kind: stream for stream in receiving.outbound}
        assert streams["video"].packets_sent > 0
        assert (streams["video"].rid, streams["video"].quality_limitation_reason) == ("", "none")
        assert receiving.inbound == []

        assert (await peers(hub, "?lesson=another")).peers == []
        assert len((await peers(hub, f"?lesson={lesson.id}")).peers) == 2
        metrics = (await hub.call("nobody", "GET", "/metrics"))[1]
        assert 'media_peers{ip_version="4",protocol="udp"} 2.0' in metrics
        assert 'media_viewers{quality="good"} 1.0' in metrics
        assert "media_tcp_connections 0.0" in metrics
        sent = next(line for line in metrics.splitlines() if line.startswith("media_residence_seconds_count"))
        assert float(sent.split()[1]) >= view.forwarding.packets_sent
        assert "media_ice_restarts_total 0.0" in metrics
        headers = {**await hub.headers_of("admin")}
        status, _ = await hub.call("admin", "POST", f"/api/v1/lessons/{lesson.id}/stop", headers=headers)
        assert status == 200
        while (await peers(hub)).peers:
            await hub.run(0.1)
        metrics = (await hub.call("nobody", "GET", "/metrics"))[1]
        assert 'media_sessions_ended_total{reason="lesson_ended"} 2.0' in metrics

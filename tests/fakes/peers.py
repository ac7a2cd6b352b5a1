"""Independent WebRTC clients (aiortc) that publish and watch."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiortc import (
    AudioStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
    VideoStreamTrack,
)
from av import VideoFrame

from tests.harness.eventually import eventually

PATIENCE_S = 20.0


class Publisher:
    """Sends a picture (H.264, or whatever `codec` says) and a sound."""

    def __init__(self, codec: str = "video/H264") -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.connection.addTrack(AudioStreamTrack())
        self.connection.addTrack(VideoStreamTrack())
        wanted = [each for each in RTCRtpSender.getCapabilities("video").codecs if each.mimeType == codec]
        for transceiver in self.connection.getTransceivers():
            if transceiver.kind == "video":
                transceiver.setCodecPreferences(wanted)

    async def offer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp

    async def accept(self, answer: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))


class Viewer:
    """Receives a picture and a sound."""

    def __init__(self) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.connection.addTransceiver("audio", direction="recvonly")
        self._video = self.connection.addTransceiver("video", direction="recvonly")

    async def offer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp

    async def accept(self, answer: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def picture(self) -> VideoFrame:
        """The next decoded picture."""
        frame = await asyncio.wait_for(self._video.receiver.track.recv(), PATIENCE_S)
        assert isinstance(frame, VideoFrame)
        return frame


@asynccontextmanager
async def closing(*peers: Publisher | Viewer) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for peer in peers:
            await peer.connection.close()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what real sockets bring."""

    async def check() -> bool:
        return condition()

    await eventually(check, "the sockets to bring it about", PATIENCE_S, every_s=0.01)

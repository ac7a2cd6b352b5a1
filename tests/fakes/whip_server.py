"""A server as a room agent sees it: `/ws` and WHIP over HTTP, one ICE-lite UDP port, DTLS, SRTP; it decodes what it
receives and can lose packets, ask for repairs and keyframes, refuse, and vanish.

It is written from the RFCs and shares nothing with the media server, so that two wrongs do not make a right.
"""

import asyncio
import json
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

import av
from aiohttp import WSMsgType, web
from aioice import stun

from classroom.messages.api import RoomsView
from classroom.messages.live import (
    AgentLesson,
    AgentLevels,
    AgentPreview,
    AgentState,
    AgentWatched,
    Failure,
    Hello,
    Welcome,
    client_messages,
)
from classroom.messages.views import RoomView
from classroom.rtp.packet import RtpPacket, parse_rtp
from classroom.rtp.rtcp import (
    Bye,
    Nack,
    PictureLoss,
    RtcpPacket,
    SenderReport,
    SourceDescription,
    StreamPause,
    pack_compound,
    parse_compound,
)
from classroom.rtp.sdp import SessionDescription, parse_sdp
from classroom.webrtc.dtls import DtlsCertificate, DtlsEndpoint
from classroom.webrtc.srtp import SrtpReceiver, SrtpSender, srtp_receiver, srtp_sender

Address = tuple[str, int]
UFRAG, PASSWORD = "lite", "a password of 22 letters"


def depacketise(packets: list[RtpPacket]) -> list[bytes]:
    """NAL units of one access unit (RFC 6184), its packets in order."""
    nals: list[bytes] = []
    for packet in packets:
        payload = packet.payload
        kind = payload[0] & 0x1F
        if kind == 24:
            position = 1
            while position < len(payload):
                length = int.from_bytes(payload[position : position + 2])
                nals.append(payload[position + 2 : position + 2 + length])
                position += 2 + length
        elif kind == 28:
            if payload[1] & 0x80:
                nals.append(bytes((payload[0] & 0xE0 | payload[1] & 0x1F,)))
            nals[-1] += payload[2:]
        else:
            nals.append(payload)
    return nals


@dataclass
class Stream:
    """What arrived of one SSRC. `arrived` keeps `(seconds, packet)`; packets lost on purpose are not in it."""

    ssrc: int
    mid: str
    rid: str
    packets: dict[int, RtpPacket] = field(default_factory=dict)
    arrived: list[tuple[float, RtpPacket]] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    repaired: list[int] = field(default_factory=list)
    reports: list[tuple[float, SenderReport]] = field(default_factory=list)
    cnames: set[str] = field(default_factory=set)
    ended: bool = False

    @property
    def sequence_holes(self) -> list[int]:
        """Numbers missing between the first and the last that arrived, in the order they were sent."""
        ordered = self.ordered()
        first, last = ordered[0].sequence, ordered[-1].sequence
        numbers = [(first + n) & 0xFFFF for n in range((last - first) & 0xFFFF)]
        return [number for number in numbers if number not in self.packets]

    def ordered(self) -> list[RtpPacket]:
        start = self.arrived[0][1].sequence
        return sorted(self.packets.values(), key=lambda packet: (packet.sequence - start + 0x4000) & 0xFFFF)

    def access_units(self) -> list[tuple[int, list[bytes]]]:
        """`(RTP timestamp, NAL units)` of every picture that is whole."""
        groups: dict[int, list[RtpPacket]] = defaultdict(list)
        for packet in self.ordered():
            groups[packet.timestamp].append(packet)
        return [(timestamp, depacketise(group)) for timestamp, group in groups.items() if group[-1].marker]

    def decode(self) -> list[av.VideoFrame]:
        decoder = av.codec.CodecContext.create("h264", "r")
        frames: list[av.VideoFrame] = []
        for _, nals in self.access_units():
            frames.extend(decoder.decode(av.Packet(b"".join(b"\0\0\0\1" + nal for nal in nals))))
        return frames


@dataclass
class Session:
    """One WHIP session."""

    id: str
    lesson_id: str
    source: str
    offer: SessionDescription
    streams: dict[int, Stream] = field(default_factory=dict)
    dtls: DtlsEndpoint | None = None
    receiver: SrtpReceiver | None = None
    sender: SrtpSender | None = None
    address: Address | None = None
    deleted: bool = False

    def stream(self, mid: str, rid: str = "") -> Stream | None:
        return next((stream for stream in self.streams.values() if (stream.mid, stream.rid) == (mid, rid)), None)


class WhipServer(asyncio.DatagramProtocol):
    """`async with WhipServer() as server`; the agent's server URL is `server.url`."""

    def __init__(self, token: str = "device token", port: int = 0) -> None:
        self.token = token
        self.sessions: list[Session] = []
        self.states: list[AgentState] = []
        self.previews: list[AgentPreview] = []
        self.levels: list[AgentLevels] = []
        self.pauses: list[StreamPause] = []
        self.refuse: list[web.Response] = []
        self.loss = 0.0
        self.simulcast = True
        self.repair = True
        self.lesson: AgentLesson = AgentLesson(lesson_id=None)
        self.changed = asyncio.Event()
        self._port = port
        self._certificate = DtlsCertificate()
        self._random = random.Random(7)
        self._sockets: set[web.WebSocketResponse] = set()
        self._told: set[web.WebSocketResponse] = set()
        self._transport: asyncio.DatagramTransport | None = None
        self._runner: web.AppRunner | None = None
        self.url = ""

    # -- life --------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/ws", self._ws)
        app.router.add_get("/api/v1/rooms", self._rooms)
        app.router.add_post("/whip/{lesson}", self._post)
        app.router.add_delete("/whip/{lesson}/{session}", self._delete)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}"
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, ("127.0.0.1", self._port))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        assert self._transport is not None
        self._transport.close()
        for ws in list(self._sockets):
            await ws.close()
        await self._runner.cleanup()

    async def until(self, condition: Callable[[], bool], within_s: float = 15.0) -> None:
        """Wait for something to become true; it is looked at whenever anything arrives."""
        async with asyncio.timeout(within_s):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    async def name_lesson(self, lesson_id: str | None) -> None:
        self.lesson = AgentLesson(lesson_id=lesson_id)
        for ws in self._sockets:
            await ws.send_str(self.lesson.model_dump_json())

    async def watch(self, for_s: float) -> None:
        """Somebody looks into the room."""
        for ws in self._sockets:
            await ws.send_str(AgentWatched(for_s=for_s).model_dump_json())

    def forget(self) -> None:
        """As after a restart: no session is known any more, nothing is answered."""
        for session in self.sessions:
            session.address, session.dtls, session.receiver = None, None, None
            session.deleted = True

    async def drop_sockets(self) -> None:
        for ws in list(self._sockets):
            await ws.close()

    def live(self, source: str) -> Session:
        """The newest session of a source."""
        return [session for session in self.sessions if session.source == source][-1]

    def ask(self, session: Session, *packets: RtcpPacket) -> None:
        assert session.sender is not None
        assert session.address is not None
        assert self._transport is not None
        self._transport.sendto(session.sender.rtcp(pack_compound(packets)), session.address)

    def ask_for_keyframe(self, session: Session, stream: Stream) -> None:
        self.ask(session, PictureLoss(1, stream.ssrc))

    # -- HTTP --------------------------------------------------------------------------------------------------------

    async def _ws(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        hello = client_messages.validate_json(await ws.receive_str())
        if not isinstance(hello, Hello) or hello.token != self.token:
            await ws.send_str(Failure(code="token_invalid", message="", remedy="").model_dump_json())
            await ws.close()
            return ws
        welcome = {"type": "welcome", "client_id": "1", "name": "room", "roles": ["device"]}
        welcome["server_time"] = "2026-09-01T08:00:00Z"
        await ws.send_str(Welcome.model_validate(welcome).model_dump_json())
        self._sockets.add(ws)
        try:
            async for frame in ws:
                if frame.type is WSMsgType.TEXT:
                    await self._hear(ws, frame.data)
        finally:
            self._sockets.discard(ws)
        return ws

    async def _hear(self, ws: web.WebSocketResponse, text: str) -> None:
        message = client_messages.validate_json(text)
        if isinstance(message, AgentState):
            self.states.append(message)
            if ws not in self._told:
                self._told.add(ws)
                await ws.send_str(self.lesson.model_dump_json())
        elif isinstance(message, AgentPreview):
            self.previews.append(message)
        elif isinstance(message, AgentLevels):
            self.levels.append(message)
        self.changed.set()

    async def _rooms(self, request: web.Request) -> web.Response:
        codes = {"r1": "room", "r2": "another room of the school"}
        rooms = [RoomView(id=code, code=code, name=name, school_name="s", online=False) for code, name in codes.items()]
        return web.Response(text=RoomsView(rooms=rooms).model_dump_json(), content_type="application/json")

    async def _post(self, request: web.Request) -> web.Response:
        if self.refuse:
            self.changed.set()
            return self.refuse.pop(0)
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response({"code": "token_invalid"}, status=401, content_type="application/problem+json")
        assert request.content_type == "application/sdp"
        offer = parse_sdp(await request.text())
        number = str(len(self.sessions))
        session = Session(number, request.match_info["lesson"], request.query["source"], offer)
        session.dtls = DtlsEndpoint(self._certificate, "server", offer.fingerprints)
        self.sessions.append(session)
        self.changed.set()
        location = f"/whip/{session.lesson_id}/{number}"
        answer = self._answer(offer, number)
        return web.Response(status=201, text=answer, content_type="application/sdp", headers={"Location": location})

    async def _delete(self, request: web.Request) -> web.Response:
        self.sessions[int(request.match_info["session"])].deleted = True
        self.changed.set()
        return web.Response()

    def _answer(self, offer: SessionDescription, number: str) -> str:
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=ice-lite"]
        lines.append(f"a=group:{offer.get('group')}")
        lines.append(f"a=fingerprint:sha-256 {self._certificate.fingerprint}")
        for section in offer.media:
            codec = section.codecs[0]
            channels = "/2" if section.kind == "audio" else ""
            lines += [
                f"m={section.kind} 9 UDP/TLS/RTP/SAVPF {codec.payload_type}",
                f"a=mid:{section.mid}",
                f"a=ice-ufrag:{UFRAG}{number}",
                f"a=ice-pwd:{PASSWORD}",
                "a=setup:passive",
                "a=recvonly",
                "a=rtcp-mux",
                f"a=rtpmap:{codec.payload_type} {codec.name}/{codec.clock_rate}{channels}",
                f"a=candidate:1 1 udp 2130706431 127.0.0.1 {self._port} typ host",
            ]
            # Other numbers than offered: an answerer must keep them, so these are the offer's.
            lines += [f"a=extmap:{extmap.id} {extmap.uri}" for extmap in section.extmaps]
            if section.send_rids and self.simulcast:
                lines += [f"a=rid:{rid} recv" for rid in section.send_rids]
                lines.append("a=simulcast:recv " + ";".join(section.send_rids))
        return "\r\n".join(lines) + "\r\n"

    # -- UDP ---------------------------------------------------------------------------------------------------------

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if data[0] < 4:
            self._check(data, addr)
        else:
            session = next((s for s in self.sessions if s.address == addr and not s.deleted), None)
            if session is not None and 20 <= data[0] < 64:
                self._handshake(session, data, addr)
            elif session is not None and session.receiver is not None:
                if 192 <= data[1] < 224:
                    self._rtcp(session, parse_compound(session.receiver.rtcp(data)))
                else:
                    self._rtp(session, session.receiver, data)
        self.changed.set()

    def error_received(self, exc: Exception) -> None:
        """The agent's port is closed already."""

    def _check(self, data: bytes, addr: Address) -> None:
        message = stun.parse_message(data)
        number = str(message.attributes["USERNAME"]).partition(":")[0].removeprefix(UFRAG)
        session = self.sessions[int(number)]
        if session.deleted:
            return
        assert message.check_message_integrity(PASSWORD.encode())
        if "USE-CANDIDATE" in message.attributes:
            session.address = addr
        response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, message.transaction_id)
        response.attributes["XOR-MAPPED-ADDRESS"] = addr
        response.add_message_integrity(PASSWORD.encode())
        assert self._transport is not None
        self._transport.sendto(bytes(response), addr)

    def _handshake(self, session: Session, data: bytes, addr: Address) -> None:
        assert session.dtls is not None
        assert self._transport is not None
        for datagram in session.dtls.receive(data):
            self._transport.sendto(datagram, addr)
        if session.dtls.keys is not None and session.receiver is None:
            session.receiver, session.sender = srtp_receiver(session.dtls.keys), srtp_sender(session.dtls.keys)

    def _rtp(self, session: Session, receiver: SrtpReceiver, data: bytes) -> None:
        sequence, ssrc = int.from_bytes(data[2:4]), int.from_bytes(data[8:12])
        known = session.streams.get(ssrc)
        lost = known.lost if known is not None else []
        if known is not None and sequence not in lost and self._random.random() < self.loss:
            lost.append(sequence)
            if self.repair:
                self.ask(session, Nack(1, ssrc, (sequence,)))
            return
        packet = parse_rtp(receiver.rtp(data))
        if known is None:
            extmaps = {extmap.id: extmap.uri.rpartition(":")[2] for extmap in session.offer.media[0].extmaps}
            extmaps |= {extmap.id: extmap.uri.rpartition(":")[2] for extmap in session.offer.media[-1].extmaps}
            names = {extmaps.get(key, ""): value for key, value in packet.extensions().items()}
            mid, rid = names.get("mid", b"").decode(), names.get("rtp-stream-id", b"").decode()
            known = session.streams[ssrc] = Stream(ssrc, mid, rid)
        if sequence in lost:
            known.repaired.append(sequence)
        known.packets[sequence] = packet
        known.arrived.append((asyncio.get_running_loop().time(), packet))

    def _rtcp(self, session: Session, packets: list[RtcpPacket]) -> None:
        now_s = asyncio.get_running_loop().time()
        for packet in packets:
            if isinstance(packet, SenderReport) and (stream := session.streams.get(packet.ssrc)):
                stream.reports.append((now_s, packet))
            elif isinstance(packet, SourceDescription) and (stream := session.streams.get(packet.ssrc)):
                stream.cnames.add(packet.cname)
            elif isinstance(packet, StreamPause):
                self.pauses.append(packet)
            elif isinstance(packet, Bye):
                for ssrc in packet.ssrcs:
                    if ssrc in session.streams:
                        session.streams[ssrc].ended = True


def problem(status: int, code: str, **headers: str) -> web.Response:
    """A refusal in RFC 9457's form."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return web.Response(
        status=status, text=json.dumps({"code": code}), content_type="application/problem+json", headers=named
    )

"""One source on its way to the server, in one WHIP session. After any loss a new publication is made."""

import asyncio
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from classroom.clock import Clock
from classroom.logs import get_logger
from classroom.messages.views import MediaKind
from classroom.rtp.rtcp import (
    PAUSE,
    PAUSED,
    RESUME,
    Bye,
    FullIntra,
    Nack,
    PictureLoss,
    ReceiverReference,
    ReferenceDelay,
    RtcpPacket,
    SourceDescription,
    StreamPause,
    compact_ntp,
)
from classroom.tasks import Tasks
from classroom.webrtc.dtls import DtlsCertificate
from room_agent.capture.frames import SAMPLE_RATE_HZ, SystemBeat
from room_agent.encode.ladder import Rung
from room_agent.encode.simulcast import EncodedPicture
from room_agent.encode.sounds import EncodedSound
from room_agent.uplink.link import Link, LinkLost
from room_agent.uplink.offer import (
    ABS_SEND_TIME,
    AUDIO_CLOCK_RATE,
    MID,
    RID,
    VIDEO_CLOCK_RATE,
    AcceptedMedia,
    LocalTransport,
    OfferedMedia,
    build_offer,
    read_answer,
)
from room_agent.uplink.pacer import Pacer
from room_agent.uplink.packetise import MAX_PACKET_BYTES, packetise
from room_agent.uplink.stream import RtpStream, StreamFormat
from room_agent.uplink.whip import WhipClient, WhipSession

# Times the media's bitrate: the largest keyframe, half a second of bits, leaves within 60 ms. Slower would spare thin
# lines a little more, but a receiver's jitter buffer makes room for the slowest picture: everybody would see all later.
_PACE_FACTOR = 8
_VIDEO_HISTORY_PACKETS = 512  # some 4 s of 1.2 Mbps
_AUDIO_HISTORY_PACKETS = 100  # 2 s
_SRTP_TAG_BYTES = 16
_REPORT_INTERVAL_S = 1.0
_FIRST_REPORT_S = 0.1  # early: the first report lets the other side line sound and pictures up
_DRIFT_S = 0.1  # a sound timeline further from the clock than this begins anew

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PublishedMedia:
    """What a source sends. `ladder` is empty without a picture, `channels` 0 without sound."""

    ladder: tuple[Rung, ...]
    channels: int

    @property
    def kinds(self) -> tuple[MediaKind, ...]:
        return (*(("audio",) if self.channels else ()), *(("video",) if self.ladder else ()))


@dataclass(frozen=True, slots=True)
class _Paced:
    stream: RtpStream
    payload: bytes
    ticks: int
    marker: bool


class _SoundClock:
    """RTP ticks of a sound: counted in samples, so that packets follow each other exactly, and begun anew when the
    capture's timeline and the clock part (the capture was reopened, the machine slept)."""

    def __init__(self) -> None:
        self._offset: int | None = None

    def ticks(self, sound: EncodedSound) -> int:
        measured = round(sound.captured_s * SAMPLE_RATE_HZ)
        if self._offset is None or abs(sound.position + self._offset - measured) > _DRIFT_S * SAMPLE_RATE_HZ:
            self._offset = measured - sound.position
        return sound.position + self._offset


class Publication:
    """`open` once, then `picture` and `sound`; `on_lost` is called once if it ends by itself; `close` ends it.

    `on_keyframe` asks for keyframes of these rids; `on_paused` says which rids nobody watches now.
    """

    def __init__(
        self,
        *,
        whip: WhipClient,
        certificate: DtlsCertificate,
        clock: Clock,
        tasks: Tasks,
        beat: SystemBeat,
        cname: str,
        on_keyframe: Callable[[set[str]], None],
        on_paused: Callable[[set[str]], None],
        on_lost: Callable[[LinkLost], None],
    ) -> None:
        self._whip = whip
        self._certificate = certificate
        self._beat = beat
        self._cname = cname
        self._on_keyframe = on_keyframe
        self._on_paused = on_paused
        self._link = Link(certificate, clock, tasks, self._rtcp, on_lost)
        self._session: WhipSession | None = None
        self._audio: RtpStream | None = None
        self._video: dict[str, RtpStream] = {}
        self._lanes: dict[str, int] = {}
        self._needs_keyframe: set[str] = set()
        self._by_ssrc: dict[int, tuple[str, RtpStream]] = {}
        self._sound_clock = _SoundClock()
        self._pacer: Pacer[_Paced] = Pacer(1.0, 1)
        self._timer: asyncio.TimerHandle | None = None
        self._report_timer: asyncio.TimerHandle | None = None
        self._fir_seen: dict[int, int] = {}
        self._paused: set[str] = set()
        self._pause_ids: dict[str, int] = {}
        self.dropped_packets = 0

    async def open(self, lesson_id: str, source: str, media: PublishedMedia) -> None:
        """POST, ICE, DTLS. Raises `WhipRefused`, `LinkLost`, `MalformedSdp` or `Unprocessable`."""
        offered = _offered(media)
        transport = LocalTransport(
            self._link.ice.local_ufrag, self._link.ice.local_password, self._certificate.fingerprint
        )
        offer = build_offer(offered, transport, self._cname, str(secrets.randbits(62)))
        self._session = await self._whip.open(lesson_id, source, offer)
        answer = read_answer(self._session.answer, offered)
        self._make_streams(offered, answer.media, media.ladder)
        await self._link.connect(answer)
        self._on_paused(set())
        self._on_keyframe(set(self._video))
        self._report_timer = asyncio.get_running_loop().call_later(_FIRST_REPORT_S, self._report)

    def picture(self, picture: EncodedPicture) -> None:
        """Queue an access unit; dropped while it cannot be used by anybody."""
        rid = picture.encoding.rid
        stream = self._video.get(rid)
        if stream is None or self._link.srtp is None or rid in self._paused:
            return
        if rid in self._needs_keyframe:
            if not picture.unit.keyframe:
                return
            self._needs_keyframe.discard(rid)
        lane = self._lanes[rid]
        if self._pacer.overfull(lane):
            self.dropped_packets += self._pacer.drop(lane)
            self._needs_keyframe.add(rid)
            self._on_keyframe({rid})
            return
        ticks = picture.unit.pts
        stream.at(ticks, picture.captured_s)
        room = MAX_PACKET_BYTES - stream.format.header_bytes - _SRTP_TAG_BYTES
        payloads = packetise(picture.unit.nals, room)
        for number, payload in enumerate(payloads, 1):
            self._pacer.push(lane, _Paced(stream, payload, ticks, number == len(payloads)), len(payload))
        if self._timer is None:
            self._pump()

    def pictures_lost(self) -> None:
        """Encoded pictures were lost before they came here: send none until the next keyframes."""
        self._needs_keyframe = set(self._video)

    def sound(self, sound: EncodedSound) -> None:
        """Send at once: sound is small, and the first thing people miss."""
        stream = self._audio
        if stream is None or self._link.srtp is None:
            return
        ticks = self._sound_clock.ticks(sound)
        # RFC 7587 § 4.2: the marker bit has no meaning without DTX but for the first packet of a talk spurt.
        marker = stream.packets_sent == 0
        stream.at(ticks, sound.captured_s)
        self._link.send(stream.protect(self._link.srtp, sound.payload, ticks, marker, self._beat.unix()))

    @property
    def traffic(self) -> tuple[int, int]:
        """Packets sent so far, and how many of them were asked for again or given up."""
        streams = [stream for _, stream in self._by_ssrc.values()]
        again = sum(stream.packets_resent for stream in streams)
        return sum(stream.packets_sent for stream in streams), again + self.dropped_packets

    def verify(self) -> None:
        """See `Link.verify`."""
        self._link.verify()

    async def close(self) -> None:
        """BYE, DELETE, and everything let go. Safe to call at any time, more than once."""
        for timer in (self._timer, self._report_timer):
            if timer is not None:
                timer.cancel()
        self._timer = self._report_timer = None
        if self._link.srtp is not None and self._by_ssrc:
            self._link.send_rtcp([*self._reports(), Bye(tuple(self._by_ssrc))])
        self._link.close()
        session, self._session = self._session, None
        if session is not None:
            await self._whip.close(session)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _make_streams(
        self, offered: list[OfferedMedia], accepted: dict[str, AcceptedMedia], ladder: tuple[Rung, ...]
    ) -> None:
        for media in offered:
            answer = accepted.get(media.mid)
            if answer is None:
                continue
            if media.kind == "audio":
                self._audio = _stream(media.ssrcs[0], answer, None, AUDIO_CLOCK_RATE, _AUDIO_HISTORY_PACKETS)
                self._by_ssrc[media.ssrcs[0]] = ("", self._audio)
                continue
            # Without simulcast on the other side the best encoding goes alone.
            rids = answer.rids or media.rids[:1]
            for rid, ssrc in zip(media.rids, media.ssrcs, strict=True):
                if rid in rids:
                    named = rid if answer.rids else None
                    stream = _stream(ssrc, answer, named, VIDEO_CLOCK_RATE, _VIDEO_HISTORY_PACKETS)
                    self._video[rid] = stream
                    self._by_ssrc[ssrc] = (rid, stream)
        self._needs_keyframe = set(self._video)
        # The smallest encoding goes first: it serves those whose line is worst, and is soon out of the way.
        rungs = sorted((rung for rung in ladder if rung.rid in self._video), key=lambda rung: rung.bitrate_bps)
        self._lanes = {rung.rid: lane for lane, rung in enumerate(rungs)}
        self._pacer = Pacer(_PACE_FACTOR * max(sum(rung.bitrate_bps for rung in rungs), 1), max(1, len(rungs)))

    def _pump(self) -> None:
        self._timer = None
        srtp = self._link.srtp
        if srtp is None:
            return
        now_s = self._beat.now()
        for paced in self._pacer.take(now_s):
            self._link.send(paced.stream.protect(srtp, paced.payload, paced.ticks, paced.marker, self._beat.unix()))
        wait_s = self._pacer.wait_s()
        if wait_s is not None:
            self._timer = asyncio.get_running_loop().call_later(max(wait_s, 0.001), self._pump)

    def _report(self) -> None:
        self._report_timer = asyncio.get_running_loop().call_later(_REPORT_INTERVAL_S, self._report)
        if reports := self._reports():
            self._link.send_rtcp(reports)

    def _reports(self) -> list[RtcpPacket]:
        now_s, unix_s = self._beat.now(), self._beat.unix()
        packets: list[RtcpPacket] = []
        names: list[RtcpPacket] = []
        for ssrc, (_, stream) in self._by_ssrc.items():
            if (report := stream.report(now_s, unix_s)) is not None:
                packets.append(report)
                names.append(SourceDescription(ssrc, self._cname))
        return packets + names

    def _rtcp(self, packets: list[RtcpPacket]) -> None:
        keyframes: set[str] = set()
        for packet in packets:
            if isinstance(packet, Nack):
                if (known := self._by_ssrc.get(packet.media_ssrc)) is not None:
                    for datagram in known[1].lost(packet.lost, self._beat.now()):
                        self._link.send(datagram)
            elif isinstance(packet, PictureLoss | FullIntra):
                if (known := self._by_ssrc.get(packet.media_ssrc)) is None or not known[0]:
                    continue
                if isinstance(packet, FullIntra):
                    # RFC 5104 § 4.3.1.2: the same sequence number is the same request, repeated.
                    if self._fir_seen.get(packet.media_ssrc) == packet.sequence:
                        continue
                    self._fir_seen[packet.media_ssrc] = packet.sequence
                keyframes.add(known[0])
            elif isinstance(packet, StreamPause):
                self._pause(packet)
            elif isinstance(packet, ReceiverReference) and self._by_ssrc:
                # RFC 3611 § 4.5: the server sends nothing and learns the round trip this way; answered without delay.
                ssrc = next(iter(self._by_ssrc))
                self._link.send_rtcp([ReferenceDelay(ssrc, packet.ssrc, compact_ntp(packet.ntp_time), 0)])
        if keyframes:
            self._on_keyframe(keyframes)

    def _pause(self, packet: StreamPause) -> None:
        """Stop or start an encoding. Requests are repeated, and may overtake each other: their number tells."""
        known = self._by_ssrc.get(packet.target_ssrc)
        if known is None or not known[0]:
            return
        rid = known[0]
        expected = self._pause_ids.get(rid, 0)
        ahead = (packet.pause_id - expected) & 0xFFFF
        if packet.kind == PAUSE and ahead < 0x8000:
            self._pause_ids[rid] = packet.pause_id
            self._link.send_rtcp([StreamPause(packet.target_ssrc, packet.target_ssrc, PAUSED, packet.pause_id)])
            if rid not in self._paused:
                log.info("encoding paused, nobody watches it", encoding=rid)
                self._paused.add(rid)
                self._pacer.drop(self._lanes[rid])
                self._on_paused(set(self._paused))
        elif packet.kind == RESUME and ahead == 0 and rid in self._paused:
            log.info("encoding resumed", encoding=rid)
            self._pause_ids[rid] = packet.pause_id + 1 & 0xFFFF
            self._paused.discard(rid)
            self._needs_keyframe.add(rid)
            self._on_paused(set(self._paused))
            self._on_keyframe({rid})


def _offered(media: PublishedMedia) -> list[OfferedMedia]:
    offered = []
    if media.channels:
        offered.append(OfferedMedia("audio", "0", (_new_ssrc(),), channels=media.channels))
    if media.ladder:
        rids = tuple(rung.rid for rung in media.ladder)
        ssrcs = tuple(_new_ssrc() for _ in rids)
        offered.append(OfferedMedia("video", str(len(offered)), ssrcs, rids))
    return offered


def _stream(ssrc: int, answer: AcceptedMedia, rid: str | None, clock_rate: int, history_packets: int) -> RtpStream:
    extensions = {}
    if (identifier := answer.extensions.get(MID)) is not None:
        extensions[identifier] = answer.mid.encode()
    if rid is not None and (identifier := answer.extensions.get(RID)) is not None:
        extensions[identifier] = rid.encode()
    form = StreamFormat(answer.payload_type, clock_rate, extensions, answer.extensions.get(ABS_SEND_TIME, 0))
    return RtpStream(ssrc, form, secrets.randbits(32), history_packets)


def _new_ssrc() -> int:
    return random.randrange(1, 1 << 32)

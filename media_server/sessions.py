"""What a connection is for: a publisher's or a subscriber's session, between its `Peer` and its `Room`."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from classroom.errors import Unprocessable
from classroom.logs import get_logger
from classroom.messages.live import WantedTrack
from classroom.model.principal import Principal
from classroom.rtp.packet import RtpPacket
from classroom.rtp.rtcp import (
    Bye,
    FullIntra,
    Nack,
    PictureLoss,
    ReceiverReport,
    Remb,
    RtcpPacket,
    SenderReport,
    SourceDescription,
)
from classroom.webrtc.srtp import SrtpSender
from media_server.sfu.downlink import Downlink
from media_server.sfu.encoding import Encoding
from media_server.sfu.negotiation import ABS_SEND_TIME, MID, RID, Offer, OfferedSection, SentStream
from media_server.sfu.room import Room, Sending
from media_server.sfu.source import Source, Track
from media_server.sfu.subscriber import Subscriber
from media_server.transport.egress import DownlinkWriter, abs_send_time
from media_server.transport.peer import Peer

MAX_STREAMS = 16  # SSRCs of one publisher: two sections of four encodings, twice
MAX_REPAIRS = 256  # retransmissions for one NACK packet
REPORT_EVERY_S = 1.0
_OUR_SSRC = 1  # RTCP sender of feedback; RFC 8834 lets a receiver-only endpoint use any

log = get_logger(__name__)


def _nobody(reason: str) -> None:
    """Nobody waits for the end of this session yet."""


class PublisherSession:
    """Receives one source into a room."""

    peer: Peer

    def __init__(self, id_: str, room: Room, principal_id: str, source_name: str, offer: Offer) -> None:
        self.id = id_
        self.on_end: Callable[[str], None] = _nobody  # the engine's
        self.on_lost: Callable[[str], None] = _nobody  # for whoever opened the session
        self.room = room
        self.principal_id = principal_id
        tracks = [Track(section.kind, section.codec.clock_rate, list(section.rids)) for section in offer.sections]
        self.source = Source(source_name, tracks)
        self._sections = offer.sections
        self._streams: dict[int, Encoding] = {}
        self._report_at = 0.0
        self._rtt_s = 0.0
        self.keyframe_requests = 0

    def connected(self, sender: SrtpSender, now: float) -> None:
        self._report_at = now + REPORT_EVERY_S

    def rtp(self, packet: RtpPacket, now: float) -> None:
        encoding = self._streams.get(packet.ssrc) or self._identify(packet)
        if encoding is not None:
            self.room.receive(encoding, packet, now)

    def rtcp(self, packets: Sequence[RtcpPacket], now: float) -> None:
        for packet in packets:
            if isinstance(packet, SenderReport) and (encoding := self._streams.get(packet.ssrc)):
                encoding.receive_report(packet, now)
            elif isinstance(packet, Bye):
                for ssrc in packet.ssrcs:
                    self._streams.pop(ssrc, None)

    def lost(self, reason: str) -> None:
        self.on_end(reason)

    def tick(self, now: float) -> None:
        """Feedback to the publisher: NACKs, keyframe requests, reports."""
        feedback: list[RtcpPacket] = []
        for ssrc, encoding in self._streams.items():
            if lost := encoding.nacks.due(now, self._rtt_s):
                feedback.append(Nack(_OUR_SSRC, ssrc, tuple(index & 0xFFFF for index in lost)))
            if encoding.keyframes.due(now):
                feedback.append(PictureLoss(_OUR_SSRC, ssrc))
                self.keyframe_requests += 1
        if now >= self._report_at:
            self._report_at = now + REPORT_EVERY_S
            blocks = [block for encoding in self._streams.values() if (block := encoding.report_block(now))]
            feedback.insert(0, ReceiverReport(_OUR_SSRC, tuple(blocks)))
        if feedback:
            self.peer.send_rtcp(feedback)

    def _identify(self, packet: RtpPacket) -> Encoding | None:
        """Which encoding a new SSRC is: by its RID and MID extensions, by `a=ssrc`, or by its payload type."""
        if len(self._streams) >= MAX_STREAMS:
            return None
        elements = packet.extensions()
        for section in self._sections:
            if packet.payload_type != section.codec.payload_type:
                continue
            mid = _text(elements, section, MID)
            if mid is not None and mid != section.mid:
                continue
            rid = _text(elements, section, RID)
            if section.rids and rid not in section.rids:
                continue  # RFC 8852 § 3.1: the RID comes until the receiver has surely heard it
            if not section.rids and section.ssrcs and packet.ssrc not in section.ssrcs:
                continue
            track = self.source.tracks[section.kind]
            known = track.encoding(rid or "")
            if known is not None:
                self._streams.pop(known.ssrc, None)
            encoding = self.room.add_encoding(self.source, track, rid or "", packet.ssrc)
            self._streams[packet.ssrc] = encoding
            return encoding
        return None


class SubscriberSession:
    """Sends a room's sources to one viewer."""

    peer: Peer

    def __init__(self, id_: str, room: Room, principal: Principal, since: datetime) -> None:
        self.id = id_
        self.on_end: Callable[[str], None] = _nobody  # the engine's
        self.on_lost: Callable[[str], None] = _nobody  # for whoever opened the session
        self.room = room
        self.principal_id = principal.id
        self.name = principal.name
        self.since = since
        self.subscriber = Subscriber(id_)
        self._cname = f"qianshou-{id_[:8]}"
        self._stamp_ids: dict[str, int | None] = {}
        self._writers: dict[str, DownlinkWriter] = {}
        self._sender: SrtpSender | None = None
        self._report_at = 0.0

    def negotiate(
        self, offer: Offer, wanted: Sequence[WantedTrack], randomness: random.Random
    ) -> dict[str, SentStream]:
        """Take over an offer: sections that stay keep their stream. Raises `Unprocessable("offer_tracks_mismatch")`."""
        sections = {section.mid: section for section in offer.sections}
        downlinks: dict[str, Downlink] = {}
        for track in wanted:
            section = sections.get(track.mid)
            if section is None or section.kind != track.kind:
                raise Unprocessable("offer_tracks_mismatch", mid=track.mid)
            kept = self.subscriber.downlinks.get(track.mid)
            if kept is None or kept.source != track.source or kept.payload_type != section.codec.payload_type:
                kept = _downlink(section, track.source, randomness)
            downlinks[track.mid] = kept
            self._stamp_ids[track.mid] = section.extensions.get(ABS_SEND_TIME)
        self.subscriber.set_downlinks(downlinks)
        self._writers = {mid: writer for mid, writer in self._writers.items() if mid in downlinks}
        return {
            mid: SentStream(downlink.ssrc, downlink.rtx_ssrc, downlink.source, self._cname)
            for mid, downlink in downlinks.items()
        }

    def connected(self, sender: SrtpSender, now: float) -> None:
        self._sender = sender
        self._report_at = now + 0.2  # the first report early: it lines sound and picture up
        self.room.subscribe(self.subscriber, now)

    def renegotiated(self, now: float) -> None:
        if self._sender is not None:
            self._writers.clear()
            self.room.subscribe(self.subscriber, now)

    def send(self, sending: Sending, now: float) -> None:
        """Put what the room decided on the wire."""
        if self._sender is None:
            return
        downlink = sending.downlink
        writer = self._writers.get(downlink.mid)
        if writer is None:
            writer = DownlinkWriter(self._sender, downlink, self._stamp_ids.get(downlink.mid))
            self._writers[downlink.mid] = writer
        stamp = abs_send_time(now)
        write = writer.write_repairs if sending.repair else writer.write
        self.peer.send(write(sending.runs, stamp))

    def rtp(self, packet: RtpPacket, now: float) -> None:
        """A viewer sends no media."""

    def rtcp(self, packets: Sequence[RtcpPacket], now: float) -> None:
        room, subscriber = self.room, self.subscriber
        for packet in packets:
            if isinstance(packet, Nack):
                room.retransmit(subscriber, packet.media_ssrc, packet.lost[:MAX_REPAIRS], now)
            elif isinstance(packet, PictureLoss | FullIntra):
                room.picture_lost(subscriber, packet.media_ssrc, now)
            elif isinstance(packet, ReceiverReport | SenderReport):
                for report in packet.reports:
                    subscriber.hear_report(report, now)
            elif isinstance(packet, Remb):
                subscriber.hear_estimate(packet.bitrate_bps, now)

    def lost(self, reason: str) -> None:
        self.on_end(reason)

    def tick(self, now: float) -> None:
        if self._sender is None or now < self._report_at:
            return
        self._report_at = now + REPORT_EVERY_S
        unix_now = time.time()
        packets: list[RtcpPacket] = []
        for downlink in self.subscriber.downlinks.values():
            if report := downlink.sender_report(now, unix_now):
                packets.append(report)
                packets.append(SourceDescription(downlink.ssrc, self._cname))
        if packets:
            self.peer.send_rtcp(packets)


def _text(elements: Mapping[int, bytes], section: OfferedSection, uri: str) -> str | None:
    value = elements.get(section.extensions.get(uri, 0))
    return value.decode(errors="replace") if value is not None else None


def _downlink(section: OfferedSection, source: str, randomness: random.Random) -> Downlink:
    codec = section.codec
    return Downlink(
        section.mid,
        source,
        section.kind,
        clock_rate=codec.clock_rate,
        payload_type=codec.payload_type,
        rtx_payload_type=section.rtx_payload_type,
        randomness=randomness,
    )

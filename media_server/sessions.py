"""What a connection is for: a publisher's or a subscriber's session, between its `Peer` and its `Room`."""

import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from classroom.errors import Unprocessable
from classroom.logs import get_logger
from classroom.messages.encodings import LABEL, EncodingsWanted, EncodingWanted
from classroom.messages.live import WantedTrack
from classroom.model.principal import Principal
from classroom.rtp.packet import RtpPacket
from classroom.rtp.rtcp import (
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
from media_server.sfu.codecs.dependency import DEPENDENCY_DESCRIPTOR
from media_server.sfu.downlink import Downlink, Format, Run
from media_server.sfu.extensions import PASSED_ON, ExtensionLayout
from media_server.sfu.negotiation import Offer, OfferedSection, SentStream
from media_server.sfu.room import Room, Sending
from media_server.sfu.source import Source, Track
from media_server.sfu.subscriber import Subscriber
from media_server.sfu.uplink import REPORT_EVERY_S, Uplink
from media_server.transport.datachannels import DataChannels
from media_server.transport.egress import DownlinkWriter, abs_send_time
from media_server.transport.native import Later, NativeStream
from media_server.transport.network import Address, Network
from media_server.transport.peer import Peer

# Reports that line sound and picture up and time the round trip: once a second at first, then more rarely.
QUICK_REPORTS = 5
STEADY_REPORT_EVERY_S = 2.5
MAX_REPAIRS = 256  # retransmissions for one NACK packet

log = get_logger(__name__)


def nobody(reason: str) -> None:
    """Nobody waits for the end of this session yet."""


class PublisherSession:
    """Receives one source into a room."""

    peer: Peer

    def __init__(
        self, id_: str, room: Room, principal_id: str, source_name: str, offer: Offer, *, from_agent: bool = False
    ) -> None:
        self.id = id_
        self.on_end: Callable[[str], None] = nobody  # the engine's
        self.on_lost: Callable[[str], None] = nobody  # for whoever opened the session
        self.room = room
        self.principal_id = principal_id
        tracks = [
            Track(section.kind, section.codec, list(section.rids), _passed_on(section)) for section in offer.sections
        ]
        self.source = Source(source_name, tracks, from_agent=from_agent)
        self._uplink = Uplink(room, self.source, offer.sections)
        self._told: list[tuple[str, bool]] = []

    @property
    def keyframe_requests(self) -> int:
        return self._uplink.keyframe_requests

    @property
    def rtt_s(self) -> float | None:
        """Round trip to the publisher; None until it has answered a reference time."""
        return self._uplink.rtt_s

    def connected(self, sender: SrtpSender, now: float) -> None:
        self._uplink.connected(now)

    def rtp(self, packet: RtpPacket, now: float) -> None:
        self._uplink.receive(packet, now)

    def rtcp(self, packets: Sequence[RtcpPacket], now: float) -> None:
        self._uplink.receive_rtcp(packets, now)

    def lost(self, reason: str) -> None:
        self.on_end(reason)

    def tick(self, now: float) -> None:
        channels = self.peer.channels
        self._uplink.obeys = channels is not None and channels.has(LABEL)
        if feedback := self._uplink.feedback(now):
            self.peer.send_rtcp(feedback)
        if channels is not None and self._uplink.obeys:
            self._tell_wanted(channels)

    def _tell_wanted(self, channels: DataChannels) -> None:
        """A browser stops what nobody watches when its page is told; SCTP delivers, so it is told once."""
        wanted = self._uplink.wanted()
        if wanted != self._told:
            self._told = wanted
            encodings = [EncodingWanted(rid=rid, active=active) for rid, active in wanted]
            channels.post(LABEL, EncodingsWanted(encodings=encodings).model_dump_json())


class _Lane(NamedTuple):
    """How one downlink's packets are written while its codec stays the same."""

    format: Format
    writer: DownlinkWriter
    late: Later


class SubscriberSession:
    """Sends a room's sources to one viewer."""

    peer: Peer

    def __init__(self, id_: str, room: Room, network: Network, principal: Principal, since: datetime) -> None:
        self.id = id_
        self.on_end: Callable[[str], None] = nobody  # the engine's
        self.on_lost: Callable[[str], None] = nobody  # for whoever opened the session
        self.room = room
        self._network = network
        self.principal_id = principal.id
        self.name = principal.name
        self.since = since
        self.subscriber = Subscriber(id_)
        self._cname = f"qianshou-{id_[:8]}"
        self._layouts: dict[str, ExtensionLayout] = {}
        self._lanes: dict[Downlink, _Lane] = {}
        self._sender: SrtpSender | None = None
        self._report_at = 0.0
        self._quick_reports = 0

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
            if kept is None or kept.source != track.source or kept.formats != section.formats:
                kept = Downlink(section.mid, track.source, section.kind, section.formats, randomness)
            kept.described = DEPENDENCY_DESCRIPTOR in section.extensions
            downlinks[track.mid] = kept
            self._layouts[track.mid] = ExtensionLayout(
                section.extensions,
                mid=section.mid,
                mixed=offer.mixed_extensions,
                repeatable=any(each.rtx_payload_type is None for each in section.formats),
            )
        self.subscriber.set_downlinks(downlinks)
        self._lanes = {downlink: lane for downlink, lane in self._lanes.items() if downlink in downlinks.values()}
        return {
            mid: SentStream(downlink.ssrc, downlink.rtx_ssrc, downlink.source, self._cname)
            for mid, downlink in downlinks.items()
        }

    def connected(self, sender: SrtpSender, now: float) -> None:
        self._sender = sender
        self._report_at = now + 0.2  # the first report early: it lines sound and picture up
        self._quick_reports = QUICK_REPORTS
        self.room.subscribe(self.subscriber, now)

    def renegotiated(self, now: float) -> None:
        if self._sender is not None:
            self._lanes.clear()
            self.room.subscribe(self.subscriber, now)

    def send(self, sending: Sending, now: float) -> None:
        """Put what the room decided on the wire, at once or with the network's next flush."""
        _, downlink, runs, format_, repair = sending
        lane = self._lane(downlink, format_)
        if lane is None:
            return
        writer, peer = lane.writer, self.peer
        if repair:
            peer.send(writer.write_repairs(runs, abs_send_time(now)))
            return
        stream, address = writer.native, peer.address
        if stream is not None and address is not None and not peer.closed:
            gather = self._network.gather
            runs = [run for run in runs if not gather(stream, address, run, lane.late)]
        if runs:
            peer.send(writer.write(runs, abs_send_time(now)))

    def path(self, downlink: Downlink) -> tuple[NativeStream | None, Address | None]:
        """How the native loop writes to this downlink, and where to; None where it cannot, or nobody is there."""
        lane = self._lane(downlink, downlink.format)
        return (lane.writer.native if lane else None), (None if self.peer.closed else self.peer.address)

    def _lane(self, downlink: Downlink, format_: Format) -> _Lane | None:
        lane = self._lanes.get(downlink)
        if lane is None or lane.format is not format_:  # the source's codec may be another one than before
            if self._sender is None:
                return None
            writer = DownlinkWriter(self._sender, downlink, self._layouts[downlink.mid])
            lane = self._lanes[downlink] = _Lane(
                format_, writer, partial(_write_late, writer, self.peer, self._network)
            )
        return lane

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
                    if (downlink := subscriber.by_ssrc.get(report.ssrc)) is not None:
                        self._layouts[downlink.mid].heard()
            elif isinstance(packet, Remb):
                subscriber.hear_estimate(packet.bitrate_bps, now)

    def lost(self, reason: str) -> None:
        self.on_end(reason)

    def tick(self, now: float) -> None:
        if self._sender is None or now < self._report_at:
            return
        self._quick_reports -= 1
        self._report_at = now + (REPORT_EVERY_S if self._quick_reports > 0 else STEADY_REPORT_EVERY_S)
        unix_now = time.time()
        packets: list[RtcpPacket] = []
        for downlink in self.subscriber.downlinks.values():
            if report := downlink.sender_report(now, unix_now):
                packets.append(report)
                packets.append(SourceDescription(downlink.ssrc, self._cname))
        if packets:
            self.peer.send_rtcp(packets)


AnySession = PublisherSession | SubscriberSession


def _write_late(writer: DownlinkWriter, peer: Peer, network: Network, runs: Sequence[Run], stamp: int) -> None:
    """What the native loop could not send; it is counted already. Knows no session, which would be a circle."""
    if peer.address is not None and not peer.closed:
        network.send(peer.address, writer.write(runs, stamp))


def _passed_on(section: OfferedSection) -> dict[int, str]:
    """Header extensions to keep of a publisher's packets, by its ids."""
    return {identifier: uri for uri, identifier in section.extensions.items() if uri in PASSED_ON}

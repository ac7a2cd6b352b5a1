"""A publisher's packets: which encoding each belongs to, which repair others, and what to tell the publisher."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from classroom.rtp.packet import RtpPacket
from classroom.rtp.red import parse_red
from classroom.rtp.rtcp import (
    PAUSE,
    Bye,
    Nack,
    PictureLoss,
    ReceiverReference,
    ReceiverReport,
    ReferenceDelay,
    Remb,
    RtcpPacket,
    SenderReport,
    StreamPause,
    compact_ntp,
    ntp_time,
)
from classroom.rtp.twcc import TWCC, ArrivalLog
from media_server.sfu.encoding import Encoding
from media_server.sfu.estimate import ReceiveEstimate
from media_server.sfu.extensions import MID
from media_server.sfu.negotiation import REPAIRED_RID, RID, STREAM_PAUSE, OfferedSection
from media_server.sfu.room import Room
from media_server.sfu.source import Source, Track

MAX_STREAMS = 16  # SSRCs of one publisher: four encodings and a sound with their RTX, and room for changes
REPORT_EVERY_S = 1.0
# Within what the draft's authors measured (50 – 250 ms): a school's line is narrow, so its queue is noticed soon.
FEEDBACK_EVERY_S = 0.05
REMEMBERED_REFERENCES = 8
OUR_SSRC = 1  # RTCP sender of feedback; RFC 8834 lets a receiver-only endpoint use any


class _Stream(NamedTuple):
    """What an SSRC carries; `repair`: retransmissions (RFC 4588) of the encoding's packets."""

    encoding: Encoding
    section: OfferedSection
    repair: bool


class Uplink:
    """Everything one publisher sends into a room."""

    def __init__(self, room: Room, source: Source, sections: Sequence[OfferedSection]) -> None:
        self._room = room
        self._source = source
        self._sections = sections
        self._streams: dict[int, _Stream] = {}
        # RFC 9143 § 15.1: in a bundle an extension has one id.
        self._number_id = next((each.extensions[TWCC] for each in sections if TWCC in each.extensions), None)
        self._arrivals = ArrivalLog()
        self._report_at = 0.0
        self._feedback_at = 0.0
        # Our estimate is for who asks for it and cannot make a better one from the arrivals (draft-holmer § 1).
        feedback = {name for section in sections for name in section.codec.feedback}
        self._estimate = ReceiveEstimate() if "goog-remb" in feedback and self._number_id is None else None
        self._references: deque[tuple[int, float]] = deque(maxlen=REMEMBERED_REFERENCES)
        self.obeys = False  # the publisher stops and starts encodings as `wanted` says, without RTCP for it
        self.rtt_s: float | None = None
        self.keyframe_requests = 0

    def connected(self, now: float) -> None:
        self._report_at = now + REPORT_EVERY_S

    def receive(self, packet: RtpPacket, now: float) -> None:
        """Hand a packet to its encoding; what belongs to none is dropped. Raises `MalformedPacket` for bad RED."""
        if self._number_id is not None:
            number = packet.extensions().get(self._number_id, b"")
            if len(number) == 2:
                self._arrivals.receive(int.from_bytes(number), now)
        stream = self._streams.get(packet.ssrc) or self._identify(packet)
        if stream is None:
            return
        if not stream.repair:
            if packet.payload and packet.payload_type == stream.section.red_payload_type:
                self._receive_redundant(stream, packet, now)
            else:
                self._room.receive(stream.encoding, packet, now)
        elif len(packet.payload) > 2:  # shorter: padding only, a bandwidth probe
            self._room.receive(stream.encoding, _repaired(packet, stream), now, repair=True)

    def _receive_redundant(self, stream: _Stream, packet: RtpPacket, now: float) -> None:
        """RED (RFC 2198): what it repeats of lost packets takes their places, so that it serves everybody."""
        payload_type, redundant = stream.section.codec.payload_type, packet.payload
        blocks = parse_red(redundant)
        if any(block.payload_type != payload_type for block in blocks):
            return  # something else than what was negotiated
        room, encoding = self._room, stream.encoding
        for age in range(len(blocks) - 1, 0, -1):
            block, sequence = blocks[-1 - age], packet.sequence - age & 0xFFFF
            if encoding.lacks(sequence):
                timestamp = packet.timestamp - block.timestamp_offset & 0xFFFFFFFF
                lost = RtpPacket(payload_type, sequence, timestamp, packet.ssrc, block.payload)
                room.receive(encoding, lost, now, repair=True)
        packet.payload_type, packet.payload = payload_type, blocks[-1].payload
        room.receive(encoding, packet, now, redundant=redundant)

    def receive_rtcp(self, packets: Sequence[RtcpPacket], now: float) -> None:
        for packet in packets:
            if isinstance(packet, SenderReport):
                stream = self._streams.get(packet.ssrc)
                if stream is not None and not stream.repair:
                    stream.encoding.receive_report(packet, now)
            elif isinstance(packet, ReferenceDelay) and packet.receiver_ssrc == OUR_SSRC:
                self._hear_delay(packet, now)
            elif isinstance(packet, Bye):
                for ssrc in packet.ssrcs:
                    self._streams.pop(ssrc, None)

    def feedback(self, now: float) -> list[RtcpPacket]:
        """What to tell the publisher now: reports, NACKs, keyframe requests, arrivals."""
        packets: list[RtcpPacket] = []
        encodings = [stream.encoding for stream in self._streams.values() if not stream.repair]
        if now >= self._report_at:
            self._report_at = now + REPORT_EVERY_S
            packets.extend(self._reports(encodings, now))
        for encoding in encodings:
            if lost := encoding.missing(now, self.rtt_s or 0.0):
                packets.append(Nack(OUR_SSRC, encoding.ssrc, tuple(index & 0xFFFF for index in lost)))
            if encoding.keyframes.due(now):
                packets.append(PictureLoss(OUR_SSRC, encoding.ssrc))
                self.keyframe_requests += 1
        packets.extend(self._pauses(now))
        if self._number_id is not None and now >= self._feedback_at:
            self._feedback_at = now + FEEDBACK_EVERY_S
            media_ssrc = encodings[0].ssrc if encodings else 0
            packets.extend(self._arrivals.feedback(OUR_SSRC, media_ssrc, now))
        return packets

    def _reports(self, encodings: Sequence[Encoding], now: float) -> Iterator[RtcpPacket]:
        blocks = [block for encoding in encodings if (block := encoding.report_block(now))]
        yield ReceiverReport(OUR_SSRC, tuple(blocks))
        # Any clock will do: the answer only echoes it (RFC 3611 § 4.5).
        reference = ntp_time(now)
        self._references.append((compact_ntp(reference), now))
        yield ReceiverReference(OUR_SSRC, reference)
        if self._estimate is not None and blocks:
            loss = max(block.fraction_lost for block in blocks) / 256
            arrived_bps = sum(encoding.bitrate_bps for encoding in encodings)
            ssrcs = tuple(encoding.ssrc for encoding in encodings)
            yield Remb(OUR_SSRC, self._estimate.update(arrived_bps, loss), ssrcs)

    def _pauses(self, now: float) -> Iterator[RtcpPacket]:
        """Encodings nobody watches are stopped where the publisher can do that, but for the lowest of each picture:
        the next to come sees that at once, while the better ones start."""
        for stream in self._streams.values():
            encoding = stream.encoding
            lowest = self._source.tracks[stream.section.kind].rids[-1]
            by_rtcp = STREAM_PAUSE in stream.section.codec.feedback
            if stream.repair or encoding.rid == lowest or not (by_rtcp or self.obeys):
                continue
            kind = encoding.pause.due(encoding.watched_at, encoding.last_packet_at, now)
            if kind == PAUSE:
                encoding.stopped()
            if kind is not None and by_rtcp:
                yield StreamPause(OUR_SSRC, encoding.ssrc, kind, encoding.pause.pause_id)

    def wanted(self) -> list[tuple[str, bool]]:
        """The rids of the picture's encodings, the best first, and whether each shall be sent now."""
        picture = self._source.tracks.get("video")
        encodings = picture.encodings if picture else []
        return [(encoding.rid, encoding.pause.state != "paused") for encoding in encodings]

    def _hear_delay(self, packet: ReferenceDelay, now: float) -> None:
        for reference, at in self._references:
            if reference == packet.last_reference:
                self.rtt_s = max(0.0, now - at - packet.delay / 65_536)

    def _identify(self, packet: RtpPacket) -> _Stream | None:
        """What a new SSRC is: by its RID and MID extensions, by `a=ssrc`, or by its payload type."""
        if len(self._streams) >= MAX_STREAMS:
            return None
        elements = packet.extensions()
        for section in self._sections:
            repair = packet.payload_type == section.rtx_payload_type
            if not repair and packet.payload_type not in (section.codec.payload_type, section.red_payload_type):
                continue
            mid = _text(elements, section, MID)
            if mid is not None and mid != section.mid:
                continue
            # RFC 8852 § 3.1: the RID comes until the receiver has surely heard it
            rid = _text(elements, section, REPAIRED_RID if repair else RID) if section.rids else ""
            if rid is None or (section.rids and rid not in section.rids):
                continue
            ssrcs = section.repairs if repair else section.ssrcs
            if not section.rids and ssrcs and packet.ssrc not in ssrcs:
                continue
            track = self._source.tracks[section.kind]
            stream = self._repairing(track, section, rid) if repair else self._begin(track, section, rid, packet.ssrc)
            if stream is not None:
                self._streams[packet.ssrc] = stream
            return stream
        return None

    def _begin(self, track: Track, section: OfferedSection, rid: str, ssrc: int) -> _Stream:
        replaced = track.encoding(rid)
        self._streams = {known: each for known, each in self._streams.items() if each.encoding is not replaced}
        return _Stream(self._room.add_encoding(self._source, track, rid, ssrc), section, repair=False)

    def _repairing(self, track: Track, section: OfferedSection, rid: str) -> _Stream | None:
        """None as long as nothing was heard of what is repaired."""
        encoding = track.encoding(rid)
        return _Stream(encoding, section, repair=True) if encoding is not None else None


def _repaired(packet: RtpPacket, stream: _Stream) -> RtpPacket:
    """The packet that was lost. RFC 4588 § 4: the payload begins with its sequence number, the rest is as it was."""
    return RtpPacket(
        stream.section.codec.payload_type,
        int.from_bytes(packet.payload[:2]),
        packet.timestamp,
        stream.encoding.ssrc,
        packet.payload[2:],
        marker=packet.marker,
        profile=packet.profile,
        extension=packet.extension,
    )


def _text(elements: Mapping[int, bytes], section: OfferedSection, uri: str) -> str | None:
    value = elements.get(section.extensions.get(uri, 0))
    return value.decode(errors="replace") if value is not None else None

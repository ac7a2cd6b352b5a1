"""RTCP packets: reports (RFC 3550 § 6, RFC 3611), feedback (RFC 4585, RFC 5104), REMB (draft-alvestrand-rmcat-remb-03).

`parse_compound` reads what we act on and passes over the rest; it raises only for bytes that are not RTCP at all.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from classroom.rtp.packet import RTP_VERSION, MalformedPacket
from classroom.rtp.twcc import TransportFeedback

SR, RR, SDES, BYE, APP, RTPFB, PSFB, XR = 200, 201, 202, 203, 204, 205, 206, 207
XR_REFERENCE, XR_DELAY = 4, 5
PauseKind = Literal[0, 1, 2]
PAUSE: PauseKind = 0
RESUME: PauseKind = 1
PAUSED: PauseKind = 2
FMT_NACK, FMT_PAUSE = 1, 9
FMT_PLI, FMT_FIR, FMT_AFB = 1, 4, 15
NTP_EPOCH_OFFSET_S = 2_208_988_800  # 1900 to 1970

_REPORT = struct.Struct("!IIIIII")
_SENDER = struct.Struct("!QIII")


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """How one stream is received. `fraction_lost` is of 256, `jitter` in timestamp units, `last_sr` the middle 32 bits
    of the NTP time of the last SR and `delay_since_last_sr` in 1/65,536 s."""

    ssrc: int
    fraction_lost: int
    packets_lost: int
    highest_sequence: int
    jitter: int
    last_sr: int
    delay_since_last_sr: int

    def pack(self) -> bytes:
        lost = max(-0x800000, min(self.packets_lost, 0x7FFFFF)) & 0xFFFFFF
        return _REPORT.pack(
            self.ssrc,
            self.fraction_lost << 24 | lost,
            self.highest_sequence & 0xFFFFFFFF,
            self.jitter,
            self.last_sr,
            self.delay_since_last_sr,
        )


@dataclass(frozen=True, slots=True)
class SenderReport:
    """`ntp_time` is the 64-bit NTP timestamp (32.32) of `rtp_timestamp`."""

    ssrc: int
    ntp_time: int
    rtp_timestamp: int
    packet_count: int
    octet_count: int
    reports: tuple[ReportBlock, ...] = ()

    def pack(self) -> bytes:
        body = struct.pack("!I", self.ssrc) + _SENDER.pack(
            self.ntp_time, self.rtp_timestamp, self.packet_count & 0xFFFFFFFF, self.octet_count & 0xFFFFFFFF
        )
        return _pack(len(self.reports), SR, body + b"".join(report.pack() for report in self.reports))


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    ssrc: int
    reports: tuple[ReportBlock, ...] = ()

    def pack(self) -> bytes:
        blocks = b"".join(report.pack() for report in self.reports)
        return _pack(len(self.reports), RR, struct.pack("!I", self.ssrc) + blocks)


@dataclass(frozen=True, slots=True)
class SourceDescription:
    """SDES with one chunk holding the CNAME, all that RFC 3550 § 6.5 makes mandatory."""

    ssrc: int
    cname: str

    def pack(self) -> bytes:
        name = self.cname.encode()
        chunk = struct.pack("!IBB", self.ssrc, 1, len(name)) + name + b"\0"
        return _pack(1, SDES, chunk + bytes(-len(chunk) % 4))


@dataclass(frozen=True, slots=True)
class Bye:
    ssrcs: tuple[int, ...]

    def pack(self) -> bytes:
        return _pack(len(self.ssrcs), BYE, struct.pack(f"!{len(self.ssrcs)}I", *self.ssrcs))


@dataclass(frozen=True, slots=True)
class Nack:
    """Generic NACK (RFC 4585 § 6.2.1): the sequence numbers that did not arrive."""

    sender_ssrc: int
    media_ssrc: int
    lost: tuple[int, ...]

    def pack(self) -> bytes:
        items: list[tuple[int, int]] = []
        for sequence in self.lost:
            if items and 1 <= (distance := (sequence - items[-1][0]) & 0xFFFF) <= 16:
                first, bitmask = items[-1]
                items[-1] = (first, bitmask | 1 << (distance - 1))
            else:
                items.append((sequence & 0xFFFF, 0))
        return _feedback(FMT_NACK, RTPFB, self, b"".join(struct.pack("!HH", *item) for item in items))


@dataclass(frozen=True, slots=True)
class PictureLoss:
    """PLI (RFC 4585 § 6.3.1): send a keyframe."""

    sender_ssrc: int
    media_ssrc: int

    def pack(self) -> bytes:
        return _feedback(FMT_PLI, PSFB, self, b"")


@dataclass(frozen=True, slots=True)
class FullIntra:
    """FIR (RFC 5104 § 4.3.1): send a keyframe; `sequence` tells repetitions apart."""

    sender_ssrc: int
    media_ssrc: int
    sequence: int

    def pack(self) -> bytes:
        # § 4.3.1.2: the media source field of the common header "SHALL be set to 0"; the target is in the entry.
        body = struct.pack("!IIIB3x", self.sender_ssrc, 0, self.media_ssrc, self.sequence & 0xFF)
        return _pack(FMT_FIR, PSFB, body)


@dataclass(frozen=True, slots=True)
class Remb:
    """Receiver estimated maximum bitrate over `ssrcs`."""

    sender_ssrc: int
    bitrate_bps: int
    ssrcs: tuple[int, ...] = field(default=())

    def pack(self) -> bytes:
        mantissa, exponent = self.bitrate_bps, 0
        while mantissa > 0x3FFFF:
            mantissa >>= 1
            exponent += 1
        body = struct.pack("!II", self.sender_ssrc, 0) + b"REMB"
        body += struct.pack("!I", len(self.ssrcs) << 24 | exponent << 18 | mantissa)
        return _pack(FMT_AFB, PSFB, body + struct.pack(f"!{len(self.ssrcs)}I", *self.ssrcs))


@dataclass(frozen=True, slots=True)
class StreamPause:
    """Pause or resume a stream, or the sender's notice that it is paused (RFC 7728 § 8). `pause_id` grows with every
    resumption, so that a request that comes late is not obeyed."""

    sender_ssrc: int
    target_ssrc: int
    kind: PauseKind
    pause_id: int

    def pack(self) -> bytes:
        body = struct.pack("!IIIBBH", self.sender_ssrc, 0, self.target_ssrc, self.kind << 4, 0, self.pause_id)
        return _pack(FMT_PAUSE, RTPFB, body)


@dataclass(frozen=True, slots=True)
class ReceiverReference:
    """XR with a receiver reference time (RFC 3611 § 4.4): lets one who sends nothing learn the round trip."""

    ssrc: int
    ntp_time: int

    def pack(self) -> bytes:
        return _pack(0, XR, struct.pack("!IBxHQ", self.ssrc, XR_REFERENCE, 2, self.ntp_time))


@dataclass(frozen=True, slots=True)
class ReferenceDelay:
    """XR with one DLRR sub-block (RFC 3611 § 4.5), the answer to `receiver_ssrc`'s reference time: the middle 32 bits
    of that, and how long ago it came in 1/65,536 s."""

    ssrc: int
    receiver_ssrc: int
    last_reference: int
    delay: int

    def pack(self) -> bytes:
        block = struct.pack("!BxHIII", XR_DELAY, 3, self.receiver_ssrc, self.last_reference, self.delay & 0xFFFFFFFF)
        return _pack(0, XR, struct.pack("!I", self.ssrc) + block)


RtcpPacket = (
    SenderReport
    | ReceiverReport
    | SourceDescription
    | Bye
    | Nack
    | PictureLoss
    | FullIntra
    | Remb
    | TransportFeedback
    | StreamPause
    | ReceiverReference
    | ReferenceDelay
)


def pack_compound(packets: Iterable[RtcpPacket]) -> bytes:
    return b"".join(packet.pack() for packet in packets)


def parse_compound(data: bytes) -> list[RtcpPacket]:
    """The packets of a compound that we act on, in order. Raises `MalformedPacket`."""
    packets: list[RtcpPacket] = []
    position = 0
    while position < len(data):
        if len(data) - position < 4 or data[position] >> 6 != RTP_VERSION:
            raise MalformedPacket("not RTCP version 2")
        count, kind = data[position] & 0x1F, data[position + 1]
        end = position + 4 + 4 * int.from_bytes(data[position + 2 : position + 4])
        if end > len(data):
            raise MalformedPacket("RTCP packet is cut off")
        body = data[position + 4 : end]
        if data[position] & 0x20:
            if not body or not 0 < body[-1] <= len(body):
                raise MalformedPacket("RTCP padding is longer than the packet")
            body = body[: -body[-1]]
        try:
            packets.extend(_parse_body(count, kind, body))
        except struct.error as error:
            raise MalformedPacket(f"RTCP packet of type {kind} is too short") from error
        position = end
    return packets


def ntp_time(unix_s: float) -> int:
    """64-bit NTP timestamp of a Unix time."""
    return int((unix_s + NTP_EPOCH_OFFSET_S) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF


def unix_time(ntp: int) -> float:
    """Unix time of a 64-bit NTP timestamp."""
    return ntp / (1 << 32) - NTP_EPOCH_OFFSET_S


def compact_ntp(ntp: int) -> int:
    """The middle 32 bits, as in LSR fields."""
    return ntp >> 16 & 0xFFFFFFFF


def _pack(count: int, kind: int, body: bytes) -> bytes:
    return struct.pack("!BBH", RTP_VERSION << 6 | count, kind, len(body) // 4) + body


def _feedback(fmt: int, kind: int, packet: Nack | PictureLoss, fci: bytes) -> bytes:
    return _pack(fmt, kind, struct.pack("!II", packet.sender_ssrc, packet.media_ssrc) + fci)


def _parse_body(count: int, kind: int, body: bytes) -> list[RtcpPacket]:
    if kind == SR:
        (ssrc,) = struct.unpack_from("!I", body)
        ntp, timestamp, packet_count, octets = _SENDER.unpack_from(body, 4)
        return [SenderReport(ssrc, ntp, timestamp, packet_count, octets, _parse_reports(count, body, 24))]
    if kind == RR:
        (ssrc,) = struct.unpack_from("!I", body)
        return [ReceiverReport(ssrc, _parse_reports(count, body, 4))]
    if kind == BYE:
        return [Bye(struct.unpack_from(f"!{count}I", body))]
    if kind == SDES:
        return _parse_sdes(count, body)
    if kind == RTPFB and count == FMT_NACK:
        sender, media = struct.unpack_from("!II", body)
        return [Nack(sender, media, _parse_nack_items(body[8:]))]
    if kind == RTPFB and count == FMT_PAUSE:
        return _parse_pauses(body)
    if kind == PSFB and count == FMT_PLI:
        sender, media = struct.unpack_from("!II", body)
        return [PictureLoss(sender, media)]
    if kind == PSFB and count == FMT_FIR:
        (sender,) = struct.unpack_from("!I", body)
        entries = struct.iter_unpack("!IB3x", body[8 : len(body) - (len(body) - 8) % 8]) if len(body) >= 8 else ()
        return [FullIntra(sender, media, sequence) for media, sequence in entries]
    if kind == PSFB and count == FMT_AFB and body[8:12] == b"REMB":
        sender, head = struct.unpack_from("!I8xI", body)
        ssrcs = struct.unpack_from(f"!{head >> 24}I", body, 16)
        return [Remb(sender, (head & 0x3FFFF) << (head >> 18 & 0x3F), ssrcs)]
    if kind == XR:
        return _parse_extended(body)
    return []


def _parse_reports(count: int, body: bytes, offset: int) -> tuple[ReportBlock, ...]:
    reports = []
    for index in range(count):
        ssrc, loss, highest, jitter, last_sr, delay = _REPORT.unpack_from(body, offset + index * _REPORT.size)
        lost = loss & 0xFFFFFF
        if lost & 0x800000:  # a signed 24-bit number
            lost -= 0x1000000
        reports.append(ReportBlock(ssrc, loss >> 24, lost, highest, jitter, last_sr, delay))
    return tuple(reports)


def _parse_extended(body: bytes) -> list[RtcpPacket]:
    packets: list[RtcpPacket] = []
    (ssrc,) = struct.unpack_from("!I", body)
    position = 4
    while position < len(body):
        kind, words = struct.unpack_from("!BxH", body, position)
        block = body[position + 4 : position + 4 + 4 * words]
        if kind == XR_REFERENCE:
            packets.append(ReceiverReference(ssrc, *struct.unpack_from("!Q", block)))
        elif kind == XR_DELAY:
            entries = struct.iter_unpack("!III", block[: len(block) // 12 * 12])
            packets.extend(ReferenceDelay(ssrc, *entry) for entry in entries)
        position += 4 + 4 * words
    return packets


def _parse_nack_items(fci: bytes) -> tuple[int, ...]:
    lost: list[int] = []
    for first, bitmask in struct.iter_unpack("!HH", fci[: len(fci) // 4 * 4]):
        lost.append(first)
        lost.extend((first + bit + 1) & 0xFFFF for bit in range(16) if bitmask >> bit & 1)
    return tuple(lost)


def _parse_pauses(body: bytes) -> list[RtcpPacket]:
    packets: list[RtcpPacket] = []
    (sender,) = struct.unpack_from("!I", body)
    position = 8
    while position < len(body):
        target, kind, words, pause_id = struct.unpack_from("!IBBH", body, position)
        kinds = (known for known in (PAUSE, RESUME, PAUSED) if known == kind >> 4)
        packets.extend(StreamPause(sender, target, known, pause_id) for known in kinds)
        position += 8 + 4 * words
    return packets


def _parse_sdes(count: int, body: bytes) -> list[RtcpPacket]:
    chunks: list[RtcpPacket] = []
    position = 0
    for _ in range(count):
        (ssrc,) = struct.unpack_from("!I", body, position)
        position += 4
        while position + 1 < len(body) and body[position] != 0:
            item, length = body[position], body[position + 1]
            value = body[position + 2 : position + 2 + length]
            if len(value) < length:
                raise MalformedPacket("SDES item is cut off")
            if item == 1:
                chunks.append(SourceDescription(ssrc, value.decode(errors="replace")))
            position += 2 + length
        position += 4 - position % 4  # at least one null ends the chunk, then padding to 32 bits
    return chunks

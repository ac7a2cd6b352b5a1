"""A line that loses and delays, and clients behind it that send and mend as browsers do (NACK, RTX, PLI, reports)."""

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass

from bench.load.peer import H264, LoadPeer, h264_payload
from classroom.rtp.packet import MalformedPacket, RtpPacket, parse_rtp
from classroom.rtp.rtcp import (
    FullIntra,
    Nack,
    PictureLoss,
    ReceiverReference,
    ReceiverReport,
    ReferenceDelay,
    ReportBlock,
    RtcpPacket,
    SenderReport,
    SourceDescription,
    compact_ntp,
    ntp_time,
    pack_compound,
    parse_compound,
)
from classroom.rtp.sdp import parse_sdp
from classroom.rtp.sequence import Unwrapper
from classroom.webrtc.srtp import SrtpReceiver, srtp_receiver

RTX = 103
FPS = 25
CLOCK_RATE = 90_000
PARTS = 8  # packets of a picture
PAYLOAD_BYTES = 1_138
PACKET_BYTES = 12 + PAYLOAD_BYTES + 16  # header, payload, SRTP tag
KEYFRAME_EVERY = 4 * FPS
_LABEL = struct.Struct("!IB?")  # picture, part, keyframe
# What libwebrtc's receiver does (nack_requester.cc, video_receive_stream2.cc).
NACK_TRIES = 10
TICK_S = 0.02
PLI_AFTER_S = 3.0
FIRST_PLI_AFTER_S = 0.2
REPEAT_S = 0.03  # a sender repeats the same packet no sooner


@dataclass(frozen=True)
class Loss:
    """`rate`: share of packets lost; `burst_packets`: their mean number in a row (Gilbert–Elliott), 1 for random."""

    rate: float
    burst_packets: float = 1.0


class Line:
    """One direction of a line: loses while `active`."""

    def __init__(self, loss: Loss, seed: int) -> None:
        self._dice = random.Random(seed)
        self._bad = False
        self._loss = loss
        self.active = False
        self.bytes = 0

    def lost(self) -> bool:
        rate, burst = self._loss.rate, self._loss.burst_packets
        if not self.active or not rate:
            return False
        if burst <= 1:
            return self._dice.random() < rate
        # Stationary share of the bad state: rate = enter / (enter + leave), and everything is lost in it.
        leave = 1 / burst
        enter = leave * rate / (1 - rate)
        self._bad = self._dice.random() >= leave if self._bad else self._dice.random() < enter
        return self._bad


class LossyPeer(LoadPeer):
    """A client behind a line with a delay of `delay_s` each way; SRTP and SRTCP are lost both ways alike."""

    def __init__(self, loss: Loss, delay_s: float, seed: int) -> None:
        super().__init__()
        self.rtx_ssrc = self.ssrc ^ 1
        self.rtx_payload_type: int | None = RTX
        self.up, self.down = Line(loss, seed), Line(loss, seed + 1)
        self._delay_s = delay_s
        self._receiver: SrtpReceiver | None = None
        self._closed = False
        self._reduced_size = False

    def answer(self, offer: str) -> str:
        codecs = parse_sdp(offer).media[0].codecs
        h264 = next(codec.payload_type for codec in codecs if codec.is_("H264"))
        self.rtx_payload_type = next((codec.payload_type for codec in codecs if codec.repairs == h264), None)
        return super().answer(offer)

    def connect(self, remote: str) -> None:
        codecs = parse_sdp(remote).media[0].codecs
        if not any(codec.repairs for codec in codecs):
            self.rtx_payload_type = None
        self._reduced_size = parse_sdp(remote).media[0].get("rtcp-rsize") is not None
        super().connect(remote)

    def open(self) -> None:
        """The handshake is over."""
        self._loop.call_later(TICK_S, self._tick)

    def close(self) -> None:
        self._closed = True
        super().close()

    def send_rtcp(self, *packets: RtcpPacket) -> None:
        """Alone where both sides speak reduced-size RTCP (RFC 5506), else behind a report, as RFC 4585 § 3.1 asks."""
        assert self._sender is not None
        if not self._reduced_size and not isinstance(packets[0], SenderReport | ReceiverReport):
            packets = (self.report(), *packets)
        if isinstance(packets[0], SenderReport | ReceiverReport):
            packets = (packets[0], SourceDescription(self.ssrc, "load"), *packets[1:])
        self._transmit(self._sender.rtcp(pack_compound(packets)))

    def report(self) -> RtcpPacket:
        """What a compound packet begins with."""
        return ReceiverReport(self.ssrc)

    def on_rtcp(self, packet: RtcpPacket) -> None:
        """What the server says."""

    def on_packet(self, packet: RtpPacket) -> None:
        """What the server sends."""

    def tick(self) -> None:
        """Every `TICK_S`."""

    def _tick(self) -> None:
        if not self._closed:
            self._loop.call_later(TICK_S, self._tick)
            self.tick()

    def _describe(self, direction: str, mid: str, setup: str, payload_type: int) -> str:
        text = super()._describe(direction, mid, setup, payload_type)
        text += "a=rtcp-rsize\r\n"
        rtx = self.rtx_payload_type
        if rtx is None:
            return text
        text = text.replace(f"SAVPF {payload_type}\r\n", f"SAVPF {payload_type} {rtx}\r\n")
        text += f"a=rtpmap:{rtx} rtx/{CLOCK_RATE}\r\na=fmtp:{rtx} apt={payload_type}\r\n"
        if direction == "sendonly":
            text += f"a=ssrc:{self.rtx_ssrc} cname:load\r\na=ssrc-group:FID {self.ssrc} {self.rtx_ssrc}\r\n"
        return text

    def _handshake(self, data: bytes) -> None:
        super()._handshake(data)
        if self._receiver is None and self._dtls is not None and self._dtls.keys is not None:
            self._receiver = srtp_receiver(self._dtls.keys)
            self.open()

    def _transmit(self, data: bytes) -> None:
        if not 128 <= data[0] <= 191:
            super()._transmit(data)
            return
        if not 192 <= data[1] <= 223:
            self.up.bytes += len(data)
        if not self.up.lost():
            self._loop.call_later(self._delay_s, self._later, super()._transmit, data)

    def _media(self, data: bytes) -> None:
        if not 192 <= data[1] <= 223:
            self.down.bytes += len(data)
        if not self.down.lost():
            self._loop.call_later(self._delay_s, self._later, self._arrived, data)

    def _later(self, what: Callable[[bytes], None], data: bytes) -> None:
        if not self._closed:
            what(data)

    def _arrived(self, data: bytes) -> None:
        if self._receiver is None:
            return
        try:
            if 192 <= data[1] <= 223:
                for packet in parse_compound(self._receiver.rtcp(data)):
                    self.on_rtcp(packet)
            else:
                self.on_packet(parse_rtp(self._receiver.rtp(data)))
        except MalformedPacket:
            return  # repeated without RTX: the same packet twice


class LossyPublisher(LossyPeer):
    """Sends numbered pictures, and again what the server asks for."""

    def __init__(self, loss: Loss, delay_s: float, seed: int) -> None:
        super().__init__(loss, delay_s, seed)
        self.pictures = 0
        self._index = 0
        self._rtx_index = 0
        self._keyframe = True
        self._body = random.Random(seed).randbytes(PAYLOAD_BYTES)
        self._history: dict[int, tuple[bytes, bytes, int]] = {}
        self._repeated: dict[int, float] = {}
        self._report_at = 0.0

    def picture(self) -> None:
        keyframe, self._keyframe = self._keyframe or self.pictures % KEYFRAME_EVERY == 0, False
        timestamp = self.pictures * CLOCK_RATE // FPS
        packets = []
        for part in range(PARTS):
            label = _LABEL.pack(self.pictures, part, keyframe)
            payload = h264_payload(part, PARTS, PAYLOAD_BYTES, keyframe=keyframe, body=self._body, label=label)
            second = H264 | (0x80 if part == PARTS - 1 else 0)
            header = struct.pack("!BBHII", 0x80, second, self._index & 0xFFFF, timestamp & 0xFFFFFFFF, self.ssrc)
            packet = (header, payload, self._index)
            packets.append(packet)
            self._history[self._index & 0xFFFF] = packet
            self._history.pop(self._index - 1_000 & 0xFFFF, None)
            self._index += 1
        self.pictures += 1
        self.send(packets)

    def on_rtcp(self, packet: RtcpPacket) -> None:
        if isinstance(packet, Nack):
            for sequence in packet.lost:
                self._repeat(sequence)
        elif isinstance(packet, PictureLoss | FullIntra):
            self._keyframe = True
        elif isinstance(packet, ReceiverReference):
            self.send_rtcp(ReferenceDelay(self.ssrc, packet.ssrc, compact_ntp(packet.ntp_time), 0))

    def tick(self) -> None:
        now = self._loop.time()
        if now >= self._report_at and self.pictures:
            self._report_at = now + 1.0
            self.send_rtcp(self.report())

    def report(self) -> RtcpPacket:
        timestamp = self.pictures * CLOCK_RATE // FPS & 0xFFFFFFFF
        octets = self._index * PAYLOAD_BYTES
        return SenderReport(self.ssrc, ntp_time(self._loop.time()), timestamp, self._index, octets)

    def _repeat(self, sequence: int) -> None:
        assert self._sender is not None
        now = self._loop.time()
        kept = self._history.get(sequence)
        if kept is None or now - self._repeated.get(sequence, 0.0) < REPEAT_S:
            return
        self._repeated[sequence] = now
        header, payload, index = kept
        if self.rtx_payload_type is None:
            self._transmit(self._sender.rtp(header, payload, self.ssrc, index))
            return
        second = header[1] & 0x80 | self.rtx_payload_type
        again = struct.pack("!BBH", 0x80, second, self._rtx_index & 0xFFFF) + header[4:8] + self.rtx_ssrc.to_bytes(4)
        self._transmit(self._sender.rtp(again, sequence.to_bytes(2) + payload, self.rtx_ssrc, self._rtx_index))
        self._rtx_index += 1


class LossySubscriber(LossyPeer):
    """Asks again for what is missing, and notes when pictures could be shown."""

    def __init__(self, loss: Loss, delay_s: float, seed: int) -> None:
        super().__init__(loss, delay_s, seed)
        self.arrived: dict[int, set[int]] = {}
        self.shown: list[float] = []
        self._decoded = -1
        self._keyframes: list[int] = []
        self._missing: dict[int, tuple[float, int]] = {}
        self._sequence = Unwrapper(16)
        self._media_ssrc = 0
        self._received_packets = self._told_received = self._told_highest = 0
        self._total_lost = 0
        self._last_sr, self._last_sr_at = 0, 0.0  # the middle of the NTP time of the newest sender report
        self._report_at = self._asked_at = 0.0

    def on_packet(self, packet: RtpPacket) -> None:
        if len(packet.payload) < _LABEL.size + 2:
            return
        picture, part, keyframe = _LABEL.unpack(packet.payload[-_LABEL.size :])
        if packet.payload_type == self.rtx_payload_type:
            self._missing.pop(self._sequence.peek(int.from_bytes(packet.payload[:2])), None)
        else:
            self._media_ssrc = packet.ssrc
            self._received_packets += 1
            self._notice(packet.sequence)
        parts = self.arrived.setdefault(picture, set())
        parts.add(part)
        if keyframe and picture > self._decoded and picture not in self._keyframes:
            self._keyframes.append(picture)
        self._decode()

    def on_rtcp(self, packet: RtcpPacket) -> None:
        if isinstance(packet, SenderReport) and packet.ssrc == self._media_ssrc:
            self._last_sr = compact_ntp(packet.ntp_time)
            self._last_sr_at = self._loop.time()

    def tick(self) -> None:
        now = self._loop.time()
        if not self._media_ssrc:
            return
        asked = []
        for index, (due, tries) in list(self._missing.items()):
            if tries >= NACK_TRIES:
                del self._missing[index]
            elif now >= due:
                self._missing[index] = (now + max(2 * self._delay_s, TICK_S), tries + 1)
                asked.append(index & 0xFFFF)
        if asked:
            self.send_rtcp(Nack(self.ssrc, self._media_ssrc, tuple(asked)))
        patience_s = PLI_AFTER_S if self.shown else FIRST_PLI_AFTER_S
        if now - max(self._asked_at, self.shown[-1] if self.shown else 0.0) >= patience_s:
            self._asked_at = now
            self.send_rtcp(PictureLoss(self.ssrc, self._media_ssrc))
        if now >= self._report_at:
            self._report_at = now + 1.0
            self.send_rtcp(self.report())

    def _notice(self, sequence: int) -> None:
        before = self._sequence.highest
        index = self._sequence.unwrap(sequence)
        self._missing.pop(index, None)
        if before is not None:
            for missing in range(max(before + 1, index - 1_000), index):
                self._missing[missing] = (0.0, 0)

    def _decode(self) -> None:
        """Pictures in order; a whole keyframe makes up for what is missing before it."""
        now = self._loop.time()
        while True:
            following = self._decoded + 1
            if following not in self._keyframes and len(self.arrived.get(following, ())) == PARTS and self.shown:
                self._decoded = following
            elif (
                start := next((each for each in self._keyframes if len(self.arrived[each]) == PARTS), None)
            ) is not None:
                self._decoded = start
                self._keyframes = [each for each in self._keyframes if each > start]
            else:
                return
            self.shown.append(now)

    def report(self) -> RtcpPacket:
        highest = self._sequence.highest or 0
        expected = highest - self._told_highest
        lost = max(0, expected - (self._received_packets - self._told_received)) if self._told_highest else 0
        fraction = min(255, lost * 256 // expected) if expected > 0 else 0
        self._told_highest, self._told_received = highest, self._received_packets
        self._total_lost += lost
        # Janus keeps nothing to repeat until these tell it a round trip (nack_queue_ms, 0 at first, in its ice.c).
        delay = int((self._loop.time() - self._last_sr_at) * 65_536) if self._last_sr else 0
        block = ReportBlock(self._media_ssrc, fraction, self._total_lost, highest & 0xFFFFFFFF, 0, self._last_sr, delay)
        return ReceiverReport(self.ssrc, (block,))

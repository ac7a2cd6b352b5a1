"""Cameras as the forwarder sees them: RTP packets of each codec's pictures whose payloads say what they are."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from classroom.rtp.packet import RtpPacket
from classroom.rtp.rtcp import SenderReport, ntp_time
from classroom.rtp.sdp import Codec

CLOCK_RATE = 90_000
H264 = Codec(102, "H264", CLOCK_RATE, 1, {"packetization-mode": "1", "profile-level-id": "42e01f"})
VP8 = Codec(96, "VP8", CLOCK_RATE)
VP9 = Codec(98, "VP9", CLOCK_RATE, 1, {"profile-id": "0"})
AV1 = Codec(45, "AV1", CLOCK_RATE, 1, {"level-idx": "5", "profile": "0", "tier": "0"})
# The uncompressed header of a keyframe of 320 × 180 (VP9 bitstream § 6.2): marker, profile 0, KEY_FRAME, sync code.
VP9_KEYFRAME = bytes.fromhex("824983420013f00b30")
# A real SPS (constrained baseline, 1280×720) so that the picture size can be read.
SPS_720P = bytes.fromhex("6742c01fda014016e84000000300400000078 3c60ca8".replace(" ", ""))


@dataclass
class FakeCamera:
    """One encoding in H.264: `fps` pictures of `packets_per_picture` packets, a keyframe every `gop` pictures."""

    ssrc: int
    fps: int = 25
    packets_per_picture: int = 4
    packet_bytes: int = 400
    gop: int = 50
    sequence: int = 65_500  # wraps soon
    timestamp_base: int = 0xFFFF_0000
    picture: int = 0
    force_keyframe: bool = field(default=False)
    codec: ClassVar[Codec] = H264

    def timestamp(self, picture: int) -> int:
        return (self.timestamp_base + picture * CLOCK_RATE // self.fps) & 0xFFFFFFFF

    def take(self) -> list[RtpPacket]:
        """The packets of the next picture; each payload ends with "picture/part"."""
        keyframe = self.force_keyframe or self.picture % self.gop == 0
        self.force_keyframe = False
        packets = []
        for part in range(self.packets_per_picture):
            last = part == self.packets_per_picture - 1
            label = f"{self.ssrc}:{self.picture}/{part}".encode()
            payload = self.payload(label, part, keyframe=keyframe)
            packets.append(
                RtpPacket(
                    self.codec.payload_type,
                    self.sequence,
                    self.timestamp(self.picture),
                    self.ssrc,
                    payload,
                    marker=last,
                )
            )
            self.sequence = (self.sequence + 1) & 0xFFFF
        self.picture += 1
        return packets

    def padding(self) -> RtpPacket:
        """A packet that is nothing but padding, as browsers probe their line with where they have no RTX for it."""
        packet = RtpPacket(self.codec.payload_type, self.sequence, self.timestamp(self.picture - 1), self.ssrc, b"")
        self.sequence = (self.sequence + 1) & 0xFFFF
        return packet

    def payload(self, label: bytes, part: int, *, keyframe: bool) -> bytes:
        if keyframe and part == 0:
            head = bytes((0x78,)) + len(SPS_720P).to_bytes(2) + SPS_720P  # STAP-A
            return head + (len(label) + 1).to_bytes(2) + b"\x68" + label
        last = part == self.packets_per_picture - 1
        flags = 0x80 if part == (1 if keyframe else 0) else 0x40 if last else 0
        return bytes((0x7C, flags | (5 if keyframe else 1))) + bytes(self.packet_bytes) + label

    def report(self, unix_s: float, at_picture: float) -> SenderReport:
        timestamp = int(self.timestamp_base + at_picture * CLOCK_RATE / self.fps) & 0xFFFFFFFF
        return SenderReport(self.ssrc, ntp_time(unix_s), timestamp, 0, 0)


@dataclass
class Vp8Camera(FakeCamera):
    """The same in VP8, with a 15-bit picture id and TL0PICIDX as Chromium sends them."""

    picture_id: int = 32_700  # wraps soon
    codec: ClassVar[Codec] = VP8

    def payload(self, label: bytes, part: int, *, keyframe: bool) -> bytes:
        number = self.picture_id + self.picture & 0x7FFF
        descriptor = (
            bytes((0x90 if part == 0 else 0x80, 0xC0)) + (0x8000 | number).to_bytes(2) + bytes((number & 0xFF,))
        )
        # RFC 6386 § 9.1: frame tag with the P bit, start code, 640 × 360.
        frame = b"\x10\x00\x00\x9d\x01\x2a\x80\x02\x68\x01" if keyframe else b"\x11"
        return descriptor + (frame if part == 0 else b"") + bytes(self.packet_bytes) + label


@dataclass
class Vp9Camera(FakeCamera):
    """VP9 with three spatial layers of `packets_per_picture` packets each, every one predicted from the one below."""

    layers: int = 3
    picture_id: int = 32_700
    codec: ClassVar[Codec] = VP9

    def take(self) -> list[RtpPacket]:
        keyframe = self.force_keyframe or self.picture % self.gop == 0
        self.force_keyframe = False
        packets = []
        number = self.picture_id + self.picture & 0x7FFF
        for layer in range(self.layers):
            for part in range(self.packets_per_picture):
                first, last = part == 0, part == self.packets_per_picture - 1
                structured = keyframe and layer == 0 and first
                flags = 0xA0 | (0 if keyframe else 0x40) | first << 3 | last << 2 | structured << 1
                payload = (
                    bytes((flags,)) + (0x8000 | number).to_bytes(2) + bytes((layer << 1 | (layer > 0), number & 0xFF))
                )
                if structured:  # RFC 9628 § 4.2.1: sizes of the layers, no picture group
                    payload += bytes((self.layers - 1 << 5 | 0x10,))
                    payload += b"".join(
                        w.to_bytes(2) + (w * 9 // 16).to_bytes(2) for w in (320, 640, 1280)[: self.layers]
                    )
                    payload += VP9_KEYFRAME
                payload += bytes(self.packet_bytes) + f"{self.ssrc}:{self.picture}/{layer}.{part}".encode()
                marker = last and layer == self.layers - 1
                packets.append(
                    RtpPacket(
                        self.codec.payload_type,
                        self.sequence,
                        self.timestamp(self.picture),
                        self.ssrc,
                        payload,
                        marker=marker,
                    )
                )
                self.sequence = (self.sequence + 1) & 0xFFFF
        self.picture += 1
        return packets


def label(payload: bytes) -> str:
    """The "ssrc:picture/part" a packet of a `FakeCamera` carries."""
    return payload.rsplit(b"\0", 1)[-1].rsplit(b"\x68", 1)[-1].decode()


def labels(payloads: Iterator[bytes]) -> list[str]:
    return [label(payload) for payload in payloads]

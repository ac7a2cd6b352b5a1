"""A camera as the forwarder sees it: RTP packets of H.264 pictures whose payloads say what they are."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from classroom.rtp.packet import RtpPacket
from classroom.rtp.rtcp import SenderReport, ntp_time

CLOCK_RATE = 90_000
# A real SPS (constrained baseline, 1280×720) so that the picture size can be read.
SPS_720P = bytes.fromhex("6742c01fda014016e84000000300400000078 3c60ca8".replace(" ", ""))


@dataclass
class FakeCamera:
    """One encoding: `fps` pictures of `packets_per_picture` packets, a keyframe every `gop` pictures."""

    ssrc: int
    fps: int = 25
    packets_per_picture: int = 4
    packet_bytes: int = 400
    gop: int = 50
    sequence: int = 65_500  # wraps soon
    timestamp_base: int = 0xFFFF_0000
    picture: int = 0
    force_keyframe: bool = field(default=False)

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
            if keyframe and part == 0:
                head = bytes((0x78,)) + len(SPS_720P).to_bytes(2) + SPS_720P  # STAP-A
                payload = head + (len(label) + 1).to_bytes(2) + b"\x68" + label
            else:
                kind = 5 if keyframe else 1
                flags = 0x80 if part == (1 if keyframe else 0) else 0x40 if last else 0
                payload = bytes((0x7C, flags | kind)) + bytes(self.packet_bytes) + label
            packets.append(RtpPacket(102, self.sequence, self.timestamp(self.picture), self.ssrc, payload, marker=last))
            self.sequence = (self.sequence + 1) & 0xFFFF
        self.picture += 1
        return packets

    def report(self, unix_s: float, at_picture: float) -> SenderReport:
        timestamp = int(self.timestamp_base + at_picture * CLOCK_RATE / self.fps) & 0xFFFFFFFF
        return SenderReport(self.ssrc, ntp_time(unix_s), timestamp, 0, 0)


def label(payload: bytes) -> str:
    """The "ssrc:picture/part" a packet of a `FakeCamera` carries."""
    return payload.rsplit(b"\0", 1)[-1].rsplit(b"\x68", 1)[-1].decode()


def labels(payloads: Iterator[bytes]) -> list[str]:
    return [label(payload) for payload in payloads]

"""A lesson's media under virtual time: a camera with three encodings, a room, and viewers that record what they get."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from classroom.rtp.packet import RtpPacket
from classroom.rtp.sdp import Codec
from media_server.sfu.downlink import Downlink, Format
from media_server.sfu.history import MediaPacket
from media_server.sfu.room import FanOut, Room, Sending
from media_server.sfu.source import Source, Track
from media_server.sfu.subscriber import Subscriber
from tests.fakes.camera import AV1, H264, VP8, VP9, FakeCamera

CODECS = (VP8, VP9, H264, AV1)
Lose = Callable[[RtpPacket], bool]


def sendings(room: Room, now: float) -> Iterator[Sending]:
    """What a room sends, one by one."""
    for leaving in room.flush(now):
        yield from leaving.sendings() if isinstance(leaving, FanOut) else [leaving]


@dataclass
class Received:
    """One packet as it leaves for a viewer."""

    index: int
    timestamp: int
    packet: MediaPacket
    at: float
    repair: bool


@dataclass
class Viewer:
    subscriber: Subscriber
    received: list[Received] = field(default_factory=list)

    @property
    def downlink(self) -> Downlink:
        return self.subscriber.downlinks["v"]

    def new(self) -> Iterator[Received]:
        return (each for each in self.received if not each.repair)


class LessonMedia:
    """`run` moves time picture by picture; every encoding sends the same moment."""

    FPS = 25

    def __init__(
        self, rids: tuple[str, ...] = ("h", "m", "l"), *, gop: int = 50, camera: type[FakeCamera] = FakeCamera
    ) -> None:
        self.now = 100.0
        self.room = Room("lesson")
        self.viewers: dict[str, Viewer] = {}
        sizes = {"h": (4, 1_100), "m": (2, 700), "l": (1, 400)}
        self.cameras = {
            rid: camera(
                number + 1,
                packets_per_picture=sizes[rid][0] if rid in sizes else 2,
                packet_bytes=sizes[rid][1] if rid in sizes else 300,
                gop=gop,
                sequence=(65_500 + 7_000 * number) & 0xFFFF,
                timestamp_base=(0xFFFF_0000 + 1_000_000 * number) & 0xFFFF_FFFF,
            )
            for number, rid in enumerate(rids)
        }
        self.track = Track("video", camera.codec, list(rids))
        self.source = Source("teacher", [self.track])
        self.room.publish(self.source)

    def encoding_of(self, rid: str, packet: RtpPacket) -> None:
        encoding = self.track.encoding(rid) or self.room.add_encoding(self.source, self.track, rid, packet.ssrc)
        self.room.receive(encoding, packet, self.now)

    def join(self, name: str, *, rtx: bool = True, codecs: Sequence[Codec] = CODECS) -> Viewer:
        subscriber = Subscriber(name)
        formats = [Format(codec, codec.payload_type + 1 if rtx else None) for codec in codecs]
        downlink = Downlink("v", "teacher", "video", formats, random.Random(name))
        subscriber.set_downlinks({"v": downlink})
        self.viewers[name] = Viewer(subscriber)
        self.room.subscribe(subscriber, self.now)
        self.flush()
        return self.viewers[name]

    def run(self, pictures: int, lose: Lose = lambda packet: False) -> None:
        for _ in range(pictures):
            self.now += 1 / self.FPS
            for rid, camera in self.cameras.items():
                for packet in camera.take():
                    if not lose(packet):
                        self.encoding_of(rid, packet)
            self.report()
            self.flush()
            self.room.decide(self.now)
            self.flush()

    def report(self) -> None:
        """Sender reports as a room agent sends them: one NTP clock for all encodings."""
        for rid, camera in self.cameras.items():
            encoding = self.track.encoding(rid)
            if encoding and camera.picture % self.FPS == 1:
                encoding.receive_report(camera.report(1e9 + self.now, camera.picture - 1), self.now)

    def flush(self) -> None:
        for sending in sendings(self.room, self.now):
            self._record(sending)

    def _record(self, sending: Sending) -> None:
        viewer = self.viewers[sending.subscriber.id]
        for packets, index_offset, timestamp_offset in sending.runs:
            viewer.received.extend(
                Received(
                    packet.index + index_offset, packet.timestamp + timestamp_offset, packet, self.now, sending.repair
                )
                for packet in packets
            )

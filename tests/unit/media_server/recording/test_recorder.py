"""The best encoding of a source is recorded, whoever publishes it and whatever becomes of its encodings."""

from itertools import pairwise

from classroom.fmp4.header import read_header
from classroom.rtp.packet import RtpPacket
from media_server.recording.core.recorder import Publication, TrackRecorder
from media_server.sfu.encoding import Encoding
from media_server.sfu.source import Source, Track
from tests.fakes.camera import H264, SPS_720P, FakeCamera
from tests.fakes.rtp_publisher import Recorded

SPS_360P = bytes.fromhex("6742c01eda0280bfe5c04400000300040000030078 3c58ba80".replace(" ", ""))


class SmallCamera(FakeCamera):
    """The lower encoding of the same picture."""

    def payload(self, label: bytes, part: int, *, keyframe: bool) -> bytes:
        payload = super().payload(label, part, keyframe=keyframe)
        return payload.replace(len(SPS_720P).to_bytes(2) + SPS_720P, len(SPS_360P).to_bytes(2) + SPS_360P)


class Simulcast:
    """A publisher of two encodings, and what is recorded of it."""

    def __init__(self) -> None:
        self.track = Track("video", H264, ["h", "l"])
        self.cameras = {"h": FakeCamera(1), "l": SmallCamera(2)}
        self.encodings = {rid: self.track.add(rid, camera.ssrc) for rid, camera in self.cameras.items()}
        self.publication: Publication | None = Publication(Source("teacher", [self.track]))
        self.recorder = TrackRecorder("teacher", "video", 0.0, 0.0)
        self.recorded = Recorded()
        self.now = 0.0

    def run(self, seconds: float, *rids: str) -> None:
        """Pictures of these encodings; keyframes when they are asked for."""
        for _ in range(round(seconds * 25)):
            self.now += 0.04
            for rid, camera in self.cameras.items():
                encoding = self.encodings[rid]
                camera.force_keyframe = encoding.keyframes.due(self.now)
                packets = camera.take()
                if rid in rids:
                    for packet in packets:
                        encoding.receive(packet, self.now)
            self.turn()

    def turn(self) -> None:
        self.recorded.take(self.recorder.turn(self.publication, self.now))

    def end(self) -> None:
        self.publication = None
        self.turn()

    @property
    def widths(self) -> list[int]:
        return [read_header(header).format.width for _, _, header, _ in self.recorded.segments]


def whole(ranges: list[tuple[float, float]]) -> bool:
    return all(abs(first[1] - second[0]) < 1e-6 for first, second in pairwise(ranges))


def test_the_highest_encoding_is_recorded() -> None:
    source = Simulcast()
    source.run(10, "h", "l")
    source.end()
    assert set(source.widths) == {1280}
    assert abs(source.recorded.ranges_s[-1][1] - 10) < 0.1


def test_a_lower_one_stands_in_and_the_higher_one_comes_back() -> None:
    source = Simulcast()
    source.run(10, "h", "l")
    source.run(10, "l")
    source.run(10, "h", "l")
    source.end()
    widths = source.widths
    changes = [width for width, before in zip(widths, [0, *widths], strict=False) if width != before]
    assert changes == [1280, 640, 1280]
    assert whole(source.recorded.ranges_s)
    assert abs(source.recorded.ranges_s[-1][1] - 30) < 0.1


def test_keyframes_are_asked_for_and_the_encoding_is_kept_going() -> None:
    source = Simulcast()
    for camera in source.cameras.values():
        camera.gop = 10_000
    source.run(20, "h", "l")
    assert len(source.recorded.segments) >= 2
    high, low = source.encodings["h"], source.encodings["l"]
    assert high.keyframes.sent >= 2
    assert high.watched_at == source.now
    assert low.watched_at < 1.0
    assert low.keyframes.sent == 0


def test_another_publisher_of_the_same_name_goes_on_after_a_gap() -> None:
    source = Simulcast()
    source.run(5, "h")
    source.end()
    source.now += 3
    again = Simulcast()
    source.publication, source.encodings, source.cameras = again.publication, again.encodings, again.cameras
    source.run(5, "h")
    source.end()
    first, second = source.recorded.ranges_s[0], source.recorded.ranges_s[-1]
    gaps = [b[0] - a[1] for a, b in pairwise(source.recorded.ranges_s)]
    assert [round(gap) for gap in gaps if gap > 0.1] == [3]
    assert first[0] < 0.1
    assert abs(second[1] - 13) < 0.1


def test_a_stream_that_comes_under_another_ssrc_is_followed() -> None:
    source = Simulcast()
    source.run(3, "h")
    source.encodings["h"] = source.track.add("h", 77)
    source.cameras["h"] = FakeCamera(77, timestamp_base=5)
    source.run(3, "h")
    source.end()
    assert whole(source.recorded.ranges_s)
    assert abs(source.recorded.ranges_s[-1][1] - 6) < 0.1


def test_what_the_queue_has_no_room_for_is_counted() -> None:
    encoding = Encoding("", 1, H264, video=True)
    track = Track("video", H264, [])
    track.encodings = [encoding]
    publication = Publication(Source("teacher", [track]))
    recorder = TrackRecorder("teacher", "video", 0.0, 0.0)
    camera = FakeCamera(1)
    for packet in camera.take():
        encoding.receive(packet, 0.1)
    list(recorder.turn(publication, 0.1))
    for number in range(3_000):
        encoding.receive(RtpPacket(102, number & 0xFFFF, number, 1, b"\x41x"), 0.2)
    list(recorder.end(0.3))
    assert recorder.dropped > 900

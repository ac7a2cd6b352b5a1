"""A publisher and a viewer with valid sessions who send what they like: packets, reports, any time apart.

Each piece of an input is one step. Its first byte says whose it is and what kind, the second how much time passes
before it, the rest is the packet. Whatever they do, the engine keeps its bounds and has forgotten them when they left.
"""

from collections.abc import Iterator

from classroom.clock import VirtualClock
from classroom.model.principal import Principal
from classroom.rtp.packet import ONE_BYTE_PROFILE, MalformedPacket, pack_one_byte_extensions, parse_rtp
from classroom.rtp.rtcp import Bye, Nack, PictureLoss, ReceiverReport, Remb, ReportBlock, SenderReport, parse_compound
from classroom.rtp.sdp import parse_sdp
from classroom.webrtc.srtp import GcmSender
from media_server.engine import MediaEngine
from media_server.sessions import PublisherSession, SubscriberSession
from media_server.sfu.negotiation import MAX_ENCODINGS, RID, read_publisher_offer
from tests.fakes.camera import FakeCamera
from tests.fakes.offers.recorded import recorded_offers
from tests.fuzz.target import join, split

MAX_BYTES = 3_000
PUBLISHER_RTP, PUBLISHER_RTCP, VIEWER_RTCP, PREFER = range(4)
LESSON = "lesson"
OFFERS = {name: sdp.decode() for name, sdp in recorded_offers().items()}
CLOCK = VirtualClock()
ENGINE = MediaEngine(CLOCK, "127.0.0.1", 0, ["127.0.0.1"])


def run(data: bytes) -> None:
    publisher, _ = ENGINE.publish(LESSON, "teacher", "room", OFFERS["chromium-publish"])
    viewer, _ = ENGINE.subscribe(LESSON, Principal("viewer", "viewer"), OFFERS["chromium-watch"], "teacher")
    for session in (publisher, viewer):
        session.connected(GcmSender(bytes(16), bytes(12)), CLOCK.monotonic())
    for chunk in split(data):
        step(publisher, viewer, chunk)
    assert len(publisher.source.encodings) <= 2 * MAX_ENCODINGS
    ENGINE.end(LESSON, "lesson_ended")
    assert not ENGINE.sessions
    assert not ENGINE.rooms


def step(publisher: PublisherSession, viewer: SubscriberSession, chunk: bytes) -> None:
    action, pause, body = chunk[0] % 4 if chunk else 0, chunk[1] if len(chunk) > 1 else 0, chunk[2:]
    CLOCK.advance(pause * pause / 10_000)  # up to 6.5 s
    now = CLOCK.monotonic()
    if (publisher if action in (PUBLISHER_RTP, PUBLISHER_RTCP) else viewer).peer.closed:
        return  # it took too long; nothing is read from it any more
    try:
        if action == PUBLISHER_RTP:
            publisher.rtp(parse_rtp(body), now)
        elif action == PUBLISHER_RTCP:
            publisher.rtcp(parse_compound(body), now)
        elif action == VIEWER_RTCP:
            viewer.rtcp(parse_compound(body), now)
        else:
            ENGINE.prefer(viewer, body[:2].decode(errors="replace"), body[2:].decode(errors="replace"))
    except MalformedPacket:
        return
    ENGINE._flush(publisher.room, now)
    if pause:
        ENGINE.tick()


def seeds() -> Iterator[bytes]:
    [video] = [each for each in read_publisher_offer(parse_sdp(OFFERS["chromium-publish"])).sections if each.rids]
    camera = FakeCamera(7, packet_bytes=20, gop=3)
    packets = [packet for _ in range(4) for packet in camera.take()]
    for rid in video.rids:
        for packet in packets:
            packet.payload_type, packet.profile = video.codec.payload_type, ONE_BYTE_PROFILE
            packet.extension = pack_one_byte_extensions({video.extensions[RID]: rid.encode()})
        yield join([bytes((PUBLISHER_RTP, 20)) + packet.pack() for packet in packets[:12]])
        yield join([bytes((PUBLISHER_RTP, 5)) + packet.pack() for packet in packets[:12:2]])
    report = SenderReport(7, 1 << 62, 90_000, 5, 6)
    yield join([bytes((PUBLISHER_RTP, 1)) + packets[0].pack(), bytes((PUBLISHER_RTCP, 9)) + report.pack()])
    yield join([bytes((PUBLISHER_RTCP, 9)) + Bye((7,)).pack()])
    block = ReportBlock(1, 20, -3, 70_000, 9, 8, 7)
    for packed in (
        ReceiverReport(1, (block,)).pack(), Nack(1, 2, (1, 2, 3)).pack(), PictureLoss(1, 2).pack(),
        Remb(1, 100_000, (2,)).pack(),
    ):  # fmt: skip
        yield join([bytes((PUBLISHER_RTP, 1)) + packets[0].pack(), bytes((VIEWER_RTCP, 9)) + packed])
    yield join([bytes((PREFER, 1)) + b"1\0off", bytes((PREFER, 1)) + b"1\0auto"])

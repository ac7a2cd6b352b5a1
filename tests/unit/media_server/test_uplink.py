"""What a publisher's packets become, and what it is told."""

import random
from collections.abc import Callable, Sequence

import pytest

from classroom.messages.views import MediaKind
from classroom.rtp.packet import ONE_BYTE_PROFILE, RtpPacket, pack_one_byte_extensions
from classroom.rtp.rtcp import (
    PAUSE,
    RESUME,
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
)
from classroom.rtp.sdp import Codec
from classroom.rtp.twcc import TWCC, TransportFeedback
from media_server.sfu.downlink import Downlink, Format
from media_server.sfu.encoding import Encoding
from media_server.sfu.estimate import LOWEST_BPS, ReceiveEstimate
from media_server.sfu.extensions import MID
from media_server.sfu.nack import GIVE_UP_S
from media_server.sfu.negotiation import REPAIRED_RID, RID, OfferedSection
from media_server.sfu.pause import RESUME_WITHIN_S, STOP_AFTER_S
from media_server.sfu.room import Room
from media_server.sfu.source import Source, Track
from media_server.sfu.subscriber import Subscriber
from media_server.sfu.uplink import FEEDBACK_EVERY_S, MAX_STREAMS, OUR_SSRC, REPORT_EVERY_S, Uplink
from tests.fakes.camera import CLOCK_RATE, FakeCamera, labels

H264, RTX, OPUS = 102, 103, 111
EXTENSIONS = {MID: 1, RID: 2, REPAIRED_RID: 3, TWCC: 4}


def video(
    rids: tuple[str, ...] = (), ssrcs: tuple[int, ...] = (), repairs: dict[int, int] | None = None
) -> OfferedSection:
    return OfferedSection(
        "1", "video", (Format(Codec(H264, "H264", CLOCK_RATE), RTX),), EXTENSIONS, rids, ssrcs, repairs or {}
    )


def audio() -> OfferedSection:
    return OfferedSection("0", "audio", (Format(Codec(OPUS, "opus", 48_000, 2), None),), EXTENSIONS, (), (), {})


class Publication:
    """A publisher's side of an `Uplink`, under virtual time."""

    def __init__(self, *sections: OfferedSection) -> None:
        self.now = 50.0
        self.room = Room("lesson")
        tracks = [Track(section.kind, section.codec, list(section.rids)) for section in sections]
        self.source = Source("teacher", tracks)
        self.room.publish(self.source)
        self.uplink = Uplink(self.room, self.source, sections)
        self.uplink.connected(self.now)

    def send(self, *packets: RtpPacket) -> None:
        for packet in packets:
            self.uplink.receive(packet, self.now)

    def encoding(self, rid: str = "", kind: MediaKind = "video") -> Encoding:
        encoding = self.source.tracks[kind].encoding(rid)
        assert encoding is not None
        return encoding

    def feedback(self, after_s: float = 0.0) -> list[RtcpPacket]:
        self.now += after_s
        return self.uplink.feedback(self.now)

    def nacked(self, after_s: float = 0.0) -> list[int]:
        return [lost for packet in self.feedback(after_s) if isinstance(packet, Nack) for lost in packet.lost]

    def kept(self, rid: str = "") -> list[str]:
        """The labels of the pictures' parts we have."""
        encoding = self.encoding(rid)
        return labels(packet.payload for packet in encoding.gop.in_order())


def extended(packet: RtpPacket, elements: dict[str, bytes]) -> RtpPacket:
    packet.profile = ONE_BYTE_PROFILE
    packet.extension = pack_one_byte_extensions({EXTENSIONS[uri]: value for uri, value in elements.items()})
    return packet


def repair(packet: RtpPacket, ssrc: int, sequence: int = 7, elements: dict[str, bytes] | None = None) -> RtpPacket:
    """`packet` as RFC 4588 sends it again."""
    payload = packet.sequence.to_bytes(2) + packet.payload
    again = RtpPacket(RTX, sequence, packet.timestamp, ssrc, payload, marker=packet.marker)
    return extended(again, elements) if elements else again


def test_a_repeated_packet_takes_the_place_of_the_lost_one() -> None:
    publication = Publication(video(ssrcs=(1,), repairs={9: 1}))
    first, second, third, fourth = FakeCamera(1).take()
    publication.send(first, third, fourth)
    assert publication.nacked() == [second.sequence]
    publication.send(repair(second, 9))
    assert publication.kept() == labels(packet.payload for packet in (first, second, third, fourth))
    assert publication.nacked(after_s=1.0) == []
    held = publication.encoding().history.get(0x10000 + second.sequence)
    assert held is not None
    assert (held.timestamp & 0xFFFFFFFF, held.marker, held.payload) == (second.timestamp, 0, second.payload)


def test_reports_tell_the_loss_as_it_was_before_repair() -> None:
    publication = Publication(video(ssrcs=(1,), repairs={9: 1}))
    first, second, third, fourth = FakeCamera(1).take()
    publication.send(first, third, fourth, repair(second, 9))
    [report] = [each for each in publication.feedback(REPORT_EVERY_S) if isinstance(each, ReceiverReport)]
    [block] = report.reports
    assert (block.ssrc, block.packets_lost, block.fraction_lost) == (1, 1, 64)


def test_simulcast_repairs_are_told_apart_by_the_repaired_rid() -> None:
    publication = Publication(video(rids=("h", "l")))
    cameras = {"h": FakeCamera(1), "l": FakeCamera(2)}
    for rid, camera in cameras.items():
        packets = camera.take()
        publication.send(
            *(extended(packet, {MID: b"1", RID: rid.encode()}) for number, packet in enumerate(packets) if number != 1)
        )
        publication.send(repair(packets[1], camera.ssrc + 10, elements={REPAIRED_RID: rid.encode()}))
    for rid, camera in cameras.items():
        assert publication.kept(rid) == [f"{camera.ssrc}:0/{part}" for part in range(4)]
    later = cameras["l"].take()
    publication.send(later[0], later[2], later[3], repair(later[1], 12))
    assert len(publication.kept("l")) == 8, "without extensions, once they were heard"


def drop_osn(packet: RtpPacket) -> RtpPacket:
    packet.payload = b""
    return packet


@pytest.mark.parametrize(
    "spoil",
    [
        drop_osn,
        lambda packet: extended(packet, {MID: b"0"}),
        lambda packet: RtpPacket(RTX + 1, 7, packet.timestamp, packet.ssrc, packet.payload),
        lambda packet: RtpPacket(RTX, 7, packet.timestamp, 10, packet.payload),
    ],
    ids=["padding", "another section's", "unknown payload type", "unknown SSRC"],
)
def test_what_repairs_nothing_is_dropped(spoil: Callable[[RtpPacket], RtpPacket]) -> None:
    publication = Publication(video(ssrcs=(1,), repairs={9: 1}))
    packets = FakeCamera(1).take()
    publication.send(packets[0], *packets[2:], spoil(repair(packets[1], 9)))
    assert len(publication.kept()) == 3


def test_repairs_before_anything_else_are_dropped() -> None:
    publication = Publication(video(ssrcs=(1,), repairs={9: 1}))
    packets = FakeCamera(1).take()
    publication.send(repair(packets[3], 9))
    assert publication.source.encodings == []
    publication.send(*packets[:3], repair(packets[3], 9))
    assert len(publication.kept()) == 4


def test_a_restarted_encoding_forgets_the_old_streams() -> None:
    publication = Publication(video(rids=("h",)))
    for ssrc in range(1, 3 * MAX_STREAMS, 2):
        packets = [extended(packet, {RID: b"h"}) for packet in FakeCamera(ssrc).take()]
        publication.send(packets[0], *packets[2:], repair(packets[1], ssrc + 1, elements={REPAIRED_RID: b"h"}))
        assert publication.encoding("h").ssrc == ssrc
        assert len(publication.kept("h")) == 4


def test_streams_are_bounded() -> None:
    publication = Publication(video(rids=("h",)))
    publication.send(*(extended(packet, {RID: b"h"}) for packet in FakeCamera(1).take()))
    packet = FakeCamera(1).take()[0]
    for ssrc in range(2, 3 * MAX_STREAMS):
        publication.send(repair(packet, ssrc, elements={REPAIRED_RID: b"h"}))
    assert len(publication.uplink._streams) == MAX_STREAMS


def test_a_stream_that_said_goodbye_may_be_another_encoding_later() -> None:
    publication = Publication(video(rids=("h", "l")))
    publication.send(*(extended(packet, {RID: b"h"}) for packet in FakeCamera(1).take()))
    publication.uplink.receive_rtcp([Bye((1,))], publication.now)
    publication.send(*(extended(packet, {RID: b"l"}) for packet in FakeCamera(1).take()))
    assert publication.encoding("l").ssrc == 1


def test_sender_reports_reach_their_encoding_and_not_its_repairs() -> None:
    publication = Publication(video(ssrcs=(1,), repairs={9: 1}))
    camera = FakeCamera(1)
    packets = camera.take()
    publication.send(*packets, repair(packets[0], 9))
    publication.uplink.receive_rtcp([SenderReport(9, 1, 2, 3, 4), SenderReport(8, 1, 2, 3, 4)], publication.now)
    assert publication.encoding().sender_report is None
    report = camera.report(1e9, 0)
    publication.uplink.receive_rtcp([report], publication.now)
    assert publication.encoding().sender_report == report


def feedbacks(packets: Sequence[RtcpPacket]) -> list[TransportFeedback]:
    return [packet for packet in packets if isinstance(packet, TransportFeedback)]


def test_a_publisher_learns_the_arrival_of_all_its_packets_in_one_sequence() -> None:
    publication = Publication(audio(), video(ssrcs=(1,), repairs={9: 1}))
    pictures = FakeCamera(1).take()
    sound = RtpPacket(OPUS, 1, 0, 5, b"sound")
    sent = [pictures[0], sound, *pictures[2:], repair(pictures[1], 9)]
    random.Random(1).shuffle(sent)
    for number, packet in enumerate(sent):
        if number != 2:
            publication.send(extended(packet, {TWCC: number.to_bytes(2)}))
    [feedback] = feedbacks(publication.feedback())
    assert feedback.base_sequence == 0
    assert [ticks is not None for ticks in feedback.arrivals] == [True, True, False, True, True]
    assert feedbacks(publication.feedback()) == []


def test_arrivals_are_told_at_an_even_pace_and_only_when_there_are_any() -> None:
    publication = Publication(audio())
    assert feedbacks(publication.feedback(FEEDBACK_EVERY_S)) == []
    told = []
    for number in range(100):
        publication.now += 0.01
        publication.send(extended(RtpPacket(OPUS, number, 0, 5, b"sound"), {TWCC: number.to_bytes(2)}))
        told += feedbacks(publication.feedback())
    assert 0.75 / FEEDBACK_EVERY_S <= len(told) <= 1.0 / FEEDBACK_EVERY_S


def test_a_keyframe_is_asked_for_on_the_stream_it_is_wanted_of() -> None:
    publication = Publication(video(ssrcs=(1,), repairs={9: 1}))
    packets = FakeCamera(1).take()
    publication.send(*packets, repair(packets[0], 9))
    publication.encoding().keyframes.want()
    assert PictureLoss(1, 1) in publication.feedback()
    assert publication.uplink.keyframe_requests == 1


def test_what_never_comes_is_mended_by_a_keyframe() -> None:
    publication = Publication(video(ssrcs=(1,)))
    camera = FakeCamera(1)
    publication.send(*camera.take())
    publication.send(*camera.take()[1:])
    asked = 0
    while PictureLoss(1, 1) not in (packets := publication.feedback(0.02)):
        asked += any(isinstance(packet, Nack) for packet in packets)
    assert asked == 7
    assert publication.now == pytest.approx(50.0 + GIVE_UP_S, abs=0.05)
    camera.force_keyframe = True
    publication.send(*camera.take())
    assert not any(isinstance(packet, PictureLoss) for _ in range(200) for packet in publication.feedback(0.02))


def test_what_is_missing_from_before_a_keyframe_needs_no_other() -> None:
    publication = Publication(video(ssrcs=(1,)))
    camera = FakeCamera(1)
    publication.send(*camera.take())
    publication.send(*camera.take()[1:])
    camera.force_keyframe = True
    publication.send(*camera.take())
    assert not any(isinstance(packet, PictureLoss) for _ in range(200) for packet in publication.feedback(0.02))
    assert publication.encoding().nacks.given_up == 1


def test_a_keyframe_begins_with_its_parameter_sets_even_when_they_come_last() -> None:
    publication = Publication(video(ssrcs=(1,), repairs={9: 1}))
    camera = FakeCamera(1)
    publication.send(*camera.take())
    camera.force_keyframe = True
    head, *rest = camera.take()
    publication.send(*rest)
    assert publication.kept()[0] == "1:0/0", "newcomers still begin with the keyframe before"
    publication.send(repair(head, 9))
    assert publication.kept() == ["1:1/0", "1:1/1", "1:1/2", "1:1/3"]


def test_lost_sound_needs_no_keyframe() -> None:
    publication = Publication(audio())
    publication.send(RtpPacket(OPUS, 1, 0, 5, b"sound"), RtpPacket(OPUS, 3, 1_920, 5, b"sound"))
    assert not any(isinstance(packet, PictureLoss) for _ in range(200) for packet in publication.feedback(0.02))


def test_the_round_trip_is_learnt_from_the_publishers_answers_and_paces_requests() -> None:
    publication = Publication(video(ssrcs=(1,)))
    first, _, third, fourth = FakeCamera(1).take()
    publication.send(first)
    [reference] = [each for each in publication.feedback(REPORT_EVERY_S) if isinstance(each, ReceiverReference)]
    publication.now += 0.35
    echo = compact_ntp(reference.ntp_time)
    answers = [ReferenceDelay(1, OUR_SSRC, echo + 1, 0), ReferenceDelay(1, OUR_SSRC + 1, echo, 0)]
    publication.uplink.receive_rtcp(answers, publication.now)
    assert publication.uplink.rtt_s is None
    publication.uplink.receive_rtcp([ReferenceDelay(1, OUR_SSRC, echo, 65_536 // 20)], publication.now)
    assert publication.uplink.rtt_s == pytest.approx(0.3, abs=1e-3)
    publication.send(third, fourth)
    assert publication.nacked() != []
    assert publication.nacked(after_s=0.28) == []
    assert publication.nacked(after_s=0.03) != []


def simulcast(feedback: tuple[str, ...]) -> tuple[Publication, dict[str, FakeCamera]]:
    codec = Codec(H264, "H264", CLOCK_RATE, feedback=feedback)
    publication = Publication(OfferedSection("1", "video", (Format(codec, None),), EXTENSIONS, ("h", "m", "l"), (), {}))
    return publication, {rid: FakeCamera(number, packet_bytes=600 // number) for number, rid in enumerate("hml", 1)}


def pauses(
    publication: Publication, cameras: dict[str, FakeCamera], seconds: float, stopped: str = ""
) -> list[StreamPause]:
    """What is asked for while the cameras run, but for the stopped ones."""
    asked = []
    for _ in range(int(seconds * 25)):
        for rid, camera in cameras.items():
            if rid not in stopped:
                publication.send(*(extended(packet, {RID: rid.encode()}) for packet in camera.take()))
        publication.room.decide(publication.now)
        list(publication.room.flush(publication.now))
        asked += [packet for packet in publication.feedback(0.04) if isinstance(packet, StreamPause)]
    return asked


def join(publication: Publication, preference: str = "auto") -> tuple[Subscriber, Downlink]:
    formats = [Format(Codec(H264, "H264", CLOCK_RATE), None)]
    downlink = Downlink("v", "teacher", "video", formats, random.Random(1))
    downlink.preference = preference
    subscriber = Subscriber("viewer")
    subscriber.set_downlinks({"v": downlink})
    publication.room.subscribe(subscriber, publication.now)
    return subscriber, downlink


def test_encodings_nobody_watches_are_stopped_but_for_the_lowest() -> None:
    publication, cameras = simulcast(("ccm pause",))
    assert pauses(publication, cameras, STOP_AFTER_S - 0.1) == []
    asked = pauses(publication, cameras, 0.2)
    assert asked == [StreamPause(OUR_SSRC, 1, PAUSE, 0), StreamPause(OUR_SSRC, 2, PAUSE, 0)]
    rate = publication.encoding("h").bitrate_bps
    assert pauses(publication, cameras, 30.0, stopped="hm") == []
    assert publication.encoding("h").bitrate_bps == rate > 0, "the governor must know what it would cost"


def test_a_stopped_encoding_starts_again_at_once_when_somebody_wants_it() -> None:
    publication, cameras = simulcast(("ccm pause",))
    pauses(publication, cameras, STOP_AFTER_S + 1.0)
    pauses(publication, cameras, 5.0, stopped="hm")
    _, downlink = join(publication)
    assert downlink.current is publication.encoding("l"), "the newcomer sees something meanwhile"
    feedback = publication.feedback(0.02)
    assert StreamPause(OUR_SSRC, 1, RESUME, 0) in feedback
    assert PictureLoss(OUR_SSRC, 1) in feedback
    cameras["h"].force_keyframe = True
    assert pauses(publication, cameras, 1.0, stopped="m") == []
    assert downlink.current is publication.encoding("h")


def test_a_page_that_obeys_is_told_the_same_without_rtcp() -> None:
    publication, cameras = simulcast(())
    publication.uplink.obeys = True
    assert pauses(publication, cameras, STOP_AFTER_S - 0.1) == []
    assert publication.uplink.wanted() == [("h", True), ("m", True), ("l", True)]
    assert pauses(publication, cameras, 1.0) == []
    assert publication.uplink.wanted() == [("h", False), ("m", False), ("l", True)]
    pauses(publication, cameras, 5.0, stopped="hm")
    _, downlink = join(publication)
    publication.feedback(0.02)
    assert publication.uplink.wanted() == [("h", True), ("m", False), ("l", True)]
    cameras["h"].force_keyframe = True
    assert pauses(publication, cameras, 1.0, stopped="m") == []
    assert downlink.current is publication.encoding("h")


def test_a_page_that_does_not_obey_is_left_alone() -> None:
    publication, cameras = simulcast(())
    pauses(publication, cameras, STOP_AFTER_S + 1.0)
    assert publication.uplink.wanted() == [("h", True), ("m", True), ("l", True)]


def test_what_is_watched_is_never_stopped() -> None:
    publication, cameras = simulcast(("ccm pause",))
    pauses(publication, cameras, 1.0)
    subscriber, downlink = join(publication, "m")
    assert {each.target_ssrc for each in pauses(publication, cameras, 2 * STOP_AFTER_S)} == {1}
    assert downlink.current is publication.encoding("m")
    publication.room.unsubscribe(subscriber)
    assert {each.target_ssrc for each in pauses(publication, cameras, STOP_AFTER_S + 0.1, stopped="h")} == {2}


def test_a_publisher_that_does_not_answer_loses_the_encoding() -> None:
    publication, cameras = simulcast(("ccm pause",))
    pauses(publication, cameras, STOP_AFTER_S + 1.0)
    _, downlink = join(publication)
    assert downlink.wanted is publication.encoding("h")
    asked = pauses(publication, cameras, 2 * RESUME_WITHIN_S + 0.5, stopped="hm")
    assert len(asked) > 10
    assert downlink.wanted is publication.encoding("l")


def test_who_cannot_pause_is_not_asked_to() -> None:
    publication, cameras = simulcast(("nack",))
    assert pauses(publication, cameras, 2 * STOP_AFTER_S) == []


def estimates(packets: Sequence[RtcpPacket]) -> list[Remb]:
    return [packet for packet in packets if isinstance(packet, Remb)]


def test_who_asks_for_an_estimate_and_does_not_number_packets_gets_one() -> None:
    codec = Codec(H264, "H264", CLOCK_RATE, feedback=("nack", "goog-remb"))
    for extensions, wanted in (({}, 1), ({TWCC: 4}, 0)):
        publication = Publication(OfferedSection("1", "video", (Format(codec, None),), extensions, (), (1,), {}))
        publication.send(*FakeCamera(1).take())
        told = estimates(publication.feedback(REPORT_EVERY_S))
        assert [each.ssrcs for each in told] == [(1,)] * wanted
    publication = Publication(video(ssrcs=(1,)))
    publication.send(*FakeCamera(1).take())
    assert estimates(publication.feedback(REPORT_EVERY_S)) == [], "nobody asked"


def test_the_estimate_grows_with_what_arrives_and_shrinks_with_loss() -> None:
    estimate = ReceiveEstimate()
    assert estimate.update(0, 0.0) == LOWEST_BPS
    assert estimate.update(1_000_000, 0.0) == 1_500_000
    assert estimate.update(1_200_000, 0.05) == 1_500_000, "between little and much it stays"
    assert estimate.update(1_000_000, 0.2) == 1_350_000
    assert estimate.update(500_000, 0.0) == 1_350_000, "sending less says nothing of the line"
    for _ in range(50):
        estimate.update(10_000, 0.5)
    assert estimate.bitrate_bps == LOWEST_BPS

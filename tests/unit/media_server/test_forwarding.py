"""What viewers receive, as scenarios under virtual time."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom.rtp.packet import RtpPacket
from media_server.sfu.codecs.vp8 import Vp8
from media_server.sfu.encoding import SILENT_AFTER_S
from media_server.sfu.history import STALE_GOP_S
from media_server.sfu.keyframes import MIN_INTERVAL_S
from tests.fakes.camera import CLOCK_RATE, H264, VP8, FakeCamera, Vp8Camera, label
from tests.fakes.lesson_media import LessonMedia, Received, Viewer

FRAME_TICKS = CLOCK_RATE // LessonMedia.FPS


def assert_one_unbroken_stream(received: list[Received]) -> None:
    """What a decoder needs: every sequence number once and in order, pictures in order of time."""
    indices = [each.index for each in received]
    assert indices == list(range(indices[0], indices[0] + len(indices)))
    assert all(later.timestamp >= earlier.timestamp for earlier, later in pairwise(received))


def ssrc_of(received: Received) -> str:
    return label(received.packet.payload).split(":")[0]


def switches(received: list[Received]) -> list[Received]:
    return [later for earlier, later in pairwise(received) if ssrc_of(earlier) != ssrc_of(later)]


def pin(lesson: LessonMedia, viewer: Viewer, rid: str) -> None:
    lesson.room.prefer(viewer.subscriber, "v", rid, lesson.now)
    lesson.flush()


def asked_for_keyframes(lesson: LessonMedia) -> int:
    return sum(encoding.keyframes.due(lesson.now) for encoding in lesson.source.encodings)


def test_a_newcomer_starts_at_once_from_the_cache_and_nobody_asks_the_publisher() -> None:
    lesson = LessonMedia()
    lesson.run(20)
    viewer = lesson.join("late")
    assert viewer.received, "something was sent before the next packet of the publisher"
    assert viewer.received[0].packet.keyframe
    lesson.run(10)
    assert_one_unbroken_stream(viewer.received)
    assert asked_for_keyframes(lesson) == 0


def test_a_newcomer_who_waited_for_a_keyframe_is_told_what_it_gets() -> None:
    lesson = LessonMedia(("h",), gop=10_000)
    lesson.run(round((STALE_GOP_S + 1) * LessonMedia.FPS))
    viewer = lesson.join("viewer")
    assert not viewer.received
    lesson.room.take_changes()
    lesson.cameras["h"].force_keyframe = True
    lesson.run(1)
    assert [change.state.rid for change in lesson.room.take_changes()] == ["h"]


def test_cached_pictures_are_pressed_together_so_that_the_newcomer_is_not_behind() -> None:
    lesson = LessonMedia()
    lesson.run(20)
    viewer = lesson.join("late")
    cached = [each.timestamp for each in viewer.received]
    assert max(cached) - min(cached) < 0.01 * CLOCK_RATE
    assert len(set(cached)) == 20
    lesson.run(2)
    live = sorted({each.timestamp for each in viewer.received})[-3:]
    assert [later - earlier for earlier, later in pairwise(live)] == [FRAME_TICKS, FRAME_TICKS]


def test_a_lower_encoding_stands_in_while_the_best_ones_cache_is_too_large() -> None:
    lesson = LessonMedia()
    lesson.run(40)
    viewer = lesson.join("late")
    assert ssrc_of(viewer.received[0]) == str(lesson.cameras["m"].ssrc)
    lesson.run(20)
    assert ssrc_of(viewer.received[-1]) == str(lesson.cameras["h"].ssrc)
    assert_one_unbroken_stream(viewer.received)
    assert asked_for_keyframes(lesson) == 0


def test_a_cache_too_large_for_a_thin_line_is_not_sent_and_a_keyframe_is_asked_for() -> None:
    lesson = LessonMedia(("h",), gop=10_000)
    lesson.run(60)
    assert lesson.source.encodings[0].gop.size_bytes > 150_000
    viewer = lesson.join("late")
    assert viewer.received == []
    assert asked_for_keyframes(lesson) == 1
    lesson.cameras["h"].force_keyframe = True
    lesson.run(1)
    assert viewer.received[0].packet.keyframe


def test_fifty_viewers_that_cannot_decode_ask_the_publisher_once() -> None:
    lesson = LessonMedia(("h",))
    lesson.run(5)
    viewers = [lesson.join(f"viewer {number}") for number in range(50)]
    asked = 0
    for viewer in viewers:
        lesson.room.picture_lost(viewer.subscriber, viewer.downlink.ssrc, lesson.now)
        asked += asked_for_keyframes(lesson)
    assert asked == 1
    lesson.cameras["h"].force_keyframe = True
    lesson.run(1)
    lesson.room.picture_lost(viewers[0].subscriber, viewers[0].downlink.ssrc, lesson.now)
    assert asked_for_keyframes(lesson) == 0, f"not within {MIN_INTERVAL_S} s"


@pytest.mark.parametrize(("first", "second"), [("h", "l"), ("l", "h"), ("m", "h"), ("h", "m")])
def test_a_switch_happens_at_a_keyframe_and_nobody_sees_a_seam(first: str, second: str) -> None:
    lesson = LessonMedia()
    viewer = lesson.join("viewer")
    pin(lesson, viewer, first)
    lesson.run(30)
    pin(lesson, viewer, second)
    lesson.run(60)
    [switch] = switches(viewer.received)
    assert switch.packet.keyframe
    assert_one_unbroken_stream(viewer.received)
    assert ssrc_of(viewer.received[-1]) == str(lesson.cameras[second].ssrc)


def test_going_down_asks_for_a_keyframe_at_once_and_shows_nothing_a_second_time() -> None:
    lesson = LessonMedia(gop=1_000)
    viewer = lesson.join("viewer")
    lesson.run(30)
    shown = len(viewer.received)
    pin(lesson, viewer, "l")
    assert len(viewer.received) == shown, "what is cached of the lower one is older than what was shown"
    assert asked_for_keyframes(lesson) == 1
    lesson.cameras["l"].force_keyframe = True
    lesson.run(2)
    assert ssrc_of(viewer.received[-1]) == str(lesson.cameras["l"].ssrc)
    assert_one_unbroken_stream(viewer.received)


def test_going_up_asks_for_the_keyframe_that_does_not_come_by_itself() -> None:
    lesson = LessonMedia(("h", "l"), gop=10_000)
    viewer = lesson.join("viewer")
    pin(lesson, viewer, "l")
    lesson.run(15)
    pin(lesson, viewer, "h")
    assert asked_for_keyframes(lesson) == 0, "the last one was a moment ago, the next one may be near"
    lesson.run(round(STALE_GOP_S * LessonMedia.FPS))
    assert asked_for_keyframes(lesson) == 1
    lesson.cameras["h"].force_keyframe = True
    lesson.run(2)
    assert ssrc_of(viewer.received[-1]) == str(lesson.cameras["h"].ssrc)


def test_timestamps_after_a_switch_lie_on_the_publishers_clock() -> None:
    lesson = LessonMedia()
    viewer = lesson.join("viewer")
    pin(lesson, viewer, "l")
    lesson.run(60)
    pin(lesson, viewer, "h")
    lesson.run(60)
    by_picture = {int(label(each.packet.payload).split(":")[1].split("/")[0]): each.timestamp for each in viewer.new()}
    for earlier, later in pairwise(sorted(by_picture)):
        if earlier >= 2:
            assert by_picture[later] - by_picture[earlier] == pytest.approx((later - earlier) * FRAME_TICKS, abs=90)


def test_without_sender_reports_time_goes_on_as_it_passed() -> None:
    lesson = LessonMedia()
    lesson.report = lambda: None  # type: ignore[method-assign]
    viewer = lesson.join("viewer")
    pin(lesson, viewer, "l")
    lesson.run(60)
    pin(lesson, viewer, "h")
    lesson.run(60)
    [switch] = switches(viewer.received)
    before = viewer.received[viewer.received.index(switch) - 1]
    assert 0 < switch.timestamp - before.timestamp <= 2 * FRAME_TICKS


def test_the_publisher_comes_back_and_the_stream_goes_on() -> None:
    lesson = LessonMedia()
    viewer = lesson.join("viewer")
    lesson.run(30)
    lesson.room.unpublish(lesson.source, lesson.now)
    reasons = viewer.subscriber.reasons
    assert reasons["v"] == "no_source"
    again = LessonMedia()
    lesson.now += 20.0
    lesson.cameras, lesson.track, lesson.source = again.cameras, again.track, again.source
    lesson.room.publish(lesson.source)
    lesson.run(30)
    assert reasons == {"v": None}
    assert_one_unbroken_stream(viewer.received)


def test_a_paused_picture_sends_nothing_and_resumes_with_a_keyframe() -> None:
    lesson = LessonMedia()
    viewer = lesson.join("viewer")
    lesson.run(10)
    pin(lesson, viewer, "off")
    count = len(viewer.received)
    lesson.run(10)
    assert len(viewer.received) == count
    pin(lesson, viewer, "auto")
    lesson.run(1)
    assert viewer.received[count].packet.keyframe
    assert_one_unbroken_stream(viewer.received)


def test_a_lost_packet_is_repeated_from_the_one_history_even_across_a_switch() -> None:
    lesson = LessonMedia()
    viewer = lesson.join("viewer")
    lesson.run(30)
    pin(lesson, viewer, "l")
    lesson.cameras["l"].force_keyframe = True
    lesson.run(10)
    originals = {each.index & 0xFFFF: each for each in viewer.new()}
    [switch] = switches(viewer.received)
    around = [(switch.index + distance) & 0xFFFF for distance in range(-4, 4)]
    lesson.room.retransmit(viewer.subscriber, viewer.downlink.ssrc, around, lesson.now)
    lesson.flush()
    repeated = [each for each in viewer.received if each.repair]
    assert len(repeated) == len(around)
    for each in repeated:
        original = originals[each.index & 0xFFFF]
        assert (each.packet, each.timestamp, each.index) == (original.packet, original.timestamp, original.index)


def test_the_same_nack_twice_in_a_moment_is_answered_once() -> None:
    lesson = LessonMedia()
    viewer = lesson.join("viewer")
    lesson.run(5)
    lost = [viewer.received[-1].index & 0xFFFF]
    for _ in range(3):
        lesson.room.retransmit(viewer.subscriber, viewer.downlink.ssrc, lost, lesson.now)
    lesson.flush()
    assert sum(each.repair for each in viewer.received) == 1
    lesson.now += 0.1
    lesson.room.retransmit(viewer.subscriber, viewer.downlink.ssrc, lost, lesson.now)
    lesson.flush()
    assert sum(each.repair for each in viewer.received) == 2


def test_numbers_that_were_never_sent_are_not_answered() -> None:
    lesson = LessonMedia()
    viewer = lesson.join("viewer")
    lesson.run(3)
    newest = viewer.received[-1].index
    lesson.room.retransmit(viewer.subscriber, viewer.downlink.ssrc, [(newest + 500) & 0xFFFF], lesson.now)
    lesson.room.retransmit(viewer.subscriber, 12345, [newest & 0xFFFF], lesson.now)
    lesson.flush()
    assert not any(each.repair for each in viewer.received)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.sampled_from(["h", "m", "l", "auto", "off"])), max_size=12))
def test_whatever_a_viewer_chooses_it_gets_one_unbroken_stream(choices: list[tuple[int, str]]) -> None:
    lesson = LessonMedia(gop=25)
    viewer = lesson.join("viewer")
    for pictures, choice in choices:
        lesson.run(pictures)
        pin(lesson, viewer, choice)
    pin(lesson, viewer, "auto")
    lesson.run(60)
    assert_one_unbroken_stream(viewer.received)
    assert all(each.packet.keyframe for each in switches(viewer.received))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.floats(0, 0.3))
def test_loss_before_us_is_a_gap_behind_us_never_a_lie(seed: int, loss: float) -> None:
    """Holes keep their numbers, so that the viewer asks for what we may still get."""
    dice = random.Random(seed)
    lesson = LessonMedia(("h",), gop=10)
    viewer = lesson.join("viewer")
    lesson.run(80, lambda packet: dice.random() < loss)
    pictures: dict[int, set[int]] = {}
    for each in viewer.new():
        pictures.setdefault(each.timestamp, set()).add(each.packet.timestamp)
    assert all(len(sources) == 1 for sources in pictures.values())
    offsets = {each.index - each.packet.index for each in viewer.new()}
    assert len(offsets) <= 1 or loss > 0


def test_reordered_packets_keep_their_places() -> None:
    lesson = LessonMedia(("h",))
    viewer = lesson.join("viewer")
    lesson.run(3)
    lesson.now += 0.04
    packets = lesson.cameras["h"].take()
    for packet in (packets[2], packets[0], packets[3], packets[1]):
        lesson.encoding_of("h", packet)
        lesson.flush()
    lesson.run(1)
    indices = sorted(each.index for each in viewer.received)
    assert indices == list(range(indices[0], indices[0] + len(indices)))


def test_sender_reports_put_the_viewers_timestamps_on_the_publishers_clock() -> None:
    lesson = LessonMedia()
    viewer = lesson.join("viewer")
    lesson.run(30)
    report = viewer.downlink.sender_report(lesson.now, 0.0)
    assert report is not None
    assert (report.rtp_timestamp - viewer.received[-1].timestamp) & 0xFFFFFFFF == pytest.approx(0, abs=45)
    assert report.packet_count == len(viewer.received)
    ahead = viewer.downlink.sender_report(lesson.now + 1, 0.0)
    assert ahead is not None
    assert (ahead.rtp_timestamp - report.rtp_timestamp) & 0xFFFFFFFF == pytest.approx(CLOCK_RATE, abs=2)
    assert ahead.ntp_time - report.ntp_time == pytest.approx(1 << 32, rel=1e-4)
    assert viewer.downlink.round_trip_s((report.ntp_time >> 16) & 0xFFFFFFFF, 65_536 // 2, lesson.now + 0.7) == (
        pytest.approx(0.2, abs=1e-3)
    )


def counters(received: list[Received]) -> list[tuple[int, int]]:
    """Picture id and TL0PICIDX of each VP8 packet, as a decoder reads them."""
    infos = [Vp8().read(each.packet.payload, {}) for each in received]
    return [(info.picture_id or 0, info.tl0_index or 0) for info in infos]


def test_a_vp8_decoder_sees_one_series_of_pictures_across_switches() -> None:
    lesson = LessonMedia(("h", "l"), camera=Vp8Camera)
    for number, camera in enumerate(lesson.cameras.values()):
        assert isinstance(camera, Vp8Camera)
        camera.picture_id += 5_000 * number
    viewer = lesson.join("viewer")
    for rid in ("l", "h", "off", "l", "auto"):
        pin(lesson, viewer, rid)
        lesson.run(60)
    assert len(switches(viewer.received)) == 3
    assert_one_unbroken_stream(viewer.received)
    by_picture = [each for each, later in pairwise(viewer.received) if each.timestamp != later.timestamp]
    for (earlier, tl0), (later, later_tl0) in pairwise(counters(by_picture)):
        assert (later - earlier) & 0x7FFF == 1
        assert (later_tl0 - tl0) & 0xFF == 1
    assert viewer.downlink.payload_type == VP8.payload_type


def test_a_repeated_vp8_packet_is_the_packet_that_was_sent() -> None:
    lesson = LessonMedia(("h", "l"), camera=Vp8Camera)
    viewer = lesson.join("viewer")
    pin(lesson, viewer, "l")
    lesson.run(30)
    pin(lesson, viewer, "h")
    lesson.run(40)
    originals = {each.index & 0xFFFF: each.packet.payload for each in viewer.new()}
    lesson.room.retransmit(viewer.subscriber, viewer.downlink.ssrc, list(originals)[-20:], lesson.now)
    lesson.flush()
    repeated = {each.index & 0xFFFF: each.packet.payload for each in viewer.received if each.repair}
    assert len(repeated) == 20
    assert repeated == {sequence: originals[sequence] for sequence in repeated}


def test_a_viewer_without_the_sources_codec_is_told_so_and_gets_nothing() -> None:
    lesson = LessonMedia(("h",), camera=Vp8Camera)
    viewer = lesson.join("viewer", codecs=(H264,))
    lesson.run(10)
    assert viewer.subscriber.reasons == {"v": "codec"}
    assert viewer.received == []
    lesson.room.unpublish(lesson.source, lesson.now)
    again = LessonMedia(("h",))
    lesson.now += 1.0
    lesson.cameras, lesson.track, lesson.source = again.cameras, again.track, again.source
    lesson.room.publish(lesson.source)
    lesson.run(10)
    assert viewer.subscriber.reasons == {"v": None}
    assert viewer.received


def test_a_source_that_comes_back_in_another_codec_is_sent_as_that() -> None:
    lesson = LessonMedia(("h",), camera=Vp8Camera)
    viewer = lesson.join("viewer")
    lesson.run(10)
    sent = viewer.received[-1].index & 0xFFFF
    lesson.room.unpublish(lesson.source, lesson.now)
    again = LessonMedia(("h",))
    lesson.now += 1.0
    lesson.cameras, lesson.track, lesson.source = again.cameras, again.track, again.source
    lesson.room.publish(lesson.source)
    lesson.run(10)
    assert viewer.downlink.payload_type == H264.payload_type
    assert_one_unbroken_stream(viewer.received)
    lesson.room.retransmit(viewer.subscriber, viewer.downlink.ssrc, [sent], lesson.now)
    lesson.flush()
    assert not any(each.repair for each in viewer.received), "the old codec cannot be repeated as the new one"


def test_packets_that_arrive_after_a_switch_still_find_their_places() -> None:
    lesson = LessonMedia(("h", "l"), gop=10)
    viewer = lesson.join("viewer")
    pin(lesson, viewer, "l")
    lesson.run(15)
    late: list[RtpPacket] = []

    def hold_back(packet: RtpPacket) -> bool:
        held = packet.ssrc == lesson.cameras["l"].ssrc and not late
        if held:
            late.append(packet)
        return held

    lesson.run(1, hold_back)
    lesson.run(2)
    pin(lesson, viewer, "h")
    lesson.run(10)
    assert len(switches(viewer.received)) == 1
    before = {each.index for each in viewer.received}
    lesson.encoding_of("l", late[0])
    lesson.flush()
    found = viewer.received[-1]
    assert label(found.packet.payload) == label(late[0].payload)
    assert found.index not in before
    assert {found.index - 1, found.index + 1} <= before


def test_a_keyframe_whose_first_packet_comes_last_is_whole() -> None:
    lesson = LessonMedia(("h",), gop=1000, camera=Vp8Camera)
    lesson.run(200)
    viewer = lesson.join("viewer")
    assert viewer.received == []
    camera = lesson.cameras["h"]
    camera.force_keyframe = True
    lesson.now += 0.04
    packets = camera.take()
    for packet in (*packets[1:], packets[0]):
        lesson.encoding_of("h", packet)
        lesson.flush()
    assert [label(each.packet.payload).split("/")[1] for each in viewer.received] == ["0", "1", "2", "3"]
    assert_one_unbroken_stream(viewer.received)


def test_a_viewer_that_asks_for_everything_again_gets_only_a_share_more() -> None:
    lesson = LessonMedia(("h",))
    viewer = lesson.join("viewer")
    lesson.run(50)
    first = len(viewer.received)
    for _ in range(100):
        lesson.run(1)
        lost = [each.index & 0xFFFF for each in viewer.new()][-100:]
        lesson.room.retransmit(viewer.subscriber, viewer.downlink.ssrc, lost, lesson.now)
        lesson.flush()
    sent = len([each for each in viewer.received[first:] if not each.repair])
    repeated = len([each for each in viewer.received[first:] if each.repair])
    assert 0 < repeated < 0.7 * sent, "the share, and the burst it began with"
    assert viewer.subscriber.repairs.refused > 0


def pad(lesson: LessonMedia, rid: str, count: int) -> None:
    """The publisher probes its line with packets that are nothing but padding, on the picture's own numbers."""
    camera = lesson.cameras[rid]
    for _ in range(count):
        lesson.encoding_of(rid, camera.padding())
    lesson.flush()


@pytest.mark.parametrize("camera", [FakeCamera, Vp8Camera])
def test_padding_leaves_no_hole_for_a_viewer_to_wait_at(camera: type[FakeCamera]) -> None:
    lesson = LessonMedia(("h", "l"), camera=camera)
    viewer = lesson.join("viewer")
    for rid in ("h", "l", "h"):
        pin(lesson, viewer, rid)
        lesson.run(60)
        pad(lesson, "h", 3)
        pad(lesson, "l", 3)
    lesson.run(20)
    assert_one_unbroken_stream(viewer.received)
    assert sum(not each.packet.payload for each in viewer.received) >= 6
    if camera is Vp8Camera:
        infos = [Vp8().read(each.packet.payload, {}) for each in viewer.received if each.packet.payload]
        pictures = list(dict.fromkeys(info.picture_id for info in infos if info.picture_id is not None))
        assert all((later - earlier) % (1 << 15) == 1 for earlier, later in pairwise(pictures))


def test_a_newcomer_starts_behind_padding_as_well() -> None:
    lesson = LessonMedia(("h",))
    lesson.run(10)
    pad(lesson, "h", 5)
    lesson.run(3)
    viewer = lesson.join("late")
    lesson.run(3)
    assert viewer.received[0].packet.keyframe
    assert_one_unbroken_stream(viewer.received)


def test_padding_is_no_picture() -> None:
    lesson = LessonMedia(("h",))
    lesson.run(5)
    [encoding] = lesson.source.encodings
    lesson.now += SILENT_AFTER_S
    pad(lesson, "h", 5)
    assert not encoding.sending(lesson.now)
    assert encoding.packets == 5 * 4 + 5, "none of them is reported lost"

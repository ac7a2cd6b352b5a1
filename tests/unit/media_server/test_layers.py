"""Spatial layers of one stream (SVC): everybody gets what was chosen for them, numbered without a gap."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom.rtp.packet import RtpPacket
from media_server.sfu.codecs.vp9 import Vp9
from media_server.sfu.downlink import Downlink, Format
from media_server.sfu.encoding import Encoding
from media_server.sfu.point import operating_points
from tests.fakes.camera import AV1, Vp9Camera, label
from tests.fakes.lesson_media import LessonMedia, Received, Viewer


def scalable() -> LessonMedia:
    return LessonMedia(("",), camera=Vp9Camera, gop=1_000)


def pin(lesson: LessonMedia, viewer: Viewer, rid: str) -> None:
    lesson.room.prefer(viewer.subscriber, "v", rid, lesson.now)
    lesson.flush()


def pictures(received: list[Received]) -> list[list[Received]]:
    """The packets of each picture."""
    grouped: dict[int, list[Received]] = {}
    for each in received:
        grouped.setdefault(each.timestamp, []).append(each)
    return list(grouped.values())


def layer(received: Received) -> int:
    return Vp9().read(received.packet.payload, {}).spatial


def batched(numbers: list[int], size: int) -> list[list[int]]:
    return [numbers[n : n + size] for n in range(0, len(numbers), size)]


def assert_whole_pictures(received: list[Received]) -> None:
    """What a decoder needs: no gap in the numbers, each picture from the lowest layer up, its end marked once."""
    indices = [each.index for each in received]
    assert indices == list(range(indices[0], indices[0] + len(indices)))
    for packets in pictures(received):
        layers = [layer(each) for each in packets]
        assert layers == sorted(layers)
        assert set(layers) == set(range(max(layers) + 1))
        assert [bool(each.packet.marker) for each in packets] == [False] * (len(packets) - 1) + [True]


def test_what_there_is_to_choose_from() -> None:
    lesson = scalable()
    lesson.run(30)
    views = lesson.source.view().encodings
    assert [(view.rid, view.width, view.height) for view in views] == [
        ("s2", 1280, 720),
        ("s1", 640, 360),
        ("s0", 320, 180),
    ]
    rates = [point.bitrate_bps for point in lesson.track.points(lesson.now)]
    assert rates[0] == pytest.approx(3 * rates[2], rel=0.1)


def test_a_layer_the_publisher_has_stopped_is_not_offered() -> None:
    lesson = scalable()
    lesson.run(30)
    camera = lesson.cameras[""]
    assert isinstance(camera, Vp9Camera)
    camera.layers = 2  # without a keyframe to say so
    lesson.run(30)
    assert [point.rid for point in lesson.track.points(lesson.now)] == ["s1", "s0"]


@pytest.mark.parametrize(("rid", "highest"), [("s0", 0), ("s1", 1), ("s2", 2), ("auto", 2)])
def test_a_newcomer_gets_its_layers_from_the_cache_on(rid: str, highest: int) -> None:
    lesson = scalable()
    lesson.run(3)
    viewer = lesson.join("viewer")
    pin(lesson, viewer, rid)
    lesson.run(20)
    assert {layer(each) for each in pictures(viewer.received)[-1]} == set(range(highest + 1))
    assert_whole_pictures(viewer.received)


def test_going_down_needs_no_keyframe_and_going_up_waits_for_one() -> None:
    lesson = scalable()
    viewer = lesson.join("viewer")
    lesson.run(20)
    pin(lesson, viewer, "s0")
    lesson.run(5)
    assert max(layer(each) for each in pictures(viewer.received)[-1]) == 0
    encoding = lesson.source.encodings[0]
    assert not encoding.keyframes.due(lesson.now)
    assert viewer.downlink.point is not None
    assert viewer.downlink.point.rid == "s0"
    pin(lesson, viewer, "s1")
    lesson.run(5)
    assert max(layer(each) for each in pictures(viewer.received)[-1]) == 0
    assert encoding.keyframes.due(lesson.now)
    lesson.cameras[""].force_keyframe = True
    lesson.run(3)
    assert [max(layer(each) for each in packets) for packets in pictures(viewer.received)[-3:]] == [1, 1, 1]
    assert_whole_pictures(viewer.received)


def test_what_was_sent_is_repeated_as_it_was_and_what_was_left_out_never() -> None:
    lesson = scalable()
    viewer = lesson.join("viewer")
    lesson.run(5)
    pin(lesson, viewer, "s1")
    lesson.run(20)
    originals = {each.index & 0xFFFF: each for each in viewer.new()}
    for lost in batched(list(originals), 5):  # no more at a time than a line is given
        lesson.now += 1.0
        lesson.room.retransmit(viewer.subscriber, viewer.downlink.ssrc, lost, lesson.now)
        lesson.flush()
    repeated = [each for each in viewer.received if each.repair]
    assert len(repeated) == len(originals)
    for each in repeated:
        original = originals[each.index & 0xFFFF]
        assert (each.packet.payload, each.packet.marker, each.timestamp, each.index) == (
            original.packet.payload,
            original.packet.marker,
            original.timestamp,
            original.index,
        )


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 15), st.sampled_from(["s0", "s1", "s2", "auto", "off"])), max_size=10))
def test_whatever_is_chosen_pictures_are_whole(choices: list[tuple[int, str]]) -> None:
    lesson = scalable()
    viewer = lesson.join("viewer")
    for count, choice in choices:
        lesson.run(count)
        pin(lesson, viewer, choice)
        lesson.cameras[""].force_keyframe = any(
            encoding.keyframes.due(lesson.now) for encoding in lesson.track.encodings
        )
    pin(lesson, viewer, "auto")
    lesson.cameras[""].force_keyframe = True
    lesson.run(10)
    assert_whole_pictures(viewer.received)
    assert {layer(each) for each in pictures(viewer.received)[-1]} == {0, 1, 2}


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.floats(0, 0.2))
def test_packets_out_of_order_or_lost_before_us_keep_their_places(seed: int, chance: float) -> None:
    """Every packet that leaves has a number of its own, and the order of the numbers is the order of the stream."""
    dice = random.Random(seed)
    lesson = scalable()
    viewer = lesson.join("viewer")
    lesson.run(2)
    pin(lesson, viewer, "s1")
    held: list[RtpPacket] = []

    def lose(packet: RtpPacket) -> bool:
        if dice.random() < chance:
            if dice.random() < 0.7:
                held.append(packet)
            return True
        return False

    for _ in range(30):
        lesson.run(1, lose)
        while held:
            lesson.encoding_of("", held.pop())
        lesson.flush()
    by_number = sorted(viewer.new(), key=lambda each: each.index)
    assert len({each.index for each in by_number}) == len(by_number)
    assert all(earlier.packet.index < later.packet.index for earlier, later in pairwise(by_number))
    assert all(label(each.packet.payload) for each in by_number)


@pytest.mark.parametrize(("described", "offered"), [(True, 1), (False, 0)])
def test_who_cannot_tell_av1_layers_apart_gets_the_lowest(described: bool, offered: int) -> None:
    encoding = Encoding("", 1, AV1, video=True)
    encoding.sizes = ((320, 180), (640, 360))
    downlink = Downlink("v", "teacher", "video", [Format(AV1, None)], random.Random(1))
    downlink.described = described
    taken = [point.spatial for point in operating_points(encoding) if downlink.takes(point)]
    assert max(spatial or 0 for spatial in taken) == offered

"""Viewers who take an encoding as it comes get from one step for all of them what they would get one by one."""

import random
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from classroom.rtp.packet import RtpPacket
from classroom.rtp.rtcp import SenderReport
from media_server.sfu.downlink import Downlink
from media_server.sfu.room import FanOut
from tests.fakes.lesson_media import LessonMedia

NAMES = ("one", "two", "three")
Step = tuple[str, str, int]
Sent = dict[str, tuple[list[tuple[int, int, bytes, float, bool]], int, int, SenderReport | None]]

steps = st.one_of(
    st.tuples(st.just("run"), st.sampled_from(["all", "some", "out of order"]), st.integers(1, 30)),
    st.tuples(st.sampled_from(["h", "m", "l", "auto", "off"]), st.sampled_from(NAMES), st.just(0)),
    st.tuples(st.sampled_from(["join", "leave", "report"]), st.sampled_from(NAMES), st.just(0)),
    st.tuples(st.just("again"), st.sampled_from(NAMES), st.integers(0, 40)),
    st.tuples(st.just("comes back"), st.just(""), st.just(0)),
)


class Scene:
    """A lesson and what happens in it."""

    def __init__(self) -> None:
        self.lesson = LessonMedia(gop=25)
        self.left: Sent = {}
        self._dice = random.Random(5)
        self._held: list[tuple[str, RtpPacket]] = []

    def play(self, script: list[Step]) -> Sent:
        for number, (what, whom, count) in enumerate(script):
            viewer = self.lesson.viewers.get(whom)
            if what == "run":
                for _ in range(count):
                    self._picture(whom)
            elif what == "comes back":
                self._come_back()
            elif what == "join":
                if viewer is None:
                    self.lesson.join(whom)
            elif viewer is None:
                continue
            elif what == "leave":
                self.lesson.room.unsubscribe(viewer.subscriber)
                self.left[f"{whom}, {number}"] = self._sent(whom)
                del self.lesson.viewers[whom]
            elif what == "report":
                viewer.downlink.sender_report(self.lesson.now, 1e9)
            elif what == "again":
                newest = max((each.index for each in viewer.received), default=0)
                ssrc, lost = viewer.downlink.ssrc, [newest - count & 0xFFFF]
                self.lesson.room.retransmit(viewer.subscriber, ssrc, lost, self.lesson.now)
                self.lesson.flush()
            else:
                self.lesson.room.prefer(viewer.subscriber, "v", what, self.lesson.now)
                self.lesson.flush()
        return {**self.left, **{name: self._sent(name) for name in self.lesson.viewers}}

    def _picture(self, how: str) -> None:
        lesson = self.lesson
        lesson.now += 1 / lesson.FPS
        for rid, packet in self._held:  # late ones of the picture before
            lesson.encoding_of(rid, packet)
        self._held = []
        for rid, camera in lesson.cameras.items():
            for packet in camera.take():
                if how != "all" and self._dice.random() < 0.2:
                    if how == "out of order":
                        self._held.append((rid, packet))
                    continue
                lesson.encoding_of(rid, packet)
        lesson.report()
        lesson.flush()
        lesson.room.decide(lesson.now)
        lesson.flush()

    def _come_back(self) -> None:
        lesson = self.lesson
        lesson.room.unpublish(lesson.source, lesson.now)
        lesson.track.encodings.clear()
        lesson.room.publish(lesson.source)

    def _sent(self, name: str) -> tuple[list[tuple[int, int, bytes, float, bool]], int, int, SenderReport | None]:
        viewer = self.lesson.viewers[name]
        received = [(each.index, each.timestamp, each.packet.payload, each.at, each.repair) for each in viewer.received]
        downlink = viewer.downlink
        report = downlink.sender_report(self.lesson.now, 1e9)
        return received, downlink.packets_sent, downlink.octets_sent, report


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=25))
def test_everybody_gets_what_they_would_get_one_by_one(script: list[Step]) -> None:
    script = [("join", "one", 0), ("run", "all", 3), ("join", "two", 0), *script, ("run", "all", 5)]
    together = Scene().play(script)
    with patch.object(Downlink, "follow", return_value=None):
        one_by_one = Scene().play(script)
    assert together == one_by_one


def test_a_burst_for_many_is_one_step() -> None:
    lesson = LessonMedia(("h",), gop=25)
    for number in range(10):
        lesson.join(str(number))
    lesson.run(3)
    for packet in lesson.cameras["h"].take():
        lesson.encoding_of("h", packet)
    [leaving] = lesson.room.flush(lesson.now)
    assert isinstance(leaving, FanOut)
    assert [follower.subscriber.id for follower in leaving.fan.followers] == [str(number) for number in range(10)]

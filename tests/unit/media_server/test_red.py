"""Sound with redundancy (RED, RFC 2198): who negotiated it gets it whole, everybody else the sound alone, and what it
repeats of lost packets serves all of them."""

import random
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from classroom.rtp.packet import MalformedPacket, RtpPacket
from classroom.rtp.red import parse_red
from classroom.rtp.rtcp import Nack
from classroom.rtp.sdp import Codec, parse_sdp
from media_server.sfu.downlink import Downlink, Format
from media_server.sfu.negotiation import (
    OfferedSection,
    SentStream,
    answer_publisher,
    answer_subscriber,
    read_publisher_offer,
    read_subscriber_offer,
)
from media_server.sfu.room import Room
from media_server.sfu.source import Source, Track
from media_server.sfu.subscriber import Subscriber
from media_server.sfu.uplink import Uplink
from tests.fakes.lesson_media import sendings
from tests.fakes.offers.recorded import recorded_offers
from tests.unit.media_server.test_negotiation import TRANSPORT

OPUS, RED, TICKS = 111, 63, 960
CHROMIUM = {name: sdp.decode() for name, sdp in recorded_offers().items() if name.startswith("chromium")}


def opus(payload_type: int, red: int | None) -> Format:
    codec = Codec(payload_type, "opus", 48_000, 2)
    if red is None:
        return Format(codec, None)
    wraps = f"{payload_type}/{payload_type}"
    return Format(codec, None, Format(Codec(red, "red", 48_000, 2, {wraps: ""}), None, wraps=payload_type))


def sound(number: int) -> bytes:
    return f"sound {number}".encode()


def packet(number: int, *ages: int, inside: int = OPUS) -> RtpPacket:
    """Sound `number` and, beside it, those so much older."""
    older = [sound(number - age) for age in ages]
    heads = [
        (0x80000000 | inside << 24 | TICKS * age << 10 | len(each)).to_bytes(4)
        for age, each in zip(ages, older, strict=True)
    ]
    payload = b"".join((*heads, bytes((inside,)), *older, sound(number)))
    return RtpPacket(RED, number, TICKS * number, 7, payload)


@dataclass
class Listener:
    subscriber: Subscriber
    heard: dict[int, tuple[int, int, bytes]] = field(default_factory=dict)  # by sequence number less the first's

    @property
    def downlink(self) -> Downlink:
        return self.subscriber.downlinks["a"]


class Sound:
    """A publisher of RED and its listeners."""

    def __init__(self) -> None:
        self.now = 50.0
        self.room = Room("lesson")
        section = OfferedSection("0", "audio", (opus(OPUS, RED),), {}, (), (), {})
        self.source = Source("teacher", [Track("audio", section.codec, [])])
        self.room.publish(self.source)
        self.uplink = Uplink(self.room, self.source, [section])
        self.uplink.connected(self.now)
        self.listeners: dict[str, Listener] = {}

    def join(self, name: str, format_: Format) -> Listener:
        subscriber = Subscriber(name)
        subscriber.set_downlinks({"a": Downlink("a", "teacher", "audio", [format_], random.Random(1))})
        self.listeners[name] = Listener(subscriber)
        self.room.subscribe(subscriber, self.now)
        return self.listeners[name]

    def send(self, *packets: RtpPacket) -> None:
        for each in packets:
            self.now += 0.02
            self.uplink.receive(each, self.now)
            if self.room.gained:
                self.room.decide(self.now)
            self.flush()

    def flush(self) -> None:
        for subscriber, downlink, runs, format_, _ in sendings(self.room, self.now):
            heard = self.listeners[subscriber.id].heard
            for run in runs:
                for each in run.packets:
                    timestamp = each.timestamp + run.timestamp_offset
                    heard[each.index + run.index_offset] = (timestamp, format_.codec.payload_type, each.payload)
            assert format_ is downlink.format


def payloads(listener: Listener) -> list[bytes]:
    return [listener.heard[index][2] for index in sorted(listener.heard)]


def test_who_speaks_it_gets_it_under_its_own_numbers_and_others_the_sound_alone() -> None:
    lesson = Sound()
    whole, alone = lesson.join("whole", opus(96, 97)), lesson.join("alone", opus(109, None))
    packets = [packet(1), packet(2, 1), packet(3, 2, 1)]
    lesson.send(*packets)
    assert [parse_red(each) for each in payloads(whole)] == [
        [block._replace(payload_type=96) for block in parse_red(sent.payload)]
        for sent in (packet(1), packet(2, 1), packet(3, 2, 1))
    ]
    assert payloads(alone) == [sound(1), sound(2), sound(3)]
    assert {each[1] for each in whole.heard.values()} == {97}
    assert {each[1] for each in alone.heard.values()} == {109}


def test_what_was_lost_on_the_way_to_us_is_taken_out_of_the_next_packet() -> None:
    lesson = Sound()
    whole, alone = lesson.join("whole", opus(OPUS, RED)), lesson.join("alone", opus(OPUS, None))
    lesson.send(packet(1), packet(4, 2, 1), packet(6, 2, 1))
    assert payloads(alone) == [sound(number) for number in (1, 2, 3, 4, 5, 6)]
    first = min(alone.heard)
    assert [at - alone.heard[first][0] for at, _, _ in (alone.heard[index] for index in sorted(alone.heard))] == [
        TICKS * age for age in range(6)
    ]
    assert [parse_red(each)[-1].payload for each in payloads(whole)] == [sound(n) for n in (1, 2, 3, 4, 5, 6)]
    assert not [each for each in lesson.uplink.feedback(lesson.now) if isinstance(each, Nack)]
    [encoding] = lesson.source.encodings
    assert (encoding.packets, encoding.repaired) == (3, 3), "the reports tell the loss as it was"


def test_a_late_packet_and_what_came_before_the_first_are_not_doubled() -> None:
    lesson = Sound()
    alone = lesson.join("alone", opus(OPUS, None))
    lesson.send(packet(5, 2, 1), packet(7, 1), packet(6, 1))
    assert payloads(alone) == [sound(5), sound(6), sound(7)]


def test_a_packet_too_large_for_redundancy_comes_plain_and_leaves_as_everybody_takes_it() -> None:
    lesson = Sound()
    whole, alone = lesson.join("whole", opus(OPUS, RED)), lesson.join("alone", opus(OPUS, None))
    lesson.send(packet(1), RtpPacket(OPUS, 2, 2 * TICKS, 7, sound(2)))
    assert [parse_red(each)[-1].payload for each in payloads(whole)] == [sound(1), sound(2)]
    assert payloads(alone) == [sound(1), sound(2)]


def test_redundancy_that_begins_with_the_second_packet_still_goes_to_who_speaks_it() -> None:
    """As in Chromium: its first packet has nothing to repeat and comes plain."""
    lesson = Sound()
    listeners = whole, alone = lesson.join("whole", opus(96, 97)), lesson.join("alone", opus(109, None))
    lesson.send(RtpPacket(OPUS, 1, TICKS, 7, sound(1)), *(packet(number, 1) for number in range(2, 6)))
    assert [each[1] for _, each in sorted(whole.heard.items())] == [96, 97, 97, 97, 97]
    assert {each[1] for each in alone.heard.values()} == {109}
    for listener in listeners:
        first = min(listener.heard)
        assert sorted(listener.heard) == list(range(first, first + 5))
        times = [each[0] for _, each in sorted(listener.heard.items())]
        assert [later - earlier for earlier, later in pairwise(times)] == [TICKS] * 4


def test_a_repetition_has_the_same_bytes() -> None:
    lesson = Sound()
    whole = lesson.join("whole", opus(96, 97))
    lesson.send(packet(1), packet(2, 1))
    before = dict(whole.heard)
    whole.heard.clear()
    lost = [index & 0xFFFF for index in before]
    lesson.room.retransmit(whole.subscriber, whole.downlink.ssrc, lost, lesson.now)
    lesson.flush()
    assert whole.heard == before


def test_a_publisher_of_plain_sound_is_plain_for_everybody() -> None:
    lesson = Sound()
    whole = lesson.join("whole", opus(96, 97))
    lesson.send(*(RtpPacket(OPUS, number, TICKS * number, 7, sound(number)) for number in (1, 2)))
    assert [each[1:] for each in whole.heard.values()] == [(96, sound(1)), (96, sound(2))]


def test_what_is_not_red_of_this_sound_goes_nowhere() -> None:
    lesson = Sound()
    alone = lesson.join("alone", opus(OPUS, None))
    lesson.send(packet(1), packet(2, 1, inside=9))
    with pytest.raises(MalformedPacket):
        lesson.send(RtpPacket(RED, 3, 3 * TICKS, 7, b"\xef"))
    assert payloads(alone) == [sound(1)]


def test_padding_stays_padding() -> None:
    lesson = Sound()
    whole, alone = lesson.join("whole", opus(OPUS, RED)), lesson.join("alone", opus(OPUS, None))
    lesson.send(packet(1), RtpPacket(RED, 2, TICKS, 7, b""), packet(3, 1))
    assert [len(each) for each in payloads(whole)][1] == 0
    assert payloads(alone) == [sound(1), b"", sound(3)]


@pytest.mark.parametrize("red_first", [True, False])
def test_a_publishers_own_order_says_whether_it_sends_red(red_first: bool) -> None:
    offer = CHROMIUM["chromium-publish"]
    if red_first:
        offer = offer.replace("SAVPF 111 63 ", "SAVPF 63 111 ")
    read = read_publisher_offer(parse_sdp(offer))
    audio = next(section for section in read.sections if section.kind == "audio")
    assert (audio.codec.payload_type, audio.red_payload_type) == (111, 63)
    answered = next(each for each in parse_sdp(answer_publisher(read, TRANSPORT)).media if each.kind == "audio")
    assert answered.formats == (["63", "111"] if red_first else ["111", "63"])
    assert [codec.wraps for codec in answered.codecs if codec.is_("red")] == [111]


def test_a_viewer_is_answered_red_beside_opus() -> None:
    read = read_subscriber_offer(parse_sdp(CHROMIUM["chromium-watch"]))
    streams = {section.mid: SentStream(1, 2, "teacher", "cname") for section in read.sections}
    answer = parse_sdp(answer_subscriber(read, streams, TRANSPORT))
    audio = next(section for section in answer.media if section.kind == "audio")
    assert [(codec.name, codec.payload_type, codec.wraps) for codec in audio.codecs] == [
        ("opus", 111, None),
        ("red", 63, 111),
    ]
    assert "red/90000" not in str(answer)

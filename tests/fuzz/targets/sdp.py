"""Session descriptions, as they come through WHIP, WHEP and the socket, and the answers to them."""

from collections.abc import Iterator

from classroom.errors import ClassroomError
from classroom.rtp.sdp import SessionDescription, parse_sdp
from media_server.sfu.negotiation import (
    Offer,
    SentStream,
    Transport,
    answer_publisher,
    answer_subscriber,
    read_publisher_offer,
    read_subscriber_offer,
)
from tests.fakes.offers.recorded import recorded_offers

MAX_BYTES = 8_000
TRANSPORT = Transport("ufrag", "password", "AA:BB", ["1 1 udp 1 127.0.0.1 7800 typ host"], "7")


def run(data: bytes) -> None:
    try:
        description = parse_sdp(data.decode(errors="replace"))
    except ClassroomError:
        return
    written = str(description)
    assert str(parse_sdp(written)) == written
    publish(description)
    subscribe(description)


def publish(description: SessionDescription) -> None:
    try:
        offer = read_publisher_offer(description)
    except ClassroomError:
        return
    check(offer, answer_publisher(offer, TRANSPORT))


def subscribe(description: SessionDescription) -> None:
    try:
        offer = read_subscriber_offer(description)
    except ClassroomError:
        return
    streams = {
        section.mid: SentStream(number, 1_000 + number, "teacher", "cname")
        for number, section in enumerate(offer.sections, 1)
    }
    check(offer, answer_subscriber(offer, streams, TRANSPORT))


def check(offer: Offer, text: str) -> None:
    """RFC 3264 § 6: as many sections as the offer has, in its order."""
    answer = parse_sdp(text)
    assert [section.kind for section in answer.media] == [section.kind for section in offer.description.media]
    for section in answer.media:
        assert section.codecs or section.rejected


def seeds() -> Iterator[bytes]:
    yield from recorded_offers().values()
    yield b"v=0\r\n"
    yield b"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\nm=video 0 UDP/TLS/RTP/SAVPF 0\r\na=bundle-only\r\n"

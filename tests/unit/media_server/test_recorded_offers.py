"""Offers of real clients, word for word: each is understood, and each of its sections is answered."""

import pytest

from classroom.rtp.sdp import parse_sdp
from media_server.sfu.negotiation import read_publisher_offer, read_subscriber_offer
from tests.fakes.offers.recorded import recorded_offers

OFFERS = {name: sdp.decode() for name, sdp in recorded_offers().items()}


@pytest.mark.parametrize("name", OFFERS)
def test_every_recorded_offer_is_understood(name: str) -> None:
    description = parse_sdp(OFFERS[name])
    publishing = name.endswith("-publish")
    offer = read_publisher_offer(description) if publishing else read_subscriber_offer(description)
    assert {section.mid for section in offer.sections} == {section.mid for section in description.media}
    assert offer.fingerprints
    # Whoever waits for our ClientHello says so; FFmpeg does.
    assert offer.dtls_role == ("client" if name == "ffmpeg-publish" else "server")


@pytest.mark.parametrize("name", ["chromium-publish", "firefox-publish"])
def test_browsers_encodings_are_found(name: str) -> None:
    offer = read_publisher_offer(parse_sdp(OFFERS[name]))
    assert {section.kind: section.rids[0] for section in offer.sections if section.rids} == {"video": "h"}

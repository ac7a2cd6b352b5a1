"""Our answers to real offers: Chromium's, aiortc's, and bad ones."""

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.errors import BadInput, ClassroomError, Unprocessable
from classroom.rtp.sdp import Codec, MalformedSdp, parse_sdp
from media_server.sfu.codecs.av1 import Av1
from media_server.sfu.codecs.known import receivable
from media_server.sfu.codecs.vp9 import Vp9
from media_server.sfu.negotiation import (
    SentStream,
    Transport,
    answer_publisher,
    answer_subscriber,
    read_publisher_offer,
    read_subscriber_offer,
    wanted_tracks,
)

TRANSPORT = Transport("ufrag", "password", "AA:BB", ["1 1 udp 1 127.0.0.1 7800 typ host"], "7")
HEAD = """v=0
o=- 42 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=extmap-allow-mixed
"""
TRANSPORT_LINES = """c=IN IP4 0.0.0.0
a=ice-ufrag:abcd
a=ice-pwd:abcdefghijklmnopqrstuvwx
a=fingerprint:sha-256 11:22
a=setup:{setup}
"""
AUDIO = """m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9
{transport}a=mid:0
a={direction}
a=rtcp-mux
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=rtpmap:9 G722/8000
"""
VIDEO = """m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 106 107 108 109
{transport}a=mid:1
a={direction}
a=rtcp-mux
a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 goog-remb
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:102 H264/90000
a=rtcp-fb:102 goog-remb
a=rtcp-fb:102 transport-cc
a=rtcp-fb:102 ccm fir
a=rtcp-fb:102 nack
a=rtcp-fb:102 nack pli
a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f
a=rtpmap:103 rtx/90000
a=fmtp:103 apt=102
a=rtpmap:106 H264/90000
a=rtcp-fb:106 nack
a=rtcp-fb:106 nack pli
a=rtcp-fb:106 goog-remb
a=rtcp-fb:106 transport-cc
a=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=rtpmap:107 rtx/90000
a=fmtp:107 apt=106
a=rtpmap:108 H264/90000
a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f
a=rtpmap:109 rtx/90000
a=fmtp:109 apt=108
"""
SIMULCAST = "a=rid:h send\na=rid:m send\na=rid:l send\na=simulcast:send h;m;l\n"


def chromium(direction: str, setup: str = "actpass", extra: str = "") -> str:
    transport = TRANSPORT_LINES.format(setup=setup)
    sections = (
        AUDIO.format(transport=transport, direction=direction),
        VIDEO.format(transport=transport, direction=direction),
    )
    return HEAD + "".join(sections) + extra


def stream(ssrc: int) -> SentStream:
    return SentStream(ssrc, ssrc + 1, "teacher", "cname")


def test_a_viewer_gets_every_codec_we_forward_with_its_rtx() -> None:
    offer = read_subscriber_offer(parse_sdp(chromium("recvonly")))
    answer = parse_sdp(answer_subscriber(offer, {"0": stream(10), "1": stream(20)}, TRANSPORT))
    audio, video = answer.media
    assert [codec.name for codec in audio.codecs] == ["opus"]
    assert [(codec.name, codec.payload_type, codec.repairs) for codec in video.codecs] == [
        ("VP8", 96, None),
        ("rtx", 97, 96),
        ("H264", 102, None),
        ("rtx", 103, 102),
        ("H264", 106, None),
        ("rtx", 107, 106),
    ], "packetization mode 0 is not forwarded"
    assert video.direction == audio.direction == "sendonly"
    assert video.ssrcs == [20, 21]
    assert video.rtx_ssrcs == {21: 20}
    assert answer.get("ice-lite") == ""
    assert answer.get("setup", video) == "passive"
    assert answer.get("group") == "BUNDLE 0 1"
    assert [extmap.id for extmap in audio.extmaps] == [1, 2]
    assert [extmap.id for extmap in video.extmaps] == [2, 4], "only what we write"
    assert answer.get("extmap-allow-mixed") == ""
    assert "transport-cc" not in str(answer)
    assert str(answer).count("a=candidate") == 1


def test_sections_nobody_asked_for_stay_inactive() -> None:
    offer = read_subscriber_offer(parse_sdp(chromium("recvonly")))
    answer = parse_sdp(answer_subscriber(offer, {"1": stream(20)}, TRANSPORT))
    assert [section.direction for section in answer.media] == ["inactive", "sendonly"]


def test_a_publishers_simulcast_is_accepted_in_its_order() -> None:
    offer = read_publisher_offer(parse_sdp(chromium("sendonly", extra=SIMULCAST)))
    video = offer.sections[1]
    assert video.rids == ("h", "m", "l")
    answer = parse_sdp(answer_publisher(offer, TRANSPORT))
    section = answer.media[1]
    assert section.get("simulcast") == "recv h;m;l"
    assert list(section.all("rid")) == ["h recv", "m recv", "l recv"]
    assert section.direction == "recvonly"
    assert {extmap.id for extmap in section.extmaps} == {2, 4, 10}
    assert [(codec.payload_type, codec.repairs) for codec in section.codecs] == [(106, None), (107, 106)]


def test_a_publishers_repairs_and_packet_numbers_are_accepted() -> None:
    numbers = "a=extmap:5 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\n"
    named = numbers + "a=ssrc-group:FID 7 8\na=ssrc:7 cname:x\na=ssrc:8 cname:x\n"
    offer = read_publisher_offer(
        parse_sdp(chromium("sendonly", extra=named).replace("a=mid:0\n", "a=mid:0\n" + numbers))
    )
    video = offer.sections[1]
    assert (video.rtx_payload_type, video.ssrcs, video.repairs) == (107, (7,), {8: 7})
    audio, picture = parse_sdp(answer_publisher(offer, TRANSPORT)).media
    assert [codec.feedback for codec in audio.codecs] == [("transport-cc",)]
    assert {extmap.id for extmap in audio.extmaps} == {1, 2, 5}
    assert 5 in {extmap.id for extmap in picture.extmaps}
    assert "transport-cc" in picture.codecs[0].feedback


def only(*names: str) -> str:
    """Chromium's offer to send, with these video codecs only."""
    text = chromium("sendonly")
    for name in {"VP8", "H264"} - set(names):
        text = text.replace(f" {name}/90000", " H265/90000")
    return text


@pytest.mark.parametrize(("names", "chosen"), [(("VP8", "H264"), 106), (("H264",), 106), (("VP8",), 96)])
def test_a_publisher_sends_the_house_codec_or_else_its_own_first_choice(names: tuple[str, ...], chosen: int) -> None:
    offer = read_publisher_offer(parse_sdp(only(*names)))
    answer = parse_sdp(answer_publisher(offer, TRANSPORT))
    assert [codec.payload_type for codec in answer.media[1].codecs] == [chosen, chosen + 1]


@pytest.mark.parametrize(("sent", "needed"), [
    (Codec(1, "H264", 90_000, 1, {"packetization-mode": "1", "profile-level-id": "42e02a"}), 106),
    (Codec(1, "H264", 90_000, 1, {"packetization-mode": "1", "profile-level-id": "42001f"}), 102),
    (Codec(1, "H264", 90_000, 1, {"packetization-mode": "1", "profile-level-id": "640c1f"}), None),
    (Codec(1, "VP8", 90_000), 96),
    (Codec(1, "VP9", 90_000, 1, {"profile-id": "0"}), None),
])  # fmt: skip
def test_what_a_viewer_can_decode(sent: Codec, needed: int | None) -> None:
    section = read_subscriber_offer(parse_sdp(chromium("recvonly"))).sections[1]
    found = receivable([format_.codec for format_ in section.formats], sent)
    assert (found.payload_type if found else None) == needed


@pytest.mark.parametrize(("offered", "sent", "able"), [
    ({"profile-id": "2"}, {"profile-id": "0"}, False), ({}, {"profile-id": "0"}, True),
    ({"profile-id": "2"}, {"profile-id": "2"}, True),
])  # fmt: skip
def test_vp9_profiles_must_agree(offered: dict[str, str], sent: dict[str, str], able: bool) -> None:
    assert Vp9.decodes(Codec(1, "VP9", 90_000, 1, offered), Codec(1, "VP9", 90_000, 1, sent)) is able


@pytest.mark.parametrize(("offered", "sent", "able"), [("0", "0", True), ("1", "0", True), ("0", "1", False)])
def test_av1_decoders_take_the_lower_profiles(offered: str, sent: str, able: bool) -> None:
    codecs = [Codec(1, "AV1", 90_000, 1, {"profile": profile}) for profile in (offered, sent)]
    assert Av1.decodes(*codecs) is able


@pytest.mark.parametrize(("offered", "role", "answered"), [
    ("actpass", "server", "passive"), ("active", "server", "passive"), ("passive", "client", "active"),
])  # fmt: skip
def test_dtls_roles(offered: str, role: str, answered: str) -> None:
    offer = read_subscriber_offer(parse_sdp(chromium("recvonly", setup=offered)))
    assert offer.dtls_role == role
    answer = parse_sdp(answer_subscriber(offer, {}, TRANSPORT))
    assert answer.get("setup", answer.media[0]) == answered


DATA = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=mid:2\na=sctp-port:5000\n"


def test_data_channels_are_answered_in_the_bundle() -> None:
    offer = read_publisher_offer(parse_sdp(chromium("sendonly") + DATA.replace("5000", "5001")))
    assert offer.data is not None
    assert offer.data.sctp_port == 5001
    answer = parse_sdp(answer_publisher(offer, TRANSPORT))
    section = answer.media[2]
    assert (section.kind, section.port, section.protocol) == ("application", 9, "UDP/DTLS/SCTP")
    assert (section.formats, section.get("sctp-port")) == (["webrtc-datachannel"], "5000")
    assert int(section.get("max-message-size") or 0) > 0
    assert answer.get("group") == "BUNDLE 0 1 2"


@pytest.mark.parametrize(
    "unusable",
    [
        DATA.replace("application", "text"),
        DATA.replace("DTLS", "TLS"),
        DATA.replace("webrtc-datachannel", "5000"),
        DATA.replace("a=sctp-port:5000\n", ""),
        DATA.replace("5000", "0"),
        DATA.replace("5000", "65536"),
        DATA.replace("5000", "many"),
    ],
)
def test_sections_we_do_not_serve_are_refused_in_their_places(unusable: str) -> None:
    offer = read_publisher_offer(parse_sdp(chromium("sendonly") + unusable))
    answer = parse_sdp(answer_publisher(offer, TRANSPORT))
    assert [section.port for section in answer.media] == [9, 9, 0]
    assert answer.get("group") == "BUNDLE 0 1"


def test_a_whep_player_wants_one_source_in_every_section() -> None:
    offer = read_subscriber_offer(parse_sdp(chromium("recvonly")))
    assert [(track.mid, track.source, track.kind) for track in wanted_tracks(offer, "slides")] == [
        ("0", "slides", "audio"),
        ("1", "slides", "video"),
    ]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("a=sendonly", "a=recvonly"), "offer_sends_nothing"),
        (("m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 106", "m=video 9 UDP/TLS/RTP/SAVPF 107"), "codec_unsupported"),
        (("opus", "speex"), "codec_unsupported"),
        (("a=ice-ufrag:abcd\n", ""), "offer_without_ice"),
        (("a=fingerprint:sha-256 11:22\n", ""), "offer_without_fingerprint"),
        (("m=audio", "m=video"), "offer_sends_too_much"),
    ],
)
def test_offers_we_cannot_serve_are_refused_by_name(change: tuple[str, str], code: str) -> None:
    with pytest.raises(Unprocessable) as caught:
        read_publisher_offer(parse_sdp(chromium("sendonly").replace(*change)))
    assert caught.value.code == code


@pytest.mark.parametrize(
    "sdp",
    [
        "",
        "hello",
        "v=1\n",
        "v=0\nnonsense\n",
        "v=0\no=- x\n",
        "v=0\nm=video x UDP/TLS/RTP/SAVPF 96\n",
        "v=0\nm=video 99999 UDP/TLS/RTP/SAVPF 96\n",
        "v=0\n" + "m=video 9 UDP/TLS/RTP/SAVPF 96\n" * 100,
        "v=0\n" + "a=x\n" * 10_000,
        chromium("sendonly").replace("rtpmap:106 H264/90000", "rtpmap:106 H264/fast"),
        chromium("sendonly").replace("extmap:4 ", "extmap:four "),
        chromium("sendonly").replace("a=mid:1", "a=mid:0"),
        chromium("sendonly").replace("a=mid:1\n", ""),
    ],
)
def test_malformed_descriptions_are_refused(sdp: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_publisher_offer(parse_sdp(sdp))
    assert caught.value.code == "sdp_malformed"


@given(st.data())
def test_a_damaged_offer_never_raises_anything_unexpected(data: st.DataObject) -> None:
    lines = chromium("sendonly", extra=SIMULCAST).splitlines()
    for _ in range(data.draw(st.integers(1, 5))):
        position = data.draw(st.integers(0, len(lines) - 1))
        action = data.draw(st.sampled_from(["drop", "cut", "double", "noise"]))
        if action == "drop" and len(lines) > 1:
            del lines[position]
        elif action == "cut":
            lines[position] = lines[position][: data.draw(st.integers(0, 30))]
        elif action == "double":
            lines.insert(position, lines[position])
        else:
            lines[position] = data.draw(st.text(max_size=30))
    with contextlib.suppress(ClassroomError):
        answer_publisher(read_publisher_offer(parse_sdp("\n".join(lines))), TRANSPORT)


@given(st.text(max_size=200))
def test_garbage_is_malformed(text: str) -> None:
    with contextlib.suppress(MalformedSdp):
        parse_sdp("v=0\n" + text)


def test_a_description_is_written_as_it_was_read() -> None:
    text = chromium("sendonly", extra=SIMULCAST)
    again = str(parse_sdp(str(parse_sdp(text))))
    assert sorted(re.findall(r"a=.*", text)) == sorted(line.strip() for line in re.findall(r"a=.*", again))


@pytest.mark.parametrize(
    "refused", ["m=video 0 UDP/TLS/RTP/SAVPF 102", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel"]
)
def test_a_section_that_is_not_ours_may_not_bear_the_name_of_one_that_is(refused: str) -> None:
    offer = chromium("sendonly", extra=f"{refused}\na=mid:1\n")
    with pytest.raises(MalformedSdp):
        read_publisher_offer(parse_sdp(offer))

import pytest

from classroom.errors import Unprocessable
from classroom.rtp.sdp import parse_sdp
from room_agent.uplink.offer import (
    ABS_SEND_TIME,
    MID,
    RID,
    LocalTransport,
    OfferedMedia,
    RemoteCandidate,
    build_offer,
    read_answer,
)

OFFERED = (
    OfferedMedia("audio", "0", (11,), channels=1),
    OfferedMedia("video", "1", (21, 22, 23), ("h", "m", "l")),
)
ANSWER = """v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=ice-lite
a=fingerprint:sha-256 AA:BB
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=mid:0
a=ice-ufrag:uf
a=ice-pwd:password
a=setup:passive
a=recvonly
a=rtpmap:111 opus/48000/2
a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid
a=candidate:1 1 udp 2130706431 192.0.2.1 7800 typ host
a=candidate:2 1 udp 2130706175 2001:db8::1 7800 typ host
a=candidate:4 1 udp 2130706174 0a1b.local 7800 typ host
a=candidate:3 1 tcp 1 192.0.2.1 7800 typ host tcptype passive
m=video 9 UDP/TLS/RTP/SAVPF 102
a=mid:1
a=recvonly
a=rtpmap:102 H264/90000
a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:2 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id
a=rid:h recv
a=rid:l recv
a=simulcast:recv h;l
"""


def test_the_offer_sends_sound_and_three_encodings() -> None:
    offer = parse_sdp(build_offer(OFFERED, LocalTransport("uf", "pw", "AB:CD"), "cname", "7"))
    audio, video = offer.media
    assert offer.get("group") == "BUNDLE 0 1"
    assert audio.direction == video.direction == "sendonly"
    assert audio.codecs[0].parameters["useinbandfec"] == "1"
    assert list(audio.all("ssrc")) == ["11 cname:cname"]
    assert video.codecs[0].parameters["profile-level-id"] == "42e01f"
    assert set(video.codecs[0].feedback) >= {"nack", "nack pli", "ccm fir"}
    assert video.send_rids == ["h", "m", "l"]
    assert video.get("simulcast") == "send h;m;l"
    assert {extmap.uri for extmap in video.extmaps} == {MID, RID, ABS_SEND_TIME}
    assert RID not in {extmap.uri for extmap in audio.extmaps}
    assert offer.get("setup", audio) == "actpass"


def test_the_answer_says_what_of_it_is_wanted() -> None:
    answer = read_answer(ANSWER, OFFERED)
    assert answer.we_are_client
    assert answer.candidates == (
        RemoteCandidate("192.0.2.1", 7800, 2130706431),
        RemoteCandidate("2001:db8::1", 7800, 2130706175),
    )
    assert answer.media["0"].payload_type == 111
    assert answer.media["1"].rids == ("h", "l")
    assert answer.media["1"].extensions == {MID: 1, RID: 2}
    assert not read_answer(ANSWER.replace("setup:passive", "setup:active"), OFFERED).we_are_client


def test_a_refused_section_is_left_out() -> None:
    answer = read_answer(ANSWER.replace("m=video 9", "m=video 0"), OFFERED)
    assert set(answer.media) == {"0"}


@pytest.mark.parametrize(
    ("remove", "missing"),
    [
        ("a=ice-pwd:password\n", "ice-ufrag"),
        ("a=fingerprint:sha-256 AA:BB\n", "fingerprint"),
        ("a=rtpmap:102 H264/90000\n", "H264"),
        ("1 udp", "candidate"),
    ],
)
def test_an_answer_without_what_we_need_says_so(remove: str, missing: str) -> None:
    with pytest.raises(Unprocessable) as refused:
        read_answer(ANSWER.replace(remove, "1 sctp" if "udp" in remove else ""), OFFERED)
    assert refused.value.code == "answer_unusable"
    assert missing in str(refused.value.data["missing"])

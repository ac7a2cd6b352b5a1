"""The offer of a publication (RFC 8829, RFC 8853), and what we need to know of its answer."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field

from classroom.errors import Unprocessable
from classroom.messages.views import MediaKind
from classroom.rtp.sdp import Extmap, MalformedSdp, MediaSection, SessionDescription, parse_sdp

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
EXTENSIONS = (Extmap(1, MID), Extmap(2, RID), Extmap(3, ABS_SEND_TIME))

AUDIO_PAYLOAD_TYPE, VIDEO_PAYLOAD_TYPE = 111, 102
AUDIO_CLOCK_RATE, VIDEO_CLOCK_RATE = 48_000, 90_000
# Constrained baseline, level 3.1: 720p at 30 fps.
_H264_PARAMETERS = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
# "ccm pause" (RFC 7728 § 9): an encoding nobody watches is not worth the room's line.
_VIDEO_FEEDBACK = ("nack", "nack pli", "ccm fir", "ccm pause", "goog-remb")


@dataclass(frozen=True, slots=True)
class OfferedMedia:
    """One media section: its sound, or its picture with the rids of its encodings. `ssrcs` go with the rids."""

    kind: MediaKind
    mid: str
    ssrcs: Sequence[int]
    rids: Sequence[str] = ()
    channels: int = 1


@dataclass(frozen=True, slots=True)
class LocalTransport:
    ufrag: str
    password: str = field(repr=False)
    fingerprint: str


@dataclass(frozen=True, slots=True)
class RemoteCandidate:
    address: str
    port: int
    priority: int


@dataclass(frozen=True, slots=True)
class AcceptedMedia:
    """What the answer made of one section: extension ids by URI, and the rids it wants (empty without simulcast)."""

    mid: str
    payload_type: int
    extensions: dict[str, int]
    rids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """`media` is by mid and leaves out what was refused."""

    ufrag: str
    password: str = field(repr=False)
    fingerprints: tuple[tuple[str, str], ...]
    candidates: tuple[RemoteCandidate, ...]
    we_are_client: bool
    media: dict[str, AcceptedMedia]


def build_offer(media: Sequence[OfferedMedia], transport: LocalTransport, cname: str, session_id: str) -> str:
    """Offers to send. No candidates: the other side is ICE-lite, learns our address from our checks (RFC 8445
    § 7.3.1.3), and would never check candidates of ours."""
    offer = SessionDescription(session_id=session_id)
    offer.attributes = [
        ("group", "BUNDLE " + " ".join(each.mid for each in media)),
        ("extmap-allow-mixed", ""),
        ("msid-semantic", " WMS *"),
        ("fingerprint", f"sha-256 {transport.fingerprint}"),
        ("ice-options", "ice2"),
    ]
    offer.media = [_section(each, transport, cname) for each in media]
    return str(offer)


def read_answer(text: str, offered: Sequence[OfferedMedia]) -> Answer:
    """Raises `MalformedSdp`, or `Unprocessable("answer_unusable")` naming what is missing."""
    description = parse_sdp(text)
    sections = [section for section in description.media if not section.rejected]
    if not sections:
        raise Unprocessable("answer_unusable", missing="m=")
    first = sections[0]
    ufrag, password = description.get("ice-ufrag", first), description.get("ice-pwd", first)
    fingerprints = tuple(description.fingerprints)
    if not ufrag or not password or not fingerprints:
        raise Unprocessable("answer_unusable", missing="ice-ufrag, ice-pwd, fingerprint")
    setup = description.get("setup", first)
    candidates = [candidate for section in sections for candidate in _candidates(section)]
    if not candidates:
        raise Unprocessable("answer_unusable", missing="candidate")
    kinds = {each.mid: each for each in offered}
    media = {section.mid: _accepted(section, kinds[section.mid]) for section in sections if section.mid in kinds}
    # RFC 5763 § 5: we offered actpass, and the answerer chose; "active" means it speaks first.
    return Answer(ufrag, password, fingerprints, tuple(candidates), setup != "active", media)


def _section(media: OfferedMedia, transport: LocalTransport, cname: str) -> MediaSection:
    audio = media.kind == "audio"
    payload_type = AUDIO_PAYLOAD_TYPE if audio else VIDEO_PAYLOAD_TYPE
    attributes = [
        ("mid", media.mid),
        ("ice-ufrag", transport.ufrag),
        ("ice-pwd", transport.password),
        ("setup", "actpass"),
        ("sendonly", ""),
        ("rtcp-mux", ""),
        ("rtcp-rsize", ""),
    ]
    if audio:
        stereo = ";stereo=1;sprop-stereo=1" if media.channels == 2 else ""
        attributes += [
            ("rtpmap", f"{payload_type} opus/{AUDIO_CLOCK_RATE}/2"),
            ("fmtp", f"{payload_type} minptime=10;useinbandfec=1{stereo}"),
            ("rtcp-fb", f"{payload_type} nack"),
        ]
    else:
        attributes += [
            ("rtpmap", f"{payload_type} H264/{VIDEO_CLOCK_RATE}"),
            ("fmtp", f"{payload_type} {_H264_PARAMETERS}"),
            *(("rtcp-fb", f"{payload_type} {name}") for name in _VIDEO_FEEDBACK),
        ]
    attributes += [("extmap", f"{each.id} {each.uri}") for each in EXTENSIONS if media.rids or each.uri != RID]
    attributes.append(("msid", f"{cname} {cname}-{media.kind}"))
    if media.rids:
        # RFC 8853 § 5.1; streams with rids are not named by a=ssrc: each packet says its rid.
        attributes += [("rid", f"{rid} send") for rid in media.rids]
        attributes.append(("simulcast", "send " + ";".join(media.rids)))
    else:
        attributes += [("ssrc", f"{ssrc} cname:{cname}") for ssrc in media.ssrcs]
    return MediaSection(media.kind, 9, "UDP/TLS/RTP/SAVPF", [str(payload_type)], attributes)


def _accepted(section: MediaSection, offered: OfferedMedia) -> AcceptedMedia:
    name = "opus" if offered.kind == "audio" else "H264"
    codec = next((codec for codec in section.codecs if codec.is_(name)), None)
    if codec is None:
        raise Unprocessable("answer_unusable", missing=name)
    known = {each.uri for each in EXTENSIONS}
    extensions = {each.uri: each.id for each in section.extmaps if each.uri in known and 1 <= each.id <= 14}
    wanted = [value.split()[0] for value in section.all("rid") if value.split()[1:2] == ["recv"]]
    rids = tuple(rid for rid in offered.rids if rid in wanted)
    return AcceptedMedia(section.mid, codec.payload_type, extensions, rids)


def _candidates(section: MediaSection) -> list[RemoteCandidate]:
    """UDP candidates of the first component (RFC 8839 § 5.1). Host names are left out: sending would wait for DNS."""
    candidates = []
    for value in section.all("candidate"):
        words = value.split()
        if len(words) < 8 or not (words[3].isdecimal() and words[5].isdecimal()):
            raise MalformedSdp(f"a=candidate:{value}")
        if words[1] == "1" and words[2].lower() == "udp" and _is_address(words[4]):
            candidates.append(RemoteCandidate(words[4], int(words[5]), int(words[3])))
    return candidates


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True

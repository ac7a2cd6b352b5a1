"""Our answers to offers, written by hand: ICE-lite, one port, one bundle, only what we forward (RFC 9429).

A publisher gets one codec: a house codec (H.264 constrained baseline, packetization mode 1; Opus) when it offers that,
because every browser decodes them and they record without transcoding; else its own first choice. A subscriber gets all
the codecs it offers that we forward, so that any source can be sent to it without negotiating again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from classroom.errors import Unprocessable
from classroom.messages.live import WantedTrack
from classroom.messages.views import MediaKind
from classroom.rtp.sdp import Codec, MalformedSdp, MediaSection, SessionDescription
from classroom.rtp.twcc import TWCC
from media_server.sfu.codecs.known import HOUSE_CODEC, KNOWN, forwardable
from media_server.sfu.data_section import DataSection, data_section
from media_server.sfu.downlink import Format
from media_server.sfu.extensions import ABS_SEND_TIME, MID, PASSED_ON, WRITTEN

RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"

_PROTOCOLS = {"UDP/TLS/RTP/SAVPF", "TCP/TLS/RTP/SAVPF"}
_VIDEO_FEEDBACK = ("nack", "nack pli", "ccm fir", "goog-remb")
STREAM_PAUSE = "ccm pause"  # RFC 7728 § 9
# A publisher that numbers its packets transport-wide is told their arrivals and needs no estimate of ours.
_RECEIVED_EXTENSIONS = (ABS_SEND_TIME, MID, RID, REPAIRED_RID, TWCC)
MAX_ENCODINGS = 4


@dataclass(frozen=True, slots=True)
class Transport:
    """What our side of the answer says about itself. `candidates` are whole `a=candidate` values."""

    ufrag: str
    password: str = field(repr=False)
    fingerprint: str
    candidates: Sequence[str]
    session_id: str


@dataclass(frozen=True, slots=True)
class OfferedSection:
    """One media section of an offer that we accept, with the codecs chosen for it: one for a publisher.

    `repairs`: RTX SSRC → repaired.
    """

    mid: str
    kind: MediaKind
    formats: tuple[Format, ...]
    extensions: Mapping[str, int]
    rids: tuple[str, ...]
    ssrcs: tuple[int, ...]
    repairs: Mapping[int, int]

    @property
    def codec(self) -> Codec:
        return self.formats[0].codec

    @property
    def rtx_payload_type(self) -> int | None:
        return self.formats[0].rtx_payload_type

    @property
    def red_payload_type(self) -> int | None:
        red = self.formats[0].red
        return red.codec.payload_type if red else None


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer read for one direction. `dtls_role` is ours."""

    description: SessionDescription
    sections: tuple[OfferedSection, ...]
    ufrag: str
    password: str = field(repr=False)
    fingerprints: tuple[tuple[str, str], ...]
    dtls_role: str

    @property
    def mixed_extensions(self) -> bool:
        """Whether the offerer takes the one- and the two-byte form among each other (RFC 8285 § 6)."""
        return self.description.get("extmap-allow-mixed") is not None

    @property
    def data(self) -> DataSection | None:
        """Where data channels are asked for."""
        return data_section(self.description)


def read_publisher_offer(description: SessionDescription) -> Offer:
    """An offer that sends to us: at most one picture and one sound.

    Raises `MalformedSdp`, or `Unprocessable` naming what is missing (a codec, a direction, a fingerprint).
    """
    sections = [section for section in description.media if _media(section) and section.direction in _SENDING]
    kinds = [section.kind for section in sections]
    if not sections:
        raise Unprocessable("offer_sends_nothing")
    if len(kinds) != len(set(kinds)):
        raise Unprocessable("offer_sends_too_much")
    return _read(description, [_read_section(section, sending=True) for section in sections])


def read_subscriber_offer(description: SessionDescription) -> Offer:
    """An offer that receives from us. Raises as `read_publisher_offer`."""
    sections = [section for section in description.media if _media(section) and section.direction in _RECEIVING]
    if not sections:
        raise Unprocessable("offer_receives_nothing")
    return _read(description, [_read_section(section, sending=False) for section in sections])


def wanted_tracks(offer: Offer, source: str) -> list[WantedTrack]:
    """What a WHEP player wants, which cannot say so itself: this source's picture and sound."""
    return [WantedTrack(mid=section.mid, source=source, kind=section.kind) for section in offer.sections]


def answer_publisher(offer: Offer, transport: Transport) -> str:
    """What we accept of a publisher's offer."""
    answers = {section.mid: _answer_section(section, "recvonly") for section in offer.sections}
    for section in offer.sections:
        if section.rids:
            attributes = answers[section.mid].attributes
            attributes.extend(("rid", f"{rid} recv") for rid in section.rids)
            attributes.append(("simulcast", "recv " + ";".join(section.rids)))
    return _answer(offer, answers, transport)


@dataclass(frozen=True, slots=True)
class SentStream:
    """What we will send in one section; `group` lets the receiver keep picture and sound of one source together."""

    ssrc: int
    rtx_ssrc: int
    group: str
    cname: str


def answer_subscriber(offer: Offer, streams: Mapping[str, SentStream], transport: Transport) -> str:
    """What we will send: one stream per section in `streams`, by mid; the other sections stay inactive."""
    answers = {}
    for section in offer.sections:
        stream = streams.get(section.mid)
        answers[section.mid] = answer = _answer_section(section, "sendonly" if stream else "inactive")
        if stream is None:
            continue
        answer.attributes.append(("msid", f"{stream.group} {stream.group}-{section.kind}"))
        ssrcs = [stream.ssrc]
        if any(each.rtx_payload_type is not None for each in section.formats):
            ssrcs.append(stream.rtx_ssrc)
            answer.attributes.append(("ssrc-group", f"FID {stream.ssrc} {stream.rtx_ssrc}"))
        answer.attributes.extend(("ssrc", f"{ssrc} cname:{stream.cname}") for ssrc in ssrcs)
    return _answer(offer, answers, transport)


# -- reading ---------------------------------------------------------------------------------------------------------

_SENDING = ("sendrecv", "sendonly")
_RECEIVING = ("sendrecv", "recvonly")


def _media(section: MediaSection) -> bool:
    return section.kind in ("audio", "video") and not section.rejected and section.protocol in _PROTOCOLS


def _read(description: SessionDescription, sections: list[OfferedSection]) -> Offer:
    mids = [section.mid for section in description.media if section.mid]  # of refused sections too: each is answered
    if len(mids) != len(set(mids)):
        raise MalformedSdp("two sections have the same a=mid")
    first = description.media[0]
    ufrag, password = description.get("ice-ufrag", first), description.get("ice-pwd", first)
    if not ufrag or not password:
        raise Unprocessable("offer_without_ice")
    if not description.fingerprints:
        raise Unprocessable("offer_without_fingerprint")
    # RFC 8842 § 5.3: the offerer that says passive waits for our ClientHello; actpass and active leave us passive,
    # which lets us choose the SRTP profile.
    setup = description.get("setup", first)
    role = "client" if setup == "passive" else "server"
    return Offer(description, tuple(sections), ufrag, password, tuple(description.fingerprints), role)


def _read_section(section: MediaSection, *, sending: bool) -> OfferedSection:
    kind: MediaKind = "video" if section.kind == "video" else "audio"
    codecs = section.codecs
    usable = [codec for codec in codecs if forwardable(kind, codec)]
    if not usable:
        offered = sorted({codec.name for codec in codecs})
        raise Unprocessable("codec_unsupported", kind=kind, offered=offered, needed=", ".join(sorted(KNOWN[kind])))
    if sending:
        usable = [_preferred(kind, usable)]
    repairs = {codec.repairs: codec.payload_type for codec in codecs if codec.repairs is not None}
    # RFC 2198, of sound only: browsers use it on pictures for ulpfec, which cannot be forwarded.
    reds = [codec for codec in codecs if codec.wraps is not None and kind == "audio"]
    redundant = {codec.wraps: Format(codec, None, wraps=codec.wraps) for codec in reds}
    formats = tuple(
        Format(codec, repairs.get(codec.payload_type), redundant.get(codec.payload_type)) for codec in usable
    )
    if not section.mid:
        raise MalformedSdp("a media section has no a=mid")
    rids = tuple(section.send_rids[:MAX_ENCODINGS]) if sending else ()
    known = (*_RECEIVED_EXTENSIONS, *PASSED_ON) if sending else WRITTEN
    extensions = {extmap.uri: extmap.id for extmap in section.extmaps if extmap.uri in known and 1 <= extmap.id <= 14}
    ssrcs = tuple(ssrc for ssrc in section.ssrcs if ssrc not in section.rtx_ssrcs) if sending else ()
    return OfferedSection(section.mid, kind, formats, extensions, rids, ssrcs, section.rtx_ssrcs if sending else {})


def _preferred(kind: MediaKind, codecs: list[Codec]) -> Codec:
    """What a publisher shall send."""
    house = [codec for codec in codecs if codec.is_(HOUSE_CODEC[kind])]
    # RFC 6184 § 8.1: profile_idc, constraint flags, level. 42e0 is constrained baseline, 4200 baseline.
    for profile in ("42e0", "4200", ""):
        for codec in house:
            if codec.parameters.get("profile-level-id", "42e01f").lower().startswith(profile):
                return codec
    return codecs[0]


# -- writing ---------------------------------------------------------------------------------------------------------


def _answer_section(section: OfferedSection, direction: str) -> MediaSection:
    formats: list[str] = []
    attributes = [("mid", section.mid), (direction, ""), ("rtcp-mux", ""), ("rtcp-rsize", "")]
    feedback = _VIDEO_FEEDBACK if section.kind == "video" else ("nack",)
    if TWCC in section.extensions:
        feedback = (*feedback, "transport-cc")
    if direction == "recvonly":
        feedback = (*feedback, STREAM_PAUSE)
    for codec, rtx, red, _ in section.formats:
        for each in (codec, red.codec) if red else (codec,):
            channels = f"/{each.channels}" if each.channels > 1 else ""
            formats.append(str(each.payload_type))
            attributes.append(("rtpmap", f"{each.payload_type} {each.name}/{each.clock_rate}{channels}"))
            if each.parameters:
                parameters = ";".join(f"{key}={value}" if value else key for key, value in each.parameters.items())
                attributes.append(("fmtp", f"{each.payload_type} {parameters}"))
        attributes.extend(("rtcp-fb", f"{codec.payload_type} {item}") for item in feedback if item in codec.feedback)
        if rtx is not None:
            formats.append(str(rtx))
            attributes.append(("rtpmap", f"{rtx} rtx/{codec.clock_rate}"))
            attributes.append(("fmtp", f"{rtx} apt={codec.payload_type}"))
    attributes.extend(("extmap", f"{identifier} {uri}") for uri, identifier in section.extensions.items())
    return MediaSection(section.kind, 9, "UDP/TLS/RTP/SAVPF", formats, attributes)


def _answer(offer: Offer, answers: Mapping[str, MediaSection], transport: Transport) -> str:
    answer = SessionDescription(session_id=transport.session_id, version=offer.description.version)
    if offer.data is not None:
        answers = {**answers, offer.data.mid: offer.data.answer()}
    accepted = [section.mid for section in offer.description.media if section.mid in answers]
    answer.attributes = [
        ("group", "BUNDLE " + " ".join(accepted)),
        # RFC 8285 § 6: both sides take the two-byte form among the one-byte one.
        *([("extmap-allow-mixed", "")] if offer.mixed_extensions else []),
        ("ice-lite", ""),
        ("msid-semantic", " WMS *"),
        ("fingerprint", f"sha-256 {transport.fingerprint}"),
    ]
    setup = "active" if offer.dtls_role == "client" else "passive"
    for offered in offer.description.media:
        section = answers.get(offered.mid) if not offered.rejected else None
        if section is None:
            # RFC 3264 § 6: every section of the offer has its answer; port 0 refuses it.
            refused = MediaSection(offered.kind, 0, offered.protocol, offered.formats, [("mid", offered.mid)])
            refused.attributes.append(("inactive", ""))
            answer.media.append(refused)
            continue
        section.attributes[1:1] = [
            ("ice-ufrag", transport.ufrag),
            ("ice-pwd", transport.password),
            ("setup", setup),
        ]
        # RFC 3264 § 6.1: in the order of the offer. Whoever puts RED first sends RED.
        order = {name: position for position, name in enumerate(offered.formats)}
        section.formats.sort(key=lambda name: order.get(name, len(order)))
        if offered.mid == accepted[0]:
            section.attributes.extend(("candidate", candidate) for candidate in transport.candidates)
            section.attributes.append(("end-of-candidates", ""))
        answer.media.append(section)
    return str(answer)

"""What a forwarder must know of H.264 in RTP (RFC 6184): where a keyframe begins, and how large the picture is."""

from collections.abc import Iterator

from classroom.codecs.bits import MalformedStream
from classroom.codecs.h264 import IDR, SPS, parse_sps
from classroom.rtp.sdp import Codec
from media_server.sfu.codecs.payload import ALL_TARGETS, Extensions, PayloadInfo, Plain

_STAP_A, _FU_A = 24, 28

# What a profile's decoder also decodes (H.264 § A.2): constrained baseline is in all of them.
_CONSTRAINED, _BASELINE, _MAIN, _HIGH = "constrained baseline", "baseline", "main", "high"
_DECODED_BY = {
    _CONSTRAINED: {_CONSTRAINED, _BASELINE, _MAIN, _HIGH},
    _BASELINE: {_BASELINE},
    _MAIN: {_MAIN, _HIGH},
    _HIGH: {_HIGH},
}
_NOTHING = PayloadInfo()


class H264(Plain):
    """RFC 6184, packetization mode 1."""

    def read(self, payload: bytes, extensions: Extensions) -> PayloadInfo:
        if not begins_keyframe(payload):
            return _NOTHING
        size = picture_size(payload)
        return PayloadInfo(keyframe=True, switches=ALL_TARGETS, sizes=(size,) if size else ())

    @staticmethod
    def decodes(offered: Codec, sent: Codec) -> bool:
        """RFC 6184 § 8.2.2: mode and profile must agree; levels may differ and are not compared (every browser
        decodes above the level it names)."""
        if offered.parameters.get("packetization-mode") != sent.parameters.get("packetization-mode"):
            return False
        return profile(offered) in _DECODED_BY.get(profile(sent), {profile(sent)})


def profile(codec: Codec) -> str:
    """The profile by name, or its three bytes' first two in hex where we have none for it."""
    # RFC 6184 § 8.1: profile-level-id is profile_idc, constraint flags, level_idc; without it, baseline level 1.
    value = codec.parameters.get("profile-level-id", "420010").lower()
    idc, constrained = value[:2], value[2:3] in {"4", "5", "6", "7", "c", "d", "e", "f"}
    if idc == "42":
        return _CONSTRAINED if constrained else _BASELINE
    return {"4d": _MAIN, "64": _HIGH}.get(idc, value[:4])


def nal_units(payload: bytes) -> Iterator[tuple[int, bytes]]:
    """`(type, bytes)` of the NAL units that begin in this payload: of a fragmented one, its first piece."""
    if not payload:
        return
    kind = payload[0] & 0x1F
    if kind == _STAP_A:
        position = 1
        while position + 2 < len(payload):
            size = int.from_bytes(payload[position : position + 2])
            unit = payload[position + 2 : position + 2 + size]
            if not unit:
                return
            yield unit[0] & 0x1F, unit
            position += 2 + size
    elif kind == _FU_A:
        if len(payload) > 2 and payload[1] & 0x80:
            yield payload[1] & 0x1F, payload[2:]
    elif 1 <= kind <= 23:
        yield kind, payload


def begins_keyframe(payload: bytes) -> bool:
    """Whether an SPS or the first piece of an IDR picture is in this payload."""
    if not payload:
        return False
    kind = payload[0] & 0x1F
    if kind < _STAP_A:
        return kind in (IDR, SPS)
    if kind == _FU_A:
        return len(payload) > 1 and payload[1] & 0x9F in (0x80 | IDR, 0x80 | SPS)
    return any(unit in (IDR, SPS) for unit, _ in nal_units(payload))


def picture_size(payload: bytes) -> tuple[int, int] | None:
    """Width and height of the SPS in this payload, cropping applied; None without a readable SPS."""
    for kind, unit in nal_units(payload):
        if kind == SPS:
            try:
                sps = parse_sps(unit)
            except MalformedStream:
                return None
            return sps.width, sps.height
    return None

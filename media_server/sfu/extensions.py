"""Header extensions (RFC 8285) as each subscriber negotiated them: which elements its packets carry, under its ids."""

from collections.abc import Mapping

from classroom.rtp.packet import ONE_BYTE_PROFILE
from media_server.sfu.codecs.dependency import DEPENDENCY_DESCRIPTOR
from media_server.sfu.codecs.payload import Extensions

ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"  # RFC 6464
ORIENTATION = "urn:3gpp:video-orientation"  # 3GPP TS 26.114 § 7.4.5
PLAYOUT_DELAY = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
# What a publisher writes and a subscriber reads.
PASSED_ON = (AUDIO_LEVEL, DEPENDENCY_DESCRIPTOR, ORIENTATION, PLAYOUT_DELAY)
# Of subscribers. The transport-wide number is not among them: Chromium then tells arrivals instead of its estimate
# (REMB), which is what decides about qualities here.
WRITTEN = (ABS_SEND_TIME, MID, *PASSED_ON)

_TWO_BYTE_PROFILE = 0x1000
MAX_ONE_BYTE_ID, MAX_ONE_BYTE_VALUE = 14, 16  # RFC 8285 § 4.2


class ExtensionLayout:
    """The header extension of one subscriber's section.

    `mixed`: the subscriber takes the two-byte form among the one-byte one (`a=extmap-allow-mixed`); without it, values
    longer than 16 bytes are left out. `repeatable`: a packet may be sent twice without RTX and must then be the same to
    the last byte (AES-GCM must never see one nonce with two headers), so nothing goes in that changes with time.
    """

    __slots__ = ("_ids", "_mid", "_mixed", "stamp_id")

    def __init__(self, ids: Mapping[str, int], *, mid: str = "", mixed: bool = False, repeatable: bool = False) -> None:
        self._ids = {uri: identifier for uri, identifier in ids.items() if uri in PASSED_ON}
        self._mixed = mixed
        self.stamp_id = None if repeatable else ids.get(ABS_SEND_TIME)
        named = mid and not repeatable and MID in ids
        self._mid: tuple[tuple[int, bytes], ...] = ((ids[MID], mid.encode()),) if named else ()

    @property
    def names_section(self) -> bool:
        """Whether packets still say which section they belong to."""
        return bool(self._mid)

    def heard(self) -> None:
        """The subscriber reports on the stream, so it knows whose it is: RFC 9143 § 15.2 lets the MID go then."""
        self._mid = ()

    def pack(self, extensions: Extensions, send_time: int) -> bytes:
        """The whole header extension with its profile and length; empty when there is nothing to say."""
        elements = list(self._mid)
        elements += [(self._ids[uri], value) for uri, value in extensions.items() if uri in self._ids]
        if self.stamp_id is not None:
            elements.insert(0, (self.stamp_id, send_time.to_bytes(3)))
        short = [(number, value) for number, value in elements if 1 <= len(value) <= MAX_ONE_BYTE_VALUE]
        if len(short) < len(elements) and self._mixed:
            body = b"".join(bytes((number, len(value))) + value for number, value in elements)
            return _framed(_TWO_BYTE_PROFILE, body)
        return _framed(ONE_BYTE_PROFILE, b"".join(bytes((n << 4 | len(value) - 1,)) + value for n, value in short))


def _framed(profile: int, body: bytes) -> bytes:
    if not body:
        return b""
    words = (len(body) + 3) // 4
    return profile.to_bytes(2) + words.to_bytes(2) + body + bytes(4 * words - len(body))

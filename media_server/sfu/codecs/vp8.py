"""VP8 in RTP (RFC 7741): where a keyframe begins, its size, and the counters that must go on across a switch."""

from classroom.codecs.bits import MalformedStream
from classroom.codecs.vp8 import keyframe_size
from classroom.rtp.sdp import Codec
from media_server.sfu.codecs.payload import ALL_TARGETS, Extensions, Offsets, PayloadInfo

# RFC 7741 § 4.2, first octet and extension octet
_EXTENDED, _START = 0x80, 0x10
_PICTURE_ID, _TL0, _TID, _KEYIDX = 0x80, 0x40, 0x20, 0x10


class Vp8:
    """Temporal layers are passed on whole: they cost little beside the choice between encodings."""

    def read(self, payload: bytes, extensions: Extensions) -> PayloadInfo:
        try:
            return _read(payload)
        except IndexError:
            return PayloadInfo()

    def renumber(self, payload: bytes, extensions: Extensions, offsets: Offsets) -> tuple[bytes, Extensions]:
        if len(payload) < 2 or not payload[0] & _EXTENDED:
            return payload, extensions
        flags, position = payload[1], 2
        out = bytearray(payload)
        if flags & _PICTURE_ID:
            position = shift_picture_id(out, position, offsets.picture_id)
        if flags & _TL0 and position < len(out):
            out[position] = out[position] + offsets.tl0_index & 0xFF
        return bytes(out), extensions

    @staticmethod
    def decodes(offered: Codec, sent: Codec) -> bool:
        """RFC 7741 § 6.1: max-fr and max-fs are limits of a receiver; they rule out no stream."""
        return True


def shift_picture_id(out: bytearray, position: int, offset: int) -> int:
    """Add to the 7- or 15-bit picture id at `position` (VP8 and VP9 write it alike); returns what follows it."""
    if position < len(out) and not out[position] & 0x80:
        out[position] = out[position] + offset & 0x7F
        return position + 1
    if position + 2 <= len(out):
        shifted = int.from_bytes(out[position : position + 2]) + offset & 0x7FFF
        out[position : position + 2] = (0x8000 | shifted).to_bytes(2)
    return position + 2


def read_descriptor(payload: bytes) -> tuple[int, int | None, int | None]:
    """Length of the payload descriptor (§ 4.2), picture id and TL0PICIDX. Raises IndexError when it is cut off."""
    position = 1
    picture_id = tl0 = None
    if payload[0] & _EXTENDED:
        flags, position = payload[1], 2
        if flags & _PICTURE_ID:
            picture_id, position = payload[position], position + 1
            if picture_id & 0x80:
                picture_id, position = (picture_id & 0x7F) << 8 | payload[position], position + 1
        if flags & _TL0:
            tl0, position = payload[position], position + 1
        if flags & (_TID | _KEYIDX):
            position += 1
    return position, picture_id, tl0


def _read(payload: bytes) -> PayloadInfo:
    position, picture_id, tl0 = read_descriptor(payload)
    first = payload[0]
    # § 4.2: S set and PID 0 begin a frame; § 4.3: the P bit of its first octet is 0 in a keyframe.
    if not first & _START or first & 0x07 or payload[position] & 0x01:
        return PayloadInfo(picture_id=picture_id, tl0_index=tl0)
    try:
        sizes: tuple[tuple[int, int], ...] = (keyframe_size(payload[position : position + 10]),)
    except MalformedStream:
        sizes = ()
    return PayloadInfo(True, picture_id, tl0, switches=ALL_TARGETS, sizes=sizes)

"""VP9 in RTP (RFC 9628): keyframes, spatial layers (SVC), and the counters that must go on across a switch."""

from classroom.codecs.bits import MalformedStream
from classroom.codecs.vp9 import parse_keyframe
from classroom.rtp.sdp import Codec
from media_server.sfu.codecs.payload import ALL_TARGETS, Extensions, Offsets, PayloadInfo
from media_server.sfu.codecs.vp8 import shift_picture_id

# RFC 9628 § 4.2, first octet
_PICTURE_ID, _PREDICTED, LAYERS, _FLEXIBLE = 0x80, 0x40, 0x20, 0x10
BEGINS, _ENDS, _STRUCTURE = 0x08, 0x04, 0x02
Sizes = tuple[tuple[int, int], ...]


class Vp9:
    """A receiver of a spatial layer gets all layers below it too, so that going down needs no keyframe."""

    def read(self, payload: bytes, extensions: Extensions) -> PayloadInfo:
        try:
            return _read(payload)
        except IndexError:
            return PayloadInfo()

    def renumber(self, payload: bytes, extensions: Extensions, offsets: Offsets) -> tuple[bytes, Extensions]:
        if not payload:
            return payload, extensions
        first, position = payload[0], 1
        out = bytearray(payload)
        if first & _PICTURE_ID:
            position = shift_picture_id(out, position, offsets.picture_id)
        if first & LAYERS and not first & _FLEXIBLE and position + 1 < len(out):
            out[position + 1] = out[position + 1] + offsets.tl0_index & 0xFF
        return bytes(out), extensions

    @staticmethod
    def decodes(offered: Codec, sent: Codec) -> bool:
        """RFC 9628 § 6: without profile-id, profile 0."""
        return offered.parameters.get("profile-id", "0") == sent.parameters.get("profile-id", "0")


def read_descriptor(payload: bytes) -> tuple[int, int | None, int | None, int, Sizes]:
    """Length of the payload descriptor (§ 4.2), picture id, TL0PICIDX, spatial layer and the sizes of all layers when
    told. Raises IndexError when it is cut off."""
    first, position = payload[0], 1
    picture_id = tl0 = None
    spatial = 0
    if first & _PICTURE_ID:
        picture_id, position = payload[position], position + 1
        if picture_id & 0x80:
            picture_id, position = (picture_id & 0x7F) << 8 | payload[position], position + 1
    if first & LAYERS:
        spatial, position = payload[position] >> 1 & 0x07, position + 1
        if not first & _FLEXIBLE:
            tl0, position = payload[position], position + 1
    if first & _FLEXIBLE and first & _PREDICTED:
        for _ in range(3):  # § 4.2: at most three P_DIFF, N says that another one follows
            position += 1
            if not payload[position - 1] & 0x01:
                break
    sizes: Sizes = ()
    if first & _STRUCTURE:
        sizes, position = _structure(payload, position)
    return position, picture_id, tl0, spatial, sizes


def _read(payload: bytes) -> PayloadInfo:
    position, picture_id, tl0, spatial, sizes = read_descriptor(payload)
    first = payload[0]
    # § 4.2: P = 0 in the first octets of the lowest layer's frame; an intra-only picture says the same, hence the look
    # into the picture itself.
    keyframe = first & (_PREDICTED | BEGINS) == BEGINS and spatial == 0
    if keyframe:
        size = _keyframe_size(payload[position:])
        keyframe = size is not None
        if size is not None and (not sizes or sizes[0] == (0, 0)):
            sizes = (size, *sizes[1:])
    return PayloadInfo(
        keyframe,
        picture_id,
        tl0,
        ALL_TARGETS << spatial & ALL_TARGETS,
        # Going up is safe only where all layers begin anew: a layer that needs no earlier picture (P = 0) comes after
        # the end of the picture below it was marked.
        ALL_TARGETS if keyframe else 0,
        spatial,
        bool(first & _ENDS),
        sizes,
    )


def _structure(payload: bytes, position: int) -> tuple[Sizes, int]:
    """§ 4.2.1; sizes of (0, 0) where only the number of layers is told."""
    head, position = payload[position], position + 1
    layers = (head >> 5) + 1
    sizes: Sizes = ((0, 0),) * layers
    if head & 0x10:
        end = position + 4 * layers
        values = payload[position:end]
        if len(values) < 4 * layers:
            raise IndexError("scalability structure is cut off")
        sizes = tuple(
            (int.from_bytes(values[n : n + 2]), int.from_bytes(values[n + 2 : n + 4])) for n in range(0, 4 * layers, 4)
        )
        position = end
    if head & 0x08:
        pictures, position = payload[position], position + 1
        for _ in range(pictures):
            position += 1 + (payload[position] >> 2 & 0x03)
    return sizes, position


def _keyframe_size(frame: bytes) -> tuple[int, int] | None:
    """None when `frame` begins another frame."""
    try:
        keyframe = parse_keyframe(frame)
    except MalformedStream:
        return None
    return keyframe.width, keyframe.height

"""AV1 in RTP (RTP Payload Format For AV1, v1.0.0): keyframes, and spatial layers by the dependency descriptor."""

from classroom.codecs.av1 import SEQUENCE_HEADER, leb128, parse_sequence_header, unit_type
from classroom.codecs.bits import MalformedStream
from classroom.rtp.sdp import Codec
from media_server.sfu.codecs.dependency import DEPENDENCY_DESCRIPTOR, Structure, parse_descriptor
from media_server.sfu.codecs.payload import ALL_TARGETS, Extensions, Offsets, PayloadInfo

_NEW_SEQUENCE = 0x08  # § 4.4, aggregation header: N


class Av1:
    """Without the descriptor every layer goes to everybody."""

    def __init__(self) -> None:
        self._structure: Structure | None = None

    def read(self, payload: bytes, extensions: Extensions) -> PayloadInfo:
        # § 4.4: "N … MUST be set to 1 if the packet is the first packet of a coded video sequence".
        keyframe = bool(payload and payload[0] & _NEW_SEQUENCE)
        data = extensions.get(DEPENDENCY_DESCRIPTOR)
        descriptor = parse_descriptor(data) if data is not None else None
        if descriptor is None:
            size = picture_size(payload) if keyframe else None
            return PayloadInfo(keyframe, switches=ALL_TARGETS if keyframe else 0, sizes=(size,) if size else ())
        sizes: tuple[tuple[int, int], ...] = ()
        if descriptor.structure is not None:
            self._structure = descriptor.structure
            keyframe = keyframe or descriptor.starts_frame
            sizes = descriptor.structure.sizes
            if sizes == ((0, 0),) and (size := picture_size(payload)):
                sizes = (size,)
        structure, number = self._structure, descriptor.frame_number
        if structure is None:
            return PayloadInfo(keyframe, number, ends_frame=descriptor.ends_frame, sizes=sizes)
        # A.8.4: template ids count from template_id_offset, modulo 64.
        template = (descriptor.template - structure.first_template) & 0x3F
        if template >= len(structure.spatial):
            return PayloadInfo(keyframe, number, ends_frame=descriptor.ends_frame, sizes=sizes)
        spatial = structure.spatial[template]
        switches = structure.switches[template] if descriptor.starts_frame else 0
        return PayloadInfo(
            keyframe,
            number,
            None,
            structure.targets[spatial],
            ALL_TARGETS if keyframe else switches,
            spatial,
            descriptor.ends_frame,
            sizes,
        )

    def renumber(self, payload: bytes, extensions: Extensions, offsets: Offsets) -> tuple[bytes, Extensions]:
        """A.8.2: frame_number follows one octet; differences within the stream are left as they are."""
        data = extensions.get(DEPENDENCY_DESCRIPTOR)
        if data is None or len(data) < 3:
            return payload, extensions
        number = int.from_bytes(data[1:3]) + offsets.picture_id & 0xFFFF
        return payload, {**extensions, DEPENDENCY_DESCRIPTOR: data[:1] + number.to_bytes(2) + data[3:]}

    @staticmethod
    def decodes(offered: Codec, sent: Codec) -> bool:
        """§ 7.2.1: without profile, Main (0); a decoder of a profile takes the lower ones (AV1 § A.2)."""
        return offered.parameters.get("profile", "0") >= sent.parameters.get("profile", "0")


def picture_size(payload: bytes) -> tuple[int, int] | None:
    """Largest width and height of the sequence whose header is in this payload; None without a readable one."""
    try:
        for unit in _units(payload):
            if unit_type(unit) == SEQUENCE_HEADER:
                header = parse_sequence_header(unit)
                return header.width, header.height
    except (IndexError, MalformedStream):
        return None
    return None


def elements(payload: bytes) -> list[bytes]:
    """The OBU elements in this payload (§ 4.4): all but the last have a length, or all when W is 0. Raises IndexError
    when one is cut off."""
    head, position = payload[0], 1
    count = head >> 4 & 0x03
    units: list[bytes] = []
    while position < len(payload):
        size = len(payload) - position
        if count == 0 or len(units) < count - 1:
            size, position = leb128(payload, position)
        units.append(payload[position : position + size])
        position += size
    if position > len(payload):
        raise IndexError("element is cut off")
    return units


def _units(payload: bytes) -> list[bytes]:
    """The units that begin in this payload."""
    units = elements(payload)
    return [unit for unit in (units[1:] if payload[0] & 0x80 else units) if unit]  # Z: the first one began earlier

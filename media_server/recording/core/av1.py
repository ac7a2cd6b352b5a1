"""AV1 out of RTP (RTP Payload Format For AV1, v1.0.0)."""

from collections.abc import Sequence

from classroom.codecs.av1 import SEQUENCE_HEADER, join_units, unit_body, unit_type
from classroom.codecs.bits import MalformedStream
from classroom.fmp4.formats import Format, av1_format
from media_server.sfu.codecs.av1 import elements

_CONTINUES, _CONTINUED = 0x80, 0x40  # § 4.4: Z, Y
_FRAME_HEADER, _FRAME = 3, 6  # AV1 § 6.2.2


class Av1Pictures:
    """Remembers the format: it is read again only when the sequence header changes."""

    def __init__(self) -> None:
        self._header = b""
        self._format: Format | None = None

    def picture(self, payloads: Sequence[bytes]) -> tuple[bytes, Format | None]:
        try:
            units = _units(payloads)
        except IndexError:
            raise MalformedStream("AV1", "aggregation is cut off") from None
        data = join_units(units)
        header = next((unit for unit in units if unit_type(unit) == SEQUENCE_HEADER), None)
        if header is None or not _begins_anew(units):
            return data, None
        if header != self._header:
            self._format, self._header = av1_format(data), header
        return data, self._format


def _units(payloads: Sequence[bytes]) -> list[bytes]:
    """The open bitstream units of a temporal unit. Raises `MalformedStream`, IndexError."""
    units: list[bytes] = []
    open_unit = False  # the last one goes on in the next packet
    for payload in payloads:
        head, parts = payload[0], elements(payload)
        if bool(head & _CONTINUES) is not open_unit or not parts:
            raise MalformedStream("AV1", "unit without a beginning or an end")
        if open_unit:
            units[-1] += parts.pop(0)
        units += parts
        open_unit = bool(head & _CONTINUED)
    if open_unit:
        raise MalformedStream("AV1", "unit without an end")
    return [unit for unit in units if unit]


def _begins_anew(units: Sequence[bytes]) -> bool:
    """Whether the first frame is a keyframe (AV1 § 5.9.2): show_existing_frame, then frame_type in two bits."""
    for unit in units:
        if unit_type(unit) in (_FRAME_HEADER, _FRAME):
            body = unit_body(unit)
            return bool(body) and body[0] & 0xE0 == 0
    return False

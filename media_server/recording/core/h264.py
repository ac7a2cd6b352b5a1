"""H.264 out of RTP (RFC 6184, packetization mode 1)."""

import base64
import binascii
from collections.abc import Iterator, Sequence

from classroom.codecs.bits import MalformedStream
from classroom.codecs.h264 import IDR, PPS, SPS, nal_type
from classroom.fmp4.formats import Format, h264_format
from classroom.fmp4.fragment import avc_sample
from classroom.rtp.sdp import Codec

_STAP_A, _FU_A = 24, 28
_FU_START, _FU_END = 0x80, 0x40


class H264Pictures:
    """Keeps the parameter sets: some encoders send them once, or only in the SDP (RFC 6184 § 8.1)."""

    def __init__(self, codec: Codec) -> None:
        self._sets = {SPS: b"", PPS: b""}
        self._remember(_announced(codec.parameters.get("sprop-parameter-sets", "")))
        self._format: Format | None = None

    def picture(self, payloads: Sequence[bytes]) -> tuple[bytes, Format | None]:
        nals = list(_nal_units(payloads))
        self._remember(nals)
        data = avc_sample(nals)
        if not any(nal_type(nal) == IDR for nal in nals):
            return data, None
        if self._format is None:
            self._format = h264_format(self._sets[SPS], self._sets[PPS])
        return data, self._format

    def _remember(self, nals: Sequence[bytes]) -> None:
        for nal in nals:
            kind = nal_type(nal)
            if kind in self._sets and self._sets[kind] != nal:
                self._sets[kind] = nal
                self._format = None


def _nal_units(payloads: Sequence[bytes]) -> Iterator[bytes]:
    """The NAL units of one access unit. Raises `MalformedStream`."""
    pieces: list[bytes] = []  # of a fragmented one
    for payload in payloads:
        kind = payload[0] & 0x1F
        if pieces and kind != _FU_A:
            raise MalformedStream("H.264", "fragmented unit without an end")
        if kind == _STAP_A:
            yield from _aggregated(payload)
        elif kind == _FU_A:
            if len(payload) < 3:
                raise MalformedStream("H.264", "fragment is empty")
            flags = payload[1]
            if bool(flags & _FU_START) is bool(pieces):
                raise MalformedStream("H.264", "fragmented unit without a beginning or an end")
            if not pieces:
                pieces.append(bytes((payload[0] & 0xE0 | flags & 0x1F,)))
            pieces.append(payload[2:])
            if flags & _FU_END:
                yield b"".join(pieces)
                pieces = []
        elif 1 <= kind < _STAP_A:
            yield payload
        else:
            raise MalformedStream("H.264", f"packet of type {kind}")
    if pieces:
        raise MalformedStream("H.264", "fragmented unit without an end")


def _aggregated(payload: bytes) -> Iterator[bytes]:
    position = 1
    while position < len(payload):
        size = int.from_bytes(payload[position : position + 2])
        position += 2
        if size == 0 or position + size > len(payload):
            raise MalformedStream("H.264", "aggregated unit is cut off")
        yield payload[position : position + size]
        position += size


def _announced(parameter: str) -> list[bytes]:
    """What is readable of sprop-parameter-sets: units in Base64, separated by commas."""
    units = []
    for part in parameter.split(","):
        try:
            unit = base64.b64decode(part, validate=True)
        except (binascii.Error, ValueError):
            continue
        if unit:
            units.append(unit)
    return units

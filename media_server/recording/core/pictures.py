"""Packets in order become pictures as a file keeps them; after a loss nothing until the next keyframe.

A decoder that is fed what refers to lost pictures shows rubbish, so the last good picture stays instead: the recorder
gives it a longer duration.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from classroom.codecs.bits import MalformedStream
from classroom.fmp4.formats import Format
from classroom.rtp.sdp import Codec
from media_server.recording.core.av1 import Av1Pictures
from media_server.recording.core.h264 import H264Pictures
from media_server.recording.core.reorder import InOrder
from media_server.recording.core.vp8 import Vp8Pictures
from media_server.recording.core.vp9 import Vp9Pictures
from media_server.sfu.history import MediaPacket

LARGEST_PICTURE_BYTES = 8_000_000


class Picture(NamedTuple):
    """`timestamp` is the extended RTP one; `format` is a keyframe's, None between them; `after_loss` when pictures
    before it were lost."""

    timestamp: int
    data: bytes
    format: Format | None
    after_loss: bool


class PictureFormat(Protocol):
    """Puts the payloads of one picture together, pictures in order of decoding."""

    def picture(self, payloads: Sequence[bytes]) -> tuple[bytes, Format | None]:
        """The sample, empty when there is none, and the format of a keyframe. Raises `MalformedStream`."""


def picture_format(codec: Codec) -> PictureFormat:
    """For a codec that is forwarded (`sfu.codecs.known`)."""
    match codec.name.lower():
        case "h264":
            return H264Pictures(codec)
        case "vp8":
            return Vp8Pictures()
        case "vp9":
            return Vp9Pictures()
        case "av1":
            return Av1Pictures()
    raise ValueError(f"no pictures of {codec.name}")


class Pictures:
    """`waiting` for a keyframe: at the beginning, and after what cannot be mended. `malformed` counts pictures."""

    def __init__(self, codec: Codec, *, largest_bytes: int = LARGEST_PICTURE_BYTES) -> None:
        self._format = picture_format(codec)
        self._largest_bytes = largest_bytes
        self._parts: list[bytes] = []
        self._size = 0
        self._timestamp = 0
        self._loss = False
        self.waiting = True
        self.malformed = 0

    def take(self, packets: InOrder) -> Iterator[Picture]:
        for packet in packets:
            if packet is None:
                self._lose()
                continue
            if self._parts and packet.timestamp != self._timestamp:  # the marker was not set
                yield from self._finish()
            if self.waiting and not self._parts and not packet.keyframe:
                continue
            self._timestamp = packet.timestamp
            self._add(packet)
            if packet.marker and self._parts:
                yield from self._finish()

    def _add(self, packet: MediaPacket) -> None:
        self._parts.append(packet.payload)
        self._size += len(packet.payload)
        if self._size > self._largest_bytes:
            self.malformed += 1
            self._lose()

    def _lose(self) -> None:
        self._parts, self._size = [], 0
        self.waiting = self._loss = True

    def _finish(self) -> Iterator[Picture]:
        parts, self._parts, self._size = self._parts, [], 0
        try:
            data, format_ = self._format.picture(parts)
        except MalformedStream:
            self.malformed += 1
            self._lose()
            return
        if not data or (self.waiting and format_ is None):
            return
        loss, self._loss, self.waiting = self._loss, False, False
        yield Picture(self._timestamp, data, format_, loss)

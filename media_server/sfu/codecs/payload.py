"""The interface of a payload format, and what reading one packet yields."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from classroom.rtp.sdp import Codec

Extensions = Mapping[str, bytes]  # header extension elements by URI
ALL_TARGETS = 0xFF


class PayloadInfo(NamedTuple):
    """Of one packet.

    `keyframe`: its first packet, from which a decoder can start. `picture_id` and `tl0_index` are the codec's own
    counters as sent, None where it has none. `targets` has bit *n* set when a receiver of target *n* needs this
    packet, `switches` when it may begin with it. `target` is the highest this packet's frame belongs to by its spatial
    layer; `ends_frame` marks the last packet of that layer's frame.
    """

    keyframe: bool = False
    picture_id: int | None = None
    tl0_index: int | None = None
    targets: int = ALL_TARGETS
    switches: int = 0
    spatial: int = 0
    ends_frame: bool = False
    sizes: tuple[tuple[int, int], ...] = ()  # width and height of each spatial layer, the lowest first, when told


class Offsets(NamedTuple):
    """What is added to `picture_id` and `tl0_index`; each field wraps at its own width."""

    picture_id: int = 0
    tl0_index: int = 0


class PayloadFormat(Protocol):
    """Reads the packets of one encoding in order of arrival. Garbage reads as "no keyframe, needed by all"."""

    def read(self, payload: bytes, extensions: Extensions) -> PayloadInfo:
        """What the packet says of itself. Never raises."""

    def renumber(self, payload: bytes, extensions: Extensions, offsets: Offsets) -> tuple[bytes, Extensions]:
        """The packet with its counters shifted; pure, so that a retransmission has the same bytes."""

    @staticmethod
    def decodes(offered: Codec, sent: Codec) -> bool:
        """Whether who offers `offered` can decode a stream that was negotiated as `sent`; the names agree."""


class Plain:
    """A payload format without counters to rewrite: base of those."""

    def renumber(self, payload: bytes, extensions: Extensions, offsets: Offsets) -> tuple[bytes, Extensions]:
        return payload, extensions

"""What an encoding keeps of its past: one history that answers every NACK, and the packets since the last keyframe."""

from collections.abc import Sequence
from typing import NamedTuple

from classroom.rtp.packet import RtpPacket
from classroom.rtp.red import renamed, wrapped
from media_server.sfu.codecs.payload import Extensions, PayloadInfo

HEADERS_BYTES = 20 + 8 + 12 + 16  # of a packet on the line: IPv4, UDP, RTP, authentication tag
_UNREAD = PayloadInfo()
_NO_EXTENSIONS: Extensions = {}


class MediaPacket:
    """A packet as it is kept and forwarded.

    `index` is the extended sequence number, `timestamp` the extended RTP timestamp (both start one cycle above zero),
    `marker` is 0x80 or 0 so that it can be or-ed to a payload type, `keyframe` marks the first packet of a keyframe.
    `extensions` are the header extension elements that go to subscribers, by URI.
    """

    __slots__ = ("extensions", "index", "info", "keyframe", "marked", "marker", "payload", "timestamp")

    def __init__(
        self,
        packet: RtpPacket,
        index: int,
        timestamp: int,
        keyframe: bool,
        *,
        info: PayloadInfo = _UNREAD,
        extensions: Extensions = _NO_EXTENSIONS,
    ) -> None:
        self.index = index
        self.timestamp = timestamp
        self.marker = 0x80 if packet.marker else 0
        self.payload = packet.payload
        self.keyframe = keyframe
        self.info = info
        self.extensions = extensions
        self.marked: MediaPacket | None = None

    def __repr__(self) -> str:
        return f"MediaPacket({self.index}, ts={self.timestamp}, {len(self.payload)} bytes, key={self.keyframe})"

    def ended(self) -> "MediaPacket":
        """This packet with the marker bit, for those to whom it ends the picture; made once for all of them."""
        if self.marker:
            return self
        if self.marked is None:
            self.marked = self.with_payload(self.payload, self.extensions)
            self.marked.marker = 0x80
        return self.marked

    def with_payload(self, payload: bytes, extensions: Extensions) -> "MediaPacket":
        """This packet with something else in it; slot by slot, which is four times as fast as `copy.copy`."""
        other = MediaPacket.__new__(MediaPacket)
        other.index, other.timestamp, other.marker = self.index, self.timestamp, self.marker
        other.keyframe, other.info, other.marked = self.keyframe, self.info, None
        other.payload, other.extensions = payload, extensions
        return other

    def in_red(self, payload_type: int) -> "MediaPacket":
        """This packet as RED (RFC 2198) with `payload_type` inside, with what redundancy came with it."""
        if not self.payload:
            return self
        return self.with_payload(wrapped(self.payload, payload_type), self.extensions)

    def emptied(self) -> "MediaPacket":
        """Padding with this packet's number (RFC 3550 § 5.1 allows no payload): for a receiver that waits for it."""
        empty = self.with_payload(b"", _NO_EXTENSIONS)
        empty.marker = 0
        return empty


class RedundantPacket(MediaPacket):
    """A packet of sound that came as RED; `redundant` is its whole payload, `payload` the sound of its own."""

    __slots__ = ("_renamed", "_renamed_type", "redundant")

    def __init__(self, packet: RtpPacket, index: int, timestamp: int, redundant: bytes, extensions: Extensions) -> None:
        super().__init__(packet, index, timestamp, keyframe=False, extensions=extensions)
        self.redundant = redundant
        self._renamed: MediaPacket | None = None
        self._renamed_type = -1

    def in_red(self, payload_type: int) -> MediaPacket:
        """Made once for all who number alike, as all browsers of a kind do."""
        if self._renamed is None or self._renamed_type != payload_type:
            self._renamed = self.with_payload(renamed(self.redundant, payload_type), self.extensions)
            self._renamed_type = payload_type
        return self._renamed


class Burst(NamedTuple):
    """Packets of one encoding that leave together, and what all who get them need to know of them."""

    packets: Sequence[MediaPacket]
    first: int  # the lowest index
    highest: int
    octets: int  # of payload

    @classmethod
    def of(cls, packets: Sequence[MediaPacket]) -> "Burst":
        """`packets` has at least one."""
        octets = sum([len(packet.payload) for packet in packets])
        if len(packets) == 1:
            return cls(packets, packets[0].index, packets[0].index, octets)
        indices = [packet.index for packet in packets]
        return cls(packets, min(indices), max(indices), octets)


class PacketHistory:
    """The last `capacity` (a power of two) sequence numbers of an encoding, shared by all its subscribers."""

    __slots__ = ("_mask", "_slots")

    def __init__(self, capacity: int) -> None:
        if capacity & (capacity - 1):
            raise ValueError("capacity must be a power of two")
        self._mask = capacity - 1
        self._slots: list[MediaPacket | None] = [None] * capacity

    def add(self, packet: MediaPacket) -> bool:
        """False when this packet is already here, or older than what its slot holds now."""
        slot = packet.index & self._mask
        held = self._slots[slot]
        if held is not None and held.index >= packet.index:
            return False
        self._slots[slot] = packet
        return True

    def get(self, index: int) -> MediaPacket | None:
        packet = self._slots[index & self._mask]
        return packet if packet is not None and packet.index == index else None


STALE_GOP_S = 3.0  # a publisher whose keyframes are rarer than this is asked for one


class GopCache:
    """The packets from the last keyframe on, so that a newcomer starts at once and nobody asks the publisher.

    `size_bytes` is what it takes on a line. Bounded: a group of pictures that outgrows `max_bytes` empties the cache
    until the next keyframe.
    """

    __slots__ = ("_max_bytes", "_sorted", "began_at", "packets", "size_bytes")

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self.packets: list[MediaPacket] = []
        self.size_bytes = 0
        self.began_at = 0.0
        self._sorted = True

    def add(self, packet: MediaPacket, now: float) -> None:
        if packet.keyframe and (not self.packets or packet.index > self.packets[0].index):
            # Keep what arrived early of this very keyframe; everything before it is of no use any more.
            later = [kept for kept in self.packets if kept.index > packet.index]
            self.packets = [packet, *later]
            self.size_bytes = sum(HEADERS_BYTES + len(kept.payload) for kept in self.packets)
            self.began_at = now
        elif self.packets and packet.index > self.packets[0].index:
            if packet.index < self.packets[-1].index:
                self._sorted = False
            self.packets.append(packet)
            self.size_bytes += HEADERS_BYTES + len(packet.payload)
            if self.size_bytes > self._max_bytes:
                self.clear()

    def fresh(self, now: float) -> bool:
        """Whether there is something, and the publisher sends keyframes often enough by itself."""
        return bool(self.packets) and now - self.began_at < STALE_GOP_S

    def clear(self) -> None:
        self.packets = []
        self.size_bytes = 0

    def in_order(self) -> list[MediaPacket]:
        """The cached packets by sequence number; the keyframe's first packet leads."""
        if not self._sorted:
            self.packets.sort(key=lambda packet: packet.index)
            self._sorted = True
        return self.packets

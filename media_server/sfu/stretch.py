"""Where each stretch of incoming packets lies in an outgoing stream: a range map, read in both directions."""

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from media_server.sfu.codecs.payload import Offsets
from media_server.sfu.encoding import Encoding
from media_server.sfu.history import MediaPacket
from media_server.sfu.layers import LayerFilter

REMEMBERED_STRETCHES = 256  # switches are rare; a layer that is left out costs one per picture: 8 s of them
NO_OFFSETS = Offsets()


class Stretch(NamedTuple):
    """Packets of `encoding` from `first_in` on leave with the same offsets, the first one as `first_out`.

    `pressed` has the outgoing timestamps of pictures that were sent from the cache, by their own; `layers` says which
    packets of a scalable encoding are sent; `wraps`: they leave as RED (RFC 2198) with this payload type inside.
    """

    encoding: Encoding
    first_in: int
    first_out: int
    timestamp_offset: int
    offsets: Offsets
    pressed: Mapping[int, int]
    layers: LayerFilter | None
    wraps: int | None = None

    @property
    def index_offset(self) -> int:
        return self.first_out - self.first_in

    def timestamp_offset_of(self, packet: MediaPacket) -> int:
        pressed = self.pressed.get(packet.timestamp) if self.pressed else None
        return self.timestamp_offset if pressed is None else pressed - packet.timestamp

    def written(self, packet: MediaPacket) -> MediaPacket:
        """The packet as it leaves: always the same, so that it can be repeated."""
        if self.layers is not None:
            if not self.layers.passes(packet):
                # It arrived too late for its number to be closed up: an empty packet fills the hole.
                return packet.emptied()
            if self.layers.ends_picture(packet):
                packet = packet.ended()
        if self.wraps is not None:
            return packet.in_red(self.wraps)
        if self.offsets == NO_OFFSETS:
            return packet
        return packet.with_payload(*self.encoding.format.renumber(packet.payload, packet.extensions, self.offsets))


class RangeMap:
    """The newest stretches of one outgoing stream, so that late packets and requests for old ones still find theirs."""

    def __init__(self) -> None:
        self._stretches: deque[Stretch] = deque(maxlen=REMEMBERED_STRETCHES)

    def begin(self, stretch: Stretch) -> None:
        """`stretch` takes over from here; one that nothing was sent of is replaced."""
        if self._stretches and self._stretches[-1].first_out == stretch.first_out:
            self._stretches.pop()
        self._stretches.append(stretch)

    def clear(self) -> None:
        self._stretches.clear()

    def outgoing(self, index: int) -> Stretch | None:
        """The stretch that this outgoing index lies in."""
        return next((each for each in reversed(self._stretches) if each.first_out <= index), None)

    def incoming(self, encoding: Encoding, index: int) -> Stretch | None:
        """The stretch that packet `index` of `encoding` has its place in; None when it has none."""
        end: int | None = None  # first outgoing index of the stretch after
        for stretch in reversed(self._stretches):
            if stretch.encoding is encoding and stretch.first_in <= index:
                return stretch if end is None or index + stretch.index_offset < end else None
            end = stretch.first_out
        return None

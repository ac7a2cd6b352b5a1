"""Which packets of a scalable stream (SVC) one subscriber gets."""

from collections import deque

from media_server.sfu.history import MediaPacket

_REMEMBERED_CHANGES = 64  # more than the history reaches back, so that a repeated packet is judged as before


class LayerFilter:
    """Passes the spatial layers up to the one in force; that changes only where a picture begins.

    Up needs a packet that a decoder of the higher layer may begin with. Down needs only that the lower layer was
    among what was sent so far. `stuck` says that the change waits for a keyframe.
    """

    __slots__ = ("_changes", "_newest", "stuck", "wanted")

    def __init__(self, wanted: int, *, newest: MediaPacket | None = None) -> None:
        """From the next packet on, or when everything up to `newest` was sent: from the next picture on."""
        self.wanted = wanted
        self.stuck = False
        self._newest = newest.timestamp if newest else -1
        # Picture (timestamp) from which on a layer is in force; None: everything is sent.
        self._changes: deque[tuple[int, int | None]] = deque(maxlen=_REMEMBERED_CHANGES)
        self._changes.append((-1, None if newest else wanted))

    @property
    def layer(self) -> int | None:
        """In force now; None while everything is sent."""
        return self._changes[-1][1]

    def passes(self, packet: MediaPacket) -> bool:
        """Whether the subscriber gets this packet. Late ones are judged by the layer of their own picture."""
        timestamp, targets = packet.timestamp, packet.info.targets
        if timestamp > self._newest:
            self._newest = timestamp
            self._begin_picture(packet)
        layer = self._layer_at(timestamp)
        return layer is None or bool(targets >> layer & 1)

    def ends_picture(self, packet: MediaPacket) -> bool:
        """Whether this packet, which passes, is the picture's last one for the subscriber."""
        info = packet.info
        return info.ends_frame and info.spatial == self._layer_at(packet.timestamp)

    def _begin_picture(self, packet: MediaPacket) -> None:
        layer, wanted, info = self.layer, self.wanted, packet.info
        if layer == wanted:
            return
        nested = info.targets >> wanted & 1 and (layer is None or (wanted < layer and info.targets >> layer & 1))
        if nested or info.switches >> wanted & 1:
            self._changes.append((packet.timestamp, wanted))
            self.stuck = False
        else:
            self.stuck = True

    def _layer_at(self, timestamp: int) -> int | None:
        return next((layer for since, layer in reversed(self._changes) if since <= timestamp), self._changes[0][1])

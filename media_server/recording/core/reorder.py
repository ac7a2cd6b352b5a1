"""The packets of one encoding in order, waiting longer for late ones than any viewer would."""

from collections.abc import Sequence

from media_server.sfu.history import MediaPacket

# A little longer than the publisher is asked for a packet (`nack.GIVE_UP_S`): the last answer is on its way then.
WAIT_S = 1.5
# More than that is an outage, which nobody repeats (`nack.MAX_MISSING`).
LARGEST_HOLE = 128
MAX_HELD = 2_048  # packets behind a hole: 1.5 s of 12 Mbps

# A packet, or None for one or more in a row that never came.
InOrder = Sequence[MediaPacket | None]
_NOTHING: InOrder = ()


class Reorder:
    """`late` counts packets that came after they were given up, or twice; `lost` those that never came in time."""

    __slots__ = ("_first", "_held", "_next", "_since", "late", "lost")

    def __init__(self) -> None:
        self.late = 0
        self.lost = 0
        self._next = -1  # before the first packet
        self._held: dict[int, tuple[MediaPacket, float]] = {}
        self._first = 0  # the lowest of them
        self._since = 0.0  # when the hole before it was noticed

    def receive(self, packet: MediaPacket, now: float) -> InOrder:
        """What is in order now that `packet` is here. One that holds nothing but padding only leaves no hole."""
        index, expected = packet.index, self._next
        if expected < 0:
            expected = self._next = index
        if index == expected and not self._held:  # nearly always
            self._next = index + 1
            return (packet,) if packet.payload else _NOTHING
        if index < expected or index in self._held:
            self.late += 1
            return _NOTHING
        if not self._held:
            self._since = now
        if not self._held or index < self._first:
            self._first = index
        self._held[index] = packet, now
        found: list[MediaPacket | None] = []
        if index == expected:
            self._drain(found)
        while self._held and (self._first - self._next > LARGEST_HOLE or len(self._held) > MAX_HELD):
            self._give_up(found)
        return found

    def due(self, now: float) -> InOrder:
        """What is in order because the time to wait for something is over."""
        if not self._held or now - self._since < WAIT_S:
            return _NOTHING
        found: list[MediaPacket | None] = []
        while self._held and now - self._since >= WAIT_S:
            self._give_up(found)
        return found

    def end(self) -> InOrder:
        """All that is left: nothing more will come."""
        found: list[MediaPacket | None] = []
        while self._held:
            self._give_up(found)
        return found

    def _give_up(self, found: list[MediaPacket | None]) -> None:
        self.lost += self._first - self._next
        self._next = self._first
        found.append(None)
        self._drain(found)

    def _drain(self, found: list[MediaPacket | None]) -> None:
        expected = self._next
        while (held := self._held.pop(expected, None)) is not None:
            expected += 1
            if held[0].payload:
                found.append(held[0])
        self._next = expected
        if self._held:
            self._first = min(self._held)
            self._since = min(arrived_at for _, arrived_at in self._held.values())

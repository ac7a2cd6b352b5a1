"""How far an outgoing stream has come, noted by itself or once for all who get the same."""

from typing import Self

from media_server.sfu.history import Burst


class Tally:
    """What left for everybody who takes an encoding as it comes; numbers and times are the publisher's."""

    __slots__ = ("at", "highest", "octets", "packets", "timestamp")

    def __init__(self) -> None:
        self.packets = 0
        self.octets = 0
        self.highest = 0
        self.timestamp = 0
        self.at = 0.0

    def note(self, burst: Burst, now: float) -> None:
        self.packets += len(burst.packets)
        self.octets += burst.octets
        self.highest = max(self.highest, burst.highest)
        self.timestamp = max(self.timestamp, burst.packets[-1].timestamp)
        self.at = now


class Progress:
    """Of one downlink. What stands here is true after `settled`: a tally that it follows may be ahead."""

    __slots__ = ("_index_offset", "_octets_seen", "_packets_seen", "_tally", "_timestamp_offset", "at", "next_index",
                 "octets", "packets", "timestamp")  # fmt: skip

    def __init__(self, next_index: int, timestamp: int) -> None:
        self.next_index = next_index  # RFC 3711's
        self.timestamp = timestamp  # the highest so far
        self.at: float | None = None  # when something was sent last
        self.packets = 0
        self.octets = 0  # of payload
        self._tally: Tally | None = None
        self._index_offset = self._timestamp_offset = 0
        self._packets_seen = self._octets_seen = 0

    def note(self, burst: Burst, index_offset: int, timestamp_offset: int, now: float) -> None:
        self._reach(burst.highest + index_offset, burst.packets[-1].timestamp + timestamp_offset, now)
        self.packets += len(burst.packets)
        self.octets += burst.octets

    def follow(self, tally: Tally, index_offset: int, timestamp_offset: int) -> None:
        """From now on everything in `tally`, which is empty, is sent with these offsets."""
        self.settled()
        self._tally = tally
        self._index_offset, self._timestamp_offset = index_offset, timestamp_offset
        self._packets_seen = self._octets_seen = 0

    def settled(self) -> Self:
        """With everything that the tally has."""
        tally = self._tally
        if tally is not None and tally.packets != self._packets_seen:
            self._reach(tally.highest + self._index_offset, tally.timestamp + self._timestamp_offset, tally.at)
            self.packets += tally.packets - self._packets_seen
            self.octets += tally.octets - self._octets_seen
            self._packets_seen, self._octets_seen = tally.packets, tally.octets
        return self

    def _reach(self, index: int, timestamp: int, now: float) -> None:
        if index >= self.next_index:
            self.next_index = index + 1
        if timestamp > self.timestamp:
            self.timestamp = timestamp
        if self.at is None or now > self.at:  # what a tally has may be older than what was noted here
            self.at = now

"""Those who take an encoding as it comes, with offsets of their own that stay the same.

Most viewers are such followers most of the time. For them a burst costs no step of Python each: what it changes is
noted once (`Tally`), and the native loop writes to all of them.
"""

from collections.abc import Sequence
from typing import NamedTuple

from media_server.sfu.downlink import Downlink, Run
from media_server.sfu.encoding import Encoding
from media_server.sfu.history import MediaPacket
from media_server.sfu.progress import Tally
from media_server.sfu.subscriber import Subscriber


class Follower(NamedTuple):
    """A downlink that sends every packet with these offsets."""

    subscriber: Subscriber
    downlink: Downlink
    index_offset: int
    timestamp_offset: int

    def run(self, packets: Sequence[MediaPacket]) -> Run:
        return Run(packets, self.index_offset, self.timestamp_offset)


class Fan:
    """Who gets the bursts of one encoding, as long as none of its downlinks moves and it begins no redundancy (RED);
    `others` are asked one by one.

    A burst with packets from before `plain_from` is not for all followers in the same way.
    """

    def __init__(self, encoding: Encoding, listeners: Sequence[tuple[Subscriber, Downlink]]) -> None:
        self.followers: list[Follower] = []
        self.others: list[tuple[Subscriber, Downlink]] = []
        self.plain_from = 0
        self.redundant = encoding.redundant
        self.tally = Tally()
        for subscriber, downlink in listeners:
            stretch = downlink.follow(encoding, self.tally)
            if stretch is not None:
                self.followers.append(Follower(subscriber, downlink, stretch.index_offset, stretch.timestamp_offset))
                self.plain_from = max(self.plain_from, downlink.plain_from)
            elif downlink.hears(encoding):
                self.others.append((subscriber, downlink))

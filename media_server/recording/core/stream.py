"""One incoming RTP stream becomes samples with their time."""

from collections.abc import Iterator
from typing import NamedTuple

from classroom.codecs.bits import MalformedStream
from classroom.fmp4.formats import Format, opus_format
from classroom.messages.views import MediaKind
from classroom.rtp.rtcp import SenderReport, unix_time
from classroom.rtp.sdp import Codec
from media_server.recording.core.clock import SenderClock, StreamClock
from media_server.recording.core.pictures import Pictures
from media_server.recording.core.reorder import InOrder, Reorder
from media_server.recording.core.sound import packet_channels, packet_ticks
from media_server.sfu.history import MediaPacket

# Between two turns of the recorder (0.1 s) even a keyframe of a 20 Mbps picture has fewer packets.
MAX_QUEUED = 2_048


class Moment(NamedTuple):
    """A sample at `at` (the server's monotonic clock).

    `format` is None where a picture refers to others; `ticks` is how long a packet of sound lasts, 0 for a picture;
    `after_loss`: something that was sent before it is missing.
    """

    at: float
    data: bytes
    format: Format | None
    ticks: int
    after_loss: bool


class Stream:
    """Tapped from an encoding: packets are queued as they come and read when there is time.

    `dropped` counts packets for which the queue had no room.
    """

    def __init__(self, kind: MediaKind, codec: Codec, sender: SenderClock) -> None:
        self.kind = kind
        self.dropped = 0
        self.malformed_packets = 0
        self._queue: list[tuple[MediaPacket, float]] = []
        self._reports: list[tuple[int, float]] = []
        self._sender = sender
        self._clock = StreamClock(codec.clock_rate)
        self._reorder = Reorder()
        self._pictures = Pictures(codec) if kind == "video" else None
        self._sound: Format | None = None
        self._loss = False

    # -- from the packet path: nothing but remembering -----------------------------------------------------------------

    def packet(self, packet: MediaPacket, now: float) -> None:
        if len(self._queue) < MAX_QUEUED:
            self._queue.append((packet, now))
        else:
            self.dropped += 1

    def report(self, report: SenderReport, timestamp: int, now: float) -> None:
        at = self._sender.hear(unix_time(report.ntp_time), now)
        if at is not None:
            self._reports.append((timestamp, at))

    # -- when there is time --------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether nothing can be recorded before a keyframe comes."""
        return self._pictures is not None and self._pictures.waiting

    @property
    def lost(self) -> int:
        """Packets that never came."""
        return self._reorder.lost

    @property
    def malformed(self) -> int:
        return self.malformed_packets + (self._pictures.malformed if self._pictures is not None else 0)

    def take(self, now: float) -> Iterator[Moment]:
        """What can be recorded of the packets so far."""
        queue, self._queue = self._queue, []
        for packet, arrived_at in queue:
            if packet.payload:
                self._clock.arrive(packet.timestamp, arrived_at)
        if self._clock.running:
            for timestamp, at in self._reports:
                self._clock.report(timestamp, at)
            self._reports.clear()
        for packet, arrived_at in queue:
            yield from self._read(self._reorder.receive(packet, arrived_at))
        yield from self._read(self._reorder.due(now))

    def end(self, now: float) -> Iterator[Moment]:
        """What is left: nothing more will come."""
        yield from self.take(now)
        yield from self._read(self._reorder.end())

    def _read(self, packets: InOrder) -> Iterator[Moment]:
        if not packets:
            return
        if self._pictures is None:
            yield from self._sounds(packets)
            return
        for picture in self._pictures.take(packets):
            yield Moment(self._clock.time(picture.timestamp), picture.data, picture.format, 0, picture.after_loss)

    def _sounds(self, packets: InOrder) -> Iterator[Moment]:
        for packet in packets:
            if packet is None:
                self._loss = True
                continue
            try:
                ticks = packet_ticks(packet.payload)
            except MalformedStream:
                self.malformed_packets += 1
                self._loss = True
                continue
            channels = packet_channels(packet.payload)
            if self._sound is None or channels > self._sound.channels:
                self._sound = opus_format(channels)
            yield Moment(self._clock.time(packet.timestamp), packet.payload, self._sound, ticks, self._loss)
            self._loss = False

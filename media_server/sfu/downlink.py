"""One media section of one subscriber: which encoding it carries, and how that becomes one unbroken RTP stream."""

import random
from collections import deque
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from classroom.messages.views import MediaKind
from classroom.rtp.rtcp import SenderReport, compact_ntp, ntp_time, unix_time
from classroom.rtp.sdp import Codec
from media_server.sfu.codecs.known import receivable
from media_server.sfu.codecs.payload import Offsets
from media_server.sfu.encoding import VIDEO_HISTORY_PACKETS, Encoding
from media_server.sfu.history import Burst, MediaPacket
from media_server.sfu.layers import LayerFilter
from media_server.sfu.point import OperatingPoint
from media_server.sfu.progress import Progress, Tally
from media_server.sfu.stretch import NO_OFFSETS, RangeMap, Stretch

START_BYTES = 64_000  # most a cached keyframe and its followers may burst onto a line: 0.13 s at 4 Mbps
FRAME_STEP_S = 0.0001  # distance of cached pictures: the decoder runs through them and shows the last
NACK_REPEAT_S = 0.02  # the same packet is asked for again when its repetition is lost too, not sooner
_NEVER = 1 << 62  # above every index


class Run(NamedTuple):
    """Packets that leave with the same offsets: outgoing index = index + `index_offset`, and so with the timestamp."""

    packets: Sequence[MediaPacket]
    index_offset: int
    timestamp_offset: int


class Format(NamedTuple):
    """A codec as one peer numbers it; `rtx_payload_type` when it negotiated RTX (RFC 4588) for it.

    `red`: the same sound with redundancy (RFC 2198), where negotiated; `wraps` is the payload type inside such a one.
    """

    codec: Codec
    rtx_payload_type: int | None
    red: "Format | None" = None
    wraps: int | None = None


class Downlink:
    """Rewrites one encoding at a time into one RTP stream and switches between them at keyframes.

    `wanted` is the encoding to carry, None for none (paused). The outgoing index is RFC 3711's: its low 16 bits are
    the sequence number. `formats` are all codecs the subscriber takes, so that it can wait for a source whose codec
    nobody knows yet; `format` is the one in use. Retransmissions go on `rtx_ssrc` where RTX was negotiated.
    """

    def __init__(
        self, mid: str, source: str, kind: MediaKind, formats: Sequence[Format], randomness: random.Random
    ) -> None:
        self.mid = mid
        self.source = source
        self.kind: MediaKind = kind
        self.formats = tuple(formats)
        self.format = self.formats[0]
        self.clock_rate = self.format.codec.clock_rate
        self.ssrc = randomness.randrange(1, 1 << 32)
        self.rtx_ssrc = randomness.randrange(1, 1 << 32)
        self.described = False  # the subscriber reads the dependency descriptor
        self.preference = "auto"
        self.start_bytes = START_BYTES
        self.wanted: Encoding | None = None
        self.current: Encoding | None = None
        self.changed = False  # something else is carried since the owner last looked
        self.moved = True  # packets have other places since the owner last looked
        self.packets_resent = 0
        self.plain_from = _NEVER  # packets of `current` from here on leave with the same offsets, all of them
        # RFC 3711 § 3.3.1: a receiver assumes rollover counter 0, so the first sequence number stays well below 2^16.
        first_index = randomness.randrange(1, 1 << 15)
        self.next_rtx_index = randomness.randrange(1, 1 << 15)
        self._map = RangeMap()
        self._stretch: Stretch | None = None  # the newest one of `current`
        self._rewritten = False  # their payloads change: the codec's counters go on from another encoding's, or RED
        self._spatial: int | None = None  # wanted
        self._layers: LayerFilter | None = None
        self._highest_in = 0  # where layers are chosen: the highest index of `current` so far
        self._left: Encoding | None = None  # carried before `current`: late packets of it still have their places
        self._left_end = 0
        self._counters: Offsets | None = None  # the codec's own, of the last packet sent before a switch
        self._progress = Progress(first_index, randomness.randrange(1 << 31))
        self._zero: int | None = None  # outgoing timestamp minus the publisher's common time
        self._resent: dict[int, float] = {}
        self._reports_sent: deque[tuple[int, float]] = deque(maxlen=8)

    @property
    def packets_sent(self) -> int:
        return self._progress.settled().packets

    @property
    def octets_sent(self) -> int:
        """Of payload."""
        return self._progress.settled().octets

    @property
    def payload_type(self) -> int:
        return self.format.codec.payload_type

    @property
    def rtx_payload_type(self) -> int | None:
        return self.format.rtx_payload_type

    @property
    def point(self) -> OperatingPoint | None:
        """What is carried now."""
        if self.current is None:
            return None
        return OperatingPoint(self.current, self._layers.layer if self._layers else None)

    def format_for(self, codec: Codec) -> Format | None:
        """The format that can carry a stream negotiated as `codec`; None when the subscriber cannot decode it."""
        offered = receivable([each.codec for each in self.formats], codec)
        return next((each for each in self.formats if each.codec is offered), None)

    def takes(self, point: OperatingPoint) -> bool:
        """Whether the subscriber can decode it: spatial layers of AV1 are told apart by the dependency descriptor."""
        return self.described or not point.spatial or not point.encoding.codec.is_("AV1")

    # -- choosing ----------------------------------------------------------------------------------------------------

    def want(self, point: OperatingPoint | None, now: float, below: Sequence[Encoding] = ()) -> list[Run]:
        """Carry `point` from its next keyframe on, at once when its cache allows; returns what to send now.

        Only a start uses the cache, so that there is a picture at once. When that cache is more than a thin line takes
        at once, an encoding of those `below` (the best first) stands in until the keyframe comes. Who has a picture
        waits for a keyframe: cached ones are older than what was shown, and a burst would hit the very line whose
        width is being tried, or has just proved too small.
        """
        encoding, self._spatial = point or (None, None)
        if encoding is not None and encoding is self.current:
            self._choose_layer(encoding)
        if encoding is self.wanted:
            self._wait_for_keyframe(now)
            return []
        self.wanted, self.moved = encoding, True
        if encoding is None:
            self._leave()
            return []
        if encoding is self.current:
            return []
        if not encoding.video:
            return []  # sound starts with its next packet
        runs: list[Run] = []
        if self.current is None:
            cheap = (each for each in (encoding, *below) if each.gop.size_bytes <= self.start_bytes)
            cached = next((each for each in cheap if each.gop.fresh(now)), None)
            if cached is not None:
                runs = self._start_from_cache(cached, now)
        self._wait_for_keyframe(now)
        return runs

    def _wait_for_keyframe(self, now: float) -> None:
        """Ask for one to switch at; who climbs has time when the publisher sends one soon by itself."""
        wanted, current = self.wanted, self.current
        if wanted is None or wanted is current or not wanted.video:
            return
        climbing = current is not None and wanted.bitrate_bps > current.bitrate_bps
        if not climbing or not wanted.gop.fresh(now):
            wanted.keyframes.want()

    def _choose_layer(self, encoding: Encoding) -> None:
        """Of what is carried already; the filter changes layers where a picture allows it."""
        if self._spatial is None:
            return
        if self._layers is not None:
            self._layers.wanted = self._spatial
        elif encoding.newest is not None and self._stretch is not None:
            self._layers = LayerFilter(self._spatial, newest=encoding.newest)
            self._highest_in = encoding.newest.index
            self._stretch = self._stretch._replace(layers=self._layers)
            self.plain_from = _NEVER
            self.moved = True

    def detach(self) -> None:
        """The publisher went; whoever comes next has another clock."""
        self.wanted, self.moved = None, True
        self._leave()
        self._zero = None

    # -- packets -----------------------------------------------------------------------------------------------------

    def hears(self, encoding: Encoding) -> bool:
        """Whether anything of `encoding` may have to be sent."""
        return encoding in (self.current, self.wanted, self._left)

    def follow(self, encoding: Encoding, tally: Tally) -> Stretch | None:
        """The place of all packets of `encoding` from `plain_from` on, once it is settled. They need not come through
        `receive` then: what `tally` gets counts as sent."""
        stretch = self._stretch
        settled = encoding is self.current and encoding is self.wanted and self.plain_from != _NEVER
        if not settled or self._rewritten or stretch is None or self._lacks_redundancy(encoding):
            return None
        self._progress.follow(tally, stretch.index_offset, stretch.timestamp_offset)
        return stretch

    def receive(self, encoding: Encoding, burst: Burst, now: float) -> Sequence[Run]:
        """What leaves of a burst of `encoding`."""
        if encoding is self.current:
            if self._lacks_redundancy(encoding) and self._stretch is not None:
                self._carry(encoding, burst.packets[0], self._stretch.timestamp_offset)
            stretch = self._stretch
            if stretch is not None and encoding is self.wanted and burst.first >= self.plain_from:
                if self._rewritten:
                    burst = Burst.of([stretch.written(packet) for packet in burst.packets])
                return (self._sent(burst, stretch.index_offset, stretch.timestamp_offset, now),)
        elif encoding is not self.wanted and (encoding is not self._left or burst.first >= self._left_end):
            if encoding is self._left and burst.first - self._left_end > VIDEO_HISTORY_PACKETS:
                self._left, self.moved = None, True  # nothing that old comes any more
            return ()
        return self._receive_slowly(encoding, burst.packets, now)

    def _lacks_redundancy(self, encoding: Encoding) -> bool:
        """Browsers send the first packet plain, which has nothing to repeat: then their sound turns out to be RED."""
        return encoding.redundant and self.format.red is not None

    def _receive_slowly(self, encoding: Encoding, burst: Sequence[MediaPacket], now: float) -> list[Run]:
        """The rarer cases: a switch, late packets, pictures sent from the cache, counters to rewrite, layers."""
        if encoding is self.wanted and encoding is not self.current:
            start = next((n for n, packet in enumerate(burst) if packet.keyframe or not encoding.video), None)
            if start is not None:
                # What arrived before the keyframe's first packet but belongs behind it is in the cache.
                held = encoding.gop.in_order()
                burst = held if held and held[0] is burst[start] else burst[start:]
                self._switch(encoding, burst[0], now)
        if encoding is self.current:
            return self._placed(encoding, [packet for packet in burst if self._is_for_us(packet)], now)
        if encoding is self._left:
            return self._placed(encoding, [packet for packet in burst if packet.index < self._left_end], now)
        return []

    def _is_for_us(self, packet: MediaPacket) -> bool:
        """Whether the layers chosen include `packet`; closes the gap in the numbers when they do not."""
        layers, stretch, encoding = self._layers, self._stretch, self.current
        if layers is None or stretch is None or encoding is None:
            return True
        before = layers.layer
        passes = layers.passes(packet)
        if layers.layer != before:
            self.changed = True
        elif layers.stuck:
            encoding.keyframes.want()
        if packet.index > self._highest_in:
            self._highest_in = packet.index
            if not passes:
                # Numbers missing before it stay free: they may be of packets that are for this subscriber.
                self._begin(stretch._replace(first_in=packet.index + 1, first_out=packet.index + stretch.index_offset))
        return passes

    def _placed(self, encoding: Encoding, packets: Sequence[MediaPacket], now: float) -> list[Run]:
        """Runs of the packets that have a place in the outgoing stream."""
        placed = []
        for packet in packets:
            stretch = self._map.incoming(encoding, packet.index)
            if stretch is not None:
                placed.append((stretch.index_offset, stretch.timestamp_offset_of(packet), stretch.written(packet)))
        return [
            self._sent(Burst.of([packet for _, _, packet in group]), index_offset, timestamp_offset, now)
            for (index_offset, timestamp_offset), group in groupby(placed, lambda each: each[:2])
        ]

    def _sent(self, burst: Burst, index_offset: int, timestamp_offset: int, now: float) -> Run:
        self._progress.note(burst, index_offset, timestamp_offset, now)
        return Run(burst.packets, index_offset, timestamp_offset)

    def retransmit(self, lost: Sequence[int], now: float, rtt_s: float = 0.0) -> list[Run]:
        """Answer a NACK for these 16-bit sequence numbers from the shared history; unknown ones are passed over."""
        runs, highest = [], self._progress.settled().next_index - 1
        for sequence in lost:
            index = highest - ((highest - sequence) & 0xFFFF)
            stretch = self._map.outgoing(index)
            if stretch is None or now - self._resent.get(index, float("-inf")) < max(NACK_REPEAT_S, rtt_s):
                continue
            packet = stretch.encoding.history.get(index - stretch.index_offset)
            if packet is None:
                continue
            self._resent[index] = now
            self.packets_resent += 1
            runs.append(Run((stretch.written(packet),), stretch.index_offset, stretch.timestamp_offset_of(packet)))
        if len(self._resent) > 2048:
            self._resent = {index: at for index, at in self._resent.items() if now - at < 1.0}
        return runs

    # -- switching ---------------------------------------------------------------------------------------------------

    def _switch(self, encoding: Encoding, packet: MediaPacket, now: float) -> None:
        """Carry `encoding` from `packet` on."""
        self._carry(encoding, packet, self._aligned(encoding, packet.timestamp, now) - packet.timestamp)

    def _start_from_cache(self, encoding: Encoding, now: float) -> list[Run]:
        """The cached pictures at once, their timestamps pressed together just before the newest one's true time."""
        packets = list(encoding.gop.in_order())
        step = max(1, int(FRAME_STEP_S * self.clock_rate))
        times = sorted({packet.timestamp for packet in packets})
        newest = self._aligned(encoding, times[-1], now, room=step * (len(times) - 1))
        pressed = {timestamp: newest - step * (len(times) - 1 - position) for position, timestamp in enumerate(times)}
        self._carry(encoding, packets[0], newest - times[-1], pressed)
        if self.plain_from != _NEVER:
            self.plain_from = packets[-1].index + 1
        return self._placed(encoding, [packet for packet in packets if self._is_for_us(packet)], now)

    def _carry(
        self, encoding: Encoding, first: MediaPacket, timestamp_offset: int, pressed: dict[int, int] | None = None
    ) -> None:
        self._leave()
        self.current = encoding
        self.changed = True
        format_ = self.format_for(encoding.codec)
        if format_ is not None and format_.red is not None and encoding.redundant:
            format_ = format_.red
        if format_ is not None and format_ is not self.format:
            self.format = format_
            self._map.clear()  # another payload type cannot repeat what was sent with the last one
            self._counters = None
        spatial = self._spatial if encoding is self.wanted else None
        self._layers = LayerFilter(spatial) if spatial is not None else None
        self._highest_in = first.index - 1
        offsets = _continuing(self._counters, first)
        self.plain_from = first.index if self._layers is None else _NEVER
        wraps = self.format.wraps
        self._rewritten = offsets != NO_OFFSETS or wraps is not None
        place = (encoding, first.index, self._progress.settled().next_index, timestamp_offset)
        self._begin(Stretch(*place, offsets, pressed or {}, self._layers, wraps))

    def _begin(self, stretch: Stretch) -> None:
        progress = self._progress.settled()
        progress.next_index = max(progress.next_index, stretch.first_out)
        self._stretch, self.moved = stretch, True
        self._map.begin(stretch)

    def _leave(self) -> None:
        """Stop carrying what is carried; its late packets and retransmissions still find their places."""
        left, stretch = self.current, self._stretch
        if left is None or stretch is None:
            return
        self.changed = self.moved = True
        self._left, self._left_end = left, self._progress.settled().next_index - stretch.index_offset
        last = left.history.get(self._left_end - 1)
        if last is None or not last.payload:
            last = left.newest
        if last is not None and last.info.picture_id is not None:
            self._counters = Offsets(
                last.info.picture_id + stretch.offsets.picture_id,
                (last.info.tl0_index or 0) + stretch.offsets.tl0_index,
            )
        self.current = self._stretch = self._layers = None
        self.plain_from = _NEVER

    def _aligned(self, encoding: Encoding, timestamp: int, now: float, room: int = 0) -> int:
        """The outgoing timestamp for `timestamp` of `encoding`, after everything sent by more than `room`."""
        common = encoding.common_time(timestamp)
        progress = self._progress.settled()
        earliest = progress.timestamp + room + 1
        if progress.at is None:
            result = earliest
        elif common is not None and self._zero is not None:
            result = max(common + self._zero, earliest)
        else:  # no sender report yet: as much later as it left later
            result = max(progress.timestamp + round((now - progress.at) * self.clock_rate), earliest)
        if common is not None and self._zero is None:
            self._zero = result - common
        return result

    # -- reports -----------------------------------------------------------------------------------------------------

    def sender_report(self, now: float, unix_now: float) -> SenderReport | None:
        """The publisher's clock as seen through our timestamps, so that sound and picture meet at the subscriber."""
        encoding, stretch, progress = self.current, self._stretch, self._progress.settled()
        if encoding is None or stretch is None or progress.at is None:
            return None
        report = encoding.sender_report
        if report is None:
            timestamp = progress.timestamp + round((now - progress.at) * self.clock_rate)
            ntp = ntp_time(unix_now)
        else:
            elapsed = now - encoding.sender_report_at
            timestamp = report.rtp_timestamp + stretch.timestamp_offset + round(elapsed * self.clock_rate)
            ntp = ntp_time(unix_time(report.ntp_time) + elapsed)
        self._reports_sent.append((compact_ntp(ntp), now))
        return SenderReport(self.ssrc, ntp, timestamp & 0xFFFFFFFF, progress.packets, progress.octets)

    def round_trip_s(self, last_sr: int, delay: int, now: float) -> float | None:
        """Round trip told by a report block that echoes one of our sender reports; None when it echoes none."""
        for sent, at in self._reports_sent:
            if sent == last_sr and last_sr:
                return max(0.0, now - at - delay / 65_536)
        return None


def _continuing(counters: Offsets | None, first: MediaPacket) -> Offsets:
    """What makes the codec's counters in `first` the next after `counters`."""
    info = first.info
    if counters is None or info.picture_id is None:
        return NO_OFFSETS
    return Offsets(counters.picture_id + 1 - info.picture_id, counters.tl0_index + 1 - (info.tl0_index or 0))

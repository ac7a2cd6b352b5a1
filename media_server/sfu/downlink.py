"""One media section of one subscriber: which encoding it carries, and how that becomes one unbroken RTP stream."""

import random
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from classroom.messages.views import MediaKind
from classroom.rtp.rtcp import SenderReport, compact_ntp, ntp_time, unix_time
from media_server.sfu.encoding import Encoding
from media_server.sfu.history import MediaPacket

START_BYTES = 150_000  # most a cached keyframe and its followers may burst onto a line: 0.3 s at 4 Mbps
FRAME_STEP_S = 0.0001  # distance of cached pictures: the decoder runs through them and shows the last
STALE_GOP_S = 3.0  # a publisher whose keyframes are rarer than this is asked for one
REMEMBERED_SWITCHES = 16
NACK_REPEAT_S = 0.02  # the same packet is asked for again when its repetition is lost too, not sooner


class Run(NamedTuple):
    """Packets that leave with the same offsets: outgoing index = index + `index_offset`, and so with the timestamp."""

    packets: Sequence[MediaPacket]
    index_offset: int
    timestamp_offset: int


class _Stretch(NamedTuple):
    """Where a run of one encoding begins in the outgoing stream; NACKs are mapped back with it."""

    first_index: int
    index_offset: int
    timestamp_offset: int
    encoding: Encoding


def _starts_cheaply(encoding: Encoding, now: float) -> bool:
    gop = encoding.gop
    return bool(gop.packets) and gop.size_bytes <= START_BYTES and now - gop.began_at < STALE_GOP_S


def _keyframe_is_due(encoding: Encoding, now: float) -> bool:
    """Whether the publisher sends keyframes often enough by itself."""
    return bool(encoding.gop.packets) and now - encoding.gop.began_at < STALE_GOP_S


class Downlink:
    """Rewrites one encoding at a time into one RTP stream and switches between them at keyframes.

    `wanted` is the encoding to carry, None for none (paused). The outgoing index is RFC 3711's: its low 16 bits are
    the sequence number. Retransmissions go on `rtx_ssrc` when the subscriber negotiated RTX (RFC 4588).
    """

    def __init__(
        self,
        mid: str,
        source: str,
        kind: MediaKind,
        *,
        clock_rate: int,
        payload_type: int,
        rtx_payload_type: int | None,
        randomness: random.Random,
    ) -> None:
        self.mid = mid
        self.source = source
        self.kind: MediaKind = kind
        self.clock_rate = clock_rate
        self.payload_type = payload_type
        self.rtx_payload_type = rtx_payload_type
        self.ssrc = randomness.randrange(1, 1 << 32)
        self.rtx_ssrc = randomness.randrange(1, 1 << 32)
        self.preference = "auto"
        self.wanted: Encoding | None = None
        self.current: Encoding | None = None
        self.packets_sent = 0
        self.octets_sent = 0
        self.packets_resent = 0
        # RFC 3711 § 3.3.1: a receiver assumes rollover counter 0, so the first sequence number stays well below 2^16.
        self._next_index = randomness.randrange(1, 1 << 15)
        self.next_rtx_index = randomness.randrange(1, 1 << 15)
        self._first_in = 0
        self._index_offset = 0
        self._timestamp_offset = 0
        self._last_timestamp = randomness.randrange(1 << 31)
        self._last_sent_at: float | None = None
        self._zero: int | None = None  # outgoing timestamp minus the publisher's common time
        self._stretches: deque[_Stretch] = deque(maxlen=REMEMBERED_SWITCHES)
        self._compressed: dict[int, int] = {}
        self._compressed_end = 0
        self._resent: dict[int, float] = {}
        self._reports_sent: deque[tuple[int, float]] = deque(maxlen=8)

    # -- choosing ----------------------------------------------------------------------------------------------------

    def want(self, encoding: Encoding | None, now: float, below: Sequence[Encoding] = ()) -> list[Run]:
        """Carry `encoding` from its next keyframe on, at once when its cache allows; returns what to send now.

        Going down or starting uses the cache: the picture must come back quickly. When that cache is more than a thin
        line takes at once, an encoding of those `below` (the best first) stands in until the keyframe comes. Going up
        waits for a keyframe too, because a burst would hit the very line whose width is being tried.
        """
        if encoding is self.wanted:
            return []
        self.wanted = encoding
        if encoding is None:
            self.current = None
            return []
        if encoding is self.current:
            return []
        if not encoding.video:
            return []  # sound starts with its next packet
        climbing = self.current is not None and encoding.bitrate_bps > self.current.bitrate_bps
        runs: list[Run] = []
        if not climbing:
            cached = next((each for each in (encoding, *below) if _starts_cheaply(each, now)), None)
            if cached is not None:
                runs = self._start_from_cache(cached, now)
        if self.current is not encoding and (self.current is None or not _keyframe_is_due(encoding, now)):
            encoding.keyframes.want()
        return runs

    def receive(self, encoding: Encoding, burst: Sequence[MediaPacket], first: int, now: float) -> Sequence[Run]:
        """What leaves of a burst of `encoding` (`first`: the lowest index in it)."""
        if encoding is self.current and encoding is self.wanted and first >= self._compressed_end:
            if first < self._first_in:
                burst = [packet for packet in burst if packet.index >= self._first_in]
                if not burst:
                    return ()
            return (self._sent(burst, now),)
        return self._receive_slowly(encoding, burst, now)

    def _receive_slowly(self, encoding: Encoding, burst: Sequence[MediaPacket], now: float) -> list[Run]:
        """The rare cases: a switch inside the burst, or packets of pictures that were sent from the cache."""
        runs: list[Run] = []
        if encoding is self.wanted and encoding is not self.current:
            start = next((n for n, packet in enumerate(burst) if packet.keyframe or not encoding.video), None)
            if start is None:
                return []
            self._switch(encoding, burst[start], now)
            return [self._sent([packet for packet in burst[start:] if packet.index >= self._first_in], now)]
        if encoding is self.current:
            for packet in burst:
                if packet.index < self._first_in:
                    continue
                if packet.index < self._compressed_end:
                    runs.append(self._sent_compressed(packet, now))
                else:
                    runs.append(self._sent([packet], now))
        return runs

    # -- switching ---------------------------------------------------------------------------------------------------

    def _switch(self, encoding: Encoding, packet: MediaPacket, now: float) -> None:
        self._begin_stretch(encoding, packet.index, self._aligned(encoding, packet.timestamp, now) - packet.timestamp)

    def _begin_stretch(self, encoding: Encoding, first_in: int, timestamp_offset: int) -> None:
        self.current = encoding
        self._first_in = first_in
        self._index_offset = self._next_index - first_in
        self._timestamp_offset = timestamp_offset
        self._compressed = {}
        self._compressed_end = 0
        self._stretches.append(_Stretch(self._next_index, self._index_offset, timestamp_offset, encoding))

    def _start_from_cache(self, encoding: Encoding, now: float) -> list[Run]:
        """The cached pictures at once, their timestamps pressed together just before the newest one's true time."""
        packets = list(encoding.gop.in_order())
        step = max(1, int(FRAME_STEP_S * self.clock_rate))
        times = sorted({packet.timestamp for packet in packets})
        newest = self._aligned(encoding, times[-1], now, room=step * (len(times) - 1))
        self._begin_stretch(encoding, packets[0].index, newest - times[-1])
        self._compressed = {
            timestamp: newest - step * (len(times) - 1 - position) for position, timestamp in enumerate(times)
        }
        self._compressed_end = packets[-1].index + 1
        return [self._sent_compressed(packet, now) for packet in packets]

    def _aligned(self, encoding: Encoding, timestamp: int, now: float, room: int = 0) -> int:
        """The outgoing timestamp for `timestamp` of `encoding`, after everything sent by more than `room`."""
        common = encoding.common_time(timestamp)
        earliest = self._last_timestamp + room + 1
        if self._last_sent_at is None:
            result = earliest
        elif common is not None and self._zero is not None:
            result = max(common + self._zero, earliest)
        else:  # no sender report yet: as much later as it left later
            result = max(self._last_timestamp + round((now - self._last_sent_at) * self.clock_rate), earliest)
        if common is not None and self._zero is None:
            self._zero = result - common
        return result

    def detach(self) -> None:
        """The publisher went; whoever comes next has another clock."""
        self.wanted = self.current = None
        self._zero = None

    # -- sending -----------------------------------------------------------------------------------------------------

    def _sent(self, packets: Sequence[MediaPacket], now: float) -> Run:
        highest = packets[-1].index + self._index_offset
        if len(packets) > 1:
            highest = max(packet.index for packet in packets) + self._index_offset
        if highest >= self._next_index:
            self._next_index = highest + 1
        timestamp = packets[-1].timestamp + self._timestamp_offset
        if timestamp > self._last_timestamp:
            self._last_timestamp = timestamp
        self._last_sent_at = now
        self.packets_sent += len(packets)
        for packet in packets:
            self.octets_sent += len(packet.payload)
        return Run(packets, self._index_offset, self._timestamp_offset)

    def _sent_compressed(self, packet: MediaPacket, now: float) -> Run:
        run = self._sent([packet], now)
        if (pressed := self._compressed.get(packet.timestamp)) is not None:
            return run._replace(timestamp_offset=pressed - packet.timestamp)
        return run

    def retransmit(self, lost: Sequence[int], now: float) -> list[Run]:
        """Answer a NACK for these 16-bit sequence numbers from the shared history; unknown ones are passed over."""
        runs = []
        for sequence in lost:
            index = self._next_index - 1 - ((self._next_index - 1 - sequence) & 0xFFFF)
            stretch = next((each for each in reversed(self._stretches) if each.first_index <= index), None)
            if stretch is None or now - self._resent.get(index, float("-inf")) < NACK_REPEAT_S:
                continue
            packet = stretch.encoding.history.get(index - stretch.index_offset)
            if packet is None:
                continue
            timestamp_offset = stretch.timestamp_offset
            if stretch is self._stretches[-1] and packet.index < self._compressed_end:
                pressed = self._compressed.get(packet.timestamp)
                timestamp_offset = timestamp_offset if pressed is None else pressed - packet.timestamp
            self._resent[index] = now
            self.packets_resent += 1
            runs.append(Run((packet,), stretch.index_offset, timestamp_offset))
        if len(self._resent) > 2048:
            self._resent = {index: at for index, at in self._resent.items() if now - at < 1.0}
        return runs

    # -- reports -----------------------------------------------------------------------------------------------------

    def sender_report(self, now: float, unix_now: float) -> SenderReport | None:
        """The publisher's clock as seen through our timestamps, so that sound and picture meet at the subscriber."""
        encoding = self.current
        if encoding is None or self._last_sent_at is None:
            return None
        report = encoding.sender_report
        if report is None:
            timestamp = self._last_timestamp + round((now - self._last_sent_at) * self.clock_rate)
            ntp = ntp_time(unix_now)
        else:
            elapsed = now - encoding.sender_report_at
            timestamp = report.rtp_timestamp + self._timestamp_offset + round(elapsed * self.clock_rate)
            ntp = ntp_time(unix_time(report.ntp_time) + elapsed)
        self._reports_sent.append((compact_ntp(ntp), now))
        return SenderReport(self.ssrc, ntp, timestamp & 0xFFFFFFFF, self.packets_sent, self.octets_sent)

    def round_trip_s(self, last_sr: int, delay: int, now: float) -> float | None:
        """Round trip told by a report block that echoes one of our sender reports; None when it echoes none."""
        for sent, at in self._reports_sent:
            if sent == last_sr and last_sr:
                return max(0.0, now - at - delay / 65_536)
        return None

"""One incoming RTP stream and everything shared by those who receive it."""

from collections.abc import Mapping
from typing import Protocol

from classroom.rtp.packet import RtpPacket
from classroom.rtp.rtcp import ReportBlock, SenderReport, compact_ntp, unix_time
from classroom.rtp.sdp import Codec
from classroom.rtp.sequence import Unwrapper
from media_server.sfu.codecs.known import payload_format
from media_server.sfu.codecs.payload import PayloadInfo
from media_server.sfu.history import GopCache, MediaPacket, PacketHistory, RedundantPacket
from media_server.sfu.keyframes import KeyframeRequests
from media_server.sfu.nack import NackGenerator
from media_server.sfu.pause import PauseRequests

VIDEO_HISTORY_PACKETS = 1024  # 8 s of 1.2 Mbps; a retransmission later than that is of no use
AUDIO_HISTORY_PACKETS = 256  # 5 s of 20 ms packets
GOP_CACHE_BYTES = 1_500_000
SILENT_AFTER_S = 1.5  # an encoding that sends nothing for so long is not offered to viewers
_RATE_WINDOW_S = 0.5
_NONE: Mapping[str, bytes] = {}


class Tap(Protocol):
    """Who gets everything that comes in on an encoding, in order of arrival, and must be quick about it."""

    def packet(self, packet: MediaPacket, now: float) -> None:
        """A packet that was not here yet; an empty one held nothing but padding."""

    def report(self, report: SenderReport, timestamp: int, now: float) -> None:
        """A sender report that came `now`, and its RTP timestamp, extended as those of the packets."""


class Encoding:
    """One quality of a track, or several when its codec is scalable (SVC).

    `rid` is empty when the publisher sends only one. `extensions` are the header extensions to read and pass on, by
    the publisher's ids.
    """

    def __init__(
        self, rid: str, ssrc: int, codec: Codec, *, video: bool, extensions: Mapping[int, str] | None = None
    ) -> None:
        self.rid = rid
        self.ssrc = ssrc
        self.codec = codec
        self.format = payload_format(codec)
        self.clock_rate = codec.clock_rate
        self.video = video
        self.history = PacketHistory(VIDEO_HISTORY_PACKETS if video else AUDIO_HISTORY_PACKETS)
        self.gop = GopCache(GOP_CACHE_BYTES)
        self.nacks = NackGenerator()
        self.keyframes = KeyframeRequests()
        self.pause = PauseRequests()
        self.watched_at = float("-inf")  # when it was last decided that somebody gets this
        self.sizes: tuple[tuple[int, int], ...] = ()  # of each spatial layer, the lowest first
        self.newest: MediaPacket | None = None  # but for padding
        self.bitrate_bps = 0
        self.packets = 0
        self.repaired = 0
        self.redundant = False  # its packets come as RED (RFC 2198)
        self.last_packet_at = float("-inf")
        self.sender_report: SenderReport | None = None
        self.sender_report_at = 0.0
        self._tap: Tap | None = None
        self._sequence = Unwrapper(16)
        self._timestamp = Unwrapper(32)
        self._first_index: int | None = None
        self._keyframe_index = 0
        self._extensions = extensions or {}
        self._layers: dict[int, int] = {}  # bytes in this window, by `PayloadInfo.targets`
        self._layer_bps: dict[int, int] = {}
        self._window_bytes = 0
        self._window_began = 0.0
        self._transit: float | None = None
        self._jitter = 0.0
        self._reported_received = 0
        self._reported_expected = 0

    def receive(
        self, packet: RtpPacket, now: float, *, repair: bool = False, redundant: bytes = b""
    ) -> MediaPacket | None:
        """Keep `packet` and return it as forwarded; None for a duplicate or one from before our memory.

        One with padding only, as browsers probe their line with, is forwarded empty: its number must not be missing
        downstream, since a receiver would ask for it and wait.

        A `repair` is not counted as received: RFC 4588 § 6.2 has the reports tell the loss as it was. `redundant`: the
        RED payload (RFC 2198) that `packet` was taken out of.
        """
        index = self._sequence.unwrap(packet.sequence)
        timestamp = self._timestamp.unwrap(packet.timestamp)
        extensions = self._elements(packet) if self._extensions and packet.profile else _NONE
        info = self.format.read(packet.payload, extensions)
        media: MediaPacket
        if redundant:
            self.redundant = True
            media = RedundantPacket(packet, index, timestamp, redundant, extensions)
        else:
            keyframe = self._begins_keyframe(info, index, timestamp)
            media = MediaPacket(packet, index, timestamp, keyframe, info=info, extensions=extensions)
        if not self.history.add(media):
            return None
        if self._first_index is None:
            self._first_index = index
            self.watched_at = now  # who comes first finds everything running
        self.nacks.receive(index, now)
        if packet.payload and (self.newest is None or index > self.newest.index):
            self.newest = media
        if repair:
            self.repaired += 1
        elif not packet.payload:
            self.packets += 1
        else:
            self._measure(media, now)
        if self.video:
            self.gop.add(media, now)
            if media.keyframe:
                self.keyframes.arrived()
                self._keyframe_index = max(index, self._keyframe_index)
            if info.sizes:  # VP9 tells of more or fewer layers also between keyframes
                self.sizes = info.sizes
        if self._tap is not None:
            self._tap.packet(media, now)
        return media

    def lacks(self, sequence: int) -> bool:
        """Whether a packet with this 16-bit number is missing, of those since the first one."""
        index = self._sequence.peek(sequence)
        return self._first_index is not None and index > self._first_index and self.history.get(index) is None

    def listen(self, tap: Tap | None) -> None:
        """From now on `tap` gets what comes in, beginning with the last sender report."""
        self._tap = tap
        if tap is not None and self.sender_report is not None:
            self._tell(tap, self.sender_report, self.sender_report_at)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the whole picture; zero before they are known."""
        return self.sizes[-1] if self.sizes else (0, 0)

    def layer_bps(self, spatial: int) -> int:
        """Bitrate of what a receiver of this spatial layer needs; 0 before it is measured."""
        return sum(rate for targets, rate in self._layer_bps.items() if targets >> spatial & 1)

    def sending(self, now: float) -> bool:
        return now - self.last_packet_at < SILENT_AFTER_S or self.pause.offered(now)

    def stopped(self) -> None:
        """The publisher was asked to stop: nobody shall begin with what is cached."""
        self.gop.clear()

    @property
    def asks(self) -> bool:
        """Whether its publisher is to be asked for a packet or a keyframe, now or again."""
        return self.nacks.waiting or self.keyframes.wanted

    def missing(self, now: float, rtt_s: float) -> list[int]:
        """What to ask the publisher for again. Pictures that refer to what never came are mended by a keyframe."""
        indices = self.nacks.due(now, rtt_s)
        if self.video and self.nacks.abandoned > self._keyframe_index:
            self.keyframes.want()
        return indices

    @property
    def jitter_s(self) -> float:
        """Interarrival jitter (RFC 3550 § 6.4.1)."""
        return self._jitter / self.clock_rate

    def receive_report(self, report: SenderReport, now: float) -> None:
        self.sender_report, self.sender_report_at = report, now
        if self._tap is not None:
            self._tell(self._tap, report, now)

    def common_time(self, timestamp: int) -> int | None:
        """`timestamp` on the publisher's NTP clock in units of the clock rate; None before the first sender report.

        Encodings of one track count from different offsets; on this scale they line up (RFC 3550 § 6.4.1).
        """
        report = self.sender_report
        if report is None:
            return None
        behind = (timestamp - report.rtp_timestamp + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        return round(unix_time(report.ntp_time) * self.clock_rate) + behind

    def report_block(self, now: float) -> ReportBlock | None:
        """What to tell the publisher about this stream since the last call; None before its first packet."""
        if self._first_index is None or self._sequence.highest is None:
            return None
        expected = self._sequence.highest - self._first_index + 1
        lost = expected - self.packets
        interval_expected = expected - self._reported_expected
        interval_lost = interval_expected - (self.packets - self._reported_received)
        self._reported_expected, self._reported_received = expected, self.packets
        fraction = max(0, min(255, interval_lost * 256 // interval_expected)) if interval_expected > 0 else 0
        report = self.sender_report
        last_sr = compact_ntp(report.ntp_time) if report else 0
        delay = int((now - self.sender_report_at) * 65_536) if report else 0
        # The unwrapper starts one cycle above zero.
        highest = self._sequence.highest - 0x10000
        return ReportBlock(self.ssrc, fraction, lost, highest, int(self._jitter), last_sr, delay)

    def _tell(self, tap: Tap, report: SenderReport, now: float) -> None:
        if self.newest is not None:  # before the first packet nobody can tell in which cycle its timestamps are
            tap.report(report, self._timestamp.peek(report.rtp_timestamp), now)

    def _elements(self, packet: RtpPacket) -> Mapping[str, bytes]:
        uris = self._extensions
        return {uris[id_]: value for id_, value in packet.extensions().items() if id_ in uris} or _NONE

    def _begins_keyframe(self, info: PayloadInfo, index: int, timestamp: int) -> bool:
        if not info.keyframe:
            return False
        # The slices of one H.264 picture share a timestamp: only the first of its packets begins the keyframe.
        before = self.history.get(index - 1)
        if before is None:
            # Lost, perhaps the packet with the parameter sets: without those nobody can begin here.
            return bool(info.sizes)
        return before.timestamp != timestamp

    def _measure(self, packet: MediaPacket, now: float) -> None:
        size, timestamp = len(packet.payload), packet.timestamp
        if now - self.last_packet_at > SILENT_AFTER_S:  # a pause is no measure of what comes after it
            self._window_bytes, self._window_began = 0, now
            self._layers = {}
        self.packets += 1
        self.last_packet_at = now
        # RFC 3550 § A.8
        transit = now * self.clock_rate - timestamp
        if self._transit is not None:
            self._jitter += (abs(transit - self._transit) - self._jitter) / 16
        self._transit = transit
        self._window_bytes += size
        if len(self.sizes) > 1:
            targets = packet.info.targets
            self._layers[targets] = self._layers.get(targets, 0) + size
        elapsed = now - self._window_began
        if elapsed >= _RATE_WINDOW_S:
            rate = self._window_bytes * 8 / elapsed
            self.bitrate_bps = round(rate if not self.bitrate_bps else 0.7 * self.bitrate_bps + 0.3 * rate)
            self._layer_bps = {targets: round(count * 8 / elapsed) for targets, count in self._layers.items()}
            self._layers = {}
            self._window_bytes, self._window_began = 0, now

"""One incoming RTP stream and everything shared by those who receive it."""

from classroom.rtp.packet import RtpPacket
from classroom.rtp.rtcp import ReportBlock, SenderReport, compact_ntp, unix_time
from classroom.rtp.sequence import Unwrapper
from media_server.sfu import h264
from media_server.sfu.history import GopCache, MediaPacket, PacketHistory
from media_server.sfu.keyframes import KeyframeRequests
from media_server.sfu.nack import NackGenerator
from media_server.sfu.pause import PauseRequests

VIDEO_HISTORY_PACKETS = 1024  # 8 s of 1.2 Mbps; a retransmission later than that is of no use
AUDIO_HISTORY_PACKETS = 256  # 5 s of 20 ms packets
GOP_CACHE_BYTES = 1_500_000
SILENT_AFTER_S = 1.5  # an encoding that sends nothing for so long is not offered to viewers
_RATE_WINDOW_S = 0.5


class Encoding:
    """One quality of a track. `rid` is empty when the publisher sends only one."""

    def __init__(self, rid: str, ssrc: int, clock_rate: int, *, video: bool) -> None:
        self.rid = rid
        self.ssrc = ssrc
        self.clock_rate = clock_rate
        self.video = video
        self.history = PacketHistory(VIDEO_HISTORY_PACKETS if video else AUDIO_HISTORY_PACKETS)
        self.gop = GopCache(GOP_CACHE_BYTES)
        self.nacks = NackGenerator()
        self.keyframes = KeyframeRequests()
        self.pause = PauseRequests()
        self.watched_at = float("-inf")  # when it was last decided that somebody gets this
        self.size: tuple[int, int] = (0, 0)
        self.bitrate_bps = 0
        self.packets = 0
        self.repaired = 0
        self.last_packet_at = float("-inf")
        self.sender_report: SenderReport | None = None
        self.sender_report_at = 0.0
        self._sequence = Unwrapper(16)
        self._timestamp = Unwrapper(32)
        self._first_index: int | None = None
        self._keyframe_index = 0
        self._window_bytes = 0
        self._window_began = 0.0
        self._transit: float | None = None
        self._jitter = 0.0
        self._reported_received = 0
        self._reported_expected = 0

    def receive(self, packet: RtpPacket, now: float, *, repair: bool = False) -> MediaPacket | None:
        """Keep `packet` and return it as forwarded; None for a duplicate or one from before our memory.

        A `repair` is not counted as received: RFC 4588 § 6.2 has the reports tell the loss as it was.
        """
        if not packet.payload:  # padding only: a bandwidth probe, nobody downstream needs it
            self.nacks.receive(self._sequence.unwrap(packet.sequence), now)
            return None
        index = self._sequence.unwrap(packet.sequence)
        timestamp = self._timestamp.unwrap(packet.timestamp)
        keyframe = self.video and self._begins_keyframe(packet, index, timestamp)
        media = MediaPacket(packet, index, timestamp, keyframe)
        if not self.history.add(media):
            return None
        if self._first_index is None:
            self._first_index = index
            self.watched_at = now  # who comes first finds everything running
        self.nacks.receive(index, now)
        if repair:
            self.repaired += 1
        else:
            self._measure(len(packet.payload), timestamp, now)
        if self.video:
            self.gop.add(media, now)
            if keyframe:
                self.keyframes.arrived()
                self._keyframe_index = max(index, self._keyframe_index)
                self.size = h264.picture_size(packet.payload) or self.size
        return media

    def sending(self, now: float) -> bool:
        return now - self.last_packet_at < SILENT_AFTER_S or self.pause.offered(now)

    def stopped(self) -> None:
        """The publisher was asked to stop: nobody shall begin with what is cached."""
        self.gop.clear()

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

    def _begins_keyframe(self, packet: RtpPacket, index: int, timestamp: int) -> bool:
        if not h264.begins_keyframe(packet.payload):
            return False
        # The slices of one picture share a timestamp: only the first of its packets begins the keyframe.
        before = self.history.get(index - 1)
        if before is None:
            # Lost, perhaps the packet with the parameter sets: without those nobody can begin here.
            return h264.picture_size(packet.payload) is not None
        return before.timestamp != timestamp

    def _measure(self, size: int, timestamp: int, now: float) -> None:
        if now - self.last_packet_at > SILENT_AFTER_S:  # a pause is no measure of what comes after it
            self._window_bytes, self._window_began = 0, now
        self.packets += 1
        self.last_packet_at = now
        # RFC 3550 § A.8
        transit = now * self.clock_rate - timestamp
        if self._transit is not None:
            self._jitter += (abs(transit - self._transit) - self._jitter) / 16
        self._transit = transit
        self._window_bytes += size
        elapsed = now - self._window_began
        if elapsed >= _RATE_WINDOW_S:
            rate = self._window_bytes * 8 / elapsed
            self.bitrate_bps = round(rate if not self.bitrate_bps else 0.7 * self.bitrate_bps + 0.3 * rate)
            self._window_bytes, self._window_began = 0, now

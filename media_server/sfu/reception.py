"""How well a subscriber receives, as its receiver reports tell it."""

from classroom.rtp.rtcp import ReportBlock

WINDOW_S = 0.5
FEWEST_PACKETS = 10  # a window with fewer says nothing about the line


class Reception:
    """Loss over windows of half a second, of all streams of a subscriber together.

    Browsers attach a report to every NACK they send, dozens a second when it matters: each report's own fraction then
    speaks of a handful of packets. The cumulative counts (RFC 3550 § 6.4.1) do not have that fault.
    """

    def __init__(self) -> None:
        self._latest: dict[int, tuple[int, int]] = {}
        self._before: dict[int, tuple[int, int]] = {}
        self._began_at: float | None = None

    def hear(self, report: ReportBlock, now: float) -> float | None:
        """The share of packets lost, once per window."""
        if self._began_at is None:
            self._began_at = now
        self._latest[report.ssrc] = (report.highest_sequence, report.packets_lost)
        self._before.setdefault(report.ssrc, self._latest[report.ssrc])
        if now - self._began_at < WINDOW_S:
            return None
        expected = lost = 0
        for ssrc, (highest, total_lost) in self._latest.items():
            highest_before, lost_before = self._before[ssrc]
            expected += (highest - highest_before) & 0xFFFFFFFF
            lost += max(0, total_lost - lost_before)
        self._before = dict(self._latest)
        self._began_at = now
        return min(1.0, lost / expected) if expected >= FEWEST_PACKETS else None

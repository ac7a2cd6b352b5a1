"""Somebody who receives a room's sources: its downlinks, what its reports say, and what fits its line."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from classroom.messages.views import Quality
from classroom.rtp.rtcp import ReportBlock
from media_server.sfu.downlink import START_BYTES, Downlink
from media_server.sfu.governor import Governor, Picture, Reason
from media_server.sfu.point import OperatingPoint
from media_server.sfu.reception import Reception
from media_server.sfu.repairs import RepairBudget
from media_server.sfu.source import Source

GOOD_LOSS, FAIR_LOSS = 0.02, 0.08
GOOD_RTT_S, FAIR_RTT_S = 0.2, 0.5
_SMOOTHING = 0.3
THIN_START_S = 0.3
DECIDE_EVERY_S = 1.0  # while nothing is heard of a subscriber and it is offered the same


class TrackState(NamedTuple):
    """What a section carries: an operating point's rid, or nothing and why."""

    mid: str
    rid: str | None
    reason: Reason | None


class Subscriber:
    """The pure side of a receiving peer."""

    def __init__(self, id_: str) -> None:
        self.id = id_
        self.downlinks: dict[str, Downlink] = {}
        self.by_ssrc: dict[int, Downlink] = {}
        self.reasons: dict[str, Reason | None] = {}
        self.governor = Governor()
        self.repairs = RepairBudget()
        self.loss = 0.0
        self.rtt_s: float | None = None
        self._reception = Reception()
        self._decide_at = 0.0

    def set_downlinks(self, downlinks: Mapping[str, Downlink]) -> None:
        """After (re)negotiation: all sections by mid."""
        self.downlinks = dict(downlinks)
        self.by_ssrc = {}
        for downlink in downlinks.values():
            self.by_ssrc[downlink.ssrc] = downlink
            self.by_ssrc[downlink.rtx_ssrc] = downlink

    @property
    def sent_bps(self) -> int:
        """Bitrate of the pictures now carried."""
        return sum(point.bitrate_bps for downlink in self._pictures() if (point := downlink.point))

    @property
    def start_bytes(self) -> int:
        """The most a cached picture may burst onto this line: 0.3 s of it, once it is known to be thin."""
        limit_bps = self.governor.limit_bps
        return START_BYTES if limit_bps is None else min(START_BYTES, int(limit_bps * THIN_START_S / 8))

    def due(self, now: float) -> bool:
        """Whether it is time to decide again: something was heard of its line, or a while has passed."""
        return now >= self._decide_at

    def hear_report(self, report: ReportBlock, now: float) -> None:
        self._decide_at = now
        downlink = self.by_ssrc.get(report.ssrc)
        if downlink is None:
            return
        round_trip = downlink.round_trip_s(report.last_sr, report.delay_since_last_sr, now)
        if round_trip is not None:
            self.rtt_s = round_trip
        if report.ssrc != downlink.ssrc:
            return  # what is lost of retransmissions is asked for again
        loss = self._reception.hear(report, now)
        if loss is not None:
            self.loss += _SMOOTHING * (loss - self.loss)
            self.governor.hear_loss(loss, self.sent_bps, now)

    def hear_estimate(self, estimate_bps: int, now: float) -> None:
        self._decide_at = now
        self.governor.hear_estimate(estimate_bps, self.sent_bps, now)

    def quality(self) -> Quality:
        """In one word, for the teacher's panel."""
        pictures = list(self._pictures())
        if pictures and all(self.reasons.get(downlink.mid) == "bandwidth" for downlink in pictures):
            return "audio_only"
        rtt = self.rtt_s or 0.0
        if self.loss <= GOOD_LOSS and rtt <= GOOD_RTT_S:
            return "good"
        return "fair" if self.loss <= FAIR_LOSS and rtt <= FAIR_RTT_S else "poor"

    def decide(
        self, sources: Mapping[str, Source], now: float
    ) -> Iterator[tuple[Downlink, OperatingPoint | None, Reason | None]]:
        """What each downlink should carry now."""
        self._decide_at = now + DECIDE_EVERY_S
        pictures = []
        for downlink in self.downlinks.values():
            source = sources.get(downlink.source)
            track = source.tracks.get(downlink.kind) if source else None
            decodable = track is None or downlink.format_for(track.codec) is not None
            points = [point for point in track.points(now) if downlink.takes(point)] if track and decodable else []
            none: Reason = "no_source" if decodable else "codec"
            if downlink.kind == "video":
                pictures.append(Picture(downlink.mid, downlink.preference, points, none))
            elif downlink.preference == "off":
                yield downlink, None, "off"
            else:
                yield downlink, points[0] if points else None, None if points else none
        for mid, choice in self.governor.decide(pictures, now).items():
            yield self.downlinks[mid], choice.point, choice.reason

    def _pictures(self) -> Iterator[Downlink]:
        return (downlink for downlink in self.downlinks.values() if downlink.kind == "video")

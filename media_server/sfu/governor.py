"""Which picture quality fits a subscriber's line. Sound is never decided here, so it survives whatever pictures do.

Downstream we hear loss (receiver reports) and the receiver's estimate (REMB). The governor starts optimistically,
lowers its limit on congestion and tries the next step again after a quiet while, longer after each failure.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from media_server.sfu.point import OperatingPoint

CONGESTED_LOSS = 0.10  # below that, NACK repairs (measured loss on school lines is below 5 %)
UNUSABLE_LOSS = 0.30  # repairs are lost as well: a picture would only stand still, and take what the sound needs
LOSSY_FOR_S = 0.4  # one bad window is chance, two in a row are not
NARROW_FOR_S = 1.5  # an estimate dips when the receiver itself is busy
SETTLE_S = 2.0  # after lowering: queues empty, and reports still speak of what was sent before
ESTIMATE_MARGIN = 0.85  # an estimate this far below what is sent may mean that a queue is growing
RECOVERING = 1.05  # one that has grown so much in `NARROW_FOR_S` is catching up: receivers raise theirs by 8 % a second
FIRST_WAIT_S = 8.0
LONGEST_WAIT_S = 64.0
PROBATION_S = 5.0
UNKNOWN_BITRATE_BPS = 100_000  # of an encoding too young to be measured

Reason = Literal["bandwidth", "codec", "no_source", "off"]


class Picture(NamedTuple):
    """One video section to decide for: what the viewer prefers, and what it may be given, the best first.

    `none` is the reason to give when there is nothing.
    """

    key: str
    preference: str
    points: Sequence[OperatingPoint]
    none: Reason = "no_source"


class Choice(NamedTuple):
    point: OperatingPoint | None
    reason: Reason | None


class Governor:
    """The limit of one subscriber's pictures, learnt from feedback."""

    def __init__(self) -> None:
        self.limit_bps: float | None = None
        self._starved = False  # the line is too thin even for the lowest, for all we know
        self._lossy_since: float | None = None
        self._narrow_since: float | None = None
        self._narrow_bps = 0.0  # the estimate then
        self._lowered_at = float("-inf")
        self._raised_at = float("-inf")
        self._wait_s = FIRST_WAIT_S

    def hear_loss(self, fraction: float, sent_bps: float, now: float) -> bool:
        """The loss in a window of `Reception`. Returns whether the limit changed."""
        self._lossy_since = _since(self._lossy_since, fraction > CONGESTED_LOSS, now)
        changed = self._lower(self._lossy_since, LOSSY_FOR_S, sent_bps * (1 - fraction), now)
        # A radio link loses packets however little is sent, and the lowest encoding can be repaired.
        self._starved |= changed and fraction > UNUSABLE_LOSS
        return changed

    def hear_estimate(self, estimate_bps: float, sent_bps: float, now: float) -> bool:
        """A REMB over everything we send. Returns whether the limit changed.

        After a burst a receiver's estimate is what little it got before, and climbs slowly from there although all
        that is sent arrives: a line that is too thin shows in an estimate that stays low.
        """
        narrow = estimate_bps < ESTIMATE_MARGIN * sent_bps
        if self._narrow_since is not None and now - self._narrow_since >= NARROW_FOR_S:
            narrow &= estimate_bps < RECOVERING * self._narrow_bps
        if self._narrow_since is None or not narrow:
            self._narrow_bps = estimate_bps
        self._narrow_since = _since(self._narrow_since, narrow, now)
        changed = self._lower(self._narrow_since, NARROW_FOR_S, estimate_bps, now)
        self._starved |= changed
        return changed

    def _lower(self, since: float | None, for_s: float, limit_bps: float, now: float) -> bool:
        if since is None or now - since < for_s or now - self._lowered_at < SETTLE_S:
            return False
        self._lossy_since = self._narrow_since = None
        self._lowered_at = now
        if now - self._raised_at < PROBATION_S:
            self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)
        self.limit_bps = limit_bps if self.limit_bps is None else min(limit_bps, self.limit_bps)
        return True

    def decide(self, pictures: Sequence[Picture], now: float) -> dict[str, Choice]:
        """An operating point, or none with the reason, for every picture; earlier pictures climb first.

        First every picture gets its lowest point, then they climb in order, as far as the limit goes.
        """
        ladders = {picture.key: _ladder(picture) for picture in pictures}
        steps, next_bps = _fill(pictures, ladders, self.limit_bps, self._starved)
        if next_bps is None:
            self.limit_bps, self._starved = None, False  # everything wanted fits
        elif self.limit_bps is not None and now - max(self._lowered_at, self._raised_at) >= self._wait_s:
            if self._raised_at > self._lowered_at:  # the last raise stood its probation
                self._wait_s = FIRST_WAIT_S
            self._raised_at = now
            self.limit_bps = next_bps
            steps, _ = _fill(pictures, ladders, self.limit_bps, self._starved)
        choices = {}
        for picture in pictures:
            ladder, step = ladders[picture.key], steps[picture.key]
            if step >= 0:
                choices[picture.key] = Choice(ladder[step], None)
            elif picture.preference == "off":
                choices[picture.key] = Choice(None, "off")
            else:
                choices[picture.key] = Choice(None, "bandwidth" if ladder else picture.none)
        return choices


def _since(since: float | None, holds: bool, now: float) -> float | None:
    """Since when a condition holds without a break."""
    if not holds:
        return None
    return now if since is None else since


def _ladder(picture: Picture) -> list[OperatingPoint]:
    """What a picture may use, the lowest first: up to the pinned one, or all."""
    if picture.preference == "off":
        return []
    rids = [point.rid for point in picture.points]
    first = rids.index(picture.preference) if picture.preference in rids else 0
    return list(reversed(picture.points[first:]))


def _fill(
    pictures: Sequence[Picture], ladders: dict[str, list[OperatingPoint]], limit_bps: float | None, starved: bool
) -> tuple[dict[str, int], float | None]:
    """The step of each picture on its ladder (-1: none), and the limit at which one more fits (None: all taken).

    Only who is starved may be left without the lowest.
    """
    steps = {picture.key: -1 for picture in pictures}
    used, next_bps = 0.0, None
    ranges = ((0, 1), (1, max((len(ladder) for ladder in ladders.values()), default=0)))
    for low, high in ranges:
        for picture in pictures:
            ladder = ladders[picture.key]
            for step in range(low, min(high, len(ladder))):
                if steps[picture.key] != step - 1:
                    break
                held = _rate(ladder[step - 1]) if step else 0
                total = used - held + _rate(ladder[step])
                if limit_bps is not None and total > limit_bps and (step or starved):
                    next_bps = total if next_bps is None else min(next_bps, total)
                    break
                used, steps[picture.key] = total, step
    return steps, next_bps


def _rate(point: OperatingPoint) -> int:
    return point.bitrate_bps or UNKNOWN_BITRATE_BPS

"""Which moment an RTP timestamp is: sender reports, publishers' clocks that drift or are set, and no seams.

All times are seconds on the server's monotonic clock. Two steps lead there: `SenderClock` lays a publisher's wall
clock beside ours, one for all it sends; `StreamClock` lays the timestamps of one stream beside that. Because picture
and sound go through the same `SenderClock`, what it gets wrong moves both.
"""

from collections import deque

DRIFT = 500e-6  # s/s that a wall clock is followed: quartz stays within 100 ppm
SETTLING_S = 10.0  # at first the offset is believed as it comes
CLOCK_SET_S = 1.0  # no queue on the way makes a report this early, or all of them this late
CONFIRMED_AFTER = 3  # late reports in a row: an outage that delivers late delays one or two

SLEW = 5e-3  # s/s that a stream is moved to where the reports say it is: inaudible, invisible
STEP_S = 0.2  # further away than that something was cut out or stood still: it is moved at once
IMPLAUSIBLE_S = 10.0  # a report that contradicts the packets' own arrival by so much is not believed


class _Floor:
    """The smallest of the values of the last while."""

    __slots__ = ("_bucket_s", "_buckets", "_smallest", "_until", "value")

    def __init__(self, bucket_s: float, buckets: int) -> None:
        self._bucket_s = bucket_s
        self._buckets: deque[float] = deque(maxlen=buckets - 1)  # those that are complete
        self._smallest = self.value = float("inf")
        self._until = float("-inf")

    def add(self, value: float, now: float) -> None:
        if now >= self._until:
            if self._until > float("-inf"):
                self._buckets.append(self._smallest)
            self._smallest = value
            self._until = now + self._bucket_s
            self.value = min((value, *self._buckets))
        elif value < self._smallest:
            self._smallest = value
            self.value = min(value, self.value)


class SenderClock:
    """One publisher's wall clock (NTP seconds in its reports) → ours."""

    def __init__(self) -> None:
        self._offset_s: float | None = None  # ours minus the publisher's, as it is applied
        self._floor = _new_floor()
        self._began_at = 0.0
        self._heard_at = 0.0
        self._late: list[float] = []  # offsets of reports in a row that came too late to be true

    def hear(self, ntp_s: float, now: float) -> float | None:
        """When, on our clock, it was `ntp_s` on the publisher's, told by a report that came `now`.

        None while it is not clear whether the report was held up or the publisher's clock was set back.
        """
        heard_s = now - ntp_s
        offset_s = self._offset_s
        if offset_s is None or heard_s < offset_s - CLOCK_SET_S:  # set forward: nothing comes too early
            offset_s = self._restart(heard_s, now)
        elif heard_s > offset_s + CLOCK_SET_S:
            self._late.append(heard_s)
            if len(self._late) < CONFIRMED_AFTER:
                return None
            offset_s = self._restart(min(self._late), now)
        else:
            offset_s = self._follow(offset_s, heard_s, now)
        self._late.clear()
        self._offset_s, self._heard_at = offset_s, now
        return ntp_s + offset_s

    def _restart(self, heard_s: float, now: float) -> float:
        self._floor = _new_floor()
        self._floor.add(heard_s, now)
        self._began_at = now
        return heard_s

    def _follow(self, offset_s: float, heard_s: float, now: float) -> float:
        self._floor.add(heard_s, now)
        if now - self._began_at < SETTLING_S:
            return self._floor.value
        most = DRIFT * max(0.0, now - self._heard_at)
        return offset_s + max(-most, min(most, self._floor.value - offset_s))


class StreamClock:
    """Extended RTP timestamps of one stream → our clock; what lies between consecutive ones hardly ever changes.

    Until the first report the packets' arrival is the measure, the quickest of them.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._reported = False
        self._begun = False
        self._timestamp = 0  # the newest one asked for
        self._at = 0.0  # and its time
        self._error_s = 0.0  # what is still to be made up, by and by
        self._arrivals = _Floor(5.0, 3)  # arrival minus timestamp, in seconds

    @property
    def running(self) -> bool:
        """Whether a packet has arrived."""
        return self._arrivals.value < float("inf")

    def arrive(self, timestamp: int, now: float) -> None:
        """A packet of this timestamp came `now`; cheap, for every packet."""
        self._arrivals.add(now - timestamp / self._rate_hz, now)

    def report(self, timestamp: int, at: float) -> bool:
        """A sender report: `timestamp` was at `at`. False when that cannot be. A packet must have arrived before."""
        if abs(at - self._arrived(timestamp)) > IMPLAUSIBLE_S:
            return False
        if not self._begun:
            self._begin(timestamp, at)
        else:
            self._correct(at - self._steady(timestamp), at_once=not self._reported)
        self._reported = True
        return True

    def time(self, timestamp: int) -> float:
        """When `timestamp` was. A packet must have arrived before."""
        if not self._begun:
            self._begin(timestamp, self._arrived(timestamp))
        elapsed_s = (timestamp - self._timestamp) / self._rate_hz
        if elapsed_s <= 0:
            return self._at + elapsed_s
        if not self._reported:
            self._correct(self._arrived(timestamp) - self._steady(timestamp), at_once=False)
        most = elapsed_s * SLEW
        made_up_s = max(-most, min(most, self._error_s))
        self._error_s -= made_up_s
        self._timestamp = timestamp
        self._at += elapsed_s + made_up_s
        return self._at

    def _begin(self, timestamp: int, at: float) -> None:
        self._begun, self._timestamp, self._at = True, timestamp, at

    def _correct(self, error_s: float, *, at_once: bool) -> None:
        if at_once or abs(error_s) > STEP_S:
            self._at += error_s
            error_s = 0.0
        self._error_s = error_s

    def _steady(self, timestamp: int) -> float:
        """Where `timestamp` is when nothing is corrected."""
        return self._at + (timestamp - self._timestamp) / self._rate_hz

    def _arrived(self, timestamp: int) -> float:
        return self._arrivals.value + timestamp / self._rate_hz


def _new_floor() -> _Floor:
    """The quickest report of a minute is the measure: it waited in no queue."""
    return _Floor(15.0, 4)

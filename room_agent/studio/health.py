"""What to warn the teacher of, from sound levels and picture statistics.

Every alarm has hysteresis: its cause must last before it is raised, and be away for a while before it is cleared, so
that a pause between two sentences, or a slide with a black background, does not make the panel flicker.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from classroom.messages.views import AlarmCode

SILENCE_DBFS = -60.0  # a quiet classroom with an open microphone lies above, an unplugged one far below
SOUND_DBFS = -54.0  # 6 dB apart, so that noise at the border does not count as both
BLACK_LUMA = 26.0  # mean of a picture; limited-range black is 16
BLACK_DEVIATION = 8.0  # a dark slide with text on it varies more than this
STALLED_S = 2.0  # no picture for this long is no signal


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a cause must last to raise an alarm, and be away to clear it."""

    raise_s: float
    clear_s: float


PATIENCE: dict[AlarmCode, Patience] = {
    "no_signal": Patience(1.0, 1.0),  # on top of STALLED_S
    "silence": Patience(20.0, 0.5),  # children at work are quiet for a while
    "black_picture": Patience(5.0, 1.0),
    "source_failed": Patience(0.0, 3.0),  # a device that comes and goes stays reported
    "publishing_lost": Patience(3.0, 1.0),  # a reconnect of a second or two is not worth a word
}


@dataclass(frozen=True, slots=True)
class PictureStatistics:
    """Of the luma of one picture, 0 – 255."""

    mean: float
    deviation: float


class _Watch:
    """One alarm: tells whether it is raised, given when its cause was seen and not seen."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self.cause: bool | None = None
        self._cause_since_s = 0.0
        self.raised_at_s: float | None = None

    def update(self, cause: bool, now_s: float) -> None:
        if cause != self.cause:
            self.cause, self._cause_since_s = cause, now_s
        lasted_s = now_s - self._cause_since_s
        if self.raised_at_s is None and cause and lasted_s >= self._patience.raise_s:
            self.raised_at_s = now_s
        elif self.raised_at_s is not None and not cause and lasted_s >= self._patience.clear_s:
            self.raised_at_s = None

    def forget(self) -> None:
        self.cause = None
        self.raised_at_s = None


class SourceHealth:
    """The alarms of one source. Report what happens, then call `alarms` about once a second."""

    def __init__(self, now_s: float) -> None:
        self._watches = {code: _Watch(patience) for code, patience in PATIENCE.items()}
        self._has_picture = False
        self._picture_at_s = now_s
        self._failed = False
        self._publishing_lost = False

    def opened(self, has_picture: bool, has_sound: bool, now_s: float) -> None:
        """The source opened (again)."""
        self._failed = False
        self._has_picture = has_picture
        self._picture_at_s = now_s
        if not has_sound:
            self._watches["silence"].forget()

    def failed(self) -> None:
        self._failed = True

    def picture(self, statistics: PictureStatistics, now_s: float) -> None:
        self._picture_at_s = now_s
        black = statistics.mean < BLACK_LUMA and statistics.deviation < BLACK_DEVIATION
        self._watches["black_picture"].update(black, now_s)

    def sound(self, rms_dbfs: float, now_s: float) -> None:
        watch = self._watches["silence"]
        silent = bool(watch.cause)
        # In between the two thresholds, what was true stays true.
        if rms_dbfs < SILENCE_DBFS:
            silent = True
        elif rms_dbfs > SOUND_DBFS:
            silent = False
        watch.update(silent, now_s)

    def publishing(self, lost: bool) -> None:
        """Whether a lesson should be published but is not."""
        self._publishing_lost = lost

    def alarms(self, now_s: float) -> Iterator[tuple[AlarmCode, float]]:
        """The alarms raised now, with the moment each was raised."""
        stalled = self._has_picture and not self._failed and now_s - self._picture_at_s > STALLED_S
        self._watches["no_signal"].update(stalled, now_s)
        self._watches["source_failed"].update(self._failed, now_s)
        self._watches["publishing_lost"].update(self._publishing_lost, now_s)
        if self._failed or stalled:  # one cause, one alarm
            self._watches["black_picture"].forget()
        if self._failed:
            self._watches["silence"].forget()
        for code, watch in self._watches.items():
            if watch.raised_at_s is not None:
                yield code, watch.raised_at_s

"""From encoded pictures or sounds to fragments and segments: when one ends and the next begins."""

from dataclasses import dataclass

from classroom.fmp4.formats import Format
from classroom.fmp4.fragment import Sample, write_fragment
from classroom.fmp4.header import write_header

# What a power cut costs, less the time it takes to write: half of what is promised, for disks that are slow.
FRAGMENT_S = 0.5
# Two groups of pictures as live viewers need them anyway (every 2 s), so recording costs the line no keyframe of its
# own: shorter segments would be more files and requests, longer ones a later start for whoever watches close behind.
SEGMENT_S = 4.0
LONGEST_SEGMENT_S = 6.0  # an encoder that forgot its keyframes is asked for one
_EARLY_S = 0.1  # a keyframe that comes this much before its time is not early
_GAP_S = 1.0  # no sample for so long is a gap, and no long sample
_SILENCE_S = 5.0  # nothing comes any more; less may be a busy machine, whose next sample is only late


@dataclass(frozen=True, slots=True)
class SegmentBegun:
    """What follows needs `header`, begins at `start` (ticks) with a keyframe; what came before is a whole segment."""

    header: bytes
    start: int


@dataclass(frozen=True, slots=True)
class FragmentDone:
    """To be appended to the segment and made durable; it ends at `end` (ticks)."""

    data: bytes
    end: int


Output = SegmentBegun | FragmentDone


@dataclass(frozen=True, slots=True)
class _Waiting:
    data: bytes
    ticks: int
    keyframe: bool


class Segmenter:
    """One track. `floor` is where what is already recorded ends: nothing is ever recorded twice (ticks)."""

    def __init__(self, floor: int = 0) -> None:
        self._floor = floor
        self._form: Format | None = None
        self._begun: int | None = None
        self._waiting: list[_Waiting] = []
        self._sequence = 0
        self._usual = 0
        self.dropped = 0

    def add(self, form: Format, data: bytes, ticks: int, keyframe: bool) -> list[Output]:
        """The next sample, as MP4 keeps it. Out of order, or before the first keyframe, it is dropped and counted."""
        if ticks < self._floor or (self._waiting and ticks <= self._waiting[-1].ticks):
            self.dropped += 1
            return []
        scale = form.timescale
        done: list[Output] = []
        if self._waiting and ticks - self._waiting[-1].ticks > _GAP_S * scale:
            done += self.flush()
        new_form = self._form is not None and form.entry != self._form.entry
        if self._begun is None or (keyframe and (new_form or self._due(ticks, scale))):
            if not keyframe:
                self.dropped += 1
                return done
            done += self._write(ticks)
            self._form, self._begun = form, ticks
            done.append(SegmentBegun(write_header(form), ticks))
        elif self._waiting and ticks - self._waiting[0].ticks >= FRAGMENT_S * scale:
            done += self._write(ticks)
        self._waiting.append(_Waiting(data, ticks, keyframe))
        return done

    def flush(self) -> list[Output]:
        """Everything that waits: the last sample with the duration samples usually have."""
        if not self._waiting or self._form is None:
            return []
        last = self._waiting[-1].ticks
        return self._write(last + (self._usual or self._form.timescale // 25))

    def restart(self) -> None:
        """What waits is lost (it could not be written); begin again with a keyframe."""
        self._waiting = []
        self._begun = None

    def settle(self, now: int) -> list[Output]:
        """Call now and then: what waits for longer than a fragment should last, though nothing came after it.

        The last sample is held back, for its duration is not known, as long as one may still follow.
        """
        if not self._waiting:
            return []
        last = self._waiting[-1]
        if now - last.ticks > _SILENCE_S * self._scale:
            return self.flush()
        if len(self._waiting) == 1 or now - self._waiting[0].ticks <= 2 * FRAGMENT_S * self._scale:
            return []
        del self._waiting[-1]
        done = self._write(last.ticks)
        self._waiting = [last]
        return done

    def wants_keyframe(self, now: int) -> bool:
        return self._begun is None or now - self._begun > LONGEST_SEGMENT_S * self._scale

    @property
    def _scale(self) -> int:
        return self._form.timescale if self._form is not None else 1

    def _due(self, ticks: int, scale: int) -> bool:
        if self._begun is None:
            return True
        gap = not self._waiting and ticks - self._floor > _GAP_S * scale
        return gap or ticks - self._begun >= (SEGMENT_S - _EARLY_S) * scale

    def _write(self, until: int) -> list[Output]:
        """A fragment of all that waits, the last sample lasting `until`."""
        if not self._waiting:
            return []
        times = [each.ticks for each in self._waiting] + [until]
        if len(times) > 2:
            self._usual = times[1] - times[0]
        samples = [
            Sample(each.data, times[number + 1] - each.ticks, each.keyframe)
            for number, each in enumerate(self._waiting)
        ]
        self._sequence += 1
        data = write_fragment(self._sequence, times[0], samples)
        self._waiting = []
        self._floor = until
        return [FragmentDone(data, until)]

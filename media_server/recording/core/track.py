"""Samples with their time become segments of one track, without a shift and without a seam.

What is missing is made up for: sound by silence, a picture by the one before it, which stays longer. Only where a
publisher was away the gap stays a gap.
"""

from collections.abc import Generator, Iterator

from classroom.fmp4.formats import Format
from media_server.recording.core.segment import OpenSegment, SegmentOpened, Step
from media_server.recording.core.sound import silence
from media_server.recording.core.stream import Moment

SEGMENT_S = 6.0  # what HLS players like (Apple's authoring rules, 7.5); then a keyframe is asked for
LEAST_SEGMENT_S = 4.0  # a keyframe that comes by itself ends a segment of this length
LONGEST_SEGMENT_S = 60.0  # a publisher that gives no keyframes: seeking suffers, memory shall not
LONGEST_CONCEALED_S = 5.0  # more than that was lost: nobody takes silence for it
OVERLAP_S = 0.01  # sound that lies over what is already there by more than that is left out
USUAL_PICTURE_S = 0.04  # how long the last picture is shown when there was no other before it


class TrackWriter:
    """One track of a recording. `concealed_s`: silence made up; `overlapping`: sounds left out as they lay over
    others."""

    def __init__(self, began_at: float, now: float) -> None:
        """`began_at`: media time 0 on the clock of the moments."""
        self.concealed_s = 0.0
        self.overlapping = 0
        self._began_at = began_at
        self._segment: OpenSegment | None = None
        self._end = 0  # of the last one
        self._closed_s = 0.0  # duration of all of them but for the open one
        self._usual = 0  # how long a picture lately was shown
        # Fragments are numbered upwards also by a server that begins again: never a thousand in a second.
        self._fragments = max(0, int((now - began_at) * 1000))

    @property
    def recorded_s(self) -> float:
        """How much was recorded; gaps do not count."""
        segment = self._segment
        return self._closed_s + ((segment.end - segment.start) / segment.format.timescale if segment is not None else 0)

    def wants_keyframe(self, now: float) -> bool:
        """Whether the open segment is long enough."""
        segment = self._segment
        if segment is None:
            return False
        return self._ticks(now, segment.format) - segment.start >= SEGMENT_S * segment.format.timescale

    def add(self, moment: Moment) -> Iterator[Step]:
        """The next sample."""
        segment = self._segment
        form = moment.format or (segment.format if segment is not None else None)
        if form is None:
            return  # nothing to begin with
        time = self._ticks(moment.at, form)
        if time < 0:
            return
        if segment is not None and _is_gap(segment, moment, time):
            yield from self._close(segment, segment.end)
            segment = None
        keyframe = moment.format is not None
        if segment is None:
            time = max(time, self._end)
            segment = yield from self._open(form, time)
        elif moment.ticks:
            segment = yield from self._conceal(segment, time)
            if time < segment.end - round(OVERLAP_S * form.timescale):
                self.overlapping += 1
                return
        time = max(time, segment.last_time + 1) if segment.end > segment.start else time
        if form != segment.format or _is_long_enough(segment, time, keyframe=keyframe):
            yield from self._close(segment, time)
            segment = yield from self._open(form, time)
        yield from segment.add(time, moment.data, moment.ticks, keyframe=keyframe)

    def tick(self, now: float) -> Iterator[Step]:
        """What time brings: fragments are due also when nothing comes."""
        if self._segment is not None:
            yield from self._segment.tick(self._ticks(now, self._segment.format))

    def close(self, at: float | None = None) -> Iterator[Step]:
        """Nothing more comes, or not for a while: then what lies between is a gap. A picture stays until `at`."""
        segment = self._segment
        if segment is None:
            return
        end = segment.end
        if at is not None and not segment.format.channels:
            end = max(end, self._ticks(at, segment.format))
        yield from self._close(segment, end)

    def _ticks(self, at: float, form: Format) -> int:
        return round((at - self._began_at) * form.timescale)

    def _open(self, form: Format, start: int) -> Generator[Step, None, OpenSegment]:
        usual = self._usual or round(USUAL_PICTURE_S * form.timescale)
        self._segment = OpenSegment(form, start, fragments=self._fragments, usual=usual)
        yield SegmentOpened(form, start)
        return self._segment

    def _close(self, segment: OpenSegment, end: int) -> Iterator[Step]:
        yield from segment.close(end)
        self._fragments, self._usual, self._end = segment.fragments, segment.usual, end
        self._closed_s += (end - segment.start) / segment.format.timescale
        self._segment = None

    def _conceal(self, segment: OpenSegment, until: int) -> Generator[Step, None, OpenSegment]:
        """Silence from the end of the last packet until the next one, as far as it goes in whole packets."""
        form = segment.format
        for ticks, packet in silence(until - segment.end, form.channels):
            time = segment.end
            if _is_long_enough(segment, time, keyframe=True):
                yield from self._close(segment, time)
                segment = yield from self._open(form, time)
            yield from segment.add(time, packet, ticks, keyframe=True)
            self.concealed_s += ticks / form.timescale
        return segment


def _is_gap(segment: OpenSegment, moment: Moment, time: int) -> bool:
    return moment.after_loss and time - segment.end > LONGEST_CONCEALED_S * segment.format.timescale


def _is_long_enough(segment: OpenSegment, time: int, *, keyframe: bool) -> bool:
    """Whether the next segment may begin with a sample at `time`."""
    age_s = (time - segment.start) / segment.format.timescale
    if age_s >= LONGEST_SEGMENT_S:
        return True
    return keyframe and age_s >= (SEGMENT_S if segment.format.channels else LEAST_SEGMENT_S)

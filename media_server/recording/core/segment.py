"""One segment while it is written: samples in, fragments out."""

from collections.abc import Iterator
from typing import NamedTuple

from classroom.fmp4.formats import Format
from classroom.fmp4.fragment import Sample, write_fragment

FRAGMENT_S = 0.5  # with the turn of the recorder and the disk's flush well within the second that a crash may cost
LONGEST_USUAL_S = 1.0  # a picture that was shown for longer says nothing of the next one
STILL_S = 1.0  # a picture that stays longer is written before the next one comes


class SegmentOpened(NamedTuple):
    """A segment begins; its fragments follow. `start` in the format's timescale from the recording's `began_at`."""

    format: Format
    start: int


class FragmentWritten(NamedTuple):
    """Append `data` to the open segment; when `again`, instead of the fragment before, which is as long."""

    data: bytes
    again: bool


class SegmentClosed(NamedTuple):
    """The open segment has all its fragments; `duration` in the format's timescale."""

    duration: int


Step = SegmentOpened | FragmentWritten | SegmentClosed


class OpenSegment:
    """All times in the format's timescale. The last sample's duration is known when the next one comes.

    `usual` is how long pictures are shown lately, `fragments` the number of the last fragment of the whole track.
    """

    def __init__(self, form: Format, start: int, *, fragments: int, usual: int) -> None:
        self.format = form
        self.start = start
        self.fragments = fragments
        self.usual = usual
        self._samples: list[Sample] = []  # of the fragment to come
        self._samples_start = start
        self._last: Sample | None = None
        self._last_time = start
        self._last_written = False  # for the time being, with the duration so far

    @property
    def end(self) -> int:
        """Where the last sample ends as far as one knows."""
        return self._last_time + (self._last.duration if self._last is not None else 0)

    @property
    def last_time(self) -> int:
        """When the last sample begins."""
        return self._last_time

    def add(self, time: int, data: bytes, ticks: int, *, keyframe: bool) -> Iterator[Step]:
        """`time` is after that of the sample before, which lasts until then; `ticks` is 0 for a picture."""
        yield from self._finish(time)
        self._last, self._last_time = Sample(data, ticks or self.usual, keyframe), time

    def tick(self, now: int) -> Iterator[Step]:
        """Fragments are due also when nothing comes."""
        scale = self.format.timescale
        if self._samples and now - self._samples_start >= 2 * FRAGMENT_S * scale:
            yield self._flush()
        # Sound that pauses needs no such care: it is silence, whoever writes it.
        if self._last is not None and not self.format.channels and now - self._last_time >= STILL_S * scale:
            yield from self._write_last(self._last, now - self._last_time)

    def close(self, end: int) -> Iterator[Step]:
        """The last sample lasts until `end`."""
        yield from self._finish(end)
        if self._samples:
            yield self._flush()
        yield SegmentClosed(end - self.start)

    def _finish(self, time: int) -> Iterator[Step]:
        last, self._last = self._last, None
        if last is None:
            return
        duration = time - self._last_time
        if duration < LONGEST_USUAL_S * self.format.timescale:
            self.usual = duration
        if self._last_written:
            yield from self._write_last(last, duration)
            self._samples_start, self._last_written = time, False
        else:
            self._samples.append(Sample(last.data, duration, last.keyframe))
            if time - self._samples_start >= FRAGMENT_S * self.format.timescale:
                yield self._flush()
        self._last_time = time

    def _flush(self) -> Step:
        self.fragments += 1
        data = write_fragment(self.fragments, self._samples_start, self._samples)
        self._samples_start += sum(sample.duration for sample in self._samples)
        self._samples = []
        return FragmentWritten(data, again=False)

    def _write_last(self, last: Sample, duration: int) -> Iterator[Step]:
        """The last picture as a fragment of its own, as long as it has been shown by now."""
        if self._samples:
            yield self._flush()
        again, self._last_written = self._last_written, True
        self.fragments += not again
        sample = Sample(last.data, duration, last.keyframe)
        yield FragmentWritten(write_fragment(self.fragments, self._last_time, [sample]), again)

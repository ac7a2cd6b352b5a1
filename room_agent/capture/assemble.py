"""Decoded sound of any format and size, made into 20 ms frames of 48 kHz on a timeline of samples."""

from collections.abc import Iterator

import av
import numpy as np

from room_agent.capture.frames import SAMPLE_RATE_HZ, SOUND_SAMPLES, Samples

# Decoders report times rounded to their own time base (1 ms in Matroska); smaller steps than this are not real gaps.
_TOLERANCE_SAMPLES = SAMPLE_RATE_HZ // 50
# A larger step, either way, is no gap to be filled but a timeline that was set anew.
_LARGEST_GAP_SAMPLES = SAMPLE_RATE_HZ * 600


class SoundAssembler:
    """Give it frames with their place on the timeline, take whole 20 ms pieces from it.

    A gap in the input becomes silence, an overlap is cut off, so the pieces follow each other without either; only
    when the input's timeline itself jumps (by more than ten minutes) do the positions jump with it.
    """

    def __init__(self, channels: int, position: int = 0) -> None:
        self.channels = channels
        self._layout = "stereo" if channels == 2 else "mono"
        self._resampler = av.AudioResampler(format="s16", layout=self._layout, rate=SAMPLE_RATE_HZ)
        self._pieces: list[Samples] = []
        self._held = 0
        self._start = position  # of the first sample held

    @property
    def position(self) -> int:
        """Where the next sample will stand."""
        return self._start + self._held

    def add(self, frame: av.AudioFrame, position: int) -> Iterator[tuple[int, Samples]]:
        """Yields `(position, samples)` for every 20 ms that is now complete."""
        # The assembler, not the resampler, decides about time; a pts that jumps would make it pad or drop.
        frame.pts = None
        gap = position - self.position
        if abs(gap) > _LARGEST_GAP_SAMPLES:
            self._pieces, self._held, self._start, gap = [], 0, position, 0
        if gap > _TOLERANCE_SAMPLES:
            self._hold(np.zeros((gap, self.channels), np.int16))
        skip = -gap if gap < -_TOLERANCE_SAMPLES else 0
        for resampled in self._resampler.resample(frame):
            samples = resampled.to_ndarray().astype(np.int16, copy=False).reshape(-1, self.channels)
            self._hold(samples[skip:])
            skip = max(0, skip - len(samples))
        yield from self._take()

    def pad_to(self, position: int) -> Iterator[tuple[int, Samples]]:
        """Silence up to `position`; anything held beyond it is cut off. A new stream of frames may follow."""
        missing = position - self.position
        if missing > 0:
            self._hold(np.zeros((missing, self.channels), np.int16))
        elif missing < 0:
            whole = np.concatenate(self._pieces)[:missing]
            self._pieces, self._held = [whole], len(whole)
        self._resampler = av.AudioResampler(format="s16", layout=self._layout, rate=SAMPLE_RATE_HZ)
        yield from self._take()

    def move(self, samples: int) -> None:
        """Everything held, and what follows, stands `samples` later."""
        self._start += samples

    def _hold(self, samples: Samples) -> None:
        if len(samples):
            self._pieces.append(samples)
            self._held += len(samples)

    def _take(self) -> Iterator[tuple[int, Samples]]:
        if self._held < SOUND_SAMPLES:
            return
        whole = np.concatenate(self._pieces)
        count = len(whole) // SOUND_SAMPLES
        for index in range(count):
            position = self._start + index * SOUND_SAMPLES
            yield position, np.ascontiguousarray(whole[index * SOUND_SAMPLES : (index + 1) * SOUND_SAMPLES])
        rest = whole[count * SOUND_SAMPLES :]
        self._start += count * SOUND_SAMPLES
        self._pieces, self._held = ([rest], len(rest)) if len(rest) else ([], 0)

"""How loud it is when, for the waveform below the seek bar. Blocking: runs in a worker."""

import numpy as np

from classroom.fmp4.reader import read_segment
from media_server.watching.aac import opus_sound
from media_server.watching.aac_grid import RATE_HZ

PEAKS_A_SECOND = 10


def opus_peaks(segment: bytes, channels: int) -> bytes:
    """The loudest sample of every tenth of a second of an Opus segment, one byte each (255: full scale).

    The first is of the tenth in which the segment begins. Raises `MalformedMp4`.
    """
    fragments = read_segment(segment)
    step = RATE_HZ // PEAKS_A_SECOND
    first = fragments[0].decode_time // step * step
    end = fragments[-1].decode_time + fragments[-1].duration
    sound = opus_sound([segment], channels, first, -(-(end - first) // step) * step)
    peaks = np.abs(sound).max(axis=0).reshape(-1, step).max(axis=1)
    return bytes((np.minimum(peaks, 1.0) * 255).astype(np.uint8))

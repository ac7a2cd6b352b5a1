"""A number drawn into the picture, to be read back from decoded pixels (in a test: from a browser's canvas).

Layout, in fractions of the picture so that it survives scaling: one row of 32 blocks in the bottom left corner, each
1/64 of the width wide and 1/30 of the height high. Block i is sampled at its centre: x = (i + 0.5) / 64 · width,
y = 59/60 · height; brighter than half is 1. From left to right:

    1 0 | 24 bits counter, most significant first | 4 bits check | 0 1

where check = (sum of the six 4-bit digits of the counter + 5) mod 16. A row that does not begin with 1 0, end with
0 1 and carry the right check is not a code (a picture torn, too blurred, or of something else). In JavaScript, with
`pixels = context.getImageData(0, Math.floor(h * 59 / 60), w, 1).data`, block i is
`pixels[4 * Math.floor((i + 0.5) / 64 * w) + 1] > 127`.

What the counter counts:

- `synthetic:` sources: frames at their fixed fps since the Unix epoch, modulo 2^24. Frame n is drawn for, and given to
  the encoder at, the Unix time n / fps: `time_of_counter(counter, fps, near_unix_s)` says when that was, so
  glass-to-glass latency = time read on the canvas − time of its counter, on one machine with no other channel.
- sources with `stamp = true` (any kind): milliseconds since the Unix epoch modulo 2^24 at which the frame was captured,
  that is `time_of_counter(counter, 1000, near_unix_s)`.
- the demo video file: the index of the frame in the file.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCKS = 32
COLUMNS = 64  # blocks that would fit the width
ROWS = 30
COUNTER_BITS = 24
MODULUS = 1 << COUNTER_BITS
STAMP_RATE_HZ = 1000
_WHITE, _BLACK = 235, 16  # full luma swing of limited-range video

Luma = NDArray[np.uint8]


def word_of(counter: int) -> int:
    """The 32 bits that encode `counter` (taken modulo 2^24)."""
    counter %= MODULUS
    return 0b10 << 30 | counter << 6 | _check(counter) << 2 | 0b01


def draw_code(luma: Luma, counter: int) -> None:
    """Write the code into a luma plane (height × width), in place."""
    height, width = luma.shape
    word = word_of(counter)
    bits = np.array([word >> (BLOCKS - 1 - i) & 1 for i in range(BLOCKS)], dtype=bool)
    # The block in which each pixel has its centre.
    columns = (2 * np.arange(width * BLOCKS // COLUMNS) + 1) * COLUMNS // (2 * width)
    luma[height * (ROWS - 1) // ROWS :, : len(columns)] = np.where(bits[columns], _WHITE, _BLACK)


def read_code(luma: NDArray[Any]) -> int | None:
    """The counter drawn into a luma (or grey) plane, or None when there is none to be read with certainty."""
    height, width = luma.shape
    row = luma[int(height * (2 * ROWS - 1) / (2 * ROWS))]
    word = 0
    for i in range(BLOCKS):
        word = word << 1 | (int(row[int((i + 0.5) / COLUMNS * width)]) > 127)
    counter = word >> 6 & (MODULUS - 1)
    return counter if word == word_of(counter) else None


def counter_at(unix_s: float, rate_hz: float) -> int:
    """The counter current at a Unix time, rounded to the nearest tick."""
    return round(unix_s * rate_hz) % MODULUS


def time_of_counter(counter: int, rate_hz: float, near_unix_s: float) -> float:
    """The Unix time of a counter: of all the times it stands for, the one nearest to `near_unix_s`."""
    cycle_s = MODULUS / rate_hz
    time_s = counter / rate_hz
    return time_s + round((near_unix_s - time_s) / cycle_s) * cycle_s


def _check(counter: int) -> int:
    return (sum(counter >> shift & 0xF for shift in range(0, COUNTER_BITS, 4)) + 5) % 16

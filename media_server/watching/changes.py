"""Where new slides begin, told from one small grey picture a segment: pure."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Of 256 greys: what compression and a moving pointer do to a still slide stays below.
_VISIBLE = 20
# Of all pixels: a line added to a slide changes less, another slide more.
NEW_SLIDE_SHARE = 0.08
# Stiller than this from one look to the next: a slide, not a film being shown.
STILL_SHARE = 0.03
LEAST_CHAPTER_S = 15.0


def changed_share(before: bytes, after: bytes) -> float:
    """Which part of two pictures differs visibly, 0 to 1."""
    return float((np.abs(_grey(before) - _grey(after)) > _VISIBLE).mean())


def new_slides(signs: Sequence[tuple[float, bytes]]) -> list[int]:
    """Which of these pictures (time in seconds, sign; in order) are the first of a new slide; the first always is.

    A slide is what stays: pictures that keep changing (a film, somebody scrolling) begin at most one chapter until they
    are still again, and that begins one only if it shows something else than the last chapter did.
    """
    if not signs:
        return []
    found = [0]
    shown = 0  # the last picture of the chapter that was still: what a new slide has to differ from
    for index in range(1, len(signs)):
        sign = signs[index][1]
        settled = index + 1 == len(signs) or changed_share(sign, signs[index + 1][1]) < STILL_SHARE
        if not settled:
            continue
        if changed_share(signs[shown][1], sign) >= NEW_SLIDE_SHARE:
            # it may have come to rest later than it appeared
            first = index
            while first - 1 > shown and changed_share(signs[first - 1][1], sign) < STILL_SHARE:
                first -= 1
            if signs[first][0] - signs[found[-1]][0] >= LEAST_CHAPTER_S:
                found.append(first)
        shown = index
    return found


def _grey(sign: bytes) -> NDArray[np.int16]:
    return np.frombuffer(sign, np.uint8).astype(np.int16)

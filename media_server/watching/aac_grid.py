"""Which AAC frames stand for which part of a sound: pure.

AAC frames hold 1024 samples on one grid over the whole recording, so that frames made from one segment continue those
made from the segment before, whoever asks for which first. A frame needs some samples after its own (the window that
overlaps with the next frame, and what the encoder looks ahead); it is therefore made from the segment that holds the
last of them, together with the end of the segment before.
"""

FRAME = 1024  # samples, ISO/IEC 14496-3
RATE_HZ = 48_000
BITS_PER_S = {1: 64_000, 2: 96_000}  # by channels
# FFmpeg's encoder gives out a frame when it has had the two after it.
LOOKED_AHEAD = 2


def frames_of(start: int, end: int, *, joined_before: bool, joined_after: bool) -> range:
    """The numbers of the frames (frame n begins at sample 1024 n) made from a sound of samples `start` to `end`.

    `joined_before` and `joined_after`: whether there is sound up to `start` and from `end` on. Of sounds that join,
    every frame belongs to exactly one.
    """
    margin = (LOOKED_AHEAD + 1) * FRAME
    first = (start - margin) // FRAME + 1 if joined_before else -(-start // FRAME)
    after = (end - margin) // FRAME + 1 if joined_after else -(-end // FRAME)
    return range(max(0, first), max(0, first, after))

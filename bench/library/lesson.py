"""A lesson of 1.5 Mbps as encoders make it: 720p at 25 pictures a second, a keyframe every two seconds, and its sound.

What is inside the pictures does not matter for what keeping them costs; headers and sizes are real.
"""

import random
from collections.abc import Iterator

from classroom.codecs.h264 import IDR, SLICE
from classroom.fmp4.formats import Format, h264_format, opus_format
from classroom.fmp4.fragment import avc_sample
from room_agent.encode.h264 import AccessUnit
from room_agent.encode.ladder import Encoding
from room_agent.encode.simulcast import EncodedPicture
from room_agent.encode.sounds import EncodedSound
from room_agent.studio.segmenter import FragmentDone, SegmentBegun, Segmenter

FPS, GOP = 25, 50
KEYFRAME_BYTES, PICTURE_BYTES, SOUND_BYTES = 42_000, 6_600, 100  # 1.46 Mbps and 40 kbps
SPS = bytes.fromhex("6742c01fda014016e840000003004000000783c60ca8")
PPS = bytes.fromhex("68ce3c80")
ENCODING = Encoding("h", 1280, 720, 1_500_000)
_random = random.Random(1)
_BODIES = [bytes(_random.randrange(1, 256) for _ in range(KEYFRAME_BYTES)) for _ in range(4)]


def picture(number: int, begin_s: float) -> EncodedPicture:
    keyframe = number % GOP == 0
    body = _BODIES[number % 4]
    nals: tuple[bytes, ...] = (bytes((SLICE,)) + body[:PICTURE_BYTES],)
    if keyframe:
        nals = (SPS, PPS, bytes((0x60 | IDR,)) + body)
    at_s = begin_s + number / FPS
    return EncodedPicture(ENCODING, AccessUnit(nals, keyframe, round(at_s * 90_000)), at_s)


def sounds(number: int, begin_s: float) -> Iterator[EncodedSound]:
    """Of the time of the `number`-th picture."""
    for packet in (2 * number, 2 * number + 1):
        yield EncodedSound(_BODIES[packet % 4][:SOUND_BYTES], packet * 960, begin_s + packet * 0.02)


def segments(seconds: int, seed: int) -> tuple[Format, list[tuple[bytes, int, int]]]:
    """Segments of the picture, each with start and end in 1/90,000 s; of another `seed`, other bytes."""
    form, segmenter = h264_format(SPS, PPS), Segmenter()
    mark = seed.to_bytes(8)
    done: list[tuple[bytes, int, int]] = []
    for number in range(seconds * FPS + 1):
        unit = picture(number, 0.0).unit
        outputs = segmenter.add(form, avc_sample(unit.nals)[:-8] + mark, unit.pts, unit.keyframe)
        for each in outputs:
            if isinstance(each, SegmentBegun):
                done.append((b"", each.start, each.start))
            elif isinstance(each, FragmentDone):
                data, start, _ = done[-1]
                done[-1] = (data + each.data, start, each.end)
    return form, [each for each in done if each[0]]


SOUND_FORMAT = opus_format(1)

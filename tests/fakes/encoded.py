"""Pictures as real encoders write them."""

from fractions import Fraction

import av
import numpy as np

from tests.fakes.priority import usual_priority


def encoded_pictures(
    encoder: str, count: int, width: int, height: int, options: dict[str, str] | None = None
) -> list[bytes]:
    """The first pictures of a stream without delay; only the first one is a keyframe."""
    context = av.CodecContext.create(encoder, "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base = Fraction(1, 25)
    context.gop_size = 1000
    context.options = options or {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    random = np.random.default_rng(1)
    packets = []
    with usual_priority():
        for number in range(count):
            picture = random.integers(0, 255, (height, width, 3), np.uint8)
            frame = av.VideoFrame.from_ndarray(picture).reformat(format="yuv420p")
            frame.pts = number
            packets += context.encode(frame)
        packets += context.encode(None)
    return [bytes(packet) for packet in packets]

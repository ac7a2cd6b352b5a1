"""VP9 out of RTP (RFC 9628), with its spatial layers as one picture."""

from collections.abc import Sequence

from classroom.codecs.bits import MalformedStream
from classroom.codecs.vp9_layers import is_keyframe, superframe
from classroom.fmp4.formats import Format, vp9_format
from media_server.sfu.codecs.vp9 import BEGINS, read_descriptor


class Vp9Pictures:
    """Remembers the size of the highest layer: the scalability structure tells it, seldom more than once."""

    def __init__(self) -> None:
        self._sizes: tuple[tuple[int, int], ...] = ()

    def picture(self, payloads: Sequence[bytes]) -> tuple[bytes, Format | None]:
        layers: list[list[bytes]] = []
        for payload in payloads:
            try:
                length, _, _, _, sizes = read_descriptor(payload)
            except IndexError:
                raise MalformedStream("VP9", "payload descriptor is cut off") from None
            if payload[0] & BEGINS:
                layers.append([])
            elif not layers:
                raise MalformedStream("VP9", "frame without a beginning")
            layers[-1].append(payload[length:])
            self._sizes = sizes or self._sizes
        frames = [b"".join(parts) for parts in layers]
        if len(frames) == 1:
            return frames[0], vp9_format(frames[0]) if is_keyframe(frames[0]) else None
        data = superframe(frames)
        if not is_keyframe(frames[0]):
            return data, None
        size = self._sizes[len(frames) - 1] if len(self._sizes) >= len(frames) else None
        return data, vp9_format(frames[0], size)

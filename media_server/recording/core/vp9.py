"""VP9 out of RTP (RFC 9628); of its spatial layers a picture shows the highest."""

from collections.abc import Sequence

from classroom.codecs.bits import MalformedStream
from classroom.codecs.vp9_hiding import Layers
from classroom.codecs.vp9_layers import is_keyframe, superframe
from classroom.fmp4.formats import Format, vp9_format
from media_server.sfu.codecs.vp9 import BEGINS, LAYERS, read_descriptor


class Vp9Pictures:
    """Remembers the size of the highest layer: the scalability structure tells it, seldom more than once."""

    def __init__(self) -> None:
        self._sizes: tuple[tuple[int, int], ...] = ()
        self._layers = Layers()
        self._apart = 0  # so many layers that need not each other

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
        keyframe = is_keyframe(frames[0])
        if keyframe:
            # As in S2T1: a keyframe of the highest leaves a decoder nothing that the lower ones could refer to.
            self._apart = len(frames) if len(frames) > 1 and is_keyframe(frames[-1]) else 0
        if self._apart:
            frames = frames[-1:] if len(frames) == self._apart else []
            data = b"".join(frames)
        elif payloads[0][0] & LAYERS:
            *lower, highest = frames
            hidden = [self._layers.hidden(frame) for frame in lower]
            data = superframe([*filter(None, hidden), self._layers.shown(highest)])
        else:
            data = superframe(frames)
        if not keyframe:
            return data, None
        size = self._sizes[len(frames) - 1] if len(self._sizes) >= len(frames) > 1 else None
        return data, vp9_format(frames[0], size)

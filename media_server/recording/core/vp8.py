"""VP8 out of RTP (RFC 7741)."""

from collections.abc import Sequence

from classroom.codecs.bits import MalformedStream
from classroom.codecs.vp8 import is_keyframe
from classroom.fmp4.formats import Format, vp8_format
from media_server.sfu.codecs.vp8 import read_descriptor


class Vp8Pictures:
    """Nothing to remember."""

    def picture(self, payloads: Sequence[bytes]) -> tuple[bytes, Format | None]:
        try:
            data = b"".join([payload[read_descriptor(payload)[0] :] for payload in payloads])
        except IndexError:
            raise MalformedStream("VP8", "payload descriptor is cut off") from None
        return data, vp8_format(data) if is_keyframe(data) else None

"""The codecs we forward, and which of a receiver's payload types can carry a stream."""

from collections.abc import Callable, Mapping, Sequence

from classroom.messages.views import MediaKind
from classroom.rtp.sdp import Codec
from media_server.sfu.codecs.av1 import Av1
from media_server.sfu.codecs.h264 import H264
from media_server.sfu.codecs.opus import Opus
from media_server.sfu.codecs.payload import PayloadFormat
from media_server.sfu.codecs.vp8 import Vp8
from media_server.sfu.codecs.vp9 import Vp9

_Known = Mapping[str, Callable[[], PayloadFormat]]
_VIDEO: _Known = {"h264": H264, "vp8": Vp8, "vp9": Vp9, "av1": Av1}
_AUDIO: _Known = {"opus": Opus}
KNOWN: Mapping[MediaKind, _Known] = {"video": _VIDEO, "audio": _AUDIO}
HOUSE_CODEC: Mapping[MediaKind, str] = {"video": "H264", "audio": "opus"}


def forwardable(kind: MediaKind, codec: Codec) -> bool:
    """Whether we forward this payload type."""
    if codec.name.lower() not in KNOWN[kind]:
        return False
    # Mode 0 cannot carry pictures larger than a packet (RFC 6184 § 5.4); no browser sends it when mode 1 is answered.
    return not codec.is_("H264") or codec.parameters.get("packetization-mode") == "1"


def payload_format(codec: Codec) -> PayloadFormat:
    """A reader for one encoding of `codec`, which must be `forwardable`."""
    return (_VIDEO.get(codec.name.lower()) or _AUDIO[codec.name.lower()])()


def receivable(offered: Sequence[Codec], sent: Codec) -> Codec | None:
    """Which of the payload types `offered` that can carry a stream negotiated as `sent`."""
    decodes = payload_format(sent).decodes
    able = [codec for codec in offered if codec.is_(sent.name) and decodes(codec, sent)]
    return max(able, key=lambda codec: _closeness(codec, sent), default=None)


def _closeness(codec: Codec, sent: Codec) -> int:
    """How many parameters agree, so that the same profile comes before a higher one (of H.264's, the level apart)."""
    return sum(codec.parameters.get(name, "")[:4] == value[:4] for name, value in sent.parameters.items())

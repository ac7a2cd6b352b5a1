"""Finds the backend that really encodes on this machine. FFmpeg lists encoders whose hardware is absent."""

import av
import av.codec
import structlog

from classroom.codecs.h264 import IDR, PPS, SPS, nal_type
from room_agent.encode.h264 import SOFTWARE, EncoderFault, H264Encoder
from room_agent.encode.ladder import Encoding

HARDWARE = ("h264_nvenc", "h264_qsv", "h264_vaapi", "h264_videotoolbox", "h264_v4l2m2m")
_PICTURES = 6
_ENCODING = Encoding("probe", 640, 360, 400_000)

_log = structlog.get_logger(__name__)


def choose_backend() -> str:
    """The first hardware backend that passes `works`, else libx264. Takes some tenths of a second; blocks."""
    for backend in HARDWARE:
        if backend in av.codec.codecs_available and (problem := works(backend)) is not None:
            _log.debug("encoder passed over", encoder=backend, reason=problem)
        elif backend in av.codec.codecs_available:
            _log.info("hardware encoder found", encoder=backend)
            return backend
    return SOFTWARE


def works(backend: str) -> str | None:
    """None when the backend makes a stream we can serve, else what is wrong with it.

    It must give most pictures back at once (a backend that holds them adds their delay), begin with SPS, PPS and IDR,
    and make an IDR when asked for one.
    """
    try:
        encoder = H264Encoder(backend, _ENCODING, 25)
        frame = av.VideoFrame(_ENCODING.width, _ENCODING.height, encoder.pixel_format)
        units = [unit for number in range(_PICTURES) for unit in encoder.encode(frame, number * 3600, number in (0, 3))]
    except (EncoderFault, ValueError) as error:
        return str(error)
    if len(units) < _PICTURES - 1:
        return f"holds {_PICTURES - len(units)} pictures back"
    if [nal_type(nal) for nal in units[0].nals[:3]] != [SPS, PPS, IDR]:
        return "does not begin with SPS, PPS, IDR"
    if [unit.keyframe for unit in units[:4]] != [True, False, False, True]:
        return "does not make keyframes when asked, and only then"
    return None

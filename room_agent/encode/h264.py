"""H.264 constrained baseline for live viewing, on any backend FFmpeg has."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import av
import av.error
from av.video.frame import PictureType

from classroom.codecs.h264 import AUD, IDR, PPS, SEI, SPS, nal_type, split_nals
from classroom.errors import ClassroomError
from room_agent.encode.ladder import Encoding

SOFTWARE = "libx264"
CLOCK_RATE_HZ = 90_000
GOP_S = 2.0  # a viewer who lost a packet for good, or a recording's cut, never waits longer
_VBV_S = 0.5  # half a second of bits: a keyframe may be this large, and no peak outlasts it


class EncoderFault(ClassroomError):
    """A backend that cannot be opened, or gave up."""

    status = 503


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One encoded picture. A keyframe begins with SPS and PPS."""

    nals: tuple[bytes, ...]
    keyframe: bool
    pts: int

    @property
    def size(self) -> int:
        return sum(map(len, self.nals))


class H264Encoder:
    """One encoding on one backend. Raises `EncoderFault("encoder_failed")`; blocks, for use in a worker thread."""

    def __init__(self, backend: str, encoding: Encoding, fps: float, preset: str = "ultrafast") -> None:
        self.backend = backend
        self.encoding = encoding
        rate = Fraction(fps).limit_denominator(1001)
        try:
            context = cast(av.VideoCodecContext, av.codec.CodecContext.create(backend, "w"))
            context.width, context.height = encoding.width, encoding.height
            context.pix_fmt = self.pixel_format = _PIXEL_FORMATS.get(backend, "yuv420p")
            context.bit_rate = encoding.bitrate_bps
            context.framerate = rate
            context.time_base = Fraction(1, CLOCK_RATE_HZ)
            context.gop_size = max(1, round(GOP_S * rate))
            context.max_b_frames = 0
            context.thread_count = 1  # three encodings and several sources fill the cores already
            context.options = {
                **_OPTIONS.get(backend, {}),
                **({"preset": preset} if backend == SOFTWARE else {}),
                "maxrate": str(encoding.bitrate_bps),
                "bufsize": str(int(encoding.bitrate_bps * _VBV_S)),
            }
            context.open()
        except (av.error.FFmpegError, ValueError, OSError) as error:
            raise EncoderFault("encoder_failed", encoder=backend, reason=_reason(error)) from error
        self._context = context
        self._parameter_sets: tuple[bytes, ...] = ()

    def encode(self, frame: av.VideoFrame, pts: int, keyframe: bool) -> list[AccessUnit]:
        """`frame` has the encoding's size and `pixel_format`; `pts` in 1/90,000 s, growing.

        One access unit per picture; a hardware backend may hold the first pictures back.
        """
        frame.pts = pts
        frame.time_base = Fraction(1, CLOCK_RATE_HZ)
        frame.pict_type = PictureType.I if keyframe else PictureType.NONE
        try:
            packets = self._context.encode(frame)
        except (av.error.FFmpegError, ValueError) as error:
            raise EncoderFault("encoder_failed", encoder=self.backend, reason=_reason(error)) from error
        return [unit for packet in packets if (unit := self._unit(bytes(packet), packet.pts or pts)) is not None]

    def _unit(self, stream: bytes, pts: int) -> AccessUnit | None:
        nals = [nal for nal in split_nals(stream) if nal_type(nal) not in (AUD, SEI)]
        if not nals:
            return None
        kinds = {nal_type(nal) for nal in nals}
        if SPS in kinds and PPS in kinds:
            self._parameter_sets = tuple(nal for nal in nals if nal_type(nal) in (SPS, PPS))
        elif IDR in kinds:
            # Some hardware writes parameter sets once only; a newcomer needs them at every keyframe.
            sets = self._parameter_sets or tuple(split_nals(bytes(self._context.extradata or b"")))
            nals = [*sets, *(nal for nal in nals if nal_type(nal) not in (SPS, PPS))]
        return AccessUnit(tuple(nals), IDR in kinds, pts)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, av.error.FFmpegError) else None) or type(error).__name__


_PIXEL_FORMATS: Mapping[str, str] = {"h264_qsv": "nv12", "h264_vaapi": "vaapi"}

_OPTIONS: Mapping[str, Mapping[str, str]] = {
    SOFTWARE: {
        "tune": "zerolatency",
        "profile": "baseline",
        "forced-idr": "1",
        # One slice, one thread: slices cost bits, and the packetiser cuts to size anyway. No keyframes by scene cuts:
        # a page turned would burst in three encodings at once.
        "x264-params": "threads=1:sliced-threads=0:scenecut=0:repeat-headers=1:open-gop=0",
    },
    "h264_nvenc": {
        "preset": "p3",
        "tune": "ull",
        "profile": "baseline",
        "rc": "cbr",
        "zerolatency": "1",
        "forced-idr": "1",
        "delay": "0",
    },
    "h264_qsv": {"preset": "veryfast", "profile": "baseline", "async_depth": "1", "forced_idr": "1"},
    "h264_vaapi": {"profile": "constrained_baseline", "rc_mode": "CBR", "async_depth": "1"},
    "h264_v4l2m2m": {"num_capture_buffers": "4", "num_output_buffers": "4"},
    "h264_videotoolbox": {"profile": "constrained_baseline", "realtime": "1", "prio_speed": "1"},
}

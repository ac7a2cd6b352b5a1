"""Opus for speech: 20 ms frames, in-band forward error correction, no discontinuous transmission."""

from fractions import Fraction

import av
import av.error

from room_agent.capture.frames import SAMPLE_RATE_HZ, SOUND_SAMPLES, Samples
from room_agent.encode.h264 import EncoderFault

EXPECTED_LOSS_PERCENT = 10  # what the redundancy is made for: a village's mobile line on a bad day
_COMPLEXITY = 5  # of 10; above it a quarter of the work buys what nobody hears in speech


class OpusEncoder:
    """Mono or stereo at 48 kHz. Blocks for about 0.35 ms a frame. Raises `EncoderFault("encoder_failed")`."""

    def __init__(self, channels: int, bitrate_bps: int) -> None:
        self.channels = channels
        self._layout = "stereo" if channels == 2 else "mono"
        try:
            context = av.codec.CodecContext.create("libopus", "w")
            context.sample_rate = SAMPLE_RATE_HZ
            context.layout = self._layout
            context.format = "s16"
            context.bit_rate = bitrate_bps
            context.time_base = Fraction(1, SAMPLE_RATE_HZ)
            context.options = {
                # Only the speech modes carry the redundant copy (RFC 6716 § 2.1.7). libopus sends without DTX unless
                # told otherwise: silence must stay a steady stream, or it could not be told from a dead microphone.
                "application": "voip",
                "frame_duration": "20",
                "fec": "1",
                "packet_loss": str(EXPECTED_LOSS_PERCENT),
                "vbr": "constrained",
                "compression_level": str(_COMPLEXITY),
            }
            context.open()
        except (av.error.FFmpegError, ValueError) as error:
            raise EncoderFault("encoder_failed", encoder="libopus", reason=str(error)) from error
        self._context = context
        self._pts = 0

    def encode(self, samples: Samples) -> bytes:
        """The packet of one 20 ms piece (960 × channels); empty while libopus fills its look-ahead."""
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout=self._layout)
        frame.sample_rate = SAMPLE_RATE_HZ
        frame.pts = self._pts
        frame.time_base = Fraction(1, SAMPLE_RATE_HZ)
        self._pts += SOUND_SAMPLES
        try:
            return b"".join(bytes(packet) for packet in self._context.encode(frame))
        except (av.error.FFmpegError, ValueError) as error:
            raise EncoderFault("encoder_failed", encoder="libopus", reason=str(error)) from error

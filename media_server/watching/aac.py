"""AAC made from Opus, for players that know no Opus. Blocking: runs in a worker process."""

from fractions import Fraction
from functools import cache

import av
import numpy as np
from numpy.typing import NDArray

from classroom.fmp4.formats import OPUS_TIMESCALE, Format, aac_format
from classroom.fmp4.fragment import Sample, write_fragment
from classroom.fmp4.header import write_header
from classroom.fmp4.reader import read_segment
from media_server.watching.aac_grid import BITS_PER_S, FRAME, LOOKED_AHEAD, RATE_HZ

# A decoder that begins in the middle needs 80 ms to be right (RFC 7845 § 4.6); the encoder's own state a little longer.
_OPUS_PREROLL = 80 * OPUS_TIMESCALE // 1000
_WARM_FRAMES = 8
_FRAGMENT_FRAMES = RATE_HZ // FRAME  # at most a second
_LAYOUTS = {1: "mono", 2: "stereo"}

Sound = NDArray[np.float32]


@cache
def aac_form(channels: int) -> Format:
    encoder = _encoder(channels)
    encoder.open()
    return aac_format(bytes(encoder.extradata or b""))


def aac_header(channels: int) -> bytes:
    """The header of every AAC segment with so many channels."""
    return write_header(aac_form(channels))


@cache
def aac_silence(channels: int) -> bytes:
    """A frame without sound."""
    return _encode(np.zeros((channels, 8 * FRAME), np.float32), channels, 0)[4]


def aac_segment(before: bytes, segment: bytes, channels: int, frames: range) -> bytes:
    """Fragments of these AAC frames (`aac_grid`), the same bytes whenever asked.

    `segment` is of Opus; `before` is the segment that ends where it begins, or empty. Raises `MalformedMp4`.
    """
    first = frames.start - _WARM_FRAMES
    sound = opus_sound([data for data in (before, segment) if data], channels, first * FRAME, samples_for(frames))
    encoded = _encode(sound, channels, first)
    samples = [Sample(encoded.get(number, b""), FRAME) for number in frames]
    cuts = range(0, len(samples), _FRAGMENT_FRAMES)
    return b"".join(
        write_fragment(1, (frames.start + cut) * FRAME, samples[cut : cut + _FRAGMENT_FRAMES]) for cut in cuts
    )


def samples_for(frames: range) -> int:
    """How many samples it takes to make these frames."""
    return (len(frames) + _WARM_FRAMES + LOOKED_AHEAD) * FRAME


def opus_sound(segments: list[bytes], channels: int, first: int, count: int) -> Sound:
    """`count` samples from sample `first` on, shaped (channels, count); silence where the segments have nothing."""
    sound = np.zeros((channels, count), np.float32)
    # Without a header: its pre-skip would move the samples, which our segments have placed already.
    decoder = av.AudioCodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout = RATE_HZ, _LAYOUTS[channels]
    for data in segments:
        for fragment in read_segment(data):
            for sample in fragment.samples:
                if sample.time + sample.duration < first - _OPUS_PREROLL or sample.time >= first + count:
                    continue
                packet = av.Packet(data[sample.start : sample.start + sample.size])
                at = sample.time - first
                for frame in decoder.decode(packet):
                    _lay(sound, _planar(frame, channels), at)
                    at += frame.samples
    return sound


def _planar(frame: av.AudioFrame, channels: int) -> Sound:
    """Samples as floats, shaped (channels, samples)."""
    raw = frame.to_ndarray()
    if not frame.format.is_planar:
        raw = raw.reshape(-1, channels).T
    return raw.astype(np.float32) / (1.0 if raw.dtype.kind == "f" else 32768.0)


def _lay(sound: Sound, part: Sound, at: int) -> None:
    begin, end = max(0, at), min(sound.shape[1], at + part.shape[1])
    if begin < end:
        sound[:, begin:end] = part[:, begin - at : end - at]


def _encoder(channels: int) -> av.AudioCodecContext:
    encoder = av.AudioCodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = RATE_HZ, _LAYOUTS[channels], "fltp"
    encoder.bit_rate, encoder.time_base = BITS_PER_S[channels], Fraction(1, RATE_HZ)
    encoder.flags |= av.codec.context.Flags.bitexact.value  # its version does not belong into the stream
    return encoder


def _encode(sound: Sound, channels: int, first: int) -> dict[int, bytes]:
    """Frames by their number; `sound` begins with frame `first`."""
    encoder, found = _encoder(channels), {}
    layout = _LAYOUTS[channels]
    packets = []
    for index in range(sound.shape[1] // FRAME):
        part = np.ascontiguousarray(sound[:, index * FRAME : (index + 1) * FRAME])
        frame = av.AudioFrame.from_ndarray(part, "fltp", layout)
        frame.sample_rate, frame.time_base, frame.pts = RATE_HZ, Fraction(1, RATE_HZ), index * FRAME
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    for packet in packets:
        if packet.pts is not None:
            found[first + packet.pts // FRAME] = bytes(packet)
    return found

"""What a track's samples are, read from the codec's own headers and written as a sample entry (§ 8.5.2)."""

from dataclasses import dataclass

from classroom.codecs.av1 import SEQUENCE_HEADER, parse_sequence_header, sized, split_units, unit_type
from classroom.codecs.bits import MalformedStream
from classroom.codecs.h264 import HIGH_PROFILES, parse_sps
from classroom.codecs.vp8 import keyframe_size
from classroom.codecs.vp9 import parse_keyframe
from classroom.fmp4.box import box, full_box
from classroom.model.recording import TrackKind

VIDEO_TIMESCALE = 90_000  # RTP's
OPUS_TIMESCALE = 48_000
# RFC 7845 § 4.2: what libopus looks ahead at 48 kHz; the decoder's first samples that nobody recorded.
OPUS_PRE_SKIP = 312
_LARGEST_SIDE = 16_384
_AAC_RATES_HZ = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
# VP9 levels by the largest picture in luma samples (VP9 levels, webmproject.org/vp9/levels), at 30 pictures a second.
_VP9_LEVELS = ((36_864, 10), (73_728, 11), (122_880, 20), (245_760, 21), (552_960, 30), (983_040, 31), (2_228_224, 40))


@dataclass(frozen=True, slots=True)
class Format:
    """What a decoder must know before the first sample; equal formats need one header.

    `codec` as in RFC 6381; `timescale` in units a second; `entry` is the sample entry, a box of `stsd`.
    """

    kind: TrackKind
    codec: str
    timescale: int
    entry: bytes
    width: int = 0
    height: int = 0
    channels: int = 0


def h264_format(sps: bytes, pps: bytes) -> Format:
    """Parameter sets as NAL units. ISO/IEC 14496-15 § 5.3.3. Raises `MalformedStream`."""
    parsed = parse_sps(sps)
    if not pps or max(len(sps), len(pps)) > 0xFFFF:
        raise MalformedStream("H.264", "parameter set is empty or too long")
    configuration = (
        bytes((1, parsed.profile, parsed.constraints, parsed.level, 0xFF, 0xE1))  # four bytes of length, one SPS
        + len(sps).to_bytes(2)
        + sps
        + b"\x01"
        + len(pps).to_bytes(2)
        + pps
    )
    if parsed.profile in HIGH_PROFILES:
        depths = (0xF8 | parsed.luma_bits - 8 & 7, 0xF8 | parsed.chroma_bits - 8 & 7)
        configuration += bytes((0xFC | parsed.chroma_format & 3, *depths, 0))
    codec = f"avc1.{parsed.profile:02x}{parsed.constraints:02x}{parsed.level:02x}"
    return _video("H.264", b"avc1", codec, box(b"avcC", configuration), (parsed.width, parsed.height))


def avc_format(configuration: bytes) -> Format:
    """From an AVCDecoderConfigurationRecord as MP4 files have it, with any number of parameter sets; its samples have
    lengths of four bytes. ISO/IEC 14496-15 § 5.3.3. Raises `MalformedStream`.
    """
    if len(configuration) < 8 or configuration[0] != 1 or configuration[4] & 3 != 3 or not configuration[5] & 0x1F:
        raise MalformedStream("H.264", "configuration of a kind we do not record")
    sps = configuration[8 : 8 + int.from_bytes(configuration[6:8])]
    parsed = parse_sps(sps)
    codec = f"avc1.{configuration[1:4].hex()}"
    return _video("H.264", b"avc1", codec, box(b"avcC", configuration), (parsed.width, parsed.height))


def vp8_format(keyframe: bytes) -> Format:
    """VP Codec ISO Media File Format Binding v1.0; VP8 has one profile and no levels. Raises `MalformedStream`."""
    return _video("VP8", b"vp08", "vp08.00.10.08", _vpcc(0, 10, 8, 1, False), keyframe_size(keyframe))


def vp9_format(keyframe: bytes, size: tuple[int, int] | None = None) -> Format:
    """As `vp8_format`; `size` is that of the highest spatial layer when `keyframe` is of the lowest."""
    found = parse_keyframe(keyframe)
    width, height = size or (found.width, found.height)
    area = width * height
    level = next((level for largest, level in _VP9_LEVELS if area <= largest), 50)
    # § 2.2: 4:2:0 with chroma beside the luma is 1, 4:2:2 is 2, 4:4:4 is 3
    subsampling = {(1, 1): 1, (1, 0): 2}.get((found.subsampling_x, found.subsampling_y), 3)
    configuration = _vpcc(found.profile, level, found.bit_depth, subsampling, found.full_range)
    codec = f"vp09.{found.profile:02}.{level:02}.{found.bit_depth:02}"
    return _video("VP9", b"vp09", codec, configuration, (width, height))


def av1_format(unit: bytes) -> Format:
    """From a temporal unit with a sequence header. AV1 Codec ISO Media File Format Binding § 2.3.

    Raises `MalformedStream`.
    """
    header = next((each for each in split_units(unit) if unit_type(each) == SEQUENCE_HEADER), b"")
    found = parse_sequence_header(header)
    x, y = found.subsampling
    flags = found.tier << 7 | (found.depth > 8) << 6 | (found.depth == 12) << 5 | found.monochrome << 4
    flags |= x << 3 | y << 2 | found.chroma_position
    configuration = bytes((0x81, found.profile << 5 | found.level, flags, 0)) + sized(header)
    codec = f"av01.{found.profile}.{found.level:02}{'MH'[found.tier]}.{found.depth:02}"
    return _video("AV1", b"av01", codec, box(b"av1C", configuration), (found.width, found.height))


def opus_format(channels: int, pre_skip: int = OPUS_PRE_SKIP) -> Format:
    """One or two channels at 48 kHz; `pre_skip` in samples. Encapsulation of Opus in ISO BMFF § 4.3.2."""
    configuration = box(
        b"dOps",
        bytes((0, channels)),
        pre_skip.to_bytes(2),
        OPUS_TIMESCALE.to_bytes(4),
        bytes(3),  # no gain, mapping family 0
    )
    return _audio(b"Opus", "opus", OPUS_TIMESCALE, channels, configuration)


def aac_format(configuration: bytes) -> Format:
    """From an AudioSpecificConfig (ISO/IEC 14496-3 § 1.6.2.1) of one or two channels. Raises `MalformedStream`."""
    if not 2 <= len(configuration) <= 64:
        raise MalformedStream("AAC", "configuration is too short or too long")
    word = int.from_bytes(configuration[:2])
    object_type, rate_index, channels = word >> 11, word >> 7 & 0x0F, word >> 3 & 0x0F
    if rate_index >= len(_AAC_RATES_HZ) or channels not in (1, 2) or not 1 <= object_type <= 30:
        raise MalformedStream("AAC", "configuration of a kind we do not record")
    specific = _descriptor(5, configuration)
    # ISO/IEC 14496-1 § 7.2.6.6: MPEG-4 audio, audio stream; buffer and bitrates unknown
    decoder = _descriptor(4, bytes((0x40, 0x15)) + bytes(11) + specific)
    stream = _descriptor(3, bytes(3) + decoder + _descriptor(6, b"\x02"))
    rate_hz = _AAC_RATES_HZ[rate_index]
    return _audio(b"mp4a", f"mp4a.40.{object_type}", rate_hz, channels, full_box(b"esds", 0, 0, stream))


def _video(name: str, kind: bytes, codec: str, configuration: bytes, size: tuple[int, int]) -> Format:
    width, height = size
    if not (0 < width <= _LARGEST_SIDE and 0 < height <= _LARGEST_SIDE):
        raise MalformedStream(name, f"picture of {width} × {height}")
    entry = box(
        kind,
        bytes(6) + b"\0\1",  # data_reference_index
        bytes(16),
        width.to_bytes(2) + height.to_bytes(2),
        b"\0\x48\0\0\0\x48\0\0" + bytes(4),  # 72 dpi
        b"\0\1" + bytes(32),  # one picture a sample, no name
        b"\0\x18\xff\xff",
        configuration,
    )
    return Format(TrackKind.VIDEO, codec, VIDEO_TIMESCALE, entry, width, height)


def _audio(kind: bytes, codec: str, rate_hz: int, channels: int, configuration: bytes) -> Format:
    entry = box(
        kind,
        bytes(6) + b"\0\1",
        bytes(8),
        channels.to_bytes(2) + b"\0\x10" + bytes(4),
        (min(rate_hz, 0xFFFF) << 16).to_bytes(4),
        configuration,
    )
    return Format(TrackKind.AUDIO, codec, rate_hz, entry, channels=channels)


def _vpcc(profile: int, level: int, depth: int, subsampling: int, full_range: bool) -> bytes:
    # primaries, transfer and matrix unspecified (2); § 2.2: no initialisation data
    fields = bytes((profile, level, depth << 4 | subsampling << 1 | full_range, 2, 2, 2, 0, 0))
    return full_box(b"vpcC", 1, 0, fields)


def _descriptor(tag: int, content: bytes) -> bytes:
    return bytes((tag, len(content))) + content

"""Writing samples as a fragment: `moof` and `mdat`."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from classroom.codecs.h264 import AUD, PPS, SPS, nal_type
from classroom.fmp4.box import HEADER_BYTES, box, full_box
from classroom.fmp4.header import TRACK_ID

# § 8.8.3.1: "sample_depends_on" (2: on no other, 1: on others), and "sample_is_non_sync_sample"
SYNC, NON_SYNC = 0x0200_0000, 0x0101_0000
NON_SYNC_BIT = 0x0001_0000
# tfhd
BASE_IS_MOOF, HAS_DEFAULT_DURATION, HAS_DEFAULT_FLAGS = 0x2_0000, 0x8, 0x20
# trun
HAS_DATA_OFFSET, HAS_DURATION, HAS_SIZE, HAS_FLAGS, HAS_COMPOSITION = 0x1, 0x100, 0x200, 0x400, 0x800


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture or packet. `duration` and `composition_offset` are in the track's timescale."""

    data: bytes
    duration: int
    keyframe: bool = True
    composition_offset: int = 0


def write_fragment(sequence: int, decode_time: int, samples: Sequence[Sample]) -> bytes:
    """At least one sample. `sequence` grows within a track from 1; `decode_time` of the first sample, 64 bits."""
    durations = {sample.duration for sample in samples}
    flags = {_flags(sample) for sample in samples}
    run_flags = HAS_DATA_OFFSET | HAS_SIZE
    track_flags = BASE_IS_MOOF
    defaults = b""
    # What is the same for all samples is said once: of Opus, twelve octets a packet would be a tenth of everything.
    if len(durations) == 1:
        track_flags |= HAS_DEFAULT_DURATION
        defaults += samples[0].duration.to_bytes(4)
    else:
        run_flags |= HAS_DURATION
    if len(flags) == 1:
        track_flags |= HAS_DEFAULT_FLAGS
        defaults += _flags(samples[0]).to_bytes(4)
    else:
        run_flags |= HAS_FLAGS
    if any(sample.composition_offset for sample in samples):
        run_flags |= HAS_COMPOSITION
    fields = b"".join(_fields(sample, run_flags) for sample in samples)
    head = box(b"mfhd", bytes(4), (sequence & 0xFFFF_FFFF).to_bytes(4))
    track_header = full_box(b"tfhd", 0, track_flags, TRACK_ID.to_bytes(4), defaults)
    time = full_box(b"tfdt", 1, 0, decode_time.to_bytes(8))

    def movie(data_offset: int) -> bytes:
        # version 1: composition offsets are signed
        run = full_box(b"trun", 1, run_flags, len(samples).to_bytes(4), data_offset.to_bytes(4), fields)
        return box(b"moof", head, box(b"traf", track_header, time, run))

    data_offset = len(movie(0)) + HEADER_BYTES
    return movie(data_offset) + box(b"mdat", *(sample.data for sample in samples))


def avc_sample(nals: Iterable[bytes]) -> bytes:
    """An access unit as `avc1` keeps it (ISO/IEC 14496-15): lengths before the units, parameter sets in the header."""
    return b"".join(len(nal).to_bytes(4) + nal for nal in nals if nal_type(nal) not in (SPS, PPS, AUD))


def _flags(sample: Sample) -> int:
    return SYNC if sample.keyframe else NON_SYNC


def _fields(sample: Sample, flags: int) -> bytes:
    fields = b""
    if flags & HAS_DURATION:
        fields += sample.duration.to_bytes(4)
    fields += len(sample.data).to_bytes(4)
    if flags & HAS_FLAGS:
        fields += _flags(sample).to_bytes(4)
    if flags & HAS_COMPOSITION:
        fields += struct.pack(">i", sample.composition_offset)
    return fields

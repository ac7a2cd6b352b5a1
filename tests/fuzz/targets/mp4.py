"""Headers and segments: a header, then segments, as pieces of one input."""

from collections.abc import Iterator
from contextlib import suppress

from classroom.codecs.bits import MalformedStream
from classroom.fmp4.box import MalformedMp4
from classroom.fmp4.formats import aac_format, av1_format, h264_format, vp8_format, vp9_format
from classroom.fmp4.header import Defaults, read_header, write_header
from classroom.fmp4.reader import read_segment, whole_bytes
from tests.fakes.camera import SPS_720P, VP9_KEYFRAME
from tests.fakes.segments import fake_track
from tests.fuzz.target import join, split

MAX_BYTES = 4_000


def run(data: bytes) -> None:
    header, *segments = split(data) or [b""]
    defaults = Defaults()
    try:
        read = read_header(header)
    except MalformedMp4:
        pass
    else:
        defaults = read.defaults
        if read.format.timescale < 2**32 and max(read.format.width, read.format.height) < 2**16:
            assert read_header(write_header(read.format)).format.codec == read.format.codec
    for make in (aac_format, av1_format, vp8_format, vp9_format):
        with suppress(MalformedStream):
            read_header(write_header(make(header)))
    with suppress(MalformedStream):
        read_header(write_header(h264_format(header, b"\x68")))
    for segment in segments:
        whole = whole_bytes(segment)
        assert 0 <= whole <= len(segment)
        assert whole_bytes(segment[:whole]) == whole
        try:
            fragments = read_segment(segment, defaults)
        except MalformedMp4:
            continue
        for fragment in fragments:
            for sample in fragment.samples:
                assert fragment.start < sample.start <= sample.start + sample.size <= fragment.end


def seeds() -> Iterator[bytes]:
    for codec in ("h264", "vp8", "vp9", "av1", "opus", "aac"):
        track = fake_track(codec, segments=1, segment_s=1, size=(32, 32))
        yield join([track.header, track.segments[0][:3_000]])
        yield join([track.header])
    yield join([SPS_720P])
    yield join([VP9_KEYFRAME])

"""What we write is what FFmpeg reads, for every codec; what we read is what we wrote; and nothing else is believed."""

import io
from collections.abc import Callable
from fractions import Fraction

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom.codecs.bits import MalformedStream
from classroom.fmp4.box import MalformedMp4, box, full_box
from classroom.fmp4.formats import Format, aac_format, h264_format, opus_format, vp9_format
from classroom.fmp4.fragment import Sample, write_fragment
from classroom.fmp4.header import MAX_HEADER_BYTES, Defaults, read_header, write_header
from classroom.fmp4.reader import MAX_SAMPLES, SampleAt, read_segment, whole_bytes
from tests.fakes.camera import SPS_720P
from tests.fakes.segments import ENCODERS, FPS, fake_track

DECODERS = {"h264": "h264", "vp8": "vp8", "vp9": "vp9", "av1": "av1", "opus": "opus", "aac": "aac"}
CODECS = {
    "h264": "avc1.42c00a",
    "vp8": "vp08.00.10.08",
    "vp9": "vp09.00.10.08",
    "av1": "av01.0.00M.08",
    "opus": "opus",
    "aac": "mp4a.40.2",
}
DAY_S = 86_400

samples = st.builds(
    Sample,
    st.binary(min_size=1, max_size=40),
    st.integers(1, 200_000),
    st.booleans(),
    st.integers(-5_000, 5_000),
)


@pytest.mark.parametrize("codec", ENCODERS)
def test_ffmpeg_decodes_every_sample_at_its_time(codec: str) -> None:
    track = fake_track(codec, begin_s=DAY_S)
    with av.open(io.BytesIO(track.file), "r") as container:
        stream = container.streams[0]
        assert stream.codec_context.name.removeprefix("lib").removesuffix("dav1d") in (DECODERS[codec], "", "vpx-vp9")
        assert stream.time_base == Fraction(1, track.format.timescale)
        frames = list(container.decode(stream))
    assert frames[0].pts is not None
    assert frames[-1].pts is not None
    if track.format.width:
        assert len(frames) == 6 * FPS
        assert isinstance(frames[0], av.VideoFrame)
        assert (frames[0].width, frames[0].height) == (160, 96)
        step = track.format.timescale // FPS
        assert [frame.pts for frame in frames] == [track.starts[0] + n * step for n in range(len(frames))]
    else:
        assert abs(frames[0].pts - track.starts[0]) <= 1024, "what the decoder leaves out at first"
        assert abs(frames[-1].pts - track.starts[-1] - track.durations[-1]) <= 2048


@pytest.mark.parametrize("codec", ENCODERS)
def test_a_header_is_read_back(codec: str) -> None:
    track = fake_track(codec)
    header = read_header(track.header)
    assert header.format == track.format
    assert header.format.codec == CODECS[codec]
    assert header.defaults == Defaults()
    assert write_header(header.format) == track.header


@pytest.mark.parametrize("codec", ENCODERS)
def test_every_segment_can_begin_a_player(codec: str) -> None:
    """A header and one segment are enough; the samples lie where the segment says."""
    track = fake_track(codec)
    for number, segment in enumerate(track.segments):
        fragments = read_segment(segment)
        assert fragments[0].decode_time == track.starts[number]
        assert fragments[0].samples[0].keyframe
        assert sum(fragment.duration for fragment in fragments) == track.durations[number]
        with av.open(io.BytesIO(track.header + segment), "r") as container:
            packets = [packet for packet in container.demux() if packet.size]
        found = [segment[each.start : each.start + each.size] for each in _all(segment)]
        assert [bytes(packet) for packet in packets] == found
        assert [packet.is_keyframe for packet in packets] == [each.keyframe for each in _all(segment)]


def _all(segment: bytes) -> list[SampleAt]:
    return [sample for fragment in read_segment(segment) for sample in fragment.samples]


@given(st.integers(0, 2**64 - 2**40), st.lists(samples, min_size=1, max_size=8))
def test_what_is_written_is_read(decode_time: int, written: list[Sample]) -> None:
    fragment = write_fragment(7, decode_time, written)
    (read,) = read_segment(fragment)
    assert (read.sequence, read.decode_time, read.start, read.end) == (7, decode_time, 0, len(fragment))
    time = decode_time
    for sample, found in zip(written, read.samples, strict=True):
        assert (found.time, found.duration, found.keyframe) == (time, sample.duration, sample.keyframe)
        assert found.composition_offset == sample.composition_offset
        assert fragment[found.start : found.start + found.size] == sample.data
        time += sample.duration


@settings(max_examples=200)
@given(st.data())
def test_a_torn_file_is_whole_up_to_its_last_fragment(data: st.DataObject) -> None:
    segment = fake_track("opus").segments[0]
    ends = [0, *(fragment.end for fragment in read_segment(segment))]
    cut = data.draw(st.integers(0, len(segment)))
    whole = whole_bytes(segment[:cut])
    assert whole == max(end for end in ends if end <= cut)


@given(st.data())
def test_blocks_that_were_never_written_are_no_part_of_a_whole_file(data: st.DataObject) -> None:
    segment = fake_track("opus").segments[0]
    fragments = read_segment(segment)
    block = data.draw(st.integers(0, len(segment) // 512)) * 512
    hole = segment[:block] + bytes(len(segment) - block)
    whole = whole_bytes(hole)
    # Of fewer octets than a hole has, nobody can tell.
    assert whole in {each.start for each in fragments if each.start <= block < each.end} | {
        each.end for each in fragments if each.end <= block + 8
    } | {0}
    assert whole <= block + 8


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_segment_is_refused_or_still_in_bounds(data: st.DataObject) -> None:
    segment = bytearray(fake_track("h264", segments=1, segment_s=1).segments[0])
    for _ in range(data.draw(st.integers(1, 3))):
        segment[data.draw(st.integers(0, len(segment) - 1))] = data.draw(st.integers(0, 255))
    try:
        fragments = read_segment(bytes(segment))
    except MalformedMp4:
        return
    for fragment in fragments:
        assert all(fragment.start < each.start <= each.start + each.size <= fragment.end for each in fragment.samples)


def test_what_is_no_segment_is_named() -> None:
    track = fake_track("opus")
    whole = track.segments[0]
    moof_bytes = int.from_bytes(whole[:4])
    for data, reason in (
        (b"", "no fragment"),
        (whole[:-1], "box is cut off"),
        (whole[:moof_bytes], "fragment without data"),
        (whole[moof_bytes:], "data without a fragment"),
        (whole[:moof_bytes] * 2, "fragment without data"),
        (track.header + whole, "a header within a segment"),
        (track.segments[1] + whole, "fragments overlap in time"),
        (b"\0\0\0\0moof", "box without a size"),
        (b"\0\0\0\1moof", "box is cut off"),
        (write_fragment(1, 0, []), "fragment without samples"),
        (_endless(MAX_SAMPLES + 1), "too many samples"),
    ):
        with pytest.raises(MalformedMp4) as caught:
            read_segment(data)
        assert caught.value.data["reason"] == reason


def _endless(samples: int) -> bytes:
    """A fragment that claims samples without bytes: short, and long to read."""
    traf = box(
        b"traf",
        full_box(b"tfhd", 0, 0x2_0000, b"\0\0\0\1"),
        full_box(b"tfdt", 1, 0, bytes(8)),
        full_box(b"trun", 0, 0, samples.to_bytes(4)),
    )
    return box(b"moof", full_box(b"mfhd", 0, 0, bytes(4)), traf) + box(b"mdat", b"")


def test_as_many_samples_as_allowed_are_read() -> None:
    (fragment,) = read_segment(_endless(MAX_SAMPLES))
    assert len(fragment.samples) == MAX_SAMPLES


def test_a_header_of_another_kind_is_refused() -> None:
    header = fake_track("h264").header
    for data, reason in (
        (b"", "no moov"),
        (header.replace(b"vide", b"text"), "track is neither picture nor sound"),
        (header.replace(b"avc1", b"hvc1"), "a codec we do not keep"),
        (header.replace(b"trak", b"skip"), "not exactly one track"),
        (bytes(MAX_HEADER_BYTES + 1), "header is too long"),
    ):
        with pytest.raises(MalformedMp4) as caught:
            read_header(data)
        assert caught.value.data["reason"] == reason


def test_formats_are_made_of_real_headers_only() -> None:
    refused: list[tuple[Callable[..., Format], list[bytes]]] = [
        (h264_format, [SPS_720P[:6], b"\x68"]),
        (h264_format, [SPS_720P, b""]),
        (vp9_format, [b"\x00"]),
        (aac_format, [b"\x00"]),
        (aac_format, [b"\xff\xff"]),
    ]
    for make, headers in refused:
        with pytest.raises(MalformedStream):
            make(*headers)


def test_equal_formats_have_one_header() -> None:
    assert write_header(opus_format(2)) == write_header(opus_format(2))
    assert write_header(opus_format(2)) != write_header(opus_format(1))
    form = h264_format(SPS_720P, b"\x68\xce\x3c\x80")
    assert (form.codec, form.width, form.height) == ("avc1.42c01f", 1280, 720)

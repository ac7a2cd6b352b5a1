"""A file laid out from segments is what other people's readers take for a whole MP4."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_server.movie.layout import Chapter, Layout, Placed, lay_out
from media_server.movie.samples import SegmentSamples
from media_server.movie.track import Chunk, Silence, Strip, join
from tests.fakes.recorded import OPUS_PACKET, RecordedTrack, a_picture, a_sound

BEGAN = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)
SILENCE = Silence(b"\xf8\xff\xfe", OPUS_PACKET)
CHAPTERS = [Chapter(0.0, "第一页"), Chapter(3.5, "“第二页” " + "长" * 100)]


def strips(track: RecordedTrack) -> list[Strip]:
    return [
        Strip(
            segment.digest,
            track.format,
            SegmentSamples.of(track.blobs[segment.digest]),
            Fraction(segment.start, track.format.timescale),
            Fraction(segment.start + segment.duration, track.format.timescale),
        )
        for segment in track.segments
    ]


def laid_out(*tracks: RecordedTrack) -> tuple[Layout, dict[str, bytes]]:
    blobs: dict[str, bytes] = {}
    placed: list[Placed] = []
    for track in tracks:
        blobs |= track.blobs
        joined = join(strips(track), None if track.format.width else SILENCE)
        assert joined is not None
        placed.append(Placed(joined, "x", enabled=not placed or track.format.width > 0 or len(placed) == 1))
    return lay_out(placed, CHAPTERS, title="古诗两首", began_at=BEGAN), blobs


def read(layout: Layout, blobs: dict[str, bytes], start: int = 0, stop: int | None = None) -> bytes:
    found = b""
    for part, first, last in layout.parts(start, layout.size if stop is None else stop):
        found += bytes_of(part, blobs)[first:last]
    return found


def bytes_of(part: bytes | Chunk, blobs: dict[str, bytes]) -> bytes:
    if isinstance(part, bytes):
        return part
    return part.literal or b"".join(blobs[part.source][at : at + size] for at, size in part.spans)


def opened(data: bytes) -> av.container.InputContainer:
    return av.open(io.BytesIO(data), "r")


def test_ffmpeg_finds_all_of_it() -> None:
    data = read(*laid_out(a_picture(), a_sound(), a_sound(tone_hz=880.0)))
    assert data[4:8] == b"ftyp"
    assert data.index(b"moov") < data.index(b"mdat")
    with opened(data) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio", "audio"]
        assert container.duration == pytest.approx(8_000_000, abs=20_000)
        assert container.metadata["title"] == "古诗两首"
        titles = [
            (chapter["start"] * (chapter["time_base"] or 1), chapter["metadata"]["title"])
            for chapter in container.chapters()
        ]
        assert titles[0] == (0, "第一页")
        assert titles[1][0] == Fraction(7, 2)
        assert titles[1][1].startswith("“第二页” 长长")
        frames = list(container.decode(video=0))
        assert [frame.time for frame in frames] == pytest.approx([number / 10 for number in range(80)])
    with opened(data) as container:
        samples = sum(frame.samples for frame in container.decode(audio=1))
        assert samples == pytest.approx(8 * 48_000, abs=OPUS_PACKET)


def test_where_nothing_was_recorded_the_picture_stays_and_the_sound_is_silent() -> None:
    data = read(*laid_out(a_picture().without(1), a_sound().without(1, 2)))
    with opened(data) as container:
        assert container.duration == pytest.approx(8_000_000, abs=20_000)
        times = [frame.time for frame in container.decode(video=0)]
        assert times == pytest.approx([number / 10 for number in range(80) if not 20 <= number < 40])
    with opened(data) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
        assert len(sound) == pytest.approx(8 * 48_000, abs=OPUS_PACKET)
        loud = np.abs(sound[:379_200].reshape(-1, 4_800)).max(axis=1)
        assert (loud[1:19] > 0.1).all()
        assert (loud[22:59] < 0.01).all()
        assert (loud[62:79] > 0.1).all()


def test_what_begins_later_is_shown_later() -> None:
    data = read(*laid_out(a_picture(4.0, start_s=3.25), a_sound()))
    with opened(data) as container:
        first = next(container.decode(video=0))
        assert first.time == pytest.approx(3.25, abs=0.001)
        assert container.streams.audio[0].start_time in (0, None)


def part(strip: Strip, begin_s: int, end_s: int) -> Strip:
    return replace(strip, begin_s=max(strip.begin_s, Fraction(begin_s)), end_s=min(strip.end_s, Fraction(end_s)))


def test_seams_between_two_records_show_nothing_twice() -> None:
    agent, server = strips(a_picture()), strips(a_picture(width=160, height=96))
    # the server's record fills until the middle of one of its segments
    joined = join([agent[0], server[1], part(server[2], 4, 5), agent[3]], None)
    assert joined is not None
    assert len(joined.formats) == 2
    times = joined.start + np.cumsum(joined.deltas) - joined.deltas
    assert (np.diff(times) > 0).all()
    assert joined.duration == 8 * 90_000
    # a picture cannot begin but at a keyframe: what comes before yields to it
    late = join([agent[0], agent[1], part(server[1], 3, 4), agent[2]], None)
    assert late is not None
    assert late.sizes[20] == server[1].samples.sizes[0]
    assert late.duration == 6 * 90_000


def test_nothing_left_makes_no_track() -> None:
    whole = strips(a_picture())[0]
    assert join([Strip(whole.source, whole.format, whole.samples, Fraction(0), Fraction(0))], None) is None


@given(st.data())
def test_any_range_is_that_part_of_the_whole(data: st.DataObject) -> None:
    layout, blobs = laid_out(a_picture().without(2), a_sound().without(1))
    whole = read(layout, blobs)
    assert len(whole) == layout.size
    start = data.draw(st.integers(0, layout.size))
    stop = data.draw(st.integers(start, layout.size))
    assert read(layout, blobs, start, stop) == whole[start:stop]


def test_samples_are_kept_small_and_read_back() -> None:
    track = a_picture()
    for segment in track.segments:
        samples = SegmentSamples.of(track.blobs[segment.digest])
        packed = samples.pack()
        assert len(packed) < 400
        again = SegmentSamples.unpack(packed)
        for name in ("times", "durations", "offsets", "sizes", "positions", "keyframes"):
            assert (getattr(again, name) == getattr(samples, name)).all()
        with pytest.raises(ValueError, match="not packed samples"):
            SegmentSamples.unpack(packed[:-1])


def test_a_file_beyond_four_gigabytes_counts_in_64_bits() -> None:
    joined = join(strips(a_picture()), None)
    assert joined is not None
    huge = tuple(
        Chunk(chunk.time, chunk.source, ((0, 1_200_000_000),), b"", chunk.samples, chunk.description)
        for chunk in joined.chunks
    )
    layout = lay_out([Placed(replace(joined, chunks=huge), "x")], [], title="x", began_at=BEGAN)
    assert b"co64" in layout.head
    assert layout.size == len(layout.head) + 4 * 1_200_000_000
    at = layout.head.index(b"co64") + 12
    assert [int.from_bytes(layout.head[at + 8 * n : at + 8 * n + 8]) for n in range(4)] == list(layout.offsets)
    assert int.from_bytes(layout.head[-8:]) == layout.size - len(layout.head) + 16

"""AAC from Opus segment by segment sounds like AAC from the whole."""

import io
from itertools import pairwise

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.fmp4.header import read_header
from classroom.fmp4.reader import read_segment
from media_server.watching.aac import aac_form, aac_header, aac_segment, opus_sound
from media_server.watching.aac_grid import FRAME, frames_of
from tests.fakes.recorded import RecordedTrack, a_sound


def made(track: RecordedTrack) -> list[bytes]:
    """The AAC segments of a track without holes."""
    found, before = [], b""
    for index, segment in enumerate(track.segments):
        last = index == len(track.segments) - 1
        frames = frames_of(
            segment.start, segment.start + segment.duration, joined_before=index > 0, joined_after=not last
        )
        data = track.blobs[segment.digest]
        found.append(aac_segment(before, data, 1, frames))
        before = data
    return found


# the shortest segments recorders make are longer than these four frames
@given(st.lists(st.integers(4 * FRAME, 400_000), min_size=1, max_size=8), st.integers(0, 10**9))
def test_every_frame_of_a_sound_belongs_to_one_segment(lengths: list[int], start: int) -> None:
    edges = [start]
    for length in lengths:
        edges.append(edges[-1] + length)
    found = [
        frames_of(a, b, joined_before=index > 0, joined_after=index < len(lengths) - 1)
        for index, (a, b) in enumerate(pairwise(edges))
    ]
    numbers = [number for frames in found for number in frames]
    assert numbers == list(range(-(-start // FRAME), -(-edges[-1] // FRAME)))


def test_segments_continue_each_other_and_are_the_same_bytes_again() -> None:
    track = a_sound()
    segments = made(track)
    assert segments == made(track)
    fragments = [fragment for segment in segments for fragment in read_segment(segment)]
    assert fragments[0].decode_time == 0
    for before, after in pairwise(fragments):
        assert after.decode_time == before.decode_time + before.duration
        assert before.duration <= 48_000
    assert fragments[-1].decode_time + fragments[-1].duration == 8 * 48_000
    header = read_header(aac_header(1))
    assert (header.format.codec, header.format.channels, header.format.timescale) == ("mp4a.40.2", 1, 48_000)
    assert aac_form(2).channels == 2


def test_nothing_is_heard_where_segments_meet() -> None:
    track = a_sound()
    blobs = [track.blobs[segment.digest] for segment in track.segments]
    wanted = opus_sound(blobs, 1, 0, 8 * 48_000)[0]
    with av.open(io.BytesIO(aac_header(1) + b"".join(made(track))), "r") as container:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    length = min(len(heard), len(wanted))
    assert length >= 8 * 48_000 - FRAME
    error = (heard[:length] - wanted[:length])[FRAME : length // 480 * 480]
    error = error[: len(error) // 480 * 480].reshape(-1, 480)
    loudness = np.sqrt((error**2).mean(axis=1))
    # what AAC itself takes away is everywhere the same: nowhere, at no seam, is there more
    assert loudness.max() < 0.02
    assert loudness.max() < 10 * np.median(loudness) + 0.002


def test_alone_a_segment_begins_and_ends_with_itself() -> None:
    track = a_sound()
    segment = track.segments[1]
    end = segment.start + segment.duration
    frames = frames_of(segment.start, end, joined_before=False, joined_after=False)
    found = read_segment(aac_segment(b"", track.blobs[segment.digest], 1, frames))
    assert segment.start <= found[0].decode_time < segment.start + FRAME
    assert end <= found[-1].decode_time + found[-1].duration < end + FRAME
    with pytest.raises(Exception, match="mp4_malformed"):
        aac_segment(b"", b"\0\0\0\x08moof", 1, frames)

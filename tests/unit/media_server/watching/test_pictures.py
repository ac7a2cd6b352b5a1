"""Stills, chapters and waveform are of what was really recorded."""

import cv2
import numpy as np
import pytest

from media_server.watching.changes import LEAST_CHAPTER_S, changed_share, new_slides
from media_server.watching.loudness import PEAKS_A_SECOND, opus_peaks
from media_server.watching.stills import (
    STILL_SIZE,
    TILE_SIZE,
    Still,
    change_time,
    first_still,
    liveliness,
    poster,
    sheet,
)
from tests.fakes.recorded import RecordedTrack, a_picture, a_sound


def stills(track: RecordedTrack) -> list[tuple[float, Still]]:
    return [
        (
            segment.start / track.format.timescale,
            Still.unpack(first_still(track.blobs[segment.init_digest], track.blobs[segment.digest])),
        )
        for segment in track.segments
    ]


def test_slides_are_found_when_they_change_and_not_otherwise() -> None:
    slides = stills(a_picture(96.0, slides_s=24.0))
    found = new_slides([(time, still.sign) for time, still in slides])
    assert [slides[index][0] for index in found] == [0.0, 24.0, 48.0, 72.0]


def test_the_moment_of_a_change_is_found_to_the_frame() -> None:
    track = a_picture(60.0, slides_s=25.0)  # in the middle of a segment
    slides = stills(track)
    found = new_slides([(time, still.sign) for time, still in slides])
    assert [slides[index][0] for index in found] == [0.0, 26.0, 50.0]
    segment = track.segments[found[1] - 1]
    moment = change_time(
        track.blobs[segment.init_digest], track.blobs[segment.digest], slides[0][1].sign, slides[found[1]][1].sign
    )
    assert moment == pytest.approx(25.0)


def test_a_film_is_one_chapter_and_a_wink_is_none() -> None:
    rng = np.random.default_rng(1)
    still = rng.integers(0, 255, 64 * 36).astype(np.uint8)
    other = rng.integers(0, 255, 64 * 36).astype(np.uint8)
    film = [rng.integers(0, 255, 64 * 36).astype(np.uint8) for _ in range(30)]
    signs = [still] * 10 + film + [other] * 10
    assert new_slides([(4.0 * n, sign.tobytes()) for n, sign in enumerate(signs)]) == [0, 40]
    shortly = [still] * 10 + [other] + [still] * 10
    assert new_slides([(4.0 * n, sign.tobytes()) for n, sign in enumerate(shortly)]) == [0]
    quick = [still] + [other] * 2 + [still] * 20
    assert LEAST_CHAPTER_S > 8
    assert new_slides([(4.0 * n, sign.tobytes()) for n, sign in enumerate(quick)]) == [0]
    assert new_slides([]) == []
    assert changed_share(still.tobytes(), still.tobytes()) == 0.0


def test_stills_fit_whatever_the_picture_was() -> None:
    track = a_picture(2.0, width=128, height=256)
    segment = track.segments[0]
    header, data = track.blobs[segment.init_digest], track.blobs[segment.digest]
    still = Still.unpack(first_still(header, data))
    image = cv2.imdecode(np.frombuffer(still.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (STILL_SIZE[1], STILL_SIZE[0], 3)
    assert image[:, :100].max() < 30  # bars, not a stretched picture
    assert liveliness(still.sign) > 5
    whole = cv2.imdecode(np.frombuffer(poster(header, data), np.uint8), cv2.IMREAD_COLOR)
    assert whole is not None
    assert whole.shape == (256, 128, 3)


def test_a_sheet_has_a_tile_for_every_still() -> None:
    jpegs = [still.jpeg for _, still in stills(a_picture())]
    image = cv2.imdecode(np.frombuffer(sheet([*jpegs, None, b"no picture"] * 2), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (2 * TILE_SIZE[1], 10 * TILE_SIZE[0], 3)


def test_what_is_no_picture_is_said_so() -> None:
    track = a_picture(2.0)
    header = track.blobs[track.segments[0].init_digest]
    for broken in (b"", b"\0\0\0\x08moof", b"nothing"):
        with pytest.raises(ValueError, match="no picture"):
            first_still(header, broken)
        with pytest.raises(ValueError, match="no picture"):
            poster(header, broken)


def test_the_waveform_follows_the_sound() -> None:
    track = a_sound()
    peaks = [value for segment in track.segments for value in opus_peaks(track.blobs[segment.digest], 1)]
    assert len(peaks) == pytest.approx(8 * PEAKS_A_SECOND, abs=1)
    assert all(60 < value < 100 for value in peaks[1:-1])  # the tone is of 0.3

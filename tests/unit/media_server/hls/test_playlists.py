"""Playlists keep to RFC 8216, whatever a track's segments look like, and stay true while they grow."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_server.hls.listing import LEAST_HOLE_US, Clip, Listing, breaks_of
from media_server.hls.media_playlist import PlaylistMode, media_playlist
from media_server.hls.multivariant import Captions, Picture, Rates, Sound, multivariant_playlist, rates_of
from tests.fakes.hls_rules import check_growth, check_media_playlist, check_multivariant

# The parser we check against reads dates slowly.
FEWER = settings(max_examples=25)
BEGAN = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)


def clip(number: int, start_us: int, end_us: int, header: str = "a", size: int = 1000) -> Clip:
    return Clip(f"../segment/{number}.m4s", f"../header/{header}.mp4", f"{number}", size, start_us, end_us)


@st.composite
def tracks(draw: st.DrawFn, most: int = 12, longest_us: int = 9_000_000) -> list[Clip]:
    """Segments of up to `longest_us`, with holes and overlaps of any size between, and now and then a new header."""
    at_us, header, found = draw(st.integers(0, 20_000_000)), 0, []
    for number in range(draw(st.integers(1, most))):
        length_us = draw(st.integers(20_000, longest_us))
        found.append(clip(number, at_us, at_us + length_us, f"h{header}"))
        at_us += length_us + draw(st.one_of(st.just(0), st.integers(-15_000, 15_000), st.integers(0, 30_000_000)))
        header += draw(st.sampled_from((0, 0, 0, 1)))
    return found


def playlist(listing: Listing, mode: PlaylistMode = PlaylistMode.VOD, *, ended: bool = True, **more: object) -> str:
    return media_playlist(listing, mode, began_at=BEGAN, ended=ended, **more)  # type: ignore[arg-type]


def test_a_quiet_track_lists_its_segments_and_nothing_else() -> None:
    clips = [clip(number, number * 4_000_000, (number + 1) * 4_000_000) for number in range(3)]
    assert playlist(Listing.of(clips)) == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-TARGETDURATION:4\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXT-X-PLAYLIST-TYPE:VOD\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        '#EXT-X-MAP:URI="../header/a.mp4"\n'
        "#EXT-X-PROGRAM-DATE-TIME:2026-09-01T01:00:00.000Z\n"
        "#EXTINF:4.000000,\n"
        "../segment/0.m4s\n"
        "#EXTINF:4.000000,\n"
        "../segment/1.m4s\n"
        "#EXTINF:4.000000,\n"
        "../segment/2.m4s\n"
        "#EXT-X-ENDLIST\n"
    )


@FEWER
@given(tracks(), st.sampled_from([True, False]))
def test_every_track_makes_a_playlist_within_the_rules(clips: list[Clip], ended: bool) -> None:
    listing = Listing.of(clips, breaks_of(clips))
    for mode in PlaylistMode:
        check_media_playlist(playlist(listing, mode, ended=ended or mode is PlaylistMode.VOD))


@given(tracks())
def test_playlist_time_is_recording_time(clips: list[Clip]) -> None:
    listing = Listing.of(clips)
    at_us = listing.start_us
    for entry in listing.entries:
        assert entry.start_us == at_us
        at_us = entry.end_us
        if entry.clip is not None:
            # the most that a player may be off: what is too short to be listed as a hole
            assert 0 <= max(0, entry.clip.start_us - entry.start_us) < LEAST_HOLE_US
            assert entry.end_us == entry.clip.end_us
    assert listing.start_us < LEAST_HOLE_US
    assert at_us == max(each.end_us for each in clips)


@FEWER
@given(tracks(longest_us=5_900_000), st.lists(st.integers(0, 60_000_000), max_size=4), st.data())
def test_a_playlist_once_served_stays_true(clips: list[Clip], breaks: list[int], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(clips)), max_size=5)))
    listing = Listing()
    for mode in (PlaylistMode.EVENT, PlaylistMode.LIVE):
        listing, before = Listing(), ""
        for cut in [*cuts, len(clips)]:
            # A break may be heard of after what it concerns was listed: it counts all the same, later.
            known = sorted(breaks[: cut + 1] + breaks_of(clips[:cut]))
            listing.extend(clips[:cut], known)
            after = playlist(listing, mode, ended=cut == len(clips))
            if before:
                check_growth(before, after)
            before = after


@given(st.lists(tracks(), min_size=2, max_size=3))
def test_every_rendition_counts_the_same_breaks(renditions: list[list[Clip]]) -> None:
    breaks = sorted(moment for clips in renditions for moment in breaks_of(clips))
    for clips in renditions:
        listing = Listing.of(clips, breaks)
        reached = [moment for moment in breaks if moment <= clips[-1].start_us]
        assert sum(entry.breaks for entry in listing.entries) == len(reached)


def test_what_is_broken_is_a_gap_of_its_own_length() -> None:
    clips = [clip(number, number * 4_000_000, (number + 1) * 4_000_000) for number in range(3)]
    found = check_media_playlist(playlist(Listing.of(clips), broken={"1"}))
    assert [bool(segment.gap_tag) for segment in found.segments] == [False, True, False]
    assert [segment.duration for segment in found.segments] == [4.0, 4.0, 4.0]
    assert found.segments[2].program_date_time.isoformat() == "2026-09-01T01:00:08+00:00"


def test_a_hole_is_told_by_gaps_and_by_the_clock() -> None:
    found = check_media_playlist(playlist(Listing.of([clip(0, 0, 2_000_000), clip(1, 62_000_000, 64_000_000)])))
    gaps = [segment for segment in found.segments if segment.gap_tag]
    assert len(gaps) == 15
    assert sum(segment.duration for segment in gaps) == pytest.approx(60.0)
    assert found.segments[-1].program_date_time.isoformat() == "2026-09-01T01:01:02+00:00"


def test_a_track_that_begins_late_keeps_its_place() -> None:
    found = check_media_playlist(playlist(Listing.of([clip(0, 600_000_000, 604_000_000)])))
    assert sum(segment.duration for segment in found.segments if segment.gap_tag) == pytest.approx(600.0)


def test_a_live_playlist_shows_the_last_minute() -> None:
    clips = [clip(number, number * 4_000_000, (number + 1) * 4_000_000) for number in range(100)]
    found = check_media_playlist(playlist(Listing.of(clips), PlaylistMode.LIVE, ended=False))
    assert (found.media_sequence, len(found.segments), found.target_duration) == (85, 15, 6)
    nothing = playlist(Listing(), PlaylistMode.LIVE, ended=False)
    assert check_media_playlist(nothing).segments == []


def picture(name: str, **fields: object) -> Picture:
    whole = {
        "name": name, "label": name, "uri": f"vod/{name}.m3u8", "codec": "avc1.42e01f", "width": 1280, "height": 720,
        "fps": 25.0, "rates": Rates(2_000_000, 1_500_000), **fields,
    }  # fmt: skip
    return Picture(**whole)  # type: ignore[arg-type]


def sound(name: str, codec: str) -> Sound:
    return Sound(name, f'{name} “声音”\n"x"', f"vod/{name}-{codec}.m3u8", codec, 1, Rates(64_000, 48_000))


def test_pictures_are_alternatives_and_sounds_come_in_every_codec() -> None:
    pictures = [picture("slides", fps=10.0), picture("teacher")]
    sounds = [[sound("teacher", codec), sound("students", codec)] for codec in ("opus", "mp4a.40.2")]
    captions = [Captions("中文", "captions/zh.m3u8", "zh-CN")]
    found = check_multivariant(multivariant_playlist(pictures, sounds, captions))
    assert [media.name for media in found.media if media.type == "VIDEO"] == ["teacher", "slides"]
    assert [media.uri for media in found.media if media.type == "VIDEO"] == [None, "vod/slides.m3u8"]
    variants = [(each.uri, each.stream_info) for each in found.playlists]
    assert [(uri, info.codecs) for uri, info in variants] == [
        ("vod/teacher.m3u8", "avc1.42e01f,opus"),
        ("vod/teacher.m3u8", "avc1.42e01f,mp4a.40.2"),
        ("vod/teacher-opus.m3u8", "opus"),
        ("vod/teacher-mp4a.40.2.m3u8", "mp4a.40.2"),
    ]
    assert variants[0][1].resolution == (1280, 720)
    assert variants[0][1].frame_rate == 25.0
    assert (variants[0][1].bandwidth, variants[0][1].average_bandwidth) == (2_064_000, 1_548_000)


@pytest.mark.parametrize(("pictures", "sounds", "variants"), [(1, 0, 1), (0, 1, 1), (1, 1, 2), (0, 0, 0)])
def test_whatever_there_is_can_be_played(pictures: int, sounds: int, variants: int) -> None:
    text = multivariant_playlist([picture("board")][:pictures], [[sound("teacher", "opus")]][:sounds])
    if variants:
        assert len(check_multivariant(text).playlists) == variants
    else:
        assert "STREAM-INF" not in text


def test_a_rendition_weighs_as_much_as_its_heaviest_piece() -> None:
    clips = [clip(0, 0, 4_000_000, size=500_000), clip(1, 4_000_000, 4_040_000, size=100_000)]
    assert rates_of(Listing.of(clips)) == Rates(1_188_119, 1_188_119)
    clips.append(clip(2, 5_000_000, 9_000_000, size=1_000_000))
    assert rates_of(Listing.of(clips)).peak_bps == 2_000_001
    assert rates_of(Listing()) == Rates(0, 0)

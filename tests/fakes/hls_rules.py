"""What RFC 8216 demands of playlists, as far as a playlist alone shows it, checked on the text with a parser not ours.

Apple's own validator runs on macOS only. Each check names its clause.
"""

import re
from typing import Any, Final

import m3u8
from m3u8 import version_matching

MULTIVARIANT_TAGS: Final = {"#EXT-X-MEDIA", "#EXT-X-STREAM-INF", "#EXT-X-I-FRAME-STREAM-INF"}
MEDIA_TAGS: Final = {
    "#EXTINF", "#EXT-X-TARGETDURATION", "#EXT-X-MEDIA-SEQUENCE", "#EXT-X-DISCONTINUITY-SEQUENCE", "#EXT-X-MAP",
    "#EXT-X-PLAYLIST-TYPE", "#EXT-X-ENDLIST", "#EXT-X-GAP", "#EXT-X-PROGRAM-DATE-TIME", "#EXT-X-DISCONTINUITY",
}  # fmt: skip


def tags_of(text: str) -> list[str]:
    return [line.partition(":")[0] for line in text.splitlines() if line.startswith("#EXT")]


def parsed(text: str) -> Any:
    """By the m3u8 package, in its strict mode (tags against EXT-X-VERSION)."""
    assert version_matching.validate(text.strip().splitlines()) == []
    return m3u8.loads(text)


def check_text(text: str) -> None:
    assert text.startswith("#EXTM3U\n"), "§ 4.3.1.1: the first line"
    assert not text.startswith("\ufeff"), "§ 4.1: no byte order mark"
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text), "§ 4.1: no control characters"
    tags = tags_of(text)
    assert tags.count("#EXT-X-VERSION") == 1, "§ 4.3.1.2: exactly once"
    assert not (MULTIVARIANT_TAGS & set(tags) and MEDIA_TAGS & set(tags)), "§ 4.1: never tags of both kinds"


def check_media_playlist(text: str) -> Any:
    """Raises `AssertionError`; returns what the parser made of it."""
    check_text(text)
    tags = tags_of(text)
    found = parsed(text)
    version = int(re.search(r"#EXT-X-VERSION:(\d+)", text)[1])  # type: ignore[index]
    for once in ("#EXT-X-TARGETDURATION", "#EXT-X-MEDIA-SEQUENCE"):
        assert tags.count(once) == 1, f"§ 4.3.3: {once}"
    assert tags.count("#EXT-X-PLAYLIST-TYPE") <= 1
    assert all(tags.count(tag) <= 1 for tag in ("#EXT-X-DISCONTINUITY-SEQUENCE", "#EXT-X-ENDLIST"))
    if "#EXT-X-MAP" in tags:
        assert version >= 6, "§ 7: EXT-X-MAP without EXT-X-I-FRAMES-ONLY"
    first = min(index for index, tag in enumerate([*tags, "#EXTINF"]) if tag == "#EXTINF")
    if "#EXT-X-MEDIA-SEQUENCE" in tags:
        assert tags.index("#EXT-X-MEDIA-SEQUENCE") < first, "§ 4.3.3.2: before the first segment"
    if "#EXT-X-DISCONTINUITY-SEQUENCE" in tags:
        at = tags.index("#EXT-X-DISCONTINUITY-SEQUENCE")
        assert at < first, "§ 4.3.3.3: before the first segment"
        assert "#EXT-X-DISCONTINUITY" not in tags[:at], "§ 4.3.3.3: before any EXT-X-DISCONTINUITY"
    for segment in found.segments:
        assert round(segment.duration + 1e-9) <= found.target_duration, "§ 4.3.3.1"
        assert segment.duration > 0
        if not segment.gap_tag:
            assert segment.init_section is not None, "§ 3.3: fragmented MP4 needs a Media Initialization Section"
    for before, after in zip(found.segments, found.segments[1:], strict=False):
        same = (before.init_section and before.init_section.uri) == (after.init_section and after.init_section.uri)
        if not same and not before.gap_tag and not after.gap_tag:
            assert after.discontinuity, "§ 4.3.2.3: what is encoded differently"
    if found.playlist_type == "vod":
        assert found.is_endlist, "§ 4.3.3.5: a VOD playlist is whole"
    if not found.is_endlist and found.playlist_type is None:
        listed_s = sum(segment.duration for segment in found.segments)
        assert not found.segments or listed_s >= 3 * found.target_duration or found.media_sequence == 0, "§ 6.2.2"
    return found


def check_growth(before: str, after: str) -> None:
    """§ 6.2.1: a playlist changes only by lines at its end, or at its head with the sequence numbers raised."""
    old, new = check_media_playlist(before), check_media_playlist(after)
    assert old.target_duration == new.target_duration
    shift = new.media_sequence - old.media_sequence
    assert shift >= 0
    if "EVENT" in before:
        assert shift == 0, "§ 4.3.3.5: nothing is taken from an EVENT playlist"
    kept = old.segments[shift:]
    assert len(new.segments) >= len(kept)
    for was, now in zip(kept, new.segments, strict=False):
        assert (was.uri, was.duration, was.gap_tag) == (now.uri, now.duration, now.gap_tag)
    gone = sum(1 for segment in old.segments[:shift] if segment.discontinuity)
    assert (new.discontinuity_sequence or 0) - (old.discontinuity_sequence or 0) == gone, "§ 6.2.2"
    assert not (old.is_endlist and not new.is_endlist)


def check_multivariant(text: str) -> Any:
    check_text(text)
    found = parsed(text)
    assert found.is_variant
    groups: dict[tuple[str, str], list[Any]] = {}
    for media in found.media:
        groups.setdefault((media.type, media.group_id), []).append(media)
    for (kind, group), members in groups.items():
        names = [media.name for media in members]
        assert len(set(names)) == len(names), f"§ 4.3.4.1.1: names within {kind} {group} differ"
        assert sum(media.default == "YES" for media in members) <= 1, "§ 4.3.4.1.1: one default"
        for media in members:
            if media.default == "YES":
                assert media.autoselect == "YES", "§ 4.3.4.1"
            if kind == "SUBTITLES":
                assert media.uri, "§ 4.3.4.1"
    for playlist in found.playlists:
        info = playlist.stream_info
        assert info.bandwidth > 0, "§ 4.3.4.2: BANDWIDTH"
        assert info.average_bandwidth <= info.bandwidth
        assert info.codecs, "§ 4.3.4.2: CODECS"
        for kind, group in (("AUDIO", info.audio), ("VIDEO", info.video), ("SUBTITLES", info.subtitles)):
            if group and group != "NONE":
                assert (kind, group.strip('"')) in groups, "§ 4.3.4.2: the group exists"
    return found

"""A rendition's own playlist (RFC 8216 § 4.3.2, 4.3.3)."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from media_server.hls.listing import Entry, Listing

# EXT-X-MAP outside of I-frame playlists needs 6 (RFC 8216 § 7); 7 is what players connect with fragmented MP4.
VERSION = 7
HOLE_URI = "../segment/none.m4s"
# While a lesson runs the target duration must never change (RFC 8216 § 6.2.1): recorders cut well below it.
RUNNING_TARGET_S = 6
# A live playlist keeps several target durations (at least three: § 6.2.2) for players that come or stumble.
LIVE_WINDOW_US = 60_000_000


class PlaylistMode(StrEnum):
    """What of a rendition is listed: all of a finished one, all so far of a running one, or only the last minute."""

    VOD = "vod"
    EVENT = "event"
    LIVE = "live"


def media_playlist(
    listing: Listing,
    mode: PlaylistMode,
    *,
    began_at: datetime,
    ended: bool,
    broken: Collection[str] = (),
) -> str:
    """The text of a playlist. `broken`: digests whose bytes are missing or damaged; they are listed as gaps.

    `ended`: nothing will be added any more. `began_at` is the recording's, and must know its zone.
    """
    entries = listing.entries
    first = _window(entries) if mode is PlaylistMode.LIVE else 0
    shown = entries[first:]
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{VERSION}",
        f"#EXT-X-TARGETDURATION:{target_duration_s(entries, running=mode is not PlaylistMode.VOD)}",
        f"#EXT-X-MEDIA-SEQUENCE:{first}",
    ]
    passed = sum(entry.breaks for entry in entries[:first])
    if mode is PlaylistMode.LIVE or passed:
        lines.append(f"#EXT-X-DISCONTINUITY-SEQUENCE:{passed}")
    if mode is not PlaylistMode.LIVE:
        lines.append(f"#EXT-X-PLAYLIST-TYPE:{mode.value.upper()}")
    lines.append("#EXT-X-INDEPENDENT-SEGMENTS")
    lines += _entry_lines(shown, began_at, frozenset(broken))
    if ended:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def target_duration_s(entries: Sequence[Entry], *, running: bool) -> int:
    """Every duration, rounded to the nearest second, is at most this (RFC 8216 § 4.3.3.1)."""
    longest = max((_rounded(entry) for entry in entries), default=1)
    return max(longest, RUNNING_TARGET_S if running else 1)


def _rounded(entry: Entry) -> int:
    return (entry.end_us - entry.start_us + 500_000) // 1_000_000


def _window(entries: Sequence[Entry]) -> int:
    """The first entry that a live playlist still lists."""
    if not entries:
        return 0
    begin_us = entries[-1].end_us - LIVE_WINDOW_US
    return next(index for index, entry in enumerate(entries) if entry.end_us > begin_us)


def _entry_lines(entries: Sequence[Entry], began_at: datetime, broken: frozenset[str]) -> Iterable[str]:
    header: str | None = None
    dated = False
    for entry in entries:
        clip = entry.clip
        yield from ["#EXT-X-DISCONTINUITY"] * entry.breaks
        if clip is not None and clip.header_uri != header:
            header = clip.header_uri
            yield f'#EXT-X-MAP:URI="{header}"'
        gap = clip is None or clip.digest in broken
        if entry.breaks or not dated:
            yield f"#EXT-X-PROGRAM-DATE-TIME:{_date_time(began_at, entry.start_us)}"
        # After a gap a player must not have to count on its length.
        dated = not gap
        yield f"#EXTINF:{entry.duration_s:.6f},"
        if gap:
            yield "#EXT-X-GAP"
        yield HOLE_URI if clip is None else clip.uri


def _date_time(began_at: datetime, start_us: int) -> str:
    """ISO 8601 in milliseconds, in UTC: players parse no finer."""
    moment = began_at.astimezone(UTC) + timedelta(microseconds=start_us)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

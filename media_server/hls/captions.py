"""Captions: WebVTT (W3C) and the playlist that names it (RFC 8216 § 3.5)."""

from collections.abc import Iterable

from media_server.hls.media_playlist import VERSION


def captions_playlist(uri: str, duration_s: float) -> str:
    """One file of cues for all of it: the whole text of a lesson is smaller than a second of its picture."""
    duration_s = max(0.001, duration_s)
    return (
        f"#EXTM3U\n#EXT-X-VERSION:{VERSION}\n#EXT-X-TARGETDURATION:{max(1, round(duration_s))}\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n"
        f"#EXTINF:{duration_s:.3f},\n{uri}\n#EXT-X-ENDLIST\n"
    )


def webvtt(cues: Iterable[tuple[int, int, str]]) -> str:
    """Cues as (begin, end) in milliseconds from the recording's beginning, and text."""
    # § 3.5: where the cues' zero is in the media; ours is where every track counts from.
    blocks = ["WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0"]
    for begin_ms, end_ms, text in cues:
        # A blank line or an arrow would end the cue, an angle bracket begin markup.
        lines = [line for line in text.splitlines() if line.strip()]
        plain = "\n".join(lines).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        if plain and end_ms > begin_ms:
            blocks.append(f"{_time(begin_ms)} --> {_time(end_ms)}\n{plain}")
    return "\n\n".join(blocks) + "\n"


def _time(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"

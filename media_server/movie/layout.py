"""The whole file: which bytes it has, without reading the media."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from classroom.fmp4.box import HEADER_BYTES, box, full_box
from media_server.movie.tables import MATRIX, MOVIE_TIMESCALE, track_box
from media_server.movie.track import Chunk, MovieTrack

_EPOCH_1904 = datetime(1904, 1, 1, tzinfo=UTC)
_LONGEST_TITLE_BYTES = 255  # the length in `chpl` is one byte
_MOST_CHAPTERS = 255


@dataclass(frozen=True, slots=True)
class Chapter:
    """Where something begins, seconds from the recording's beginning."""

    start_s: float
    title: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A track with what players show of it. Of several sounds the enabled one is played."""

    track: MovieTrack
    label: str
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Layout:
    """`head` are the file's first bytes; the chunks follow it without anything between, `offsets` say where."""

    head: bytes
    chunks: tuple[Chunk, ...]
    offsets: tuple[int, ...]
    size: int

    def parts(self, start: int, stop: int) -> Iterator[tuple[bytes | Chunk, int, int]]:
        """What the bytes from `start` to before `stop` are made of: bytes or a chunk, and which part of it."""
        if start < len(self.head):
            yield self.head, start, min(stop, len(self.head))
        index = max(0, bisect_right(self.offsets, start) - 1)
        for chunk, offset in zip(self.chunks[index:], self.offsets[index:], strict=True):
            if offset >= stop:
                return
            first, last = max(0, start - offset), min(chunk.size, stop - offset)
            if first < last:
                yield chunk, first, last


def lay_out(tracks: Sequence[Placed], chapters: Sequence[Chapter], *, title: str, began_at: datetime) -> Layout:
    """At least one track. The index comes first, so that a player begins before it has the rest."""
    order = sorted(
        ((chunk.time, number, index) for number, placed in enumerate(tracks) for index, chunk in _chunks(placed)),
    )
    chunks = tuple(tracks[number].track.chunks[index] for _, number, index in order)
    sizes = np.array([chunk.size for chunk in chunks], np.int64)
    within = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    media_bytes = int(sizes.sum())
    # 64 bits where 32 would not do: the length of the index must not depend on where it says the media is.
    large = media_bytes + 256 * 1024 * 1024 > 0xFFFF_FFFF
    places = [np.empty(len(placed.track.chunks), np.int64) for placed in tracks]

    def head(begin: int) -> bytes:
        for (_, number, index), offset in zip(order, within, strict=True):
            places[number][index] = begin + offset
        movie = _movie(tracks, places, chapters, title, began_at, large=large)
        size = media_bytes + (2 * HEADER_BYTES if large else HEADER_BYTES)
        media = (1 if large else size).to_bytes(4) + b"mdat" + (size.to_bytes(8) if large else b"")
        return box(b"ftyp", b"isom", b"\0\0\2\0", b"isom", b"iso2", b"avc1", b"mp41") + movie + media

    begin = len(head(0))
    return Layout(head(begin), chunks, tuple(int(offset) + begin for offset in within), begin + media_bytes)


def _chunks(placed: Placed) -> Iterator[tuple[int, Chunk]]:
    return enumerate(placed.track.chunks)


def _movie(
    tracks: Sequence[Placed],
    places: Sequence[np.ndarray[tuple[int], np.dtype[np.int64]]],
    chapters: Sequence[Chapter],
    title: str,
    began_at: datetime,
    *,
    large: bool,
) -> bytes:
    created = int((began_at - _EPOCH_1904).total_seconds())
    ends = [
        (placed.track.start + placed.track.duration) * MOVIE_TIMESCALE / placed.track.timescale for placed in tracks
    ]
    header = full_box(
        b"mvhd",
        1,
        0,
        created.to_bytes(8) * 2,
        MOVIE_TIMESCALE.to_bytes(4),
        round(max(ends)).to_bytes(8),
        b"\0\1\0\0\1\0" + bytes(10),
        MATRIX,
        bytes(24),
        (len(tracks) + 1).to_bytes(4),
    )
    boxes = [
        track_box(
            placed.track,
            number,
            offsets,
            large=large,
            label=placed.label,
            enabled=placed.enabled,
            created=created,
        )
        for number, (placed, offsets) in enumerate(zip(tracks, places, strict=True), start=1)
    ]
    return box(b"moov", header, *boxes, _user_data(chapters, title, began_at))


def _user_data(chapters: Sequence[Chapter], title: str, began_at: datetime) -> bytes:
    """Chapters as Nero wrote them and FFmpeg and VLC read them; title and date as iTunes writes them."""
    lines = [
        round(chapter.start_s * 10_000_000).to_bytes(8) + len(name).to_bytes(1) + name
        for chapter, name in ((chapter, _short(chapter.title)) for chapter in chapters[:_MOST_CHAPTERS])
    ]
    found = [full_box(b"chpl", 1, 0, bytes(4), len(lines).to_bytes(1), *lines)] if lines else []
    handler = full_box(b"hdlr", 0, 0, bytes(4), b"mdirappl", bytes(9))
    named = ((b"\xa9nam", title), (b"\xa9day", began_at.date().isoformat()))
    # "well-known type" 1: UTF-8; no locale
    items = [box(kind, box(b"data", (1).to_bytes(4), bytes(4), text.encode())) for kind, text in named]
    return box(b"udta", *found, full_box(b"meta", 0, 0, handler, box(b"ilst", *items)))


def _short(text: str) -> bytes:
    """UTF-8 of at most `_LONGEST_TITLE_BYTES`, never cut within a character."""
    return text.encode()[:_LONGEST_TITLE_BYTES].decode(errors="ignore").encode()

"""A track's boxes (§ 8.3 – 8.7), from arrays."""

from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from classroom.fmp4.box import box, full_box
from classroom.model.recording import TrackKind
from media_server.movie.track import MovieTrack

MOVIE_TIMESCALE = 1000
MATRIX = b"".join(n.to_bytes(4) for n in (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000))
_UNDEFINED_LANGUAGE = 0x55C4  # "und"
_ENABLED, _IN_MOVIE = 1, 2
_SOUNDS = 1  # alternatives of one another: a player plays one of them


def track_box(
    track: MovieTrack,
    track_id: int,
    offsets: NDArray[np.int64],
    *,
    large: bool,
    label: str,
    enabled: bool,
    created: int,
) -> bytes:
    """`trak`. `offsets`: of each chunk in the file, `large` when they need 64 bits; `created` in seconds since 1904."""
    video = track.kind is TrackKind.VIDEO
    lead_ms = track.start * MOVIE_TIMESCALE // track.timescale
    length_ms = -(-track.duration * MOVIE_TIMESCALE // track.timescale)
    size = max((form.width, form.height) for form in track.formats)
    header = full_box(
        b"tkhd",
        1,
        (_ENABLED if enabled else 0) | _IN_MOVIE,
        created.to_bytes(8) * 2,
        track_id.to_bytes(4) + bytes(4),
        (lead_ms + length_ms).to_bytes(8),
        bytes(8),
        bytes(2) + (0 if video else _SOUNDS).to_bytes(2),  # layer, alternate_group
        (b"\0\0" if video else b"\1\0") + bytes(2),
        MATRIX,
        (size[0] << 16).to_bytes(4) + (size[1] << 16).to_bytes(4),
    )
    media = box(
        b"mdia",
        full_box(
            b"mdhd",
            1,
            0,
            created.to_bytes(8) * 2,
            track.timescale.to_bytes(4),
            track.duration.to_bytes(8),
            _UNDEFINED_LANGUAGE.to_bytes(2) + bytes(2),
        ),
        full_box(b"hdlr", 0, 0, bytes(4), b"vide" if video else b"soun", bytes(12), label.encode() + b"\0"),
        box(
            b"minf",
            full_box(b"vmhd", 0, 1, bytes(8)) if video else full_box(b"smhd", 0, 0, bytes(4)),
            box(b"dinf", full_box(b"dref", 0, 0, b"\0\0\0\1", full_box(b"url ", 0, 1))),
            _sample_table(track, offsets, large=large),
        ),
    )
    return box(b"trak", header, _edits(track, lead_ms, length_ms), media)


def _edits(track: MovieTrack, lead_ms: int, length_ms: int) -> bytes:
    """§ 8.6.6: nothing until the track begins, then all of it, from the first moment that is shown."""
    first_shown = int((np.cumsum(track.deltas[:64]) - track.deltas[:64] + track.offsets[:64]).min())
    edits = [(length_ms, max(0, first_shown))]
    if lead_ms:
        edits.insert(0, (lead_ms, -1))
    lines = [length.to_bytes(8) + time.to_bytes(8, signed=True) + b"\0\1\0\0" for length, time in edits]
    return box(b"edts", full_box(b"elst", 1, 0, len(lines).to_bytes(4), *lines))


def _sample_table(track: MovieTrack, offsets: NDArray[np.int64], *, large: bool) -> bytes:
    entries = b"".join(form.entry for form in track.formats)
    parts = [
        full_box(b"stsd", 0, 0, len(track.formats).to_bytes(4), entries),
        _run_lengths(b"stts", 0, track.deltas),
    ]
    if track.offsets.any():
        parts.append(_run_lengths(b"ctts", 1, track.offsets))
    if not track.keyframes.all():
        numbers = (np.flatnonzero(track.keyframes) + 1).astype(">u4")
        parts.append(full_box(b"stss", 0, 0, len(numbers).to_bytes(4), numbers.tobytes()))
    parts.append(full_box(b"stsz", 0, 0, bytes(4), len(track.sizes).to_bytes(4), track.sizes.astype(">u4").tobytes()))
    parts.append(_chunk_runs(track))
    kind, width = (b"co64", ">u8") if large else (b"stco", ">u4")
    parts.append(full_box(kind, 0, 0, len(offsets).to_bytes(4), offsets.astype(width).tobytes()))
    return box(b"stbl", *parts)


def _run_lengths(kind: bytes, version: int, values: NDArray[np.int64] | NDArray[np.int32]) -> bytes:
    """`stts` and `ctts`: how many samples in a row have which value."""
    starts = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
    counts = np.diff(np.append(starts, len(values)))
    table = np.empty((len(starts), 2), ">i4")
    table[:, 0], table[:, 1] = counts, values[starts]
    return full_box(kind, version, 0, len(starts).to_bytes(4), table.tobytes())


def _chunk_runs(track: MovieTrack) -> bytes:
    """`stsc`: from which chunk on a chunk has how many samples, of which description."""
    lines, number = [], 1
    for (samples, description), alike in groupby(track.chunks, lambda chunk: (chunk.samples, chunk.description)):
        lines.append(number.to_bytes(4) + samples.to_bytes(4) + description.to_bytes(4))
        number += sum(1 for _ in alike)
    return full_box(b"stsc", 0, 0, len(lines).to_bytes(4), *lines)

"""Which renditions a recording has, and what each lists: pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from classroom.model.manifest import Manifest
from classroom.model.merging import Piece, TrackSegments, merged, segment_range
from classroom.model.recording import TrackKind
from media_server.hls.listing import Clip
from media_server.watching.aac_grid import BITS_PER_S, FRAME, RATE_HZ, frames_of

OPUS, AAC = "opus", "mp4a.40.2"
# While a lesson runs a player follows one record; only when that has stopped for so long does it get the other.
_STOPPED_S = 10


@dataclass(frozen=True, slots=True)
class Rendition:
    """One picture or sound in one codec. `pieces` say what of which segment is shown when.

    `key` names it in addresses.
    """

    key: str
    name: str
    kind: TrackKind
    codec: str
    width: int
    height: int
    channels: int
    pieces: tuple[Piece, ...]
    clips: tuple[Clip, ...]

    @property
    def made(self) -> bool:
        """Whether its segments are made when asked for, and not the recorded ones."""
        return self.key.endswith(_AAC_SUFFIX)


_AAC_SUFFIX = "-aac"


def renditions(manifest: Manifest) -> list[Rendition]:
    """Of all that there is, every source's records as one."""
    found: list[Rendition] = []
    for (name, kind), pieces in merged(manifest.usable).items():
        if pieces:
            found += _of_pieces(name, kind, pieces)
    return found


def running_renditions(manifest: Manifest, following: dict[tuple[str, TrackKind], str]) -> list[Rendition]:
    """While it runs: of every source the one record that a player follows, so that what was listed stays true.

    `following` holds the track's id by source and is kept up to date: a record is left only when it has stopped.
    """
    alike: dict[tuple[str, TrackKind], list[TrackSegments]] = {}
    for track, segments in manifest.tracks:
        if segments:
            alike.setdefault((track.name, track.kind), []).append((track, segments))
    found: list[Rendition] = []
    for key, group in alike.items():
        track, segments = _followed(group, following.get(key))
        following[key] = track.id
        pieces = [Piece(track, segment, *segment_range(track, segment)) for segment in segments]
        found += _of_pieces(*key, pieces)
    return found


def _followed(group: Sequence[TrackSegments], before: str | None) -> TrackSegments:
    furthest = max(group, key=_end_s)
    current = next((each for each in group if each[0].id == before), None)
    if current is not None and _end_s(furthest) - _end_s(current) < _STOPPED_S:
        return current
    return furthest


def _end_s(each: TrackSegments) -> Fraction:
    track, segments = each
    return segment_range(track, segments[-1])[1]


def _of_pieces(name: str, kind: TrackKind, pieces: Sequence[Piece]) -> Iterable[Rendition]:
    first = pieces[0].track
    size = max((piece.track.width, piece.track.height) for piece in pieces)
    key = f"{name}-{kind.value}"
    clips = tuple(_clip(piece) for piece in pieces)
    yield Rendition(key, name, kind, first.codec, *size, first.channels, tuple(pieces), clips)
    if first.codec == OPUS and all(piece.track.codec == OPUS for piece in pieces):
        made = tuple(aac_clips(pieces, first.channels))
        yield Rendition(key + _AAC_SUFFIX, name, kind, AAC, 0, 0, first.channels, tuple(pieces), made)


def _clip(piece: Piece) -> Clip:
    segment = piece.segment
    return Clip(
        uri=f"../segment/{segment.digest}.m4s",
        header_uri=f"../header/{segment.init_digest}.mp4",
        digest=segment.digest,
        size_bytes=segment.size_bytes,
        start_us=round(piece.begin_s * 1_000_000),
        end_us=round(piece.end_s * 1_000_000),
    )


@dataclass(frozen=True, slots=True)
class AacOrder:
    """What an AAC segment is made from: see `aac.aac_segment`. `before` is a digest or empty."""

    digest: str
    before: str
    frames: range

    @property
    def path(self) -> str:
        return f"aac/{self.digest}/{self.before or 'start'}/{self.frames.start}-{len(self.frames)}.m4s"


def aac_orders(pieces: Sequence[Piece]) -> list[AacOrder]:
    """For each piece of an Opus rendition, in order."""
    edges = [(round(piece.begin_s * RATE_HZ), round(piece.end_s * RATE_HZ)) for piece in pieces]
    found = []
    for index, ((start, end), piece) in enumerate(zip(edges, pieces, strict=True)):
        joined_before = index > 0 and start - edges[index - 1][1] < FRAME
        joined_after = index + 1 < len(pieces) and edges[index + 1][0] - end < FRAME
        frames = frames_of(start, end, joined_before=joined_before, joined_after=joined_after)
        before = pieces[index - 1].segment.digest if joined_before else ""
        found.append(AacOrder(piece.segment.digest, before, frames))
    return found


def aac_clips(pieces: Sequence[Piece], channels: int) -> Iterable[Clip]:
    for order in aac_orders(pieces):
        start_us, end_us = (
            round(number * FRAME * 1_000_000 / RATE_HZ) for number in (order.frames.start, order.frames.stop)
        )
        size = BITS_PER_S[channels] * (end_us - start_us) // 8_000_000
        yield Clip(f"../{order.path}", f"../aac/{channels}.mp4", order.digest, size, start_us, end_us)

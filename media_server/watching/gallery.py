"""What is put together from the stills and peaks of all segments: poster, sheet, waveform, chapters."""

import json
from dataclasses import dataclass

from classroom.errors import ClassroomError
from classroom.model.merging import Piece
from media_server.watching.changes import new_slides
from media_server.watching.derived import Derived, made_of
from media_server.watching.loudness import PEAKS_A_SECOND
from media_server.watching.makers import Makers
from media_server.watching.reading import SegmentReader
from media_server.watching.renditions import Rendition
from media_server.watching.stills import Still, change_time, liveliness, sheet
from media_server.watching.workshop import Workshop

_MOST_TILES = 200
_LEAST_TILE_S = 4
_MOST_PEAKS = 2000
_POSTER_CANDIDATES = 8
# Lessons begin with a class settling down and end with one leaving.
_POSTER_FROM, _POSTER_TO = 0.1, 0.7


@dataclass(frozen=True, slots=True)
class Sheet:
    """Which pictures the sheet shows: one every `every_s` from the recording's beginning."""

    every_s: float
    tiles: int


class Gallery:
    """Each method makes what it needs, and keeps what it made."""

    def __init__(self, segments: SegmentReader, derived: Derived, workshop: Workshop, makers: Makers) -> None:
        self._segments = segments
        self._derived = derived
        self._workshop = workshop
        self._makers = makers

    async def poster(self, picture: Rendition) -> bytes:
        """A JPEG of the liveliest of some moments. Raises `ValueError` when no picture can be decoded."""

        async def make() -> bytes:
            pieces = picture.pieces
            first, last = int(len(pieces) * _POSTER_FROM), int(len(pieces) * _POSTER_TO)
            step = max(1, (last - first) // _POSTER_CANDIDATES)
            rated = []
            for piece in pieces[first : last + 1 : step][:_POSTER_CANDIDATES]:
                still = await self._still(piece)
                if still is not None:
                    rated.append((liveliness(still.sign), piece))
            if not rated:
                raise ValueError("no picture in the recording")
            return await self._makers.poster(max(rated, key=lambda each: each[0])[1])

        return await self._derived.get_or_make("poster-of", _key(picture), make)

    async def sheet(self, picture: Rendition) -> bytes:
        """A JPEG of small pictures, laid out as `sheet_of` says."""

        async def make() -> bytes:
            plan = sheet_of(picture)
            stills = [await self._still(piece) if piece else None for piece in _at_moments(picture, plan)]
            return await self._workshop.run(sheet, [still.jpeg if still else None for still in stills])

        return await self._derived.get_or_make("sheet", _key(picture), make)

    async def waveform(self, sound: Rendition) -> bytes:
        """JSON: `peaks` from 0 to 255, `per_second` of them, from the recording's beginning."""

        async def make() -> bytes:
            end_s = float(sound.pieces[-1].end_s)
            peaks = bytearray(int(end_s * PEAKS_A_SECOND) + 1)
            for piece in sound.pieces:
                try:
                    found = await self._makers.peaks(piece)
                except ClassroomError:
                    continue
                at = piece.segment.start * PEAKS_A_SECOND // piece.track.timescale
                peaks[at : at + len(found)] = found[: max(0, len(peaks) - at)]
            width = -(-len(peaks) // _MOST_PEAKS)
            fewer = [max(peaks[at : at + width]) for at in range(0, len(peaks), width)]
            return json.dumps({"per_second": PEAKS_A_SECOND / width, "peaks": fewer}).encode()

        return await self._derived.get_or_make("waveform", _key(sound), make)

    async def chapters(self, slides: Rendition) -> list[float]:
        """When a new slide is first shown, seconds."""
        known: list[tuple[Piece, Still]] = []
        for piece in slides.pieces:
            still = await self._still(piece)
            if still is not None:
                known.append((piece, still))
        found = []
        for index in new_slides([(float(piece.begin_s), still.sign) for piece, still in known]):
            moment = float(known[index][0].begin_s)
            if index:
                moment = min(moment, await self._change(known[index - 1], known[index], moment))
            found.append(round(moment, 3))
        return found

    async def _change(self, before: tuple[Piece, Still], after: tuple[Piece, Still], moment: float) -> float:
        """When exactly, within the segment before the one that begins with the new slide."""
        piece, old = before
        try:
            header = await self._segments.get(piece.segment.init_digest)
            data = await self._segments.get(piece.segment.digest)
            changed = await self._workshop.run(change_time, header, data, old.sign, after[1].sign)
        except ClassroomError:
            return moment
        return max(float(piece.begin_s), changed)

    async def _still(self, piece: Piece) -> Still | None:
        """None when the segment gives none: the others do."""
        try:
            return await self._makers.still(piece)
        except (ClassroomError, ValueError):
            return None


def sheet_of(picture: Rendition) -> Sheet:
    end_s = float(picture.pieces[-1].end_s)
    every_s = max(_LEAST_TILE_S, end_s / _MOST_TILES)
    return Sheet(every_s, max(1, -(-int(end_s * 1000) // int(every_s * 1000))))


def _at_moments(picture: Rendition, plan: Sheet) -> list[Piece | None]:
    """Of each tile the piece shown then; None in a hole."""
    found: list[Piece | None] = []
    index = 0
    for tile in range(plan.tiles):
        moment = tile * plan.every_s
        while index + 1 < len(picture.pieces) and picture.pieces[index].end_s <= moment:
            index += 1
        piece = picture.pieces[index]
        shown = piece.begin_s <= moment + plan.every_s and piece.end_s > moment
        found.append(piece if shown else None)
    return found


def _key(rendition: Rendition) -> str:
    names = [f"{clip.digest} {clip.start_us} {clip.end_us}" for clip in rendition.clips]
    return made_of(rendition.clips[0].digest, [rendition.key, *names])

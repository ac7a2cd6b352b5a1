"""Which whole file a recording makes: one picture, its sound in AAC and in Opus, and chapters."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256

from classroom.catalog import word
from classroom.errors import Conflict, NotFound
from classroom.fmp4.formats import Format
from classroom.fmp4.header import read_header
from classroom.model.manifest import Manifest
from classroom.model.recording import TrackKind
from media_server.hls.multivariant import picture_rank
from media_server.movie.layout import Chapter, Layout, Placed, lay_out
from media_server.movie.samples import SegmentSamples
from media_server.movie.track import Chunk, MovieTrack, Silence, Strip, join
from media_server.watching.aac import aac_form, aac_silence
from media_server.watching.aac_grid import FRAME, RATE_HZ
from media_server.watching.makers import Makers
from media_server.watching.reading import SegmentReader, in_order
from media_server.watching.renditions import OPUS, AacOrder, Rendition, aac_orders
from media_server.watching.shelf import Shelved

_MOST_KEPT = 4
# 20 ms of Opus without sound: one frame of nothing (RFC 6716 § 3.1: CELT-only, fullband).
_OPUS_SILENCE = Silence(b"\xf8\xff\xfe", 960)


@dataclass(frozen=True, slots=True)
class Movie:
    """A file that is never made. `orders`: how to get those of its sources that are not recorded segments."""

    layout: Layout
    etag: str
    manifest: Manifest
    orders: dict[str, AacOrder]


@dataclass(frozen=True, slots=True)
class _Chosen:
    picture: Rendition | None
    sound: Rendition | None
    aac: Rendition | None
    samples: dict[str, SegmentSamples] | None  # of all of `aac`, by the order's path; None when not all is made

    @property
    def name(self) -> str:
        """Different for every file that differs."""
        clips = [
            f"{clip.digest} {clip.start_us} {clip.end_us}"
            for each in (self.picture, self.sound)
            if each is not None
            for clip in each.clips
        ]
        return "\n".join([*clips, str(self.samples is not None)])


class Movies:
    """Lays files out and reads their bytes."""

    def __init__(self, segments: SegmentReader, makers: Makers) -> None:
        self._segments = segments
        self._makers = makers
        self._kept: OrderedDict[str, Movie] = OrderedDict()

    async def movie(
        self, shelved: Shelved, *, picture: str | None, chapters: Sequence[Chapter], language: str
    ) -> Movie:
        """The file with this source's picture (None: the first) and the sound that goes with it.

        AAC comes first where all of it has been made already; the recorded sound is always in it. Raises
        `NotFound("rendition_unknown")`, `Conflict("recording_running")`, `Conflict("recording_empty")`.
        """
        recording = shelved.manifest.recording
        if shelved.manifest.running:
            raise Conflict("recording_running", recording=recording.title)
        chosen = await self._choose(shelved, picture)
        told = "\n".join(f"{chapter.start_s} {chapter.title}" for chapter in chapters)
        etag = sha256(f"{chosen.name}\n{told}\n{recording.title}\n{language}".encode()).hexdigest()[:32]
        if etag not in self._kept:
            tracks = await self._tracks(chosen, language)
            if not tracks:
                raise Conflict("recording_empty")
            layout = await asyncio.to_thread(
                lay_out, tracks, chapters, title=recording.title, began_at=recording.began_at
            )
            orders = {order.path: order for order in aac_orders(chosen.aac.pieces)} if chosen.aac else {}
            self._kept[etag] = Movie(layout, etag, shelved.manifest, orders)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(etag)
        return self._kept[etag]

    def read(self, movie: Movie, start: int, stop: int) -> AsyncIterator[bytes]:
        """These bytes of the file, verified piece by piece. Raises what reading a segment raises."""
        return in_order(self._part(movie, *part) for part in movie.layout.parts(start, stop))

    async def _part(self, movie: Movie, part: bytes | Chunk, first: int, last: int) -> bytes:
        if isinstance(part, bytes):
            return part[first:last]
        if part.literal:
            return part.literal[first:last]
        order = movie.orders.get(part.source)
        if order is None:
            data = await self._segments.get(part.source)
        else:
            data, _ = await self._makers.aac(movie.manifest, order)
        return b"".join(data[at : at + size] for at, size in part.spans)[first:last]

    # -- choosing ----------------------------------------------------------------------------------------------------

    async def _choose(self, shelved: Shelved, picture: str | None) -> _Chosen:
        found = shelved.renditions.values()
        pictures = sorted(
            (each for each in found if each.kind is TrackKind.VIDEO), key=lambda each: picture_rank(each.name)
        )
        shown = next((each for each in pictures if picture in (None, each.name)), None)
        if picture is not None and shown is None:
            raise NotFound("rendition_unknown", rendition=picture[:64])
        sounds = [each for each in found if each.kind is TrackKind.AUDIO and not each.made]
        # the picture's own sound, or the sound of the lesson
        wanted = sorted(sounds, key=lambda each: (shown is None or each.name != shown.name, picture_rank(each.name)))
        heard = wanted[0] if wanted else None
        aac = shelved.renditions.get(f"{heard.key}-aac") if heard else None
        samples = (
            await self._makers.kept_aac_samples([order for order in aac_orders(aac.pieces) if len(order.frames)])
            if aac
            else None
        )
        return _Chosen(shown, heard, aac, samples)

    async def _tracks(self, chosen: _Chosen, language: str) -> list[Placed]:
        found: list[tuple[MovieTrack | None, str]] = []
        if chosen.picture is not None:
            track = await self._recorded(chosen.picture, None)
            found.append((track, word("source", chosen.picture.name, language)))
        if chosen.aac is not None and chosen.samples is not None:
            found.append((await asyncio.to_thread(_aac_track, chosen.aac, chosen.samples), "AAC"))
        if chosen.sound is not None:
            opus = chosen.sound.codec == OPUS
            track = await self._recorded(chosen.sound, _OPUS_SILENCE if opus else _aac_quiet(chosen.sound.channels))
            found.append((track, "Opus" if opus else "AAC"))
        placed: list[Placed] = []
        for track, label in found:
            if track is not None:
                first = all(track.kind is not other.track.kind for other in placed)
                placed.append(Placed(track, label, enabled=first))
        return placed

    async def _recorded(self, rendition: Rendition, silence: Silence | None) -> MovieTrack | None:
        formats: dict[str, Format] = {}
        for digest in {piece.segment.init_digest for piece in rendition.pieces}:
            formats[digest] = read_header(await self._segments.get(digest)).format
        samples = await self._makers.all_samples(rendition)
        strips = [
            Strip(
                piece.segment.digest,
                formats[piece.segment.init_digest],
                samples[piece.segment.digest],
                piece.begin_s,
                piece.end_s,
            )
            for piece in rendition.pieces
        ]
        return await asyncio.to_thread(join, strips, silence)


def _aac_track(rendition: Rendition, samples: dict[str, SegmentSamples]) -> MovieTrack | None:
    strips = [
        Strip(
            order.path,
            aac_form(rendition.channels),
            samples[order.path],
            Fraction(order.frames.start * FRAME, RATE_HZ),
            Fraction(order.frames.stop * FRAME, RATE_HZ),
        )
        for order in aac_orders(rendition.pieces)
        if len(order.frames)
    ]
    return join(strips, _aac_quiet(rendition.channels)) if strips else None


def _aac_quiet(channels: int) -> Silence:
    return Silence(aac_silence(channels), FRAME)

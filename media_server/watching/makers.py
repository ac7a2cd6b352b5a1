"""Everything that is made from segments: asked for by whoever needs it, made once, kept."""

import asyncio
from collections.abc import Sequence

import av

from classroom.errors import ClassroomError, NotFound
from classroom.model.manifest import Manifest
from classroom.model.merging import Piece
from classroom.model.recording import TrackKind
from media_server.movie.samples import SegmentSamples
from media_server.watching.aac import aac_segment
from media_server.watching.aac_grid import FRAME, LOOKED_AHEAD
from media_server.watching.derived import Derived, made_of
from media_server.watching.loudness import opus_peaks
from media_server.watching.reading import SegmentReader, in_order
from media_server.watching.renditions import OPUS, AacOrder, Rendition
from media_server.watching.stills import Still, first_still, poster
from media_server.watching.workshop import Workshop

# What another FFmpeg makes may differ: then it is made anew, not mixed.
_FFMPEG = "-".join(str(part) for part in av.library_versions["libavcodec"])


class Makers:
    """Each method raises what reading a segment raises (`NotFound`, `Unavailable`); `BadInput` for what is no MP4."""

    def __init__(self, segments: SegmentReader, derived: Derived, workshop: Workshop) -> None:
        self._segments = segments
        self._derived = derived
        self._workshop = workshop
        self._fps: dict[str, float] = {}

    async def all_samples(self, rendition: Rendition) -> dict[str, SegmentSamples]:
        """Of all segments of a recorded rendition, by digest; kept together, for a file needs all of them."""
        digests = list(dict.fromkeys(piece.segment.digest for piece in rendition.pieces))

        async def make() -> bytes:
            return _join([packed async for packed in in_order(map(self._packed_samples, digests))])

        packed = _split(await self._derived.get_or_make("index", made_of(digests[0], digests), make))
        return {digest: SegmentSamples.unpack(each) for digest, each in zip(digests, packed, strict=True)}

    async def _packed_samples(self, digest: str) -> bytes:
        # Half a millisecond of reading boxes: a thread, for the way to a worker process and back takes ten times that.
        segment = await self._segments.get(digest)
        return await asyncio.to_thread(lambda: SegmentSamples.of(segment).pack())

    async def fps(self, rendition: Rendition) -> float:
        """Pictures a second of the first segment that can be read; 0 when none can."""
        if rendition.kind is TrackKind.AUDIO:
            return 0.0
        for piece in rendition.pieces[:3]:
            digest = piece.segment.digest
            if digest not in self._fps:
                try:
                    samples = SegmentSamples.of(await self._segments.get(digest))
                except ClassroomError:
                    continue
                shown = samples.end - int(samples.times[0])
                self._fps[digest] = round(len(samples) * piece.track.timescale / shown, 3) if shown > 0 else 0.0
            return self._fps[digest]
        return 0.0

    async def aac(self, manifest: Manifest, order: AacOrder) -> tuple[bytes, str]:
        """An AAC segment and its ETag.

        Raises `NotFound("segment_missing")` for frames that are not of the segment, or when it is not Opus.
        """
        track, segment = manifest.find(order.digest)
        first, last = segment.start // FRAME - LOOKED_AHEAD - 2, (segment.start + segment.duration) // FRAME + 1
        if track.codec != OPUS or not first <= order.frames.start < order.frames.stop <= last + 1:
            raise NotFound("segment_missing", digest=order.digest)
        key = f"{order.digest}.{order.before or 'start'}.{order.frames.start}-{len(order.frames)}.{_FFMPEG}"

        async def make() -> bytes:
            before = await self._segments.get(order.before) if order.before else b""
            data = await self._segments.get(order.digest)
            return await self._workshop.run(aac_segment, before, data, track.channels, order.frames)

        return await self._derived.get_or_make("aac", key, make), key

    async def all_aac_samples(self, manifest: Manifest, orders: Sequence[AacOrder]) -> None:
        """Make all of it: then `kept_aac_samples` has it."""
        if not orders:
            return
        packed = [SegmentSamples.of((await self.aac(manifest, order))[0]).pack() for order in orders]
        await self._derived.put("index", _aac_key(orders), _join(packed))

    async def kept_aac_samples(self, orders: Sequence[AacOrder]) -> dict[str, SegmentSamples] | None:
        """Of AAC segments, by path, if all of them were made; None when not."""
        kept = await self._derived.get("index", _aac_key(orders)) if orders else None
        if kept is None:
            return None
        return {order.path: SegmentSamples.unpack(each) for order, each in zip(orders, _split(kept), strict=True)}

    async def still(self, piece: Piece) -> Still:
        """Raises `ValueError` when nothing can be decoded."""
        segment = piece.segment

        async def make() -> bytes:
            header = await self._segments.get(segment.init_digest)
            return await self._workshop.run(first_still, header, await self._segments.get(segment.digest))

        return Still.unpack(await self._derived.get_or_make("still", segment.digest, make))

    async def poster(self, piece: Piece) -> bytes:
        """A JPEG. Raises `ValueError` when nothing can be decoded."""
        segment = piece.segment

        async def make() -> bytes:
            header = await self._segments.get(segment.init_digest)
            return await self._workshop.run(poster, header, await self._segments.get(segment.digest))

        return await self._derived.get_or_make("poster", segment.digest, make)

    async def peaks(self, piece: Piece) -> bytes:
        """See `loudness.opus_peaks`; nothing for other codecs."""
        if piece.track.codec != OPUS:
            return b""

        async def make() -> bytes:
            return await self._workshop.run(
                opus_peaks, await self._segments.get(piece.segment.digest), piece.track.channels
            )

        return await self._derived.get_or_make("peaks", piece.segment.digest, make)


def _aac_key(orders: Sequence[AacOrder]) -> str:
    return made_of(orders[0].digest, [_FFMPEG, *(order.path for order in orders)])


def _join(parts: list[bytes]) -> bytes:
    return b"".join(len(part).to_bytes(4) + part for part in parts)


def _split(joined: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(joined):
        size = int.from_bytes(joined[at : at + 4])
        found.append(joined[at + 4 : at + 4 + size])
        at += 4 + size
    return found

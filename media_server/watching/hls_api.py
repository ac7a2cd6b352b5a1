"""`/hls/{recording}/…`: playlists, segments and headers."""

import re
from hashlib import sha256

from aiohttp import web

from classroom.catalog import word
from classroom.errors import Conflict, NotFound
from classroom.http.call import Call
from classroom.http.routes import Routes
from classroom.model.recording import TrackKind
from classroom.store.store import Store
from media_server.hls.listing import Listing
from media_server.hls.media_playlist import PlaylistMode, media_playlist
from media_server.hls.multivariant import Picture, Sound, multivariant_playlist, rates_of
from media_server.watching.aac import aac_header
from media_server.watching.captions_api import captions_in
from media_server.watching.makers import Makers
from media_server.watching.ranges import FOREVER, asked_for, whole_body
from media_server.watching.reading import SegmentReader
from media_server.watching.renditions import AacOrder
from media_server.watching.shelf import Shelf, Shelved
from media_server.watching.urls import playlist_response, share_of

_DIGEST = re.compile(r"[0-9a-f]{64}")
_FRAMES = re.compile(r"(\d{1,9})-(\d{1,5})")


class HlsApi:
    """See the module. Everything asks first whether the caller may watch."""

    def __init__(self, store: Store, shelf: Shelf, segments: SegmentReader, makers: Makers) -> None:
        self._store = store
        self._shelf = shelf
        self._segments = segments
        self._makers = makers

    def add_routes(self, routes: Routes) -> None:
        for path, handler, summary in (
            ("index.m3u8", self._index, "HLS: all of a recording, or all so far of a running lesson"),
            ("live.m3u8", self._live, "HLS: the last minute of a running lesson"),
            ("{mode:vod|event|live}/{key}.m3u8", self._media, "HLS: one picture or sound"),
            ("segment/{digest}.m4s", self._segment, "A segment (CMAF)"),
            ("header/{digest}.mp4", self._header, "What a decoder needs before a segment"),
            ("aac/{channels:1|2}.mp4", self._aac_header, "The header of AAC segments"),
            ("aac/{digest}/{before}/{frames}.m4s", self._aac_segment, "A segment in AAC, made from Opus"),
        ):
            routes.raw("GET", f"/hls/{{recording}}/{path}", handler, summary=summary)

    async def _shelved(self, call: Call) -> Shelved:
        return await self._shelf.get(call.principal, call.path["recording"], share_of(call))

    # -- playlists ---------------------------------------------------------------------------------------------------

    async def _index(self, call: Call) -> web.StreamResponse:
        shelved = await self._shelved(call)
        mode = PlaylistMode.EVENT if shelved.manifest.running else PlaylistMode.VOD
        return await self._multivariant(call, shelved, mode)

    async def _live(self, call: Call) -> web.StreamResponse:
        return await self._multivariant(call, await self._shelved(call), PlaylistMode.LIVE)

    async def _multivariant(self, call: Call, shelved: Shelved, mode: PlaylistMode) -> web.StreamResponse:
        known = shelved.renditions if mode is PlaylistMode.VOD else shelved.running
        found = {key: each for key, each in known.items() if self._listing(shelved, mode, key).entries}
        if not found:
            raise Conflict("recording_empty")
        pictures = [
            Picture(
                each.name,
                word("source", each.name, call.language),
                f"{mode.value}/{each.key}.m3u8",
                each.codec,
                each.width,
                each.height,
                await self._makers.fps(each),
                rates_of(self._listing(shelved, mode, each.key)),
            )
            for each in found.values()
            if each.kind is TrackKind.VIDEO
        ]
        sounds = [each for each in found.values() if each.kind is TrackKind.AUDIO]
        groups = [
            [
                Sound(
                    each.name,
                    word("source", each.name, call.language),
                    f"{mode.value}/{each.key}.m3u8",
                    each.codec,
                    each.channels,
                    rates_of(self._listing(shelved, mode, each.key)),
                )
                for each in sounds
                if each.codec == codec
            ]
            for codec in dict.fromkeys(each.codec for each in sounds)
        ]
        captions = await captions_in(self._store, shelved.manifest.recording.id, call.language)
        return playlist_response(call, multivariant_playlist(pictures, groups, captions))

    async def _media(self, call: Call) -> web.StreamResponse:
        shelved = await self._shelved(call)
        mode = PlaylistMode(call.path["mode"])
        manifest = shelved.manifest
        text = media_playlist(
            self._listing(shelved, mode, call.path["key"]),
            mode,
            began_at=manifest.recording.began_at,
            ended=not manifest.running,
            broken=manifest.broken,
        )
        return playlist_response(call, text)

    def _listing(self, shelved: Shelved, mode: PlaylistMode, key: str) -> Listing:
        return shelved.whole(key) if mode is PlaylistMode.VOD else shelved.so_far(key)

    # -- media -------------------------------------------------------------------------------------------------------

    async def _segment(self, call: Call) -> web.StreamResponse:
        shelved = await self._shelved(call)
        digest = self._own(shelved, call.path["digest"])
        return await self._blob(call, digest, "video/iso.segment")

    async def _header(self, call: Call) -> web.StreamResponse:
        shelved = await self._shelved(call)
        digest = self._own(shelved, call.path["digest"])
        return await self._blob(call, digest, "video/mp4")

    async def _blob(self, call: Call, digest: str, content_type: str) -> web.StreamResponse:
        # What is named by its digest never changes: who has it needs no reading.
        if asked_for(call.request, 1 << 62, digest, FOREVER).status == 304:
            return web.Response(status=304, headers={"ETag": f'"{digest}"', "Cache-Control": FOREVER})
        return whole_body(call.request, await self._segments.get(digest), digest, content_type)

    async def _aac_header(self, call: Call) -> web.StreamResponse:
        await self._shelved(call)
        data = aac_header(int(call.path["channels"]))
        return whole_body(call.request, data, sha256(data).hexdigest(), "audio/mp4")

    async def _aac_segment(self, call: Call) -> web.StreamResponse:
        shelved = await self._shelved(call)
        frames = _FRAMES.fullmatch(call.path["frames"])
        if frames is None:
            raise NotFound("segment_missing", digest=call.path["digest"][:64])
        first, count = int(frames[1]), int(frames[2])
        before = call.path["before"]
        order = AacOrder(
            self._own(shelved, call.path["digest"]),
            "" if before == "start" else self._own(shelved, before),
            range(first, first + count),
        )
        data, etag = await self._makers.aac(shelved.manifest, order)
        return whole_body(call.request, data, etag, "audio/mp4")

    def _own(self, shelved: Shelved, digest: str) -> str:
        """The digest, if it is of this recording: who may watch one may not fetch another's segments through it."""
        if not _DIGEST.fullmatch(digest) or not shelved.holds(digest):
            raise NotFound("segment_missing", digest=digest[:64])
        return digest

"""`/hls/{recording}/captions/…`: what is said, for players."""

from hashlib import sha256

from aiohttp import web

from classroom.access.watching import captions_of, cues_of
from classroom.catalog import word
from classroom.http.call import Call
from classroom.http.routes import Routes
from classroom.store.store import Store
from media_server.hls.captions import captions_playlist, webvtt
from media_server.hls.multivariant import Captions
from media_server.watching.ranges import whole_body
from media_server.watching.shelf import Shelf, Shelved
from media_server.watching.urls import playlist_response, share_of

_CACHING = "private, no-cache"


class CaptionsApi:
    """See the module. Texts may be corrected at any time."""

    def __init__(self, store: Store, shelf: Shelf) -> None:
        self._store = store
        self._shelf = shelf

    def add_routes(self, routes: Routes) -> None:
        here = "/hls/{recording}/captions/{language:[A-Za-z0-9-]{1,16}}"
        routes.raw("GET", f"{here}.vtt", self._vtt, summary="Captions as WebVTT")
        routes.raw("GET", f"{here}.m3u8", self._playlist, summary="HLS: captions")

    async def _vtt(self, call: Call) -> web.StreamResponse:
        await self._shelved(call)
        cues = await cues_of(self._store, call.path["recording"], call.path["language"])
        body = webvtt((cue.begin_ms, cue.end_ms, cue.text) for cue in cues).encode()
        return whole_body(call.request, body, sha256(body).hexdigest()[:32], "text/vtt; charset=utf-8", _CACHING)

    async def _playlist(self, call: Call) -> web.StreamResponse:
        shelved = await self._shelved(call)
        ends = [float(each.pieces[-1].end_s) for each in shelved.renditions.values()]
        return playlist_response(call, captions_playlist(f"{call.path['language']}.vtt", max(ends, default=0.0)))

    async def _shelved(self, call: Call) -> Shelved:
        return await self._shelf.get(call.principal, call.path["recording"], share_of(call))


async def captions_in(store: Store, recording_id: str, language: str) -> list[Captions]:
    """What a multivariant playlist names; labels in the caller's `language`."""
    return [
        Captions(word("language", each, language), f"captions/{each}.m3u8", each)
        for each in await captions_of(store, recording_id)
    ]

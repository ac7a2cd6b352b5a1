"""`/hls/{recording}/movie.mp4`: the whole lesson as one file."""

from urllib.parse import quote

from aiohttp import web

from classroom.access.circulation import access_download_count
from classroom.clock import SCHOOL_ZONE, Clock
from classroom.errors import BadInput, ClassroomError
from classroom.http.call import Call
from classroom.http.routes import Routes
from classroom.logs import get_logger
from classroom.model.recording import Recording
from classroom.store.store import Store
from media_server.watching.extras import Extras
from media_server.watching.movies import Movie, Movies
from media_server.watching.ranges import asked_for
from media_server.watching.shelf import Shelf
from media_server.watching.urls import share_of

log = get_logger(__name__)

# Made from what never changes; but AAC or chapters may have come to it since, and then it is another file.
_CACHING = "private, no-cache"
_PARAMETERS = frozenset({"picture", "share"})


class MovieApi:
    """See the module. A caller may ask for any range; nothing is made before it is asked for."""

    def __init__(self, store: Store, clock: Clock, shelf: Shelf, movies: Movies, extras: Extras) -> None:
        self._store = store
        self._clock = clock
        self._shelf = shelf
        self._movies = movies
        self._extras = extras

    def add_routes(self, routes: Routes) -> None:
        routes.raw("GET", "/hls/{recording}/movie.mp4", self._movie, summary="A recording as one MP4 file")

    async def _movie(self, call: Call) -> web.StreamResponse:
        for name in call.query:
            if name not in _PARAMETERS:
                raise BadInput("query_unknown", name=name[:100], allowed=", ".join(sorted(_PARAMETERS)))
        recording_id = call.path["recording"]
        shelved = await self._shelf.get_to_download(call.principal, recording_id, share_of(call))
        chapters = await self._extras.chapters(recording_id, call.language)
        movie = await self._movies.movie(
            shelved, picture=call.query.get("picture"), chapters=chapters, language=call.language
        )
        answer = asked_for(call.request, movie.layout.size, movie.etag, _CACHING)
        response = web.StreamResponse(status=answer.status, headers=answer.headers)
        if answer.status == 304:
            await response.prepare(call.request)
            return response
        response.content_type = "video/mp4"
        response.content_length = answer.stop - answer.start
        response.headers["Content-Disposition"] = _attachment(shelved.manifest.recording)
        response.headers["Vary"] = "Accept-Language, Cookie"
        await response.prepare(call.request)
        if call.request.method != "HEAD":
            if answer.start == 0:
                # once for a file, however many parts it is fetched in
                now = self._clock.now()
                await access_download_count(self._store, call.principal, recording_id, now, share_of(call))
            await self._send(call, response, movie, answer.start, answer.stop)
        return response

    async def _send(self, call: Call, response: web.StreamResponse, movie: Movie, start: int, stop: int) -> None:
        try:
            async for part in self._movies.read(movie, start, stop):
                await response.write(part)
        except ClassroomError as error:
            # Half of it is on its way, and the rest is not what it should be: a connection broken off tells the caller
            # so. The next file is made without what was found to be missing.
            log.warning("download broken off", recording=movie.manifest.recording.id, code=error.code)
            if call.request.transport is not None:
                call.request.transport.abort()
        except ConnectionError:
            return  # the caller has gone
        else:
            await response.write_eof()


def _attachment(recording: Recording) -> str:
    """RFC 6266 § 5: the title in full for those who can read it."""
    day = recording.began_at.astimezone(SCHOOL_ZONE).date().isoformat()
    return f"attachment; filename=\"lesson-{day}.mp4\"; filename*=UTF-8''{quote(f'{recording.title} {day}.mp4')}"

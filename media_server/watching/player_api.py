"""What the player page asks for: the whole of a recording as one view, and the pictures beside it."""

from collections.abc import Awaitable, Callable
from hashlib import sha256

from aiohttp import web

from classroom.access.circulation import access_view_count
from classroom.access.extras import ExtrasProgress, extras_of
from classroom.access.watching import access_recording_of_lesson, captions_of, heading_of
from classroom.catalog import word
from classroom.clock import Clock
from classroom.errors import ClassroomError, NotFound
from classroom.http.call import Call
from classroom.http.routes import QueryParameter, Routes
from classroom.messages.views import MediaKind
from classroom.messages.watching import (
    CaptionsView,
    ChapterView,
    ExtrasView,
    HoleView,
    LessonRecordingView,
    SheetView,
    TrackView,
    WatchView,
)
from classroom.model.recording import TrackKind
from classroom.store.store import Store
from media_server.hls.listing import Listing
from media_server.watching.extras import Extras, made_from, main_sound, pictures_of
from media_server.watching.gallery import Gallery, sheet_of
from media_server.watching.makers import Makers
from media_server.watching.ranges import whole_body
from media_server.watching.renditions import Rendition
from media_server.watching.shelf import Shelf, Shelved
from media_server.watching.stills import TILE_SIZE, TILES_A_ROW
from media_server.watching.urls import address, share_of

_SHARE = (QueryParameter("share", "Token of a share link"),)
# Poster, sheet and waveform belong to all that was recorded: another recording of the same name has another one.
_CACHING = "private, no-cache"
_KINDS: dict[TrackKind, MediaKind] = {TrackKind.VIDEO: "video", TrackKind.AUDIO: "audio"}


class PlayerApi:
    """See the module."""

    def __init__(
        self, store: Store, clock: Clock, shelf: Shelf, *, makers: Makers, gallery: Gallery, extras: Extras
    ) -> None:
        self._store = store
        self._clock = clock
        self._shelf = shelf
        self._makers = makers
        self._gallery = gallery
        self._extras = extras

    def add_routes(self, routes: Routes) -> None:
        routes.json(
            "GET",
            "/api/v1/recordings/{recording}/watch",
            self._watch,
            summary="A recording for the player page",
            returns=WatchView,
            query=_SHARE,
        )
        routes.json(
            "POST",
            "/api/v1/recordings/{recording}/views",
            self._begun,
            summary="Somebody begins to watch: for the counts of use",
            query=_SHARE,
            status=204,
        )
        routes.json(
            "GET",
            "/api/v1/lessons/{id}/recording",
            self._of_lesson,
            summary="The recording of a lesson, also while it runs",
            returns=LessonRecordingView,
        )
        for name, handler, summary in (
            ("poster.jpg", self._poster, "A picture of the recording"),
            ("sheet.jpg", self._sheet, "Small pictures of the whole recording"),
            ("waveform.json", self._waveform, "How loud it is when"),
            ("still/{digest}.jpg", self._still, "The first picture of a segment"),
        ):
            routes.raw("GET", f"/hls/{{recording}}/{name}", handler, summary=summary)

    async def _of_lesson(self, call: Call) -> LessonRecordingView:
        recording = await access_recording_of_lesson(self._store, call.principal, call.path["id"])
        if recording is None:
            return LessonRecordingView(recording_id=None)
        shelved = await self._shelf.read(recording.id)
        if not any(segments for _, segments in shelved.manifest.tracks):
            return LessonRecordingView(recording_id=None)
        return LessonRecordingView(recording_id=recording.id, began_at=recording.began_at)

    async def _begun(self, call: Call) -> None:
        recording_id = call.path["recording"]
        await access_view_count(self._store, call.principal, recording_id, self._clock.now(), share_of(call))

    async def _watch(self, call: Call) -> WatchView:
        shelved = await self._shelved(call)
        recording, running = shelved.manifest.recording, shelved.manifest.running
        heading = await heading_of(self._store, recording.id)
        progress = await extras_of(self._store, recording.id)
        if not running and (progress is None or progress.made_from != made_from(shelved)):
            self._extras.want(recording.id)
        tracks = self._tracks(call, shelved)
        pictures = pictures_of(shelved)
        ready = progress is not None and progress.finished and not running
        return WatchView(
            recording_id=recording.id,
            title=recording.title,
            subject=heading.subject,
            teacher_name=heading.teacher_name,
            school_name=heading.school_name,
            lesson_code=heading.lesson_code,
            began_at=recording.began_at,
            running=running,
            duration_s=max((track.end_s for track in tracks), default=0.0),
            tracks=tracks,
            chapters=self._chapters(call, pictures, progress),
            captions=[
                CaptionsView(
                    language=each,
                    label=word("language", each, call.language),
                    url=address(call, f"captions/{each}.vtt"),
                )
                for each in await captions_of(self._store, recording.id)
            ],
            poster=address(call, "poster.jpg") if pictures else None,
            sheet=_sheet_view(call, pictures[0]) if ready and pictures else None,
            waveform=address(call, "waveform.json") if ready and main_sound(shelved) else None,
            movie=None if running or not tracks else address(call, "movie.mp4"),
            extras=None if progress is None else _extras_view(progress),
        )

    def _tracks(self, call: Call, shelved: Shelved) -> list[TrackView]:
        running = shelved.manifest.running
        found = shelved.running if running else shelved.renditions
        mode = "event" if running else "vod"
        views = []
        for key, each in found.items():
            listing = shelved.so_far(key) if running else shelved.whole(key)
            if listing.entries:
                views.append(_track_view(each, listing, address(call, f"{mode}/{key}.m3u8")))
        return views

    def _chapters(self, call: Call, pictures: list[Rendition], progress: ExtrasProgress | None) -> list[ChapterView]:
        if progress is None:
            return []
        slides = next((each for each in pictures if each.name in ("slides", "screen")), None)
        views = []
        for start_s in progress.chapters:
            # the still of a segment that begins after the change: the one before still shows the old slide
            piece = next((each for each in slides.pieces if each.begin_s >= start_s), None) if slides else None
            still = None if piece is None else address(call, f"still/{piece.segment.digest}.jpg")
            views.append(ChapterView(start_s=start_s, still=still))
        return views

    async def _shelved(self, call: Call) -> Shelved:
        return await self._shelf.get(call.principal, call.path["recording"], share_of(call))

    async def _poster(self, call: Call) -> web.StreamResponse:
        return await self._picture(call, self._gallery.poster)

    async def _sheet(self, call: Call) -> web.StreamResponse:
        return await self._picture(call, self._gallery.sheet)

    async def _picture(self, call: Call, make: Callable[[Rendition], Awaitable[bytes]]) -> web.StreamResponse:
        pictures = pictures_of(await self._shelved(call))
        if not pictures:
            raise NotFound("picture_missing")
        try:
            body = await make(pictures[0])
        except ValueError:
            raise NotFound("picture_missing") from None
        return whole_body(call.request, body, sha256(body).hexdigest()[:32], "image/jpeg", _CACHING)

    async def _waveform(self, call: Call) -> web.StreamResponse:
        sound = main_sound(await self._shelved(call))
        if sound is None:
            raise NotFound("sound_missing")
        body = await self._gallery.waveform(sound)
        return whole_body(call.request, body, sha256(body).hexdigest()[:32], "application/json", _CACHING)

    async def _still(self, call: Call) -> web.StreamResponse:
        shelved = await self._shelved(call)
        digest = call.path["digest"]
        piece = next(
            (each for picture in pictures_of(shelved) for each in picture.pieces if each.segment.digest == digest), None
        )
        if piece is None:
            raise NotFound("segment_missing", digest=digest[:64])
        try:
            still = await self._makers.still(piece)
        except (ClassroomError, ValueError):
            raise NotFound("picture_missing") from None
        return whole_body(call.request, still.jpeg, digest, "image/jpeg")


def _track_view(rendition: Rendition, listing: Listing, url: str) -> TrackView:
    return TrackView(
        key=rendition.key,
        name=rendition.name,
        kind=_KINDS[rendition.kind],
        codec=rendition.codec,
        url=url,
        width=rendition.width,
        height=rendition.height,
        offset_s=listing.start_us / 1_000_000,
        end_s=listing.end_us / 1_000_000,
        holes=_holes(listing),
    )


def _holes(listing: Listing) -> list[HoleView]:
    """Parts of one hole as one."""
    found: list[HoleView] = []
    for entry in listing.entries:
        if entry.clip is None:
            begin_s, end_s = entry.start_us / 1_000_000, entry.end_us / 1_000_000
            if found and found[-1].end_s == begin_s:
                begin_s = found.pop().begin_s
            found.append(HoleView(begin_s=begin_s, end_s=end_s))
    return found


def _sheet_view(call: Call, picture: Rendition) -> SheetView:
    plan = sheet_of(picture)
    return SheetView(
        url=address(call, "sheet.jpg"),
        every_s=plan.every_s,
        tiles=plan.tiles,
        columns=TILES_A_ROW,
        tile_width=TILE_SIZE[0],
        tile_height=TILE_SIZE[1],
    )


def _extras_view(progress: ExtrasProgress) -> ExtrasView:
    return ExtrasView(
        done=progress.steps_done, steps=progress.steps, failed=progress.steps_failed, finished=progress.finished
    )

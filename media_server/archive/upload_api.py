"""How a room's agent brings its recording: lines of the manifest first, then the bytes they name, in any order."""

from collections.abc import Callable

from aiohttp import web

from classroom.access.blobs import access_blob_to_bring
from classroom.access.recordings import (
    NewTrack,
    TrackStock,
    access_recording_open,
    access_segments_append,
    access_track_complete,
    access_track_register,
    access_track_stock,
)
from classroom.clock import Clock
from classroom.errors import BadInput
from classroom.fmp4.header import MAX_HEADER_BYTES
from classroom.http.app import json_response
from classroom.http.call import Call
from classroom.http.routes import Routes
from classroom.messages.recording import (
    MissingView,
    NewTrackBody,
    SegmentLines,
    TrackEnd,
    TrackOpened,
    TrackStockView,
    UploadView,
)
from classroom.model.recording import Segment, TrackOrigin
from classroom.store.store import Store
from media_server.archive.digests import checked_digest
from media_server.archive.incoming import Incoming
from media_server.archive.parts import chunks_of, range_of


class UploadApi:
    """`on_complete` is called when a track was said to be complete."""

    def __init__(self, store: Store, clock: Clock, incoming: Incoming, on_complete: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._incoming = incoming
        self._on_complete = on_complete

    def add_routes(self, routes: Routes) -> None:
        routes.json(
            "POST",
            "/api/v1/lessons/{id}/tracks",
            self._register,
            summary="Register a track of the lesson's recording, and see what the server has of it",
            body=NewTrackBody,
            returns=TrackOpened,
        )
        routes.json(
            "GET",
            "/api/v1/tracks/{id}",
            self._stock,
            summary="What the server has of a track, and what it wants (again)",
            returns=TrackStockView,
        )
        routes.json(
            "POST",
            "/api/v1/tracks/{id}/segments",
            self._append,
            summary="Add lines to a track's manifest; known lines change nothing",
            body=SegmentLines,
            returns=TrackStockView,
        )
        routes.json(
            "POST",
            "/api/v1/tracks/{id}/complete",
            self._complete,
            summary="The track has so many segments and no more",
            body=TrackEnd,
            returns=TrackStockView,
        )
        routes.json(
            "GET",
            "/api/v1/segments/{digest}",
            self._received,
            summary="How much of a segment has arrived",
            returns=UploadView,
        )
        routes.raw(
            "PUT",
            "/api/v1/segments/{digest}",
            self._receive,
            summary="Bring a segment or header by its SHA-256; with Content-Range, the rest of it",
        )

    async def _register(self, call: Call) -> TrackOpened:
        body, now = call.parsed(NewTrackBody), self._clock.now()
        recording = await access_recording_open(self._store, call.principal, call.path["id"], now)
        new = NewTrack(origin=TrackOrigin.AGENT, **body.model_dump())
        stock = await access_track_register(self._store, call.principal, recording.id, new, now)
        return TrackOpened(began_at=recording.began_at, **_view(stock).model_dump())

    async def _stock(self, call: Call) -> TrackStockView:
        return _view(await access_track_stock(self._store, call.principal, call.path["id"]))

    async def _append(self, call: Call) -> TrackStockView:
        lines = [Segment(**line.model_dump()) for line in call.parsed(SegmentLines).segments]
        return _view(await access_segments_append(self._store, call.principal, call.path["id"], lines))

    async def _complete(self, call: Call) -> TrackStockView:
        end, now = call.parsed(TrackEnd), self._clock.now()
        stock = await access_track_complete(
            self._store, call.principal, call.path["id"], end.segments, now, given_up=end.given_up, lost=end.lost
        )
        self._on_complete()
        return _view(stock)

    async def _received(self, call: Call) -> UploadView:
        digest = checked_digest(call.path["digest"])
        expected = await access_blob_to_bring(self._store, call.principal, digest)
        received = 0 if expected.stored else await self._incoming.received(digest)
        return UploadView(digest=digest, stored=expected.stored, received_bytes=received)

    async def _receive(self, call: Call) -> web.StreamResponse:
        digest = checked_digest(call.path["digest"])
        expected = await access_blob_to_bring(self._store, call.principal, digest)
        if expected.stored:
            return json_response(UploadView(digest=digest, stored=True, received_bytes=expected.size_bytes or 0))
        begin, total = _range(call.request, expected.size_bytes)
        received = await self._incoming.receive(digest, begin, total, chunks_of(call.request))
        stored = received >= total
        view = UploadView(digest=digest, stored=stored, received_bytes=received)
        return json_response(view, 201 if stored else 202)


def _range(request: web.Request, expected_bytes: int | None) -> tuple[int, int]:
    """Where the body begins, and how long the whole is. Raises `BadInput("upload_length_wrong")`."""
    most = expected_bytes or MAX_HEADER_BYTES
    found = range_of(request)
    if found is None or found[1] != (expected_bytes or found[1]) or not 0 < found[1] <= most:
        raise BadInput("upload_length_wrong", expected=most)
    return found


def _view(stock: TrackStock) -> TrackStockView:
    return TrackStockView(
        track_id=stock.track.id,
        recording_id=stock.track.recording_id,
        complete=stock.track.complete,
        next_sequence=stock.next_sequence,
        stored=stock.stored,
        missing=[MissingView(digest=each.digest, size_bytes=each.size_bytes) for each in stock.missing],
    )

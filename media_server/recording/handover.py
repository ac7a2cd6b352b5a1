"""From the spool into the segment store and the manifests: in order, again and again until it is done."""

import asyncio
from collections import deque
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import NamedTuple

from classroom.access.recordings import (
    NewTrack,
    access_recording_open,
    access_segments_append,
    access_track_complete,
    access_track_register,
    access_track_stock,
    access_tracks_unfinished,
)
from classroom.clock import Clock
from classroom.errors import ClassroomError, Conflict, Unavailable
from classroom.fmp4.formats import Format
from classroom.fmp4.header import read_header
from classroom.fmp4.reader import read_segment
from classroom.logs import get_logger
from classroom.model.principal import SYSTEM
from classroom.model.recording import Segment, TrackKind, TrackOrigin
from classroom.store.store import Store
from media_server.archive.keeper import Keeper
from media_server.recording.spool import Spooled, TrackKey

RETRY_S, LONGEST_RETRY_S = 1.0, 30.0

log = get_logger(__name__)


class _Loaded(NamedTuple):
    """A segment read back from the spool."""

    form: Format
    header: bytes
    data: bytes
    start: int
    duration: int


class _Registered(NamedTuple):
    """A track in the store, and how many segments its manifest has; `first`: we have not added any yet."""

    id: str
    segments: int
    first: bool


class _Beginning(NamedTuple):
    """A track of which nothing is finished yet."""

    key: TrackKey
    form: Format


class Handover:
    """Takes what the recorder has finished. `waiting` segments are on this server's disk only; `refused` ones nobody
    wants any more: they stay there, and the log names them."""

    def __init__(self, keeper: Keeper, store: Store, clock: Clock, *, settle_after: timedelta) -> None:
        """`settle_after` the end of a lesson nothing more is expected of it, not from other servers either."""
        self.handed_over = 0
        self.refused = 0
        self._keeper = keeper
        self._store = store
        self._clock = clock
        self._settle_after = settle_after
        self._queue: deque[Spooled | _Beginning] = deque()
        self._woken = asyncio.Event()
        self._tracks: dict[TrackKey, _Registered] = {}
        self._headers: set[str] = set()  # kept lately

    @property
    def waiting(self) -> int:
        return sum(isinstance(each, Spooled) for each in self._queue)

    def begins(self, key: TrackKey, form: Format) -> None:
        """A track is recorded from now on: said at once, so that its recording is not complete without it."""
        if key not in self._tracks:
            self._queue.append(_Beginning(key, form))
            self._woken.set()

    def take(self, finished: list[Spooled]) -> None:
        self._queue.extend(finished)
        self._woken.set()

    async def run(self) -> None:
        """Hand over until cancelled."""
        retry_s = RETRY_S
        self._woken.set()
        while True:
            await self._woken.wait()
            self._woken.clear()
            try:
                await self.drain()
            except Unavailable as error:
                log.warning("recording waits on this server's disk", code=error.code, segments=self.waiting)
                self._woken.set()
                await self._clock.sleep(retry_s)
                retry_s = min(2 * retry_s, LONGEST_RETRY_S)
            else:
                retry_s = RETRY_S

    async def drain(self) -> None:
        """Hand over what waits, once. Raises `Unavailable`."""
        while self._queue:
            try:
                await self._hand_over(self._queue[0])
            except Unavailable:
                raise
            except ClassroomError as error:
                self._refuse(self._queue[0], error)
            self._queue.popleft()

    async def settle(self, busy: set[str]) -> None:
        """Say of tracks whose lesson is over that nothing more comes, but for lessons in `busy` and what waits."""
        busy = busy | {each.key.lesson_id for each in self._queue}
        now = self._clock.now()
        before = now - self._settle_after
        for unfinished in await access_tracks_unfinished(self._store, SYSTEM, TrackOrigin.SERVER, before):
            if unfinished.lesson_id not in busy:
                await access_track_complete(self._store, SYSTEM, unfinished.track_id, unfinished.segments, now)
        self._tracks = {key: track for key, track in self._tracks.items() if key.lesson_id in busy}
        if not self._tracks:
            self._headers.clear()

    async def _hand_over(self, item: Spooled | _Beginning) -> None:
        if not isinstance(item, Spooled):
            await self._register(item.key, item.form)
            return
        loaded = await asyncio.to_thread(_load, item)
        track = self._tracks.get(item.key) or await self._register(item.key, loaded.form)
        digest, init_digest = await asyncio.to_thread(_digests, loaded)
        if init_digest not in self._headers:  # nearly all segments of a track share one
            await self._keeper.keep(init_digest, loaded.header)
            self._headers.add(init_digest)
        await self._keeper.keep(digest, loaded.data)
        line = Segment(track.segments, digest, init_digest, len(loaded.data), loaded.start, loaded.duration)
        self._tracks[item.key] = await self._append(track, line)
        await asyncio.to_thread(item.forget)
        self.handed_over += 1

    async def _register(self, key: TrackKey, form: Format) -> _Registered:
        now = self._clock.now()
        recording = await access_recording_open(self._store, SYSTEM, key.lesson_id, now)
        new = NewTrack(
            key.source,
            TrackKind(key.kind),
            TrackOrigin.SERVER,
            form.codec,
            form.timescale,
            form.width,
            form.height,
            form.channels,
        )
        stock = await access_track_register(self._store, SYSTEM, recording.id, new, now)
        self._tracks[key] = track = _Registered(stock.track.id, stock.next_sequence, first=True)
        return track

    async def _append(self, track: _Registered, line: Segment) -> _Registered:
        """Other servers may have added segments of theirs: the manifest's next free line is taken."""
        if track.first and track.segments:
            # Before a crash the segment may have got as far as the manifest, and not been forgotten here.
            try:
                await access_segments_append(
                    self._store, SYSTEM, track.id, [replace(line, sequence=track.segments - 1)]
                )
            except Conflict as error:
                if error.code != "segment_differs":
                    raise
            else:
                return track._replace(first=False)
        while True:
            try:
                stock = await access_segments_append(self._store, SYSTEM, track.id, [line])
            except Conflict as error:
                if error.code not in ("segment_out_of_order", "segment_differs"):
                    raise
                stock = await access_track_stock(self._store, SYSTEM, track.id)
                line = replace(line, sequence=stock.next_sequence)
            else:
                return _Registered(track.id, stock.next_sequence, first=False)

    def _refuse(self, item: Spooled | _Beginning, error: ClassroomError) -> None:
        """Nobody wants it any more (the recording is complete, the lesson unknown), or it is damaged."""
        if isinstance(item, Spooled):
            self.refused += 1
        key = item.key
        log.error(
            "recorded segment refused",
            code=error.code,
            lesson=key.lesson_id,
            source=key.source,
            kind=key.kind,
            path=str(item.path) if isinstance(item, Spooled) else None,
        )


def _load(item: Spooled) -> _Loaded:
    """Blocks. Raises `MalformedMp4`, `Unavailable("segment_store_down")`."""
    try:
        header, data = item.header.read_bytes(), item.path.read_bytes()
    except OSError as error:
        raise Unavailable("segment_store_down", where=str(item.path), reason=error.strerror or str(error)) from error
    found = read_header(header)
    fragments = read_segment(data, found.defaults)
    start, last = fragments[0].decode_time, fragments[-1]
    return _Loaded(found.format, header, data, start, last.decode_time + last.duration - start)


def _digests(loaded: _Loaded) -> tuple[str, str]:
    return sha256(loaded.data).hexdigest(), sha256(loaded.header).hexdigest()

"""From the spool into the segment store and the manifests: in order, again and again until it is done."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from itertools import islice
from typing import NamedTuple

from classroom.access.handing_over import access_segments_kept
from classroom.access.recordings import (
    NewTrack,
    access_recording_open,
    access_track_complete,
    access_track_register,
    access_tracks_unfinished,
)
from classroom.clock import Clock
from classroom.errors import ClassroomError, Unavailable
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
_AT_ONCE = 16  # segments: what waited while the store was away, a dozen megabytes of it

log = get_logger(__name__)


class _Loaded(NamedTuple):
    """A segment read back from the spool."""

    form: Format
    header: bytes
    data: bytes
    line: Segment


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
        self._tracks: dict[TrackKey, str] = {}  # their ids
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
        alone = 0  # so many go one by one, since together they were refused
        while self._queue:
            first = self._queue[0]
            some = self._segments(1 if alone else _AT_ONCE)
            try:
                if isinstance(first, Spooled):
                    await self._hand_over(some)
                else:
                    await self._register(first.key, first.form)
            except Unavailable:
                raise
            except ClassroomError as error:
                if len(some) > 1:
                    alone = len(some)
                    continue
                self._refuse(first, error)
            alone = max(0, alone - 1)
            for _ in range(max(1, len(some))):
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

    def _segments(self, most: int) -> list[Spooled]:
        """Those at the beginning of the queue."""
        found: list[Spooled] = []
        for each in islice(self._queue, most):
            if not isinstance(each, Spooled):
                break
            found.append(each)
        return found

    async def _hand_over(self, items: Sequence[Spooled]) -> None:
        """Bytes into the segment store, then all that is to be said of them in one transaction."""
        loaded = await asyncio.to_thread(lambda: [_load(item) for item in items])
        pieces: dict[str, bytes] = {}
        lines: dict[str, list[Segment]] = {}
        for item, each in zip(items, loaded, strict=True):
            track_id = self._tracks.get(item.key) or await self._register(item.key, each.form)
            lines.setdefault(track_id, []).append(each.line)
            pieces[each.line.digest] = each.data
            if each.line.init_digest not in self._headers:  # nearly all segments of a track share one
                pieces[each.line.init_digest] = each.header

        async def record(sizes: Mapping[str, int]) -> frozenset[str]:
            return await access_segments_kept(self._store, SYSTEM, lines, sizes, self._clock.now())

        await self._keeper.keep_all(pieces, record)
        self._headers.update(each.line.init_digest for each in loaded)
        await asyncio.to_thread(_forget, items)
        self.handed_over += len(items)

    async def _register(self, key: TrackKey, form: Format) -> str:
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
        self._tracks[key] = stock.track.id
        return stock.track.id

    def _refuse(self, item: Spooled | _Beginning, error: ClassroomError) -> None:
        """Nobody wants it any more (the recording was retired, the lesson is unknown), or it is damaged."""
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
    line = Segment(
        sequence=0,  # the manifest has its own count
        digest=sha256(data).hexdigest(),
        init_digest=sha256(header).hexdigest(),
        size_bytes=len(data),
        start=start,
        duration=last.decode_time + last.duration - start,
    )
    return _Loaded(found.format, header, data, line)


def _forget(items: Sequence[Spooled]) -> None:
    for item in items:
        item.forget()

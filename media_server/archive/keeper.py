"""The segment store together with what the database knows of it: what is kept is on record, and damage is noticed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from classroom.access.blobs import access_blob_damaged, access_blobs_stored
from classroom.clock import Clock
from classroom.errors import NotFound, Unavailable
from classroom.logs import get_logger
from classroom.model.principal import SYSTEM
from classroom.store.store import Store
from media_server.archive.segment_store import SegmentStore

_LEAVING_LOOKS, _LEAVING_LOOK_S = 20, 0.5

# Says that these (bytes by digest) are kept; returns those that are just being removed, and are to be kept again.
Record = Callable[[Mapping[str, int]], Awaitable[frozenset[str]]]

log = get_logger(__name__)


class Keeper:
    """`keep` and `read`; several in one process do no harm.

    `on_kept` is called after each `keep`. The counters count since the start.
    """

    def __init__(self, segments: SegmentStore, store: Store, clock: Clock) -> None:
        self.segments = segments
        self.on_kept: Callable[[], None] = lambda: None
        self.kept = 0
        self.kept_bytes = 0
        self.damage_found = 0
        self._store = store
        self._clock = clock

    async def keep(self, digest: str, data: bytes) -> None:
        """Keep it and say so; again does no harm. Raises what `SegmentStore.put` and the database do."""
        await self.keep_all({digest: data})

    async def keep_all(self, found: Mapping[str, bytes], record: Record | None = None) -> None:
        """Several by digest, at once, and on record in one transaction: as `keep`.

        What is being removed just then (`media_server.archive.sweep`) is kept when it is gone; raises
        `Unavailable("segment_leaving")` when that takes long. `record`: says so in a transaction that does more.
        """
        waiting = dict(found)
        for _ in range(_LEAVING_LOOKS):
            await asyncio.gather(*(self.segments.put(digest, data) for digest, data in waiting.items()))
            sizes = {digest: len(data) for digest, data in waiting.items()}
            leaving = await (record or self._record)(sizes)
            waiting = {digest: waiting[digest] for digest in leaving}
            if not waiting:
                break
            await self._clock.sleep(_LEAVING_LOOK_S)
        else:
            raise Unavailable("segment_leaving", digest=next(iter(waiting)))
        self.kept += len(found)
        self.kept_bytes += sum(map(len, found.values()))
        self.on_kept()

    async def _record(self, sizes: Mapping[str, int]) -> frozenset[str]:
        return await access_blobs_stored(self._store, SYSTEM, sizes, self._clock.now())

    async def read(self, digest: str) -> bytes:
        """The whole of it, verified. What is damaged or gone is wanted again from whoever has another copy.

        Raises what `SegmentStore.get` does.
        """
        try:
            return await self.segments.get(digest)
        except (NotFound, Unavailable) as error:
            if error.code in {"segment_missing", "segment_damaged"}:
                await self._damaged(digest, error.code)
            raise

    async def _damaged(self, digest: str, code: str) -> None:
        try:
            news = await access_blob_damaged(self._store, SYSTEM, digest, self._clock.now())
        except Unavailable as error:
            log.warning("damage not recorded", digest=digest, code=error.code)
            return
        if news:
            self.damage_found += 1
            log.error("kept segment is damaged", digest=digest, code=code, where=self.segments.where)

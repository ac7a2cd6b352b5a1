"""Removing what no manifest names any more, every night; what that is, and why nothing is lost by it, see
`classroom.access.unused`.
"""

import asyncio
from datetime import time
from itertools import islice
from typing import Final

from classroom.access.unused import access_unused_found, access_unused_gone, access_unused_note, access_unused_take
from classroom.clock import Clock, seconds_until
from classroom.errors import Unavailable
from classroom.logs import get_logger
from classroom.model.principal import SYSTEM
from classroom.store.store import Store
from media_server.archive.segment_store import SegmentStore

RUN_AT: Final = time(4, 0)  # after the rules of retention
_BATCH, _AT_ONCE = 200, 10
_PAUSE_S = 0.1  # between two batches or queries: lessons go first
# Others take over what is not removed within an hour; nothing of it may then be removed by us.
_LONGEST_S = 600.0

log = get_logger(__name__)


class Sweep:
    """`removed` and `removed_bytes` count since the start."""

    def __init__(self, segments: SegmentStore, store: Store, clock: Clock, every_days: float) -> None:
        """Within `every_days` all of the segment store is looked through for what nobody knows of."""
        self._segments = segments
        self._store = store
        self._clock = clock
        self._every_days = max(1, round(every_days))
        self.removed = 0
        self.removed_bytes = 0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._clock.sleep(seconds_until(RUN_AT, self._clock.now()))
            await self.pass_once()

    async def pass_once(self) -> None:
        """Remove what has been unused for long enough, then note what is unused now."""
        before = self.removed
        try:
            while await self._remove_some():
                await self._clock.sleep(_PAUSE_S)
            today = self._clock.now().toordinal() % self._every_days
            for number in range(today, 256, self._every_days):
                await self._look_through(f"{number:02x}")
            for digit in "0123456789abcdef":
                await access_unused_note(self._store, SYSTEM, digit, self._clock.now())
                await self._clock.sleep(_PAUSE_S)
        except Unavailable as error:
            log.warning("unused segments stay", code=error.code)
        log.info("unused segments removed", segments=self.removed - before)

    async def _remove_some(self) -> int:
        taken = await access_unused_take(self._store, SYSTEM, self._clock.now(), _BATCH)
        until = self._clock.monotonic() + _LONGEST_S
        gone: dict[str, int] = {}
        waiting = iter(taken)
        while (some := list(islice(waiting, _AT_ONCE))) and self._clock.monotonic() < until:
            results = await asyncio.gather(*map(self._segments.remove, some), return_exceptions=True)
            gone |= {digest: taken[digest] for digest, result in zip(some, results, strict=True) if result is None}
            failed = next((result for result in results if result is not None), None)
            if failed is not None:
                await self._tell(gone)
                raise failed
        await self._tell(gone)
        return len(gone)

    async def _tell(self, gone: dict[str, int]) -> None:
        if gone:
            await access_unused_gone(self._store, SYSTEM, gone, self._clock.now())
            self.removed += len(gone)
            self.removed_bytes += sum(gone.values())

    async def _look_through(self, prefix: str) -> None:
        found: dict[str, int] = {}
        async for digest, size in self._segments.listed(prefix):
            found[digest] = size
            if len(found) >= _BATCH:
                await access_unused_found(self._store, SYSTEM, found, self._clock.now())
                found = {}
        if found:
            await access_unused_found(self._store, SYSTEM, found, self._clock.now())

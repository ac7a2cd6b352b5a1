"""What is on its way into the segment store."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from classroom.errors import BadInput, NotFound
from media_server.archive.keeper import Keeper
from media_server.archive.parts import Parts


class Incoming:
    """Parts lie in `directory` by digest."""

    def __init__(self, directory: Path, keeper: Keeper) -> None:
        """Raises `Unavailable("segment_store_down")` when the directory cannot be made."""
        self._parts = Parts(directory)
        self._keeper = keeper

    async def received(self, digest: str) -> int:
        """How many bytes of it are here."""
        return await self._parts.received(digest)

    async def receive(self, digest: str, begin: int, total: int, chunks: AsyncIterator[bytes]) -> int:
        """As `Parts.take`; keeps the segment when all `total` bytes are here.

        Raises `BadInput("digest_mismatch")` too; all of it is forgotten then.
        """
        free_bytes = await self._keeper.segments.free_bytes()
        arrived = await self._parts.take(digest, begin, total, chunks, free_bytes=free_bytes)
        if arrived >= total:
            await self._keep(digest, total)
        return arrived

    async def forget_stale(self) -> None:
        """Drop what nobody has gone on with for a week."""
        await self._parts.forget_stale()

    async def _keep(self, digest: str, total: int) -> None:
        try:
            data = await asyncio.to_thread(self._parts.path(digest).read_bytes)
        except FileNotFoundError:
            # The same upload finished twice at once, and the other one was first.
            if await self._keeper.segments.has(digest):
                return
            raise NotFound("segment_missing", digest=digest) from None
        try:
            await self._keeper.keep(digest, data[:total])
        except BadInput:
            await self._parts.forget(digest)
            raise
        await self._parts.forget(digest)

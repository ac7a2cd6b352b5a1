"""What is on its way into the segment store: an upload that breaks off goes on where it stopped."""

import asyncio
import errno
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

from classroom.errors import BadInput, ClassroomError, Conflict, NotFound, TooLarge, Unavailable
from media_server.archive.keeper import Keeper

_WRITE_BYTES = 512_000  # at once: each write takes a turn in a thread
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_STALE_S = 7 * 86_400  # nobody goes on with an upload that old


class Incoming:
    """Parts lie in `directory` by digest. The same digest may arrive twice at once: the same bytes go to one place."""

    def __init__(self, directory: Path, keeper: Keeper) -> None:
        """Raises `Unavailable("segment_store_down")` when the directory cannot be made."""
        self._directory = directory
        self._keeper = keeper
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._down(error) from error

    async def received(self, digest: str) -> int:
        """How many bytes of it are here."""
        return await asyncio.to_thread(self._size, digest)

    async def receive(self, digest: str, begin: int, total: int, chunks: AsyncIterator[bytes]) -> int:
        """Take bytes from `begin` on; keeps the segment when all `total` are here. Returns how many are.

        What arrived stays when `chunks` breaks off. Raises `Conflict("upload_gap")` when bytes before `begin` are
        missing, `TooLarge("body_too_large")`, `BadInput("digest_mismatch")` (all of it is forgotten then), and
        `Unavailable("segment_store_full")` before anything is taken.
        """
        received = await self.received(digest)
        if begin > received:
            raise Conflict("upload_gap", received=received)
        free = await self._keeper.segments.free_bytes()
        if free is not None and free < total:
            raise Unavailable("segment_store_full", where=self._keeper.segments.where)
        position, waiting = begin, bytearray()
        try:
            async for chunk in chunks:
                waiting += chunk
                if position + len(waiting) > total:
                    raise TooLarge("body_too_large", limit_bytes=total)
                if len(waiting) >= _WRITE_BYTES:
                    position = await asyncio.to_thread(self._write, digest, position, bytes(waiting))
                    waiting.clear()
        except TooLarge:
            await self.forget(digest)
            raise
        finally:
            if waiting and position + len(waiting) <= total:
                position = await asyncio.to_thread(self._write, digest, position, bytes(waiting))
        arrived = max(position, received)
        if arrived >= total:
            await self._keep(digest, total)
        return arrived

    async def forget(self, digest: str) -> None:
        await asyncio.to_thread((self._directory / digest).unlink, missing_ok=True)

    async def forget_stale(self) -> None:
        """Drop what nobody has gone on with for a week."""
        await asyncio.to_thread(self._forget_stale)

    async def _keep(self, digest: str, total: int) -> None:
        try:
            data = await asyncio.to_thread((self._directory / digest).read_bytes)
        except FileNotFoundError:
            # The same upload finished twice at once, and the other one was first.
            if await self._keeper.segments.has(digest):
                return
            raise NotFound("segment_missing", digest=digest) from None
        try:
            await self._keeper.keep(digest, data[:total])
        except BadInput:
            await self.forget(digest)
            raise
        await self.forget(digest)

    # -- in threads --------------------------------------------------------------------------------------------------

    def _size(self, digest: str) -> int:
        try:
            return (self._directory / digest).stat().st_size
        except FileNotFoundError:
            return 0

    def _write(self, digest: str, position: int, data: bytes) -> int:
        path = self._directory / digest
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                written = 0
                while written < len(data):
                    written += os.pwrite(descriptor, data[written:], position + written)
            finally:
                os.close(descriptor)
        except OSError as error:
            path.unlink(missing_ok=True)
            if error.errno in _FULL:
                raise Unavailable("segment_store_full", where=str(self._directory)) from error
            raise self._down(error) from error
        return position + len(data)

    def _forget_stale(self) -> None:
        for path in self._directory.iterdir():
            if time.time() - path.stat().st_mtime > _STALE_S:
                path.unlink(missing_ok=True)

    def _down(self, error: OSError) -> ClassroomError:
        return Unavailable("segment_store_down", where=str(self._directory), reason=error.strerror or str(error))

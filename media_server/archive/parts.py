"""Files that are on their way here: an upload that breaks off goes on where it stopped."""

import asyncio
import errno
import os
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from classroom.errors import ClassroomError, Conflict, TooLarge, Unavailable

_WRITE_BYTES = 512_000  # at once: each write takes a turn in a thread
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_STALE_S = 7 * 86_400  # nobody goes on with an upload that old
_SILENCE_S = 20.0  # a line that brings nothing for so long is gone; the sender begins anew where it stopped
_RANGE = re.compile(r"bytes (\d{1,12})-(\d{1,12})/(\d{1,12})")  # RFC 9110 § 14.4, 14.5


class Parts:
    """They lie in `directory` by name. The same file may come twice at once: the same bytes go to one place."""

    def __init__(self, directory: Path) -> None:
        """Raises `Unavailable("segment_store_down")` when the directory cannot be made."""
        self._directory = directory
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._down(error) from error

    def path(self, name: str) -> Path:
        return self._directory / name

    async def received(self, name: str) -> int:
        """How many bytes of it are here."""
        return await asyncio.to_thread(self._size, name)

    async def take(
        self, name: str, begin: int, total: int, chunks: AsyncIterator[bytes], *, free_bytes: int | None
    ) -> int:
        """Take bytes from `begin` on; how many of the `total` are here then. What came stays when `chunks` breaks off.

        Raises `Conflict("upload_gap")` when bytes before `begin` are missing, `TooLarge("body_too_large")` (all of it
        is forgotten then), and `Unavailable("segment_store_full")` before anything is taken.
        """
        received = await self.received(name)
        if begin > received:
            raise Conflict("upload_gap", received=received)
        if free_bytes is not None and free_bytes < total - received:
            raise Unavailable("segment_store_full", where=str(self._directory))
        position, waiting = begin, bytearray()
        try:
            async for chunk in chunks:
                waiting += chunk
                if position + len(waiting) > total:
                    raise TooLarge("body_too_large", limit_bytes=total)
                if len(waiting) >= _WRITE_BYTES:
                    position = await asyncio.to_thread(self._write, name, position, bytes(waiting))
                    waiting.clear()
        except TooLarge:
            await self.forget(name)
            raise
        finally:
            if waiting and position + len(waiting) <= total:
                position = await asyncio.to_thread(self._write, name, position, bytes(waiting))
        return max(position, received)

    async def forget(self, name: str) -> None:
        await asyncio.to_thread((self._directory / name).unlink, missing_ok=True)

    async def forget_stale(self) -> None:
        """Drop what nobody has gone on with for a week."""
        await asyncio.to_thread(self._forget_stale)

    # -- in threads --------------------------------------------------------------------------------------------------

    def _size(self, name: str) -> int:
        try:
            return (self._directory / name).stat().st_size
        except FileNotFoundError:
            return 0

    def _write(self, name: str, position: int, data: bytes) -> int:
        path = self._directory / name
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


def range_of(request: web.Request) -> tuple[int, int] | None:
    """Where the body begins in the whole, and how long that is; None when its headers do not say so or contradict."""
    header = request.headers.get("Content-Range", "")
    if not header:
        return None if request.content_length is None else (0, request.content_length)
    match = _RANGE.fullmatch(header)
    begin, last, total = (int(part) for part in match.groups()) if match else (1, 0, 0)
    return (begin, total) if begin <= last < total else None


async def chunks_of(request: web.Request) -> AsyncIterator[bytes]:
    """The body as it arrives; ends early, without an error, when the line breaks or falls silent."""
    chunks = request.content.iter_any()
    try:
        while True:
            async with asyncio.timeout(_SILENCE_S):
                chunk = await anext(chunks, b"")
            if not chunk:
                return
            yield chunk
    except (TimeoutError, ConnectionError, web.RequestPayloadError, web.PayloadAccessError):
        return

"""What is made from segments, kept on disk under what it was made from: lost, it is made again."""

import asyncio
import os
import secrets
import zlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from classroom.logs import get_logger

log = get_logger(__name__)

_CHECK_BYTES = 4
_DIGEST_LENGTH = 64


def made_of(first: str, parts: Iterable[str]) -> str:
    """A key for what was made of many segments, `first` before all, as `parts` say."""
    text = "\n".join(parts)
    return f"{first}.{sha256(text.encode()).hexdigest()}"


class Derived:
    """A bounded cache: the least recently used goes first. Several processes may share the directory.

    A key begins with the digest of a segment, the first, of which it was made: when that goes, so does what was made
    of it.
    """

    def __init__(self, directory: Path, limit_bytes: int) -> None:
        self._directory = directory
        self._limit_bytes = limit_bytes
        self._making: dict[tuple[str, str], asyncio.Future[bytes]] = {}

    async def get(self, kind: str, key: str) -> bytes | None:
        """None when it is not kept, or not whole. `kind` and `key` are our own words, never a caller's."""
        return await asyncio.to_thread(self._read, self._path(kind, key))

    async def put(self, kind: str, key: str, data: bytes) -> None:
        """Keep it. A disk that takes no more costs only the making of it again."""
        await asyncio.to_thread(self._write, self._path(kind, key), data)

    async def get_or_make(self, kind: str, key: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """As kept, or made now, once for all who ask meanwhile. Raises what `make` raises."""
        kept = await self.get(kind, key)
        if kept is not None:
            return kept
        going_on = self._making.get((kind, key))
        if going_on is not None:
            return await asyncio.shield(going_on)
        making = asyncio.ensure_future(self._make(kind, key, make))
        self._making[(kind, key)] = making
        making.add_done_callback(lambda _: self._making.pop((kind, key), None))
        return await asyncio.shield(making)

    async def trim(self) -> int:
        """Bytes removed to stay within the limit."""
        return await asyncio.to_thread(self._trim)

    async def sources(self) -> set[str]:
        """Digests of the segments that what is kept was made of."""
        return await asyncio.to_thread(lambda: {_source(path) for path in self._files()})

    async def forget(self, sources: Collection[str]) -> None:
        """Drop what was made of these."""
        await asyncio.to_thread(self._forget, sources)

    async def _make(self, kind: str, key: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        data = await make()
        await self.put(kind, key, data)
        return data

    # -- in threads --------------------------------------------------------------------------------------------------

    def _path(self, kind: str, key: str) -> Path:
        return self._directory / kind / key[:2] / key

    def _read(self, path: Path) -> bytes | None:
        try:
            kept = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        data, check = kept[:-_CHECK_BYTES], kept[-_CHECK_BYTES:]
        return data if zlib.crc32(data).to_bytes(_CHECK_BYTES) == check else None

    def _write(self, path: Path, data: bytes) -> None:
        aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            aside.write_bytes(data + zlib.crc32(data).to_bytes(_CHECK_BYTES))
            aside.replace(path)
        except OSError as error:
            aside.unlink(missing_ok=True)
            log.warning("not kept", kind=path.parent.parent.name, reason=error.strerror)

    def _files(self) -> Iterator[Path]:
        return self._directory.glob("*/*/*")

    def _forget(self, sources: Collection[str]) -> None:
        for path in self._files():
            if _source(path) in sources:
                path.unlink(missing_ok=True)

    def _trim(self) -> int:
        files = []
        for path in self._files():
            with suppress(OSError):
                status = path.stat()
                files.append((status.st_mtime, status.st_size, path))
        excess = sum(size for _, size, _ in files) - self._limit_bytes
        removed = 0
        for _, size, path in sorted(files):
            if removed >= excess:
                break
            path.unlink(missing_ok=True)
            removed += size
        return removed


def _source(path: Path) -> str:
    return path.name[:_DIGEST_LENGTH]

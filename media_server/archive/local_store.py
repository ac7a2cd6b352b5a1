"""Segments in a local directory: `ab/cd/abcd….seg`, written aside, fsynced, then given their name."""

import asyncio
import errno
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from classroom.errors import NotFound, Unavailable
from media_server.archive.digests import check_data, checked_digest, digest_of

_SUFFIX = ".seg"
_ASIDE = "aside"  # on the same file system, or the rename would be a copy
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class LocalSegmentStore:
    """See `SegmentStore`. Several processes may share the directory."""

    def __init__(self, directory: Path, keep_free_bytes: int = 0) -> None:
        """`keep_free_bytes`: the store is full before the disk is, for the database's sake.

        Raises `Unavailable("segment_store_down")` when the directory cannot be made.
        """
        self._directory = directory
        self._keep_free_bytes = keep_free_bytes
        with self._explained():
            (directory / _ASIDE).mkdir(parents=True, exist_ok=True)

    @property
    def where(self) -> str:
        return str(self._directory)

    async def put(self, digest: str, data: bytes) -> None:
        await check_data(digest, data)
        await asyncio.to_thread(self._put, digest, data)

    async def get(self, digest: str) -> bytes:
        data = await asyncio.to_thread(self._read, checked_digest(digest))
        if data is None:
            raise NotFound("segment_missing", digest=digest)
        if await digest_of(data) != digest:
            raise Unavailable("segment_damaged", digest=digest)
        return data

    async def has(self, digest: str) -> bool:
        return await asyncio.to_thread(self._path(checked_digest(digest)).exists)

    async def remove(self, digest: str) -> None:
        path = self._path(checked_digest(digest))
        with self._explained():
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def listed(self, prefix: str = "") -> AsyncIterator[tuple[str, int]]:
        for first in await asyncio.to_thread(_folders, self._directory):
            if prefix not in ("", first.name):
                continue
            for second in await asyncio.to_thread(_folders, first):
                for found in await asyncio.to_thread(_segments, second):
                    yield found

    async def free_bytes(self) -> int | None:
        return max(0, await asyncio.to_thread(self._disk_free) - self._keep_free_bytes)

    async def close(self) -> None:
        """Nothing is open."""

    # -- in threads --------------------------------------------------------------------------------------------------

    def _path(self, digest: str) -> Path:
        return self._directory / digest[:2] / digest[2:4] / (digest + _SUFFIX)

    def _put(self, digest: str, data: bytes) -> None:
        with self._explained():
            path = self._path(digest)
            if self._read(digest) == data:
                return
            if self._disk_free() < self._keep_free_bytes + len(data):
                raise OSError(errno.ENOSPC, "kept free")
            aside = self._directory / _ASIDE / f"{digest}.{secrets.token_hex(4)}"
            try:
                with aside.open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                if not path.parent.exists():
                    path.parent.mkdir(parents=True, exist_ok=True)
                    sync_directory(self._directory)
                    sync_directory(path.parent.parent)
                aside.replace(path)
            except BaseException:
                with suppress(OSError):
                    aside.unlink(missing_ok=True)
                raise
            sync_directory(path.parent)

    def _read(self, digest: str) -> bytes | None:
        try:
            return self._path(digest).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno == errno.EIO:  # the disk cannot read it any more
                return b""
            raise self._down(error) from error

    def _disk_free(self) -> int:
        with self._explained():
            status = os.statvfs(self._directory)
        return status.f_bavail * status.f_frsize

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in _FULL:
                raise Unavailable("segment_store_full", where=self.where) from error
            raise self._down(error) from error

    def _down(self, error: OSError) -> Unavailable:
        return Unavailable("segment_store_down", where=self.where, reason=error.strerror or str(error))


def sync_directory(directory: Path) -> None:
    """A new name is durable only when its directory is."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _folders(directory: Path) -> list[Path]:
    return sorted(path for path in directory.iterdir() if path.is_dir() and len(path.name) == 2)


def _segments(directory: Path) -> list[tuple[str, int]]:
    found = []
    for path in directory.glob("*" + _SUFFIX):
        with suppress(FileNotFoundError):  # removed since
            found.append((path.stem, path.stat().st_size))
    return found

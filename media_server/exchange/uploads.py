"""Libraries that are brought through the page: folders beside those an administrator puts there, each of one account.

`imports/{folder}/.by` says whose it is; `.parts/` holds what is on its way, until a file is whole and gets its name.
"""

import asyncio
import errno
import os
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from classroom.errors import BadInput, Conflict, NotFound, TooLarge, Unavailable
from classroom.model.principal import Principal, Role
from media_server.archive.local_store import sync_directory
from media_server.archive.parts import Parts

MOST_BYTES: Final = 64_000_000_000  # a day of film; more is no lesson
_LONGEST_NAME_BYTES: Final = 200
_BY, _PARTS = ".by", ".parts"
KINDS: Final = (".mp4", ".m4v", ".xlsx", ".csv", ".vtt", ".srt")
_KEPT_S: Final = 14 * 86_400  # a library that nobody has brought anything to, or imported, in so long is given up


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """`received` of `size` bytes; `modified`: when its owner last changed it, milliseconds, so that two are not mixed
    into one. All of it is here when `whole`."""

    name: str
    size: int
    received: int
    modified: int
    whole: bool


class Uploads:
    """`folder` is the import directory."""

    def __init__(self, folder: Path, keep_free_bytes: int) -> None:
        self._folder = folder
        self._keep_free_bytes = keep_free_bytes

    def owner(self, folder: str) -> str | None:
        """Whose library it is; None: the server's own, for everybody. Blocks."""
        try:
            return (self._folder / folder / _BY).read_text("utf-8")
        except OSError:
            return None

    def readable(self, folder: str, principal: Principal) -> bool:
        """Blocks."""
        owner = self.owner(folder)
        return owner is None or owner == principal.id or principal.has(Role.ADMIN)

    def files(self, folder: str) -> list[UploadedFile]:
        """What is there of an uploaded library, and on its way. Blocks."""
        place = self._folder / folder
        found = [
            UploadedFile(path.name, path.stat().st_size, path.stat().st_size, 0, whole=True)
            for path in place.iterdir()
            if path.is_file() and not path.name.startswith(".")
        ]
        for path in (place / _PARTS).glob("*"):
            size, modified, name = path.name.split(".", 2)
            found.append(UploadedFile(name, int(size), path.stat().st_size, int(modified), whole=False))
        return sorted(found, key=lambda each: each.name)

    async def received(self, principal: Principal, folder: str, name: str, size: int, modified: int) -> int:
        """How much of a file is here. Raises as `take`."""
        _check(name, size)
        if _wrong(folder) or not (self._folder / folder).exists():
            return 0
        place = await asyncio.to_thread(self._place, principal, folder)
        if await asyncio.to_thread(_has, place / name, size):
            return size
        return await Parts(place / _PARTS).received(_part(name, size, modified))

    async def take(
        self,
        principal: Principal,
        folder: str,
        name: str,
        *,
        modified: int,
        begin: int,
        total: int,
        chunks: AsyncIterator[bytes],
    ) -> int:
        """Bytes of a file from `begin` on, into a library of the principal's, begun with its first file; as
        `Parts.take`. A file of that name is replaced when all `total` bytes are here.

        Raises `BadInput` with `import_name_wrong` or `import_file_kind`, `TooLarge("import_file_too_large")`,
        `Conflict("import_folder_taken")`.
        """
        _check(name, total)
        place = await asyncio.to_thread(self._place, principal, folder)
        parts, part = Parts(place / _PARTS), _part(name, total, modified)
        free = await asyncio.to_thread(lambda: shutil.disk_usage(place).free - self._keep_free_bytes)
        arrived = await parts.take(part, begin, total, chunks, free_bytes=free)
        if arrived >= total:
            await asyncio.to_thread(_finish, parts.path(part), place / name)
        return arrived

    async def remove(self, principal: Principal, folder: str, name: str | None) -> None:
        """A file, whole or not, or with None all of a library. Raises `NotFound("import_folder_missing")`."""
        if _wrong(folder) or (name is not None and _wrong(name)):
            raise NotFound("import_folder_missing", folder=folder[:200])
        place = self._folder / folder
        owner = await asyncio.to_thread(self.owner, folder)
        if owner is None or (owner != principal.id and not principal.has(Role.ADMIN)):
            raise NotFound("import_folder_missing", folder=folder[:200])
        await asyncio.to_thread(_remove, place, name)

    def forget_stale(self) -> None:
        """Libraries nobody goes on with. Blocks."""
        for place in self._folder.glob(f"*/{_BY}"):
            newest = max(path.stat().st_mtime for path in (place, place.parent, *place.parent.glob(f"{_PARTS}/*")))
            if time.time() - newest > _KEPT_S:
                shutil.rmtree(place.parent, ignore_errors=True)

    def _place(self, principal: Principal, folder: str) -> Path:
        if _wrong(folder):
            raise BadInput("import_name_wrong", name=folder[:200])
        place = self._folder / folder
        try:
            if not place.exists():
                place.mkdir(parents=True)
                (place / _BY).write_text(principal.id, "utf-8")
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            code = "segment_store_full" if full else "segment_store_down"
            raise Unavailable(code, where=str(place), reason=error.strerror or str(error)) from error
        if self.owner(folder) != principal.id:
            raise Conflict("import_folder_taken", folder=folder)
        return place


def _wrong(name: str) -> bool:
    long = len(name.encode()) > _LONGEST_NAME_BYTES
    return long or name.startswith(".") or Path(name).name != name or not name.isprintable() or "\\" in name


def _check(name: str, size: int) -> None:
    if _wrong(name):
        raise BadInput("import_name_wrong", name=name[:200])
    if Path(name).suffix.lower() not in KINDS:
        raise BadInput("import_file_kind", name=name, kinds=", ".join(KINDS))
    if size > MOST_BYTES:
        raise TooLarge("import_file_too_large", name=name, most_gb=MOST_BYTES // 10**9)


def _part(name: str, size: int, modified: int) -> str:
    return f"{size}.{modified}.{name}"


def _has(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _finish(part: Path, path: Path) -> None:
    """Durable, then named."""
    try:
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except FileNotFoundError:  # brought twice at once, and the other was first
        return
    sync_directory(path.parent)


def _remove(place: Path, name: str | None) -> None:
    if name is None:
        shutil.rmtree(place, ignore_errors=True)
        return
    (place / name).unlink(missing_ok=True)
    for part in (place / _PARTS).glob("*"):
        if part.name.split(".", 2)[2] == name:
            part.unlink(missing_ok=True)

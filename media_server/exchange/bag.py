"""A bag on disk (RFC 8493), written so that it can be interrupted anywhere and gone on with. Blocking: for threads.

Until it is whole there is `journal.jsonl` in it and no `bagit.txt`, so nobody takes half an export for a whole one. A
line of the journal is written when the files it names are on the disk.
"""

import errno
import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

from classroom.errors import Conflict, Unavailable
from media_server.archive.local_store import sync_directory

JOURNAL: Final = "journal.jsonl"
DECLARATION: Final = "bagit.txt"
PAYLOAD: Final = "data"
_BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"  # § 2.1.1
_PART = ".part"
_READ_BYTES = 1 << 20
SYNC_BYTES: Final = 32 << 20  # written again after a power cut, at most
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class BagFile:
    """`path` within the bag, with `/`; `sha256` in lower-case hex."""

    path: str
    size: int
    sha256: str
    crc: int


@dataclass(frozen=True, slots=True)
class Done:
    """A recording that is in the bag: with its files, and what is wrong with it, if anything (code and data)."""

    key: str
    files: tuple[BagFile, ...]
    about: Mapping[str, Any]
    problem: Mapping[str, Any] | None


@dataclass
class Bag:
    """`order` is what was asked for: a bag is gone on with only for the same. Raises `Conflict("folder_taken")`."""

    folder: Path
    order: Mapping[str, Any]
    done: dict[str, Done] = field(default_factory=dict)

    def open(self) -> None:
        """Begin, or read what is there already. Raises `Unavailable("export_failed")` where nothing can be written."""
        with explained(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            if not any(self.folder.iterdir()):
                self._append({"order": self.order})
                return
            lines = self._lines()
        if not lines or lines[0].get("order") != json.loads(json.dumps(self.order)):
            raise Conflict("folder_taken", folder=str(self.folder))
        (self.folder / DECLARATION).unlink(missing_ok=True)
        for line in lines[1:]:
            files = tuple(BagFile(**each) for each in line["files"])
            if all(self._there(each) for each in files):
                self.done[line["key"]] = Done(line["key"], files, line["about"], line["problem"])

    def add(self, done: Done) -> None:
        """These files are in the bag, and on the disk."""
        with explained(self.folder):
            self._append({**asdict(done), "files": [asdict(each) for each in done.files]})
        self.done[done.key] = done

    def write(self, path: str, data: bytes) -> BagFile:
        """A small file of the bag."""
        with self.writer(path, "text") as writer:
            writer.resume()
            writer.write(data)
            return writer.finish()

    def writer(self, path: str, etag: str, sync_bytes: int = SYNC_BYTES) -> "Writer":
        """A file that comes in parts; with the same `etag` it goes on where it was interrupted.

        What was not yet on the disk for sure (after the last whole `sync_bytes`) is written again.
        """
        return Writer(self.folder, path, etag, sync_bytes)

    def finish(self, more: Iterable[BagFile], today: date, about: Mapping[str, str]) -> tuple[BagFile, ...]:
        """Write the manifests; with `seal` it is a bag. `more`: payload besides the recordings'. All of its files."""
        payload = sorted([*more, *(each for done in self.done.values() for each in done.files)], key=lambda f: f.path)
        total = sum(each.size for each in payload)
        info = {
            **about,
            "Bagging-Date": today.isoformat(),
            "Payload-Oxum": f"{total}.{len(payload)}",
            "Bag-Software-Agent": "Qianshou 牵手课堂",
        }
        tags = [
            # § 2.1.3, § 2.2.2
            self.write("bag-info.txt", text_lines(f"{name}: {value}" for name, value in info.items())),
            self.write("manifest-sha256.txt", _manifest(payload)),
        ]
        tags.append(self.write("tagmanifest-sha256.txt", _manifest(tags)))
        return (self.write(DECLARATION, _BAGIT), *tags, *payload)

    def seal(self) -> None:
        """After `finish`: nothing is added any more."""
        with explained(self.folder):
            for part in self.folder.rglob(f".*{_PART}"):
                part.unlink()
            (self.folder / JOURNAL).unlink(missing_ok=True)
            sync_directory(self.folder)

    def _append(self, line: Mapping[str, Any]) -> None:
        with (self.folder / JOURNAL).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        sync_directory(self.folder)

    def _lines(self) -> list[dict[str, Any]]:
        """What the journal says. A line that was being written when the power failed is taken out of it."""
        path = self.folder / JOURNAL
        if not path.exists():
            return []
        found: list[dict[str, Any]] = []
        good: list[str] = []
        text = path.read_text("utf-8", errors="replace")
        for line in text.splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                break
            good.append(line)
        whole = "".join(f"{line}\n" for line in good)
        if whole != text:
            os.truncate(path, len(whole.encode()))
        return found

    def _there(self, file: BagFile) -> bool:
        try:
            return (self.folder / file.path).stat().st_size == file.size
        except OSError:
            return False


class Writer:
    """One file on its way into the bag: hashed as it is written, given its name when it is whole and on the disk."""

    def __init__(self, folder: Path, path: str, etag: str, sync_bytes: int) -> None:
        self._bag, self._path, self._file = folder, path, folder / path
        self._part = self._file.with_name(f".{hashlib.sha256(f'{path} {etag}'.encode()).hexdigest()[:24]}{_PART}")
        self._open: BinaryIO | None = None
        self._sha, self._crc = hashlib.sha256(), 0
        self._sync_bytes = sync_bytes
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def resume(self) -> int:
        """How many bytes are here from before; reads them."""
        with explained(self._bag):
            file = self._opened
            file.truncate(self._part.stat().st_size // self._sync_bytes * self._sync_bytes)
            file.seek(0)
            while data := file.read(_READ_BYTES):
                self._count(data)
        return self.size

    def write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            part = left[: self._sync_bytes - self.size % self._sync_bytes]
            with explained(self._bag):
                self._opened.write(part)
                self._count(part)
                if self.size % self._sync_bytes == 0:
                    self._opened.flush()
                    os.fdatasync(self._opened.fileno())
            left = left[len(part) :]

    def finish(self) -> BagFile:
        with explained(self._bag):
            self._opened.flush()
            os.fsync(self._opened.fileno())
            self.close()
            self._part.replace(self._file)
            sync_directory(self._file.parent)
        return BagFile(self._path, self.size, self._sha.hexdigest(), self._crc)

    def close(self) -> None:
        """What was written stays, for whoever goes on."""
        if self._open is not None:
            self._open.close()
            self._open = None

    @property
    def _opened(self) -> BinaryIO:
        if self._open is None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._open = self._part.open("a+b")
        return self._open

    def _count(self, data: bytes | memoryview) -> None:
        self._sha.update(data)
        self._crc = zlib.crc32(data, self._crc)
        self.size += len(data)


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Raises `Unavailable` with `export_no_room` or `export_failed` for what the disk refuses within."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise Unavailable("export_no_room", folder=str(folder)) from error
        raise Unavailable("export_failed", folder=str(folder), reason=error.strerror or str(error)) from error


def text_lines(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _manifest(files: Iterable[BagFile]) -> bytes:
    """As `sha256sum` writes and checks it: names have neither line ends nor `%` nor `\\`."""
    return text_lines(f"{each.sha256}  {each.path}" for each in files)

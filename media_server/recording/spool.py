"""Segments on this server's disk until they are in the segment store; what a crash leaves of them is found again.

`SPOOL/PROCESS/LESSON/SOURCE.KIND/START.open` grows fragment by fragment and becomes `START.whole`; its header lies
beside it as `START.header`. A process holds a lock on its folder: whose lock can be had, that process is gone.

Everything here blocks and belongs into a thread, one call at a time.
"""

import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import NamedTuple

from classroom.errors import Unavailable
from classroom.fmp4.header import write_header
from classroom.fmp4.reader import whole_bytes
from classroom.logs import get_logger
from classroom.messages.views import MediaKind
from media_server.recording.core.segment import FragmentWritten, SegmentClosed, SegmentOpened, Step

_LOCK = "lock"
_HEADER, _OPEN, _WHOLE = ".header", ".open", ".whole"

log = get_logger(__name__)


class TrackKey(NamedTuple):
    """Whose segments these are."""

    lesson_id: str
    source: str
    kind: MediaKind


class Spooled(NamedTuple):
    """A segment that has all its fragments; its header is at `header`."""

    key: TrackKey
    path: Path

    @property
    def header(self) -> Path:
        return self.path.with_suffix(_HEADER)

    def forget(self) -> None:
        """It is kept elsewhere. The segment first: a header alone is nothing."""
        self.path.unlink(missing_ok=True)
        self.header.unlink(missing_ok=True)


class _Open:
    """A segment that is being written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = FileIO(path, "w")
        self.last_at = 0  # where the last fragment begins
        self.end = 0

    def write(self, step: FragmentWritten) -> None:
        """As a whole or not at all: what a full disk leaves of it is taken back."""
        at = self.last_at if step.again else self.end
        try:
            written = os.pwrite(self.file.fileno(), step.data, at)
            if written < len(step.data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            if not step.again:  # a repeated fragment differs in its duration only: half of it is as good
                self.file.truncate(self.end)
            raise
        self.last_at, self.end = at, at + len(step.data)


class Spool:
    """`refused` counts fragments there was no room for."""

    def __init__(self, root: Path, keep_free_bytes: int = 0) -> None:
        """Raises `Unavailable("segment_store_down")` when nothing can be written there."""
        self.refused = 0
        self._root = root
        self._keep_free_bytes = keep_free_bytes
        self._open: dict[TrackKey, _Open] = {}
        self._troubled = False  # said so already
        self._folder = root / secrets.token_hex(8)
        try:
            self._folder.mkdir(parents=True)
            self._lock = FileIO(self._folder / _LOCK, "w")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Unavailable("segment_store_down", where=str(root), reason=error.strerror or str(error)) from error

    def close(self) -> None:
        """Nothing more is written. What is left is somebody else's, the next time a server begins."""
        for each in self._open.values():
            each.file.close()
        self._open.clear()
        with suppress(OSError):
            _tidy(self._folder)
            if [path.name for path in self._folder.iterdir()] == [_LOCK]:
                shutil.rmtree(self._folder)
        self._lock.close()

    def write(self, steps: Iterable[tuple[TrackKey, Step]]) -> list[Spooled]:
        """All of it is on the disk (fsync) when this returns; the segments that are finished by it, in order.

        What there is no room for is left out and counted: a recording with a hole is better than none.
        """
        full = shutil.disk_usage(self._folder).free < self._keep_free_bytes
        finished: list[Spooled] = []
        touched: dict[TrackKey, _Open] = {}
        for key, step in steps:
            try:
                if full and not isinstance(step, SegmentClosed):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                done = self._take(key, step, touched)
            except OSError as error:
                done = self._refuse(key, error)
            if done is not None:
                finished.append(done)
        for key, each in touched.items():
            try:
                os.fdatasync(each.file.fileno())
            except OSError as error:
                if (done := self._refuse(key, error)) is not None:
                    finished.append(done)
        self._troubled = self._troubled and full
        return finished

    def _take(self, key: TrackKey, step: Step, touched: dict[TrackKey, _Open]) -> Spooled | None:
        match step:
            case SegmentOpened(form, start):
                folder = self._folder / key.lesson_id / f"{key.source}.{key.kind}"
                folder.mkdir(parents=True, exist_ok=True)
                path = folder / f"{start:015}{_OPEN}"
                _write_durably(path.with_suffix(_HEADER), write_header(form))
                self._open[key] = _Open(path)
                _sync_folder(folder)
            case FragmentWritten():
                each = self._open.get(key)
                if each is None:  # there was no room when it was opened
                    self.refused += 1
                    return None
                touched[key] = each
                each.write(step)
            case SegmentClosed():
                touched.pop(key, None)
                each = self._open.pop(key, None)
                return None if each is None else _finish(key, each)
        return None

    def _refuse(self, key: TrackKey, error: OSError) -> Spooled | None:
        """The segment ends with what is on the disk: what follows a fragment that is missing would be in its place."""
        self.refused += 1
        if not self._troubled:
            log.error("recording not written", where=str(self._root), problem=error.strerror or str(error))
        self._troubled = True
        each = self._open.pop(key, None)
        if each is None:
            return None
        with suppress(OSError):
            return _finish(key, each)
        return None

    def abandoned(self) -> list[Spooled]:
        """What processes that are gone have left, in order of time; it is ours from now on."""
        found: list[Spooled] = []
        for folder in sorted(self._root.iterdir()):
            if folder == self._folder or not folder.is_dir():
                continue
            with suppress(OSError), (folder / _LOCK).open("ab") as lock:  # an error: its process lives
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                found.extend(self._adopt(folder))
                shutil.rmtree(folder)
        return sorted(found, key=lambda each: (each.key, each.path.name))

    def _adopt(self, folder: Path) -> Iterator[Spooled]:
        for path in sorted(folder.glob("*/*/*")):
            if path.suffix not in (_OPEN, _WHOLE):
                continue
            source, _, kind = path.parent.name.rpartition(".")
            if kind not in ("video", "audio") or not path.with_suffix(_HEADER).exists():
                continue
            if path.suffix == _OPEN and not _repair(path):
                continue
            mine = self._folder / path.parent.relative_to(folder)
            mine.mkdir(parents=True, exist_ok=True)
            # The header first: a segment whose header stays behind cannot be used.
            moved = (mine / path.name).with_suffix(_WHOLE)
            path.with_suffix(_HEADER).rename(moved.with_suffix(_HEADER))
            path.rename(moved)
            _sync_folder(mine)
            yield Spooled(TrackKey(path.parent.parent.name, source, "video" if kind == "video" else "audio"), moved)


def _finish(key: TrackKey, segment: _Open) -> Spooled | None:
    os.fdatasync(segment.file.fileno())
    segment.file.close()
    if segment.end == 0:
        Spooled(key, segment.path).forget()
        return None
    whole = segment.path.rename(segment.path.with_suffix(_WHOLE))
    _sync_folder(whole.parent)
    return Spooled(key, whole)


def _repair(path: Path) -> bool:
    """Cut off what is not a whole fragment; whether anything is left."""
    end = whole_bytes(path.read_bytes())
    with path.open("r+b") as file:
        file.truncate(end)
        os.fsync(file.fileno())
    return end > 0


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _tidy(folder: Path) -> None:
    """Remove empty folders."""
    for path in sorted(folder.glob("*/*"), reverse=True):
        with suppress(OSError):
            path.rmdir()
    for path in folder.iterdir():
        if path.is_dir():
            with suppress(OSError):
                path.rmdir()

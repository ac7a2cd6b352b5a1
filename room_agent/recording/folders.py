"""What lies on the disk, written so that a power cut at any moment costs no more than the fragment being written."""

import errno
import os
import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from classroom.fmp4.box import MalformedMp4
from classroom.fmp4.formats import Format
from classroom.fmp4.header import read_header
from classroom.fmp4.reader import read_segment, whole_bytes
from classroom.messages.recording import NewTrackBody, SegmentLine
from classroom.model.recording import TrackKind

_LESSON, _TRACK, _MANIFEST, _SAFE = "lesson.json", "track.json", "manifest.jsonl", "safe.json"


class LessonNote(BaseModel):
    """`lesson.json`. `began_wall_s`: media time 0 in Unix seconds of this machine's own clock."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    lesson_id: str
    title: str
    began_wall_s: float
    ended: bool = False
    # The disk was full: its media are gone, and what the server has not of it never comes. It is still to be told so.
    dropped: bool = False
    # What the server refuses for good; it is not brought again, and stays here.
    refused: str | None = None


class _SafeNote(BaseModel):
    """`safe.json`: what the server has confirmed, as far as there is no hole in it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    segments: int
    complete: bool


class TrackFolder:
    """One track. Making it recovers it: the segment that was being written is cut to its last whole fragment."""

    def __init__(self, path: Path, track: NewTrackBody | None = None) -> None:
        """`track` is needed for a new one. Raises `OSError`, `ValueError` for a folder that is none."""
        self.path = path
        if track is not None and not (path / _TRACK).exists():
            path.mkdir(parents=True, exist_ok=True)
            write_durably(path / _TRACK, track.model_dump_json().encode())
            sync_directory(path.parent)
        try:
            self.track = NewTrackBody.model_validate_json((path / _TRACK).read_bytes())
        except ValidationError as error:
            raise ValueError(f"{path} is not a track") from error
        self.lines = read_manifest(path)
        self._open: _OpenSegment | None = None
        self._unlisted = True  # there may be a segment without its line
        self._recover()

    @property
    def end(self) -> int:
        """Where what is recorded ends, in the track's timescale."""
        if self._open is not None:
            return self._open.end
        return self.lines[-1].start + self.lines[-1].duration if self.lines else 0

    def begin_segment(self, header: bytes, start: int) -> None:
        """Raises `OSError`; then call `abandon`."""
        self.end_segment()
        self._recover()
        digest = sha256(header).hexdigest()
        path = self.path / f"{digest}.mp4"
        if not path.exists() or path.read_bytes() != header:  # without its header no segment can be played
            write_durably(path, header)
        name = f"{len(self.lines):06}.{digest}.m4s"
        self._open = _OpenSegment(self.path / name, digest, start)
        sync_directory(self.path)

    def write(self, fragment: bytes, end: int) -> None:
        """Durable when it returns. Raises `OSError`; then call `abandon`."""
        if self._open is not None:
            self._open.write(fragment, end)

    def end_segment(self) -> None:
        """The segment is whole: it gets its line. Raises `OSError`."""
        segment, self._open = self._open, None
        if segment is not None:
            segment.close()
            self._unlisted = True
            if segment.size:
                self._append(segment.line(len(self.lines)))
                self._unlisted = False

    def abandon(self) -> None:
        """Something could not be written: keep what of the segment is whole. Raises `OSError`."""
        if self._open is not None:
            self._open.close()
            self._open = None
        self._unlisted = True
        self._recover()

    # -- inside ------------------------------------------------------------------------------------------------------

    def _append(self, line: SegmentLine) -> None:
        """What was torn off an earlier line is overwritten."""
        whole = sum(len(_raw(each)) for each in self.lines)
        descriptor = os.open(self.path / _MANIFEST, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.ftruncate(descriptor, whole)
            raw = _raw(line)
            if os.pwrite(descriptor, raw, whole) != len(raw):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if not self.lines:
            sync_directory(self.path)
        self.lines.append(line)

    def _recover(self) -> None:
        if not self._unlisted:
            return
        for path in sorted(self.path.glob("*.m4s")):
            sequence, init_digest, _ = path.name.split(".")
            if int(sequence) < len(self.lines):
                continue
            data = path.read_bytes()
            whole = whole_bytes(data)
            if not whole:
                path.unlink()
                continue
            if whole < len(data):
                with path.open("r+b") as file:
                    file.truncate(whole)
                    os.fsync(file.fileno())
            data = data[:whole]
            fragments = read_segment(data)
            start, end = fragments[0].decode_time, fragments[-1].decode_time + fragments[-1].duration
            self._append(
                SegmentLine(
                    sequence=len(self.lines),
                    digest=sha256(data).hexdigest(),
                    init_digest=init_digest,
                    size_bytes=whole,
                    start=start,
                    duration=end - start,
                )
            )
        self._unlisted = False


def _raw(line: SegmentLine) -> bytes:
    return line.model_dump_json().encode() + b"\n"


class _OpenSegment:
    def __init__(self, path: Path, init_digest: str, start: int) -> None:
        self._file = path.open("wb", buffering=0)
        self._digest = sha256()
        self._init_digest = init_digest
        self._start = start
        self.end = start
        self.size = 0

    def write(self, fragment: bytes, end: int) -> None:
        if self._file.write(fragment) != len(fragment):  # a disk that is just now full takes a part
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fdatasync(self._file.fileno())
        self._digest.update(fragment)
        self.size += len(fragment)
        self.end = end

    def close(self) -> None:
        self._file.close()

    def line(self, sequence: int) -> SegmentLine:
        return SegmentLine(
            sequence=sequence,
            digest=self._digest.hexdigest(),
            init_digest=self._init_digest,
            size_bytes=self.size,
            start=self._start,
            duration=self.end - self._start,
        )


class LessonFolder:
    """One lesson."""

    def __init__(self, path: Path, note: LessonNote) -> None:
        self.path = path
        self.note = note

    @classmethod
    def begin(cls, directory: Path, note: LessonNote) -> "LessonFolder":
        """A new one, or the one that is there: a lesson goes on where it was. Raises `OSError`."""
        path = directory / note.lesson_id
        if (known := cls.read(path)) is not None:
            return known
        path.mkdir(parents=True, exist_ok=True)
        folder = cls(path, note)
        folder.change()
        sync_directory(directory)
        return folder

    @classmethod
    def read(cls, path: Path) -> "LessonFolder | None":
        """None where there is none that can be understood."""
        try:
            return cls(path, LessonNote.model_validate_json((path / _LESSON).read_bytes()))
        except (OSError, ValidationError):
            return None

    def change(self, **fields: object) -> None:
        """Raises `OSError`."""
        self.note = self.note.model_copy(update=fields)
        write_durably(self.path / _LESSON, self.note.model_dump_json().encode())

    def track(self, source: str, kind: TrackKind, form: Format) -> TrackFolder:
        """Raises `OSError`."""
        body = NewTrackBody(
            name=source,
            kind=kind,
            codec=form.codec,
            timescale=form.timescale,
            width=form.width,
            height=form.height,
            channels=form.channels,
        )
        return TrackFolder(self.path / f"{source}-{kind.value}", body)

    def track_paths(self) -> list[Path]:
        return sorted(path.parent for path in self.path.glob(f"*/{_TRACK}"))

    def recover(self) -> list[TrackFolder]:
        """All tracks, each cut to what is whole. Raises `OSError`."""
        return [TrackFolder(path) for path in self.track_paths()]

    def remove(self) -> None:
        """All of it; the note last, so that what is half removed is removed on at the next start."""
        for path in self.track_paths():
            shutil.rmtree(path, ignore_errors=True)
        shutil.rmtree(self.path, ignore_errors=True)

    def drop(self) -> None:
        """Let its media go, though nobody else has all of them; what there was stays known. Raises `OSError`."""
        for path in (*self.path.glob("*/*.m4s"), *self.path.glob("*/*.mp4")):
            path.unlink()
        self.change(dropped=True, ended=True)

    def size_bytes(self) -> int:
        return sum(path.stat().st_size for path in self.path.glob("*/*"))


def lesson_folders(directory: Path) -> Iterator[LessonFolder]:
    """By age, the oldest first."""
    found = [folder for path in directory.glob("*/") if (folder := LessonFolder.read(path)) is not None]
    yield from sorted(found, key=lambda folder: (folder.note.began_wall_s, folder.note.lesson_id))


def read_manifest(path: Path, known: int = 0) -> list[SegmentLine]:
    """The whole lines from the `known`-th on; a torn last one is not there yet."""
    try:
        text = (path / _MANIFEST).read_bytes()
    except FileNotFoundError:
        return []
    lines: list[SegmentLine] = []
    for raw in text.split(b"\n")[known:]:
        try:
            lines.append(SegmentLine.model_validate_json(raw))
        except ValidationError:
            break
    return lines


def read_safe(path: Path) -> tuple[int, bool]:
    """How many segments of the track the server is known to have, and whether it has said that this is all."""
    try:
        note = _SafeNote.model_validate_json((path / _SAFE).read_bytes())
    except (OSError, ValidationError):
        return 0, False
    return note.segments, note.complete


def write_safe(path: Path, segments: int, complete: bool) -> None:
    """Raises `OSError`."""
    write_durably(path / _SAFE, _SafeNote(segments=segments, complete=complete).model_dump_json().encode())


def segment_path(path: Path, line: SegmentLine) -> Path:
    return path / f"{line.sequence:06}.{line.init_digest}.m4s"


def header_format(path: Path, digest: str) -> Format | None:
    """What a kept header says; None when it is damaged."""
    try:
        return read_header((path / f"{digest}.mp4").read_bytes()).format
    except (OSError, MalformedMp4):
        return None


def write_durably(path: Path, data: bytes) -> None:
    """All of it or nothing, whatever happens meanwhile. Raises `OSError`."""
    aside = path.with_name(path.name + ".new")
    with aside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """A new name is durable only when its directory is."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

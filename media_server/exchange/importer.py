"""A folder of films with a table that describes them, into the archive: all of it, or nothing.

First every cell and every file is checked. Then the films are cut and their segments kept, one after another; that can
be interrupted, and what is kept already is not written again. Only when all are there, one transaction makes all the
recordings.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Final, TypeVar

from classroom.access.importing import (
    ImportPlaces,
    NewFilm,
    NewFilmTrack,
    access_import,
    access_import_book,
    access_import_places,
    access_imported,
)
from classroom.access.unused import access_blobs_known
from classroom.captions import Cue, read_captions
from classroom.clock import Clock
from classroom.errors import BadInput, NotFound, Unavailable
from classroom.messages.archive import EntryEdit
from classroom.model.principal import SYSTEM, Principal
from classroom.model.recording import TrackKind
from classroom.sheets import Report, Row, read_sheet
from classroom.store.store import Store
from media_server.archive.keeper import Keeper
from media_server.exchange.columns import COLUMNS
from media_server.exchange.exporter import Tell
from media_server.exchange.film import Film, check_film, cut_film, digest_of_file
from media_server.exchange.library_sheet import REQUIRED, Line, lines_of
from media_server.watching.workshop import Workshop

T = TypeVar("T")

MOST_SHEET_BYTES: Final = 8 * 1024 * 1024
MOST_CAPTION_BYTES: Final = 4 * 1024 * 1024
_FILM = "film.json"
# Of the work on a film: it is read once to be hashed, read and written in pieces, and those are read and kept.
_HASHED, _CUT = 0.15, 0.5
_LOOKED_UP: Final = 5_000
_AT_ONCE: Final = 16  # pieces kept: while one waits for the disk, another is hashed; some 12 MB

Within = Callable[[float], Awaitable[None]]
"""Called now and then with the share of a film that is done."""


@dataclass(frozen=True, slots=True)
class _Checked:
    """A row of which everything is there."""

    line: Line
    path: Path
    school_id: str
    entry: EntryEdit
    cues: tuple[Cue, ...]

    @property
    def size(self) -> int:
        return self.path.stat().st_size


class Importer:
    """`spool` is where films lie in pieces while they are taken in."""

    def __init__(self, store: Store, clock: Clock, keeper: Keeper, workshop: Workshop, *, spool: Path) -> None:
        self._store = store
        self._clock = clock
        self._keeper = keeper
        self._workshop = workshop
        self._spool = spool

    async def take_in(self, folder: Path, sheet: str, principal: Principal, tell: Tell, *, dry_run: bool) -> Report:
        """What was done, or with `dry_run` would be; nothing when there are problems.

        `sheet` is a file in `folder`. Raises what reading it raises, `NotFound("import_sheet_missing")`, and
        `Unavailable` for what the segment store refuses; called again it goes on.
        """
        report = Report()
        rows = await asyncio.to_thread(_rows, folder, sheet)
        checked = await self._check(folder, rows, principal, report)
        if report.problems:
            return report
        if dry_run:
            report.added = len(checked)
            return report
        films = await self._films(checked, tell, report)
        if report.problems:
            return report
        made = await access_import(self._store, principal, films, self._clock.now())
        report.added, report.same = len(made), len(checked) - len(made)
        for film in films:
            await asyncio.to_thread(shutil.rmtree, self._spool / film.source_digest, ignore_errors=True)
        return report

    # -- checking ----------------------------------------------------------------------------------------------------

    async def _check(self, folder: Path, rows: Sequence[Row], principal: Principal, report: Report) -> list[_Checked]:
        lines = lines_of(rows, report)
        places = await access_import_places(self._store, principal, {line.row["school"] for line in lines})
        found = []
        for line in lines:
            before = len(report.problems)
            school_id = _school(line, places, report)
            entry = await self._entry(line, report)
            path = await _file(folder, line, "file", report)
            if path is not None:
                await _said(line, "file", report, self._workshop.run(check_film, path))
            cues = await self._cues(folder, line, report)
            if len(report.problems) == before and path is not None and school_id is not None:
                found.append(_Checked(line, path, school_id, entry, cues))
        return found

    async def _entry(self, line: Line, report: Report) -> EntryEdit:
        row = line.row
        textbook_id, knowledge = None, []
        if row["edition"] or line.knowledge:
            book = await access_import_book(
                self._store, subject=row["subject"], grade=line.grade, edition=row["edition"], volume=row["volume"]
            )
            if book is None:
                report.wrong(row, "edition", "import_book_unknown")
            else:
                textbook_id, points = book
                if unknown := [point for point in line.knowledge if point not in points]:
                    report.wrong(row, "knowledge", "import_points_unknown", points=unknown)
                knowledge = [points[point] for point in line.knowledge if point in points]
        return EntryEdit(
            subject=row["subject"], grade=line.grade, textbook_id=textbook_id, knowledge=knowledge,
            teacher_name=row["teacher"], mode=line.mode, lesson_type=line.lesson_type, description=row["description"],
            language=line.language, tags=list(line.tags), authors=list(line.authors or (row["teacher"],)),
            licence=line.licence, **({"rights_holder": row["rights_holder"]} if row["rights_holder"] else {}),
        )  # fmt: skip

    async def _cues(self, folder: Path, line: Line, report: Report) -> tuple[Cue, ...]:
        if not line.row["captions"]:
            return ()
        path = await _file(folder, line, "captions", report)
        if path is None:
            return ()
        return await _said(line, "captions", report, asyncio.to_thread(_read_cues, path)) or ()

    # -- taking in ---------------------------------------------------------------------------------------------------

    async def _films(self, checked: Sequence[_Checked], tell: Tell, report: Report) -> list[NewFilm]:
        """All of them, their segments kept. A film that fails is reported, and the others are looked at still."""
        total, done = sum(each.size for each in checked), 0
        films = []
        for each in checked:

            async def within(share: float, each: _Checked = each, done: int = done) -> None:
                await tell(done + round(share * each.size), total)

            film = await _said(each.line, "file", report, self._film(each, within))
            done += each.size
            await tell(done, total)
            if film is not None:
                films.append(film)
        return films

    async def _film(self, checked: _Checked, tell: Within) -> NewFilm:
        digest = await asyncio.to_thread(digest_of_file, checked.path)
        await tell(_HASHED)
        film = Film(digest, ())
        if not await access_imported(self._store, [digest]):
            film = await self._kept(checked.path, digest, tell)
        line = checked.line
        return NewFilm(
            school_id=checked.school_id,
            title=line.row["title"],
            began_at=line.recorded.astimezone(UTC),
            source_digest=digest,
            entry=checked.entry,
            consent=line.consent,
            consent_note=line.row["consent_note"],
            tracks=[
                NewFilmTrack(
                    each.name, TrackKind(each.kind), each.codec, each.timescale, each.width, each.height,
                    each.channels, each.segments,
                )
                for each in film.tracks
            ],
            cues=checked.cues,
        )  # fmt: skip

    async def _kept(self, path: Path, digest: str, tell: Within) -> Film:
        """The film in pieces, all of which the segment store has: those that were kept before are not kept again."""
        folder = self._spool / digest
        known = await asyncio.to_thread(_known, folder)
        if known is None:
            try:
                known = await self._workshop.run(cut_film, path, digest, folder)
            except OSError as error:
                raise Unavailable("segment_store_full", where=str(folder)) from error
            await asyncio.to_thread((folder / _FILM).write_text, known.pack(), "utf-8")
        names = sorted(
            {name for track in known.tracks for each in track.segments for name in (each.digest, each.init_digest)}
        )
        for first in range(0, len(names), _AT_ONCE):
            await tell(_CUT + (1 - _CUT) * first / len(names))
            pieces = await asyncio.to_thread(_pieces, folder, names[first : first + _AT_ONCE])
            await self._keeper.keep_all(pieces)
            await asyncio.to_thread(_forget, folder, pieces)
        for first in range(0, len(names), _LOOKED_UP):
            some = names[first : first + _LOOKED_UP]
            if len(await access_blobs_known(self._store, SYSTEM, some)) < len(some):
                # kept so long ago that they were removed as unused
                await asyncio.to_thread(shutil.rmtree, folder)
                return await self._kept(path, digest, tell)
        return known


async def _said(line: Line, key: str, report: Report, work: Awaitable[T]) -> T | None:
    """What `work` comes to; what is wrong with a file is said with its row. What is wrong with us is raised."""
    try:
        return await work
    except BadInput as error:
        report.wrong(line.row, key, error.code, **error.data)
        return None


def _school(line: Line, places: ImportPlaces, report: Report) -> str | None:
    code = line.row["school"]
    if code in places.kept:
        return places.kept[code]
    report.wrong(line.row, "school", "import_school_not_yours" if code in places.others else "import_school_unknown")
    return None


async def _file(folder: Path, line: Line, key: str, report: Report) -> Path | None:
    """The file that a cell names, within the folder: links and `..` lead nowhere else."""
    path = await asyncio.to_thread(_within, folder, line.row[key])
    if path is None:
        report.wrong(line.row, key, "import_file_missing")
    return path


def _within(folder: Path, name: str) -> Path | None:
    try:
        path = (folder / name.replace("\\", "/")).resolve()
        inside = path.is_relative_to(folder.resolve()) and path.is_file()
    except (OSError, ValueError):
        return None
    return path if inside else None


def _rows(folder: Path, sheet: str) -> list[Row]:
    path = _within(folder, sheet)
    if path is None:
        raise NotFound("import_sheet_missing", sheet=sheet[:200])
    if path.stat().st_size > MOST_SHEET_BYTES:
        raise BadInput("table_unreadable", reason=f"> {MOST_SHEET_BYTES // 1024 // 1024} MB")
    return read_sheet(path.read_bytes(), COLUMNS, REQUIRED)


def _read_cues(path: Path) -> tuple[Cue, ...]:
    if path.stat().st_size > MOST_CAPTION_BYTES:
        raise BadInput("captions_too_long", most=MOST_CAPTION_BYTES)
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030", errors="replace")
    return tuple(read_captions(text))


def _pieces(folder: Path, names: Sequence[str]) -> dict[str, bytes]:
    """By digest; what is gone was kept before."""
    return {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}


def _forget(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        (folder / name).unlink()


def _known(folder: Path) -> Film | None:
    """What was cut before; None when that was interrupted."""
    try:
        return Film.unpack((folder / _FILM).read_text("utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        shutil.rmtree(folder, ignore_errors=True)
        return None

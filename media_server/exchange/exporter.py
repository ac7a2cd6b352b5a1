"""Recordings into a bag: their films, captions and metadata, one recording after another."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from classroom.access.exporting import (
    Exported,
    access_export_sizes,
    access_recording_exported,
    access_recording_to_export,
)
from classroom.access.transcripts import access_cues
from classroom.captions import write_webvtt
from classroom.catalog import text
from classroom.clock import SCHOOL_ZONE, Clock
from classroom.errors import ClassroomError, NotFound, Unavailable
from classroom.logs import get_logger
from classroom.model.principal import Principal
from classroom.store.store import Store
from media_server.exchange.bag import PAYLOAD, Bag, BagFile, Done
from media_server.exchange.columns import csv_of, row_of, table_of
from media_server.watching.desk import Desk
from media_server.watching.extras import pictures_of
from media_server.watching.shelf import Shelved

log = get_logger(__name__)

MOST_EXPORTED: Final = 10_000
_WRITE_BYTES = 4 << 20  # at once: each write takes a turn in a thread
_LONGEST_NAME_BYTES = 80
# Not allowed in names on Windows, or in a bag's manifest (RFC 8493 § 2.1.3).
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*%]')

Tell = Callable[[int, int], Awaitable[None]]
"""Called now and then with bytes done and bytes in all; stops the export by raising."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to export: `media` False leaves the films out. `name` stands in the bag, for whoever finds it later."""

    recordings: tuple[str, ...]
    media: bool
    language: str
    name: str

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "recordings": list(self.recordings)}


@dataclass(frozen=True, slots=True)
class Result:
    """`files` of the whole bag. `problems`: code and data by recording, with its title as `recording`."""

    files: tuple[BagFile, ...]
    exported: int
    problems: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Filling:
    """A bag being filled: for whom, and with what."""

    bag: Bag
    order: Order
    principal: Principal


class Exporter:
    """Writes bags. What is wrong with one recording is noted, and the others go on."""

    def __init__(self, store: Store, clock: Clock, desk: Desk) -> None:
        self._store = store
        self._clock = clock
        self._desk = desk

    async def export(self, folder: Path, order: Order, principal: Principal, tell: Tell) -> tuple[Bag, Result]:
        """Fill the bag in `folder`, or go on with it; the caller seals it. Raises `Unavailable` for what the disk
        refuses, `Conflict("folder_taken")`, and what `tell` does; called again it goes on.
        """
        bag = Bag(folder, order.as_json())
        await asyncio.to_thread(bag.open)
        sizes = await access_export_sizes(self._store, principal, order.recordings)
        filling = Filling(bag, order, principal)
        progress = _Progress(tell, sum(size for _, size in sizes.values()) if order.media else len(order.recordings))
        for recording_id in order.recordings:
            title, size = sizes.get(recording_id, ("", 0))
            within = progress.of(size if order.media else 1)
            if recording_id not in bag.done:
                await self._one(filling, recording_id, title, within)
            await within(size if order.media else 1)
            progress.next()
        more = await asyncio.to_thread(_tables, bag, order)
        now = self._clock.now()
        about = {"External-Identifier": order.name, "Bag-Count": "1 of 1"}
        files = await asyncio.to_thread(bag.finish, more, now.astimezone(SCHOOL_ZONE).date(), about)
        done = [bag.done[each] for each in order.recordings]
        problems = tuple(each.problem for each in done if each.problem is not None)
        return bag, Result(files, sum(bool(each.files) for each in done), problems)

    async def _one(self, filling: Filling, recording_id: str, title: str, tell: "Within") -> None:
        bag, order, principal = filling.bag, filling.order, filling.principal
        files: list[BagFile] = []
        about: dict[str, Any] = {}
        problem: ClassroomError | None = None
        try:
            found = await access_recording_to_export(self._store, principal, recording_id, self._clock.now())
            folder = folder_of(found)
            if order.media:
                films, problem = await self.films(filling, folder, recording_id, tell)
                files += films
            files += await self.captions(filling, folder, found)
            about = row_of(found, [each.path for each in files], order.language)
            files.append(await asyncio.to_thread(bag.write, f"{folder}/metadata.json", json_of(found)))
            await access_recording_exported(self._store, principal, recording_id, order.name, self._clock.now())
        except ClassroomError as error:
            if error.code in _DISK:
                raise
            problem = error
        noted = None
        if problem is not None:
            log.info("not exported whole", recording=recording_id, code=problem.code)
            noted = {"id": recording_id, "title": title, "code": problem.code, "data": problem.data}
        await asyncio.to_thread(bag.add, Done(recording_id, tuple(files), about, noted))

    async def films(
        self, filling: Filling, folder: str, recording_id: str, tell: "Within"
    ) -> tuple[list[BagFile], ClassroomError | None]:
        """One film for every picture, each with the sound that goes with it; and what is missing of them."""
        films: list[BagFile] = []
        try:
            shelved = await self._desk.shelf.read(recording_id)
            names: list[str | None] = [each.name for each in pictures_of(shelved)]
            for name in names or [None]:
                path = f"{folder}/{name or 'sound'}.mp4"
                films.append(await self._film(filling, path, (recording_id, name), tell))
            return films, _missing(await self._desk.shelf.read(recording_id))
        except ClassroomError as error:
            if error.code in _DISK:
                raise
            return films, error

    async def _film(self, filling: Filling, path: str, what: tuple[str, str | None], tell: "Within") -> BagFile:
        """`what`: recording and picture. Goes on where it was interrupted.

        A segment found to be broken is left out the next time. Raises what reading segments raises, when it is
        another trouble, or the same again.
        """
        known: set[object] = set()
        while True:
            try:
                return await self._attempt(filling, path, what, tell)
            except (NotFound, Unavailable) as error:
                digest = error.data.get("digest")
                if error.code in _DISK or digest is None or digest in known:
                    raise
                known.add(digest)

    async def _attempt(self, filling: Filling, path: str, what: tuple[str, str | None], tell: "Within") -> BagFile:
        (recording_id, picture), language = what, filling.order.language
        shelved = await self._desk.shelf.read(recording_id)
        chapters = await self._desk.extras.chapters(recording_id, language)
        movie = await self._desk.movies.movie(shelved, picture=picture, chapters=chapters, language=language)
        with filling.bag.writer(path, movie.etag) as writer:
            at = await asyncio.to_thread(writer.resume)
            await tell(at)
            waiting: list[bytes] = []
            held = 0
            async for part in self._desk.movies.read(movie, at, movie.layout.size):
                waiting.append(part)
                held += len(part)
                if held >= _WRITE_BYTES:
                    await asyncio.to_thread(writer.write, b"".join(waiting))
                    await tell(held)
                    waiting, held = [], 0
            await asyncio.to_thread(writer.write, b"".join(waiting))
            return await asyncio.to_thread(writer.finish)

    async def captions(self, filling: Filling, folder: str, found: Exported) -> list[BagFile]:
        """One file per language."""
        files = []
        for language in found.languages:
            cues = await access_cues(
                self._store, filling.principal, found.recording_id, language, now=self._clock.now()
            )
            data = write_webvtt(cues).encode()
            files.append(await asyncio.to_thread(filling.bag.write, f"{folder}/captions.{language}.vtt", data))
        return files


_DISK = frozenset({"export_no_room", "export_failed"})

Within = Callable[[int], Awaitable[None]]


class _Progress:
    """Never goes back, and ends at the total, though films have other sizes than the segments they are made of."""

    def __init__(self, tell: Tell, total: int) -> None:
        self._tell, self._total = tell, total
        self._before = self._here = self._most = 0

    def of(self, most: int) -> Within:
        self._most = most

        async def more(count: int) -> None:
            self._here = min(self._most, self._here + count)
            await self._tell(self._before + self._here, self._total)

        return more

    def next(self) -> None:
        self._before, self._here = self._before + self._most, 0


def _missing(shelved: Shelved) -> ClassroomError | None:
    """What the films have not, because the store has lost it."""
    broken = shelved.manifest.broken
    lost = sum(
        not broken.isdisjoint((segment.digest, segment.init_digest))
        for _, segments in shelved.manifest.tracks
        for segment in segments
    )
    title = shelved.manifest.recording.title
    return Unavailable("recording_has_holes", recording=title, segments=lost) if lost else None


def folder_of(found: Exported) -> str:
    """Where a recording's files lie in the bag: by day, and never twice the same."""
    day = found.began_at.astimezone(SCHOOL_ZONE).strftime("%Y-%m-%d")
    title = " ".join(_NOT_IN_NAMES.sub(" ", found.title).split())
    short = title.encode()[:_LONGEST_NAME_BYTES].decode(errors="ignore").strip(" .")
    return f"{PAYLOAD}/{day} {short} {found.recording_id[:8]}"


def json_of(found: Exported) -> bytes:
    """All that is known of a recording."""
    return json.dumps(asdict(found), ensure_ascii=False, indent=2, default=plain).encode()


def plain(value: object) -> str:
    """Moments and words of enumerations, for JSON."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return value.value
    raise TypeError(type(value).__name__)


def _tables(bag: Bag, order: Order) -> list[BagFile]:
    done = [bag.done[each] for each in order.recordings]
    rows = [each.about for each in done if each.about]
    files = [
        bag.write(f"{PAYLOAD}/metadata.csv", table_of(rows, order.language)),
        bag.write(f"{PAYLOAD}/metadata.json", json.dumps(rows, ensure_ascii=False, indent=2).encode()),
    ]
    if lines := list(problem_lines((each.problem for each in done if each.problem), order.language)):
        files.append(bag.write(f"{PAYLOAD}/problems.csv", csv_of(lines[0], lines[1:])))
    return files


def problem_lines(problems: Iterable[Mapping[str, Any]], language: str) -> Iterable[tuple[str, ...]]:
    """Headings, then a line for each; nothing when there are none."""
    headings = ("编号", "课题", "问题", "怎么办") if language == "zh-CN" else ("Id", "Title", "Problem", "What to do")
    for number, problem in enumerate(problems):
        if number == 0:
            yield headings
        said = text(problem["code"], problem["data"], language)
        yield problem["id"], problem["title"], said.message, said.remedy

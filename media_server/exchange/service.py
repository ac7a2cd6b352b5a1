"""Getting out and in as a service: jobs, and what comes of them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from classroom.access.jobs import Job
from classroom.model.keeping import JobKind
from classroom.model.principal import SYSTEM, Principal
from classroom.service import Context, ServerRole
from media_server.archive.library.service import read_rubric
from media_server.exchange.bag import Bag
from media_server.exchange.evidence import Evidence
from media_server.exchange.exporter import Exporter, Order, Result, Tell
from media_server.exchange.importer import Importer
from media_server.exchange.imports_api import ImportsApi, import_folder
from media_server.exchange.jobs_api import JobsApi
from media_server.exchange.recogniser import Recogniser
from media_server.exchange.runner import JobRunner
from media_server.exchange.shelves import Shelves
from media_server.exchange.uploads import Uploads
from media_server.exchange.views import report_json
from media_server.watching.desk import Desk

_TIDY_EVERY_S = 3600.0


class ExchangeService:
    """See the module."""

    name: ClassVar[str] = "exchange"
    runs_in: ClassVar[frozenset[ServerRole]] = frozenset({ServerRole.ALL, ServerRole.HUB})

    def __init__(self, context: Context) -> None:
        self._context = context
        self._shelves = Shelves(context.settings.data / "exports")
        self._imports = context.settings.data / "imports"
        self._desk: Desk | None = None

    async def start(self) -> None:
        context = self._context
        desk = self._desk = Desk.set_up(context.settings, context.store, context.clock, context.node)
        self._exporter = Exporter(context.store, context.clock, desk)
        command, name = context.settings.archive_recogniser, context.settings.archive_recogniser_name
        sound = context.settings.data / "recognising"
        self._recogniser = Recogniser(context.store, context.clock, desk, command=command, name=name, spool=sound)
        rubric = read_rubric(context.settings.data)
        self._evidence = Evidence(context.store, context.clock, self._exporter, rubric)
        spool = context.settings.recordings_path / "films"
        self._importer = Importer(context.store, context.clock, desk.keeper, desk.workshop, spool=spool)
        works = {
            JobKind.EXPORT: self._export,
            JobKind.NOMINATION: self._nomination,
            JobKind.IMPORT: self._import,
            JobKind.TRANSCRIPT: self._transcribe,
        }
        runner = JobRunner(context.store, context.clock, context.node, self._shelves.folder, works)
        JobsApi(context, self._shelves, runner.wake).add_routes(context.routes)
        self._uploads = Uploads(self._imports, context.settings.recordings_keep_free_mb * 1_000_000)
        ImportsApi(context, self._imports, self._uploads, runner.wake).add_routes(context.routes)
        context.tasks.forever(runner.run, "archive jobs")
        context.tasks.forever(runner.tidy, "archive jobs tidied")
        context.tasks.forever(self._tidy, "uploads tidied")

    async def stop(self) -> None:
        if self._desk is not None:
            await self._desk.close()

    async def _export(self, job: Job, principal: Principal, tell: Tell) -> Mapping[str, Any]:
        asked = job.order
        order = Order(tuple(asked["recordings"]), asked["media"], asked["language"], asked["name"])
        return await self._bag(job, lambda folder: self._exporter.export(folder, order, principal, tell))

    async def _nomination(self, job: Job, principal: Principal, tell: Tell) -> Mapping[str, Any]:
        return await self._bag(job, lambda folder: self._evidence.write(folder, job.order, principal, tell))

    async def _bag(self, job: Job, fill: Callable[[Path], Awaitable[tuple[Bag, Result]]]) -> Mapping[str, Any]:
        """Fill the job's bag, unless that was done and could not be said."""
        known = await asyncio.to_thread(self._shelves.result, job.id)
        if known is not None:
            return known
        bag, result = await fill(self._shelves.bag(job.id))
        told = {
            "exported": result.exported,
            "problems": [dict(each) for each in result.problems],
            "size_bytes": sum(each.size for each in result.files),
        }
        await asyncio.to_thread(self._shelves.keep, job.id, job.order["name"], result.files, told)
        await asyncio.to_thread(bag.seal)
        return told

    async def _import(self, job: Job, principal: Principal, tell: Tell) -> Mapping[str, Any]:
        asked = job.order
        folder = await asyncio.to_thread(import_folder, self._imports, asked["folder"])
        report = await self._importer.take_in(folder, asked["sheet"], principal, tell, dry_run=asked["dry_run"])
        owner = await asyncio.to_thread(self._uploads.owner, folder.name)
        if owner is not None and not report.problems and not asked["dry_run"]:
            # in the archive now; what an administrator put there is theirs to remove
            await self._uploads.remove(SYSTEM, folder.name, None)
        return {"exported": report.added, "report": report_json(report)}

    async def _tidy(self) -> None:
        while True:
            await asyncio.to_thread(self._uploads.forget_stale)
            await self._context.clock.sleep(_TIDY_EVERY_S)

    async def _transcribe(self, job: Job, principal: Principal, tell: Tell) -> Mapping[str, Any]:
        return await self._recogniser.transcribe(job.order, principal, tell)

"""`/api/v1/archive/jobs`, `…/exports`: order long work, see how far it is, fetch what came of it."""

import asyncio
import uuid
from collections.abc import Callable

from aiohttp import web

from classroom.access.circulation import access_nominations
from classroom.access.jobs import (
    access_job,
    access_job_cancel,
    access_job_download,
    access_job_removal,
    access_job_resume,
    access_jobs,
    access_new_job,
)
from classroom.access.library import access_found_ids
from classroom.access.retention import access_archive
from classroom.clock import SCHOOL_ZONE
from classroom.errors import BadInput, NotFound
from classroom.http.call import Call
from classroom.http.routes import Routes
from classroom.messages.archive import ExportOrder, TranscriptOrder
from classroom.messages.exchange_views import JobsView, JobView
from classroom.model.keeping import JobKind
from classroom.service import Context
from media_server.archive.library.catalogue_api import ONE as RECORDING
from media_server.archive.library.catalogue_api import wanted_of
from media_server.exchange.exporter import MOST_EXPORTED
from media_server.exchange.sending import Piece, send
from media_server.exchange.shelves import Contents, Shelves
from media_server.exchange.views import job_view
from media_server.exchange.zipped import ZipMember, Zipped, zip_up

JOBS = "/api/v1/archive/jobs"
ONE = JOBS + "/{id}"


class JobsApi:
    """Handlers; `wake` is called when there is something to work on."""

    def __init__(self, context: Context, shelves: Shelves, wake: Callable[[], None]) -> None:
        self._store = context.store
        self._clock = context.clock
        self._shelves = shelves
        self._wake = wake

    def add_routes(self, routes: Routes) -> None:
        routes.json("GET", JOBS, self._list, summary="One's own exports and imports", returns=JobsView)
        routes.json("GET", ONE, self._show, summary="How far a job is", returns=JobView)
        routes.json("POST", ONE + "/cancel", self._cancel, summary="Stop a job", returns=JobView)
        routes.json("POST", ONE + "/resume", self._resume, summary="Go on with a stopped job", returns=JobView)
        routes.json("DELETE", ONE, self._remove, summary="Forget a job and what came of it")
        routes.raw("GET", ONE + "/package.zip", self._package, summary="All that was exported, as one ZIP file")
        routes.raw("GET", ONE + "/files/{path:.+}", self._file, summary="One file of an export")
        routes.json(
            "POST", "/api/v1/archive/exports", self._export, summary="Export recordings as files",
            body=ExportOrder, returns=JobView, status=201,
        )  # fmt: skip
        routes.json(
            "POST", "/api/v1/archive/transcripts", self._transcribe, summary="Have a transcript written",
            body=TranscriptOrder, returns=JobView, status=201,
        )  # fmt: skip
        routes.json(
            "POST", RECORDING + "/nominations/{nomination}/package", self._papers,
            summary="Put together the papers of a nomination", returns=JobView, status=201,
        )  # fmt: skip

    async def _export(self, call: Call) -> JobView:
        order = call.parsed(ExportOrder)
        await access_archive(self._store, call.principal)
        if order.ids is not None:
            ids = list(dict.fromkeys(order.ids))
        else:
            ids = await access_found_ids(self._store, call.principal, wanted_of(order.query), MOST_EXPORTED)
        if not ids:
            raise BadInput("nothing_to_export")
        now = self._clock.now()
        day = now.astimezone(SCHOOL_ZONE).strftime("%Y%m%d-%H%M")
        wanted = {
            "recordings": ids, "media": order.media, "language": call.language,
            "name": f"qianshou-{day}-{uuid.uuid4().hex[:6]}",
        }  # fmt: skip
        job = await access_new_job(self._store, call.principal, JobKind.EXPORT, wanted, now=now)
        self._wake()
        return job_view(job, call.language)

    async def _papers(self, call: Call) -> JobView:
        recording_id, nomination = call.path["id"], call.path["nomination"]
        now = self._clock.now()
        known = await access_nominations(self._store, call.principal, recording_id, now)
        if nomination not in {each.id for each in known}:
            raise NotFound("nomination_unknown", nomination=nomination[:64])
        order = {
            "recording": recording_id, "nomination": nomination, "language": call.language,
            "name": f"nomination-{nomination[:8]}",
        }  # fmt: skip
        job = await access_new_job(
            self._store, call.principal, JobKind.NOMINATION, order, now=now, recording_id=recording_id
        )
        self._wake()
        return job_view(job, call.language)

    async def _transcribe(self, call: Call) -> JobView:
        order = call.parsed(TranscriptOrder)
        job = await access_new_job(
            self._store, call.principal, JobKind.TRANSCRIPT, order.model_dump(), now=self._clock.now(),
            recording_id=order.recording_id,
        )  # fmt: skip
        self._wake()
        return job_view(job, call.language)

    async def _list(self, call: Call) -> JobsView:
        jobs = await access_jobs(self._store, call.principal)
        return JobsView(jobs=[job_view(job, call.language) for job in jobs])

    async def _show(self, call: Call) -> JobView:
        return job_view(await access_job(self._store, call.principal, call.path["id"]), call.language)

    async def _cancel(self, call: Call) -> JobView:
        job = await access_job_cancel(self._store, call.principal, call.path["id"], self._clock.now())
        return job_view(job, call.language)

    async def _resume(self, call: Call) -> JobView:
        job = await access_job_resume(self._store, call.principal, call.path["id"], self._clock.now())
        self._wake()
        return job_view(job, call.language)

    async def _remove(self, call: Call) -> None:
        await access_job_removal(self._store, call.principal, call.path["id"], self._clock.now())
        await asyncio.to_thread(self._shelves.remove, call.path["id"])

    async def _package(self, call: Call) -> web.StreamResponse:
        contents = await self._contents(call)
        # names and times only: nothing of the files is read
        zipped = await asyncio.to_thread(_zipped, contents)
        pieces = (_piece(contents, *part) for part in zipped.between(0, zipped.size))
        name = f"{contents.name}.zip"
        return await send(call.request, list(pieces), etag=contents.etag, name=name, content_type="application/zip")

    async def _file(self, call: Call) -> web.StreamResponse:
        contents = await self._contents(call)
        found = contents.file(call.path["path"])
        piece = Piece(contents.folder / found.path, 0, found.size)
        name = found.path.rpartition("/")[2]
        kind = "application/octet-stream"
        return await send(call.request, [piece], etag=found.sha256, name=name, content_type=kind)

    async def _contents(self, call: Call) -> Contents:
        """Of a finished job, for whoever ordered it."""
        first = call.request.method == "GET" and call.request.headers.get("Range", "bytes=0-").startswith("bytes=0-")
        job = await access_job_download(self._store, call.principal, call.path["id"], self._clock.now(), first=first)
        return await asyncio.to_thread(self._shelves.contents, job.id)


def _zipped(contents: Contents) -> Zipped:
    changed_at = contents.changed_at.astimezone(SCHOOL_ZONE)
    return zip_up(
        [ZipMember(f"{contents.name}/{each.path}", each.size, each.crc, changed_at) for each in contents.files]
    )


def _piece(contents: Contents, part: bytes | ZipMember, first: int, last: int) -> Piece:
    if isinstance(part, bytes):
        return Piece(part, first, last)
    return Piece(contents.folder / part.name.removeprefix(f"{contents.name}/"), first, last)

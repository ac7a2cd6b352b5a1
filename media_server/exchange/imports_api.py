"""`/api/v1/archive/imports`: folders of films on the server, and their tables, into the archive."""

import asyncio
import io
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from classroom.access.jobs import access_new_job
from classroom.access.retention import access_archive
from classroom.errors import BadInput, NotFound
from classroom.http.app import json_response
from classroom.http.call import Call
from classroom.http.routes import QueryParameter, Routes
from classroom.messages.archive import ImportOrder
from classroom.messages.exchange_views import ImportFileView, ImportFolderView, ImportsView, JobView
from classroom.model.keeping import JobKind
from classroom.model.principal import Principal
from classroom.service import Context
from media_server.archive.parts import chunks_of, range_of
from media_server.exchange.library_sheet import template
from media_server.exchange.uploads import Uploads
from media_server.exchange.views import job_view

IMPORTS = "/api/v1/archive/imports"
_TABLES = frozenset({".xlsx", ".csv"})
_MOST_FOLDERS = 500
_MOST_DIGITS = 15
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ImportsApi:
    """Handlers. `folder` holds a directory for each library, whoever put it there."""

    def __init__(self, context: Context, folder: Path, uploads: Uploads, wake: Callable[[], None]) -> None:
        self._store = context.store
        self._clock = context.clock
        self._folder = folder
        self._uploads = uploads
        self._wake = wake

    def add_routes(self, routes: Routes) -> None:
        routes.json("GET", IMPORTS, self._list, summary="What lies ready to be imported", returns=ImportsView)
        routes.raw("GET", IMPORTS + "/template.xlsx", self._template, summary="An empty table for an import")
        routes.json(
            "POST", IMPORTS, self._import, summary="Import a folder of films, or check what would be imported",
            body=ImportOrder, returns=JobView, status=201,
        )  # fmt: skip
        one = IMPORTS + "/{folder}/{file}"
        routes.json(
            "GET", one, self._received, summary="How much of a file has arrived", returns=ImportFileView,
            query=(
                QueryParameter("size", "Bytes of all of it"),
                QueryParameter("modified", "When it was last changed, in milliseconds: what tells files apart"),
            ),
        )  # fmt: skip
        routes.raw("PUT", one, self._receive, summary="Bring a file of a library; with Content-Range, the rest of it")
        routes.json("DELETE", one, self._remove, summary="Give up bringing a file, or take it away again")
        routes.json("DELETE", IMPORTS + "/{folder}", self._remove, summary="Take away a library one has brought")

    async def _list(self, call: Call) -> ImportsView:
        await access_archive(self._store, call.principal)
        return ImportsView(folders=await asyncio.to_thread(self._folders, call.principal))

    async def _received(self, call: Call) -> ImportFileView:
        await access_archive(self._store, call.principal)
        folder, name = call.path["folder"], call.path["file"]
        size, modified = _number(call, "size"), _number(call, "modified")
        received = await self._uploads.received(call.principal, folder, name, size, modified)
        return ImportFileView(name=name, size_bytes=size, received_bytes=received, whole=received >= size)

    async def _receive(self, call: Call) -> web.StreamResponse:
        await access_archive(self._store, call.principal)
        name, found = call.path["file"], range_of(call.request)
        if found is None or found[1] <= 0:
            raise BadInput("import_length_wrong", name=name[:200])
        begin, total = found
        received = await self._uploads.take(
            call.principal, call.path["folder"], name, modified=_number(call, "modified"), begin=begin, total=total,
            chunks=chunks_of(call.request),
        )  # fmt: skip
        whole = received >= total
        view = ImportFileView(name=name, size_bytes=total, received_bytes=received, whole=whole)
        return json_response(view, 201 if whole else 202)

    async def _remove(self, call: Call) -> None:
        await access_archive(self._store, call.principal)
        await self._uploads.remove(call.principal, call.path["folder"], call.path.get("file"))

    async def _template(self, call: Call) -> web.StreamResponse:
        await access_archive(self._store, call.principal)
        headers = {"Content-Disposition": "attachment; filename=import.xlsx", "Cache-Control": "no-store"}
        return web.Response(body=await asyncio.to_thread(template_bytes), content_type=_XLSX, headers=headers)

    async def _import(self, call: Call) -> JobView:
        order = call.parsed(ImportOrder)
        await access_archive(self._store, call.principal)
        folder = await asyncio.to_thread(import_folder, self._folder, order.folder)
        if not await asyncio.to_thread(self._uploads.readable, folder.name, call.principal):
            raise NotFound("import_folder_missing", folder=order.folder)
        now = self._clock.now()
        job = await access_new_job(self._store, call.principal, JobKind.IMPORT, order.model_dump(), now=now)
        self._wake()
        return job_view(job, call.language)

    def _folders(self, principal: Principal) -> list[ImportFolderView]:
        if not self._folder.is_dir():
            return []
        there = (path for path in self._folder.iterdir() if path.is_dir() and not path.name.startswith("."))
        found = [path for path in sorted(there) if self._uploads.readable(path.name, principal)]
        return [self._view(path) for path in found[:_MOST_FOLDERS]]

    def _view(self, path: Path) -> ImportFolderView:
        uploaded = self._uploads.owner(path.name) is not None
        files = [
            ImportFileView(
                name=each.name, size_bytes=each.size, received_bytes=each.received, whole=each.whole
            )
            for each in (self._uploads.files(path.name) if uploaded else ())
        ]  # fmt: skip
        return ImportFolderView(name=path.name, tables=_tables(path), uploaded=uploaded, files=files)


def import_folder(imports: Path, name: str) -> Path:
    """A directory right below `imports`. Raises `NotFound("import_folder_missing")`."""
    folder = imports / name
    if Path(name).name != name or name.startswith(".") or not folder.is_dir():
        raise NotFound("import_folder_missing", folder=name[:200])
    return folder


def template_bytes() -> bytes:
    """`template` as a file."""
    file = io.BytesIO()
    template().save(file)
    return file.getvalue()


def _tables(folder: Path) -> list[str]:
    return sorted(
        path.name
        for path in folder.iterdir()
        if path.suffix.lower() in _TABLES and not path.name.startswith((".", "~$"))
    )


def _number(call: Call, name: str) -> int:
    text = call.query.get(name, "0")
    if not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS:
        raise BadInput("import_length_wrong", name=call.path["file"][:200])
    return int(text)

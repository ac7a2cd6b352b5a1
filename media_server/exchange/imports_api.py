"""`/api/v1/archive/imports`: folders of films on the server, and their tables, into the archive."""

import asyncio
import io
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from classroom.access.jobs import access_new_job
from classroom.access.retention import access_archive
from classroom.errors import NotFound
from classroom.http.call import Call
from classroom.http.routes import Routes
from classroom.messages.archive import ImportOrder
from classroom.messages.exchange_views import ImportFolderView, ImportsView, JobView
from classroom.model.keeping import JobKind
from classroom.service import Context
from media_server.exchange.library_sheet import template
from media_server.exchange.views import job_view

IMPORTS = "/api/v1/archive/imports"
_TABLES = frozenset({".xlsx", ".csv"})
_MOST_FOLDERS = 500
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ImportsApi:
    """Handlers. `folder` holds a directory for each library that somebody with access to the server put there."""

    def __init__(self, context: Context, folder: Path, wake: Callable[[], None]) -> None:
        self._store = context.store
        self._clock = context.clock
        self._folder = folder
        self._wake = wake

    def add_routes(self, routes: Routes) -> None:
        routes.json("GET", IMPORTS, self._list, summary="What lies ready to be imported", returns=ImportsView)
        routes.raw("GET", IMPORTS + "/template.xlsx", self._template, summary="An empty table for an import")
        routes.json(
            "POST", IMPORTS, self._import, summary="Import a folder of films, or check what would be imported",
            body=ImportOrder, returns=JobView, status=201,
        )  # fmt: skip

    async def _list(self, call: Call) -> ImportsView:
        await access_archive(self._store, call.principal)
        return ImportsView(folders=await asyncio.to_thread(_folders, self._folder))

    async def _template(self, call: Call) -> web.StreamResponse:
        await access_archive(self._store, call.principal)
        headers = {"Content-Disposition": "attachment; filename=import.xlsx", "Cache-Control": "no-store"}
        return web.Response(body=await asyncio.to_thread(template_bytes), content_type=_XLSX, headers=headers)

    async def _import(self, call: Call) -> JobView:
        order = call.parsed(ImportOrder)
        await access_archive(self._store, call.principal)
        await asyncio.to_thread(import_folder, self._folder, order.folder)
        now = self._clock.now()
        job = await access_new_job(self._store, call.principal, JobKind.IMPORT, order.model_dump(), now=now)
        self._wake()
        return job_view(job, call.language)


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


def _folders(imports: Path) -> list[ImportFolderView]:
    if not imports.is_dir():
        return []
    found = sorted(path for path in imports.iterdir() if path.is_dir() and not path.name.startswith("."))
    return [
        ImportFolderView(
            name=folder.name,
            tables=sorted(
                path.name
                for path in folder.iterdir()
                if path.suffix.lower() in _TABLES and not path.name.startswith((".", "~$"))
            ),
        )
        for folder in found[:_MOST_FOLDERS]
    ]

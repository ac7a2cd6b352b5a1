"""`/api/v1/planning/workbook`: the registry as a workbook to download, fill in and upload."""

from typing import Final

from aiohttp import web

from classroom.access.registry import access_managed_region, access_planning_regions, access_registry
from classroom.access.registry_import import ImportFault, ImportOutcome, access_registry_import
from classroom.catalog import text
from classroom.errors import BadInput, Unprocessable
from classroom.http.call import Call
from classroom.http.routes import QueryParameter, Routes
from classroom.messages.planning import CellFaultView, ImportCount, ImportView
from classroom.model.registry import Registry
from classroom.service import Context
from scheduler.io.workbook.answers import Places
from scheduler.io.workbook.container import MOST_BYTES
from scheduler.io.workbook.faults import CellFault
from scheduler.io.workbook.layout import SHEETS
from scheduler.io.workbook.process import Workbooks
from scheduler.registry.api import PLANNING, REGION
from scheduler.registry.needs import compute_needs

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WORKBOOK: Final = f"{PLANNING}/workbook"
_DRY_RUN: Final = QueryParameter("dry_run", "1: only say what would be changed and what is wrong")
_TERM: Final = QueryParameter(
    "term", "Id of the term that the sheet of needs is about; without it the sheet is ignored"
)


class WorkbookApi:
    """Handlers; who may do what is decided by `classroom.access`."""

    def __init__(self, context: Context) -> None:
        self._store = context.store
        self._clock = context.clock
        self._workbooks = Workbooks()

    def add_routes(self, routes: Routes) -> None:
        routes.raw(
            "GET", WORKBOOK, self._download, summary="The registry of ?region= as a workbook; ?empty=1 as a blank form"
        )
        routes.json(
            "POST",
            WORKBOOK,
            self._upload,
            summary="Import a workbook: all of it or nothing",
            query=(REGION, _DRY_RUN, _TERM),
            takes=XLSX,
            returns=ImportView,
        )

    async def _download(self, call: Call) -> web.Response:
        if "region" not in call.query:
            raise BadInput("query_missing", name="region")
        registry = await access_registry(self._store, call.principal, call.query["region"])
        names = {region.id: region.name for region, _ in await access_planning_regions(self._store, call.principal)}
        if call.query.get("empty") == "1":
            registry = Registry()
        content = await self._workbooks.write(registry, names)
        return web.Response(
            body=content,
            content_type=XLSX,
            headers={
                "Cache-Control": "no-store",
                "Content-Disposition": "attachment; filename=registry.xlsx",
            },
        )

    async def _upload(self, call: Call) -> ImportView:
        region_id, dry_run = call.query["region"], call.query.get("dry_run") == "1"
        # before a stranger's file is looked at
        await access_managed_region(self._store, call.principal, region_id)
        read = await self._workbooks.read(await call.read(MOST_BYTES))
        faults, count, outcome = list(read.faults), read.fault_count, ImportOutcome()
        term_id, now = call.query.get("term") or None, self._clock.now()
        if read.registry is not None:
            outcome = await access_registry_import(
                self._store,
                call.principal,
                region_id,
                read.registry,
                term_id=term_id,
                dry_run=dry_run,
                now=now,
            )
            faults = [_placed(fault, read.places) for fault in outcome.faults]
            count = len(faults)
        shown = [fault_view(fault, call.language) for fault in faults]
        if shown and not dry_run:
            raise Unprocessable("workbook_faulty", count=count, first=_line(shown[0]))
        if term_id is not None and not dry_run:
            # the sheet of needs says how many lessons, not of which textbook
            await compute_needs(self._store, call.principal, term_id, now)
        return ImportView(
            applied=not dry_run,
            counts=[
                ImportCount(what=what, added=outcome.added[what], changed=outcome.set[what])
                for what in sorted(outcome.added.keys() | outcome.set.keys())
            ],
            faults=shown,
            fault_count=count,
        )


def fault_view(fault: CellFault, language: str) -> CellFaultView:
    """A fault in somebody's language."""
    said = text(fault.code, fault.data, language)
    return CellFaultView(sheet=fault.sheet, cell=fault.cell, code=fault.code, message=said.message, remedy=said.remedy)


def _line(fault: CellFaultView) -> str:
    return f"{fault.sheet} {fault.cell} {fault.message}"


def _placed(fault: ImportFault, places: Places) -> CellFault:
    """Where in the workbook it stands."""
    title = next(sheet.title for sheet in SHEETS if sheet.name == fault.table)
    letter = places.letters[fault.table].get(fault.field, "A")
    cell = f"{letter}{places.rows[fault.table][fault.key]}"
    return CellFault(title, cell, fault.code, {"found": fault.found, "allowed": list(fault.allowed)})

"""Publishing, and what has been published: versions, dated lessons, the workbook, notices."""

import asyncio
from datetime import date, timedelta
from functools import partial

from aiohttp import web

from classroom.access.notices import access_notices, access_notices_read
from classroom.access.proposals import access_proposal
from classroom.access.publish import access_publish, access_standing_to_see, access_versions
from classroom.access.term_lessons import access_term_lessons
from classroom.clock import SCHOOL_ZONE
from classroom.errors import BadInput
from classroom.http.call import Call
from classroom.http.routes import QueryParameter, Routes
from classroom.messages.published import NoticesView, PlannedLessonsView, PublicationView, Publish, VersionsView
from classroom.service import Context
from scheduler.io.workbook.process import Workbooks
from scheduler.plans.announce import announce
from scheduler.plans.desk import desk_of
from scheduler.plans.proposals_api import PROPOSAL
from scheduler.plans.views import notice_views, planned_view, publication_view, version_view
from scheduler.registry.terms_api import TERM
from scheduler.registry.workbook_api import XLSX

# A print view is of a week, a month at most.
MOST_DAYS = 62
_FROM = QueryParameter("from", "First day, like 2026-09-01", required=True)
_TO = QueryParameter("to", "Last day", required=True)
_TEACHER = QueryParameter("teacher", "Id of a teacher to narrow the list to")
_SCHOOL = QueryParameter("school", "Id of a school that gives or receives the lessons")
_ROOM = QueryParameter("room", "Id of a room")


class PublishingApi:
    """Handlers; who may do what is decided by `classroom.access`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store
        self._clock = context.clock
        self._workbooks = Workbooks()

    def add_routes(self, routes: Routes) -> None:
        add = routes.json
        add(
            "POST",
            f"{PROPOSAL}/publish",
            self._publish,
            summary="Make the term's lessons those of the proposal; dry_run: only say what would be done",
            body=Publish,
            returns=PublicationView,
        )
        add("GET", f"{TERM}/versions", self._versions, summary="What was published of a term", returns=VersionsView)
        add(
            "GET",
            f"{TERM}/lessons",
            self._lessons,
            summary="Published lessons by day: for printing, by teacher, school or room",
            query=(_FROM, _TO, _TEACHER, _SCHOOL, _ROOM),
            returns=PlannedLessonsView,
        )
        routes.raw("GET", f"{PROPOSAL}/workbook", self._download, summary="The timetable of a proposal as a workbook")
        add("GET", "/api/v1/notices", self._notices, summary="One's notices, the latest first", returns=NoticesView)
        add("POST", "/api/v1/notices/read", self._read, summary="All of one's notices have been read")

    async def _publish(self, call: Call) -> PublicationView:
        body = call.parsed(Publish)
        proposal = await access_proposal(self._store, call.principal, call.path["id"])
        desk = await desk_of(self._store, call.principal, proposal.term_id)
        now = self._clock.now()
        done = await access_publish(
            self._store,
            call.principal,
            proposal.term_id,
            partial(desk.decide, proposal.courses),
            proposal_id=proposal.id,
            from_day=body.from_day or now.astimezone(SCHOOL_ZONE).date(),
            dry_run=body.dry_run,
            with_clashes=body.with_clashes,
            now=now,
        )
        await announce(self._context, done)
        return publication_view(desk, done.publication, done.version)

    async def _versions(self, call: Call) -> VersionsView:
        found = await access_versions(self._store, call.principal, call.path["id"])
        return VersionsView(versions=[version_view(version) for version in found])

    async def _lessons(self, call: Call) -> PlannedLessonsView:
        first, last = _day(call.query["from"]), _day(call.query["to"])
        if not timedelta() <= last - first <= timedelta(days=MOST_DAYS):
            raise BadInput("days_too_many", longest_days=MOST_DAYS)
        found = await access_term_lessons(
            self._store,
            call.principal,
            call.path["id"],
            first,
            last,
            teacher_id=call.query.get("teacher"),
            school_id=call.query.get("school"),
            room_id=call.query.get("room"),
        )
        return PlannedLessonsView(lessons=[planned_view(details) for details in found])

    async def _download(self, call: Call) -> web.Response:
        proposal = await access_proposal(self._store, call.principal, call.path["id"])
        desk = await desk_of(self._store, call.principal, proposal.term_id)
        standing = await access_standing_to_see(self._store, call.principal, desk.term.id, self._clock.now())
        table = await asyncio.to_thread(desk.table, proposal.courses, standing)
        return web.Response(
            body=await self._workbooks.write_timetable(table),
            content_type=XLSX,
            headers={"Cache-Control": "no-store", "Content-Disposition": "attachment; filename=timetable.xlsx"},
        )

    async def _notices(self, call: Call) -> NoticesView:
        return NoticesView(notices=notice_views(await access_notices(self._store, call.principal)))

    async def _read(self, call: Call) -> None:
        await access_notices_read(self._store, call.principal, self._clock.now())


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise BadInput("day_wrong", day=written[:32]) from None

"""`/api/v1/planning/proposals`: timetables to work on."""

import asyncio
from collections.abc import Sequence

from classroom.access.proposals import (
    access_new_proposal,
    access_proposal,
    access_proposal_change,
    access_proposal_remove,
    access_proposal_step,
    access_proposal_stepped,
    access_proposals,
)
from classroom.access.publish import access_standing_to_see, access_version
from classroom.errors import BadInput
from classroom.http.call import Call
from classroom.http.routes import QueryParameter, Routes
from classroom.messages.plans import (
    ComparisonView,
    MoveLesson,
    NewProposal,
    PinCourses,
    ProposalEdit,
    ProposalHead,
    ProposalRoomsView,
    ProposalsView,
    ProposalView,
    Redo,
    RemoveCourse,
    SetWeeks,
    TargetsView,
    UncoveredsView,
    Undo,
)
from classroom.model.plan import PlanCourse, Proposal
from classroom.service import Context
from scheduler.io.aside import Aside
from scheduler.planning.explain.explain import explain
from scheduler.planning.proposal import Workbench
from scheduler.plans.desk import Desk, desk_of
from scheduler.plans.views import (
    comparison_view,
    proposal_head,
    proposal_view,
    rooms_view,
    targets_view,
    uncovered_view,
)
from scheduler.registry.api import PLANNING
from scheduler.registry.terms_api import TERM

PROPOSAL = PLANNING + "/proposals/{id}"


class ProposalsApi:
    """Handlers; who may do what is decided by `classroom.access`. What takes a while runs in a thread."""

    def __init__(self, context: Context, aside: Aside) -> None:
        self._store = context.store
        self._clock = context.clock
        self._aside = aside

    def add_routes(self, routes: Routes) -> None:
        add = routes.json
        add("GET", f"{TERM}/proposals", self._list, summary="Proposals of a term", returns=ProposalsView)
        add(
            "POST",
            f"{TERM}/proposals",
            self._new,
            summary="Copy a proposal (what if), or begin an empty one",
            body=NewProposal,
            returns=ProposalHead,
            status=201,
        )
        add("GET", PROPOSAL, self._show, summary="A proposal with its courses", returns=ProposalView)
        add("DELETE", PROPOSAL, self._remove, summary="Throw a proposal away")
        add(
            "POST",
            f"{PROPOSAL}/edits",
            self._edit,
            summary="Move, add or take away a lesson, pin, undo, redo",
            body=ProposalEdit,
            returns=ProposalView,
        )
        course = QueryParameter("course", "Key of a course", required=True)
        lesson = QueryParameter("lesson", "Number of the lesson, from 0; without it, where one could be added")
        add(
            "GET",
            f"{PROPOSAL}/targets",
            self._targets,
            summary="Where a lesson may be, and why not elsewhere",
            query=(course, lesson),
            returns=TargetsView,
        )
        summary = "In which rooms its lessons would be given"
        add("GET", f"{PROPOSAL}/rooms", self._rooms, summary=summary, returns=ProposalRoomsView)
        add(
            "GET",
            f"{PROPOSAL}/uncovered",
            self._uncovered,
            summary="What is not covered, why, and what would help",
            query=(QueryParameter("need", "Id of one need; without it, all of them"),),
            returns=UncoveredsView,
        )
        add(
            "GET",
            f"{PROPOSAL}/comparison",
            self._compare,
            summary="What another proposal has differently",
            query=(QueryParameter("with", "Id of the other proposal", required=True),),
            returns=ComparisonView,
        )

    async def _list(self, call: Call) -> ProposalsView:
        found = await access_proposals(self._store, call.principal, call.path["id"])
        return ProposalsView(proposals=[proposal_head(proposal) for proposal in found])

    async def _new(self, call: Call) -> ProposalHead:
        new, term_id = call.parsed(NewProposal), call.path["id"]
        desk = await desk_of(self._store, call.principal, term_id)
        courses: Sequence[PlanCourse] = ()
        if new.copy_of is not None:
            courses = (await access_proposal(self._store, call.principal, new.copy_of)).courses
        elif new.version is not None:
            courses = (await access_version(self._store, call.principal, term_id, new.version)).courses
        bench = await asyncio.to_thread(desk.workbench, courses)
        made = await access_new_proposal(
            self._store,
            call.principal,
            term_id,
            new.name,
            bench.courses,
            coverage=bench.coverage,
            wanted=bench.wanted,
            copied_from=new.copy_of,
            now=self._clock.now(),
        )
        return proposal_head(made)

    async def _open(self, call: Call) -> tuple[Desk, Proposal]:
        proposal = await access_proposal(self._store, call.principal, call.path["id"])
        return await desk_of(self._store, call.principal, proposal.term_id), proposal

    async def _show(self, call: Call) -> ProposalView:
        desk, proposal = await self._open(call)
        return await asyncio.to_thread(proposal_view, desk, proposal, call.language)

    async def _remove(self, call: Call) -> None:
        await access_proposal_remove(self._store, call.principal, call.path["id"], self._clock.now())

    async def _edit(self, call: Call) -> ProposalView:
        body = call.parsed(ProposalEdit)
        desk, proposal = await self._open(call)
        if isinstance(body.edit, Undo | Redo):
            back = isinstance(body.edit, Undo)
            courses = await access_proposal_step(self._store, call.principal, proposal.id, back=back)
            bench = await asyncio.to_thread(desk.workbench, courses)
            changed = await access_proposal_stepped(
                self._store,
                call.principal,
                proposal.id,
                back=back,
                revision=body.revision,
                coverage=bench.coverage,
                wanted=bench.wanted,
                now=self._clock.now(),
            )
        else:
            bench = await asyncio.to_thread(lambda: desk.workbench(_edited(desk.workbench(proposal.courses), body)))
            changed = await access_proposal_change(
                self._store,
                call.principal,
                proposal.id,
                bench.courses,
                revision=body.revision,
                coverage=bench.coverage,
                wanted=bench.wanted,
                now=self._clock.now(),
            )
        return await asyncio.to_thread(proposal_view, desk, changed, call.language)

    async def _targets(self, call: Call) -> TargetsView:
        desk, proposal = await self._open(call)
        written = call.query.get("lesson")
        if written is not None and not written.isdecimal():
            raise BadInput("field_invalid", field="lesson", reason=written[:20])
        lesson = None if written is None else int(written)

        def find() -> TargetsView:
            bench = desk.workbench(proposal.courses)
            return targets_view(bench, bench.targets(call.query["course"], lesson), call.language)

        return await asyncio.to_thread(find)

    async def _rooms(self, call: Call) -> ProposalRoomsView:
        desk, proposal = await self._open(call)
        standing = await access_standing_to_see(self._store, call.principal, desk.term.id, self._clock.now())
        return rooms_view(desk, await asyncio.to_thread(desk.rooms, proposal.courses, standing))

    async def _uncovered(self, call: Call) -> UncoveredsView:
        desk, proposal = await self._open(call)
        need = call.query.get("need")

        bench = await asyncio.to_thread(desk.workbench, proposal.courses)
        rows = await self._aside.run(explain, desk.instance, bench.solution, None if need is None else {need})
        return UncoveredsView(uncovered=[uncovered_view(desk, bench, row, call.language) for row in rows])

    async def _compare(self, call: Call) -> ComparisonView:
        desk, proposal = await self._open(call)
        other = await access_proposal(self._store, call.principal, call.query["with"])
        if other.term_id != proposal.term_id:
            raise BadInput("terms_differ")
        return await asyncio.to_thread(comparison_view, desk, proposal, other)


def _edited(bench: Workbench, body: ProposalEdit) -> Sequence[PlanCourse]:
    match body.edit:
        case MoveLesson(course=course, lesson=lesson, to=to):
            return bench.move(course, lesson, to)
        case PinCourses(courses=courses, pinned=pinned):
            return bench.pin(courses, pinned)
        case SetWeeks(course=course, weeks=weeks):
            return bench.set_weeks(course, weeks)
        case RemoveCourse(course=course):
            return bench.remove(course)
    raise TypeError(type(body.edit).__name__)

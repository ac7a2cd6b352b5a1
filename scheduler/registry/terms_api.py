"""`/api/v1/planning/terms` and what classes lack in a term."""

from collections.abc import Sequence

from classroom.access.needs import access_need_edit, access_term_registry
from classroom.access.publish import access_versions
from classroom.access.terms import LONGEST_TERM, access_new_term, access_term, access_term_edit, access_terms
from classroom.http.call import Call
from classroom.http.routes import Routes
from classroom.messages.planning import (
    CoverageView,
    NeedEdit,
    NeedsView,
    NewTerm,
    TermDayView,
    TermEdit,
    TermsView,
    TermView,
)
from classroom.model.registry import ANY_EDITION
from classroom.service import Context
from scheduler.io.holidays import special_days
from scheduler.io.national_plan import national_plan
from scheduler.planning.curriculum import Curriculum, coverage
from scheduler.plans.desk import given
from scheduler.registry.api import PLANNING, REGION
from scheduler.registry.needs import compute_needs
from scheduler.registry.views import coverage_view, day_view, need_view, term_view

TERM = PLANNING + "/terms/{id}"


class TermsApi:
    """Handlers; who may do what is decided by `classroom.access`."""

    def __init__(self, context: Context) -> None:
        self._store = context.store
        self._clock = context.clock

    def add_routes(self, routes: Routes) -> None:
        add, terms = routes.json, f"{PLANNING}/terms"
        add("GET", terms, self._list, summary="The terms of a region", query=(REGION,), returns=TermsView)
        add("POST", terms, self._new, summary="Add a term", body=NewTerm, returns=TermView, status=201)
        add("GET", TERM, self._show, summary="A term", returns=TermView)
        add("PUT", TERM, self._edit, summary="Change a term", body=TermEdit, returns=TermView)
        add("GET", f"{TERM}/needs", self._needs, summary="What classes lack in a term", returns=NeedsView)
        add("PUT", f"{TERM}/needs", self._edit_need, summary="Say what a class wants", body=NeedEdit)
        add(
            "POST",
            f"{TERM}/needs/compute",
            self._compute,
            summary="Compute needs again from curriculum and own teaching; what was edited stays",
            returns=NeedsView,
        )
        add(
            "GET",
            f"{TERM}/coverage",
            self._coverage,
            summary="School by subject: required, taught by itself, wanted, given",
            returns=CoverageView,
        )

    async def _list(self, call: Call) -> TermsView:
        terms = await access_terms(self._store, call.principal, call.query["region"])
        return TermsView(terms=[term_view(term) for term in terms])

    async def _show(self, call: Call) -> TermView:
        return term_view(await access_term(self._store, call.principal, call.path["id"]))

    async def _new(self, call: Call) -> TermView:
        new = call.parsed(NewTerm)
        days, now = _days(new.term), self._clock.now()
        return term_view(
            await access_new_term(self._store, call.principal, new.region_id, new.term, days=days, now=now)
        )

    async def _edit(self, call: Call) -> TermView:
        edit = call.parsed(TermEdit)
        days, now = _days(edit), self._clock.now()
        return term_view(await access_term_edit(self._store, call.principal, call.path["id"], edit, days=days, now=now))

    async def _needs(self, call: Call) -> NeedsView:
        _, registry = await access_term_registry(self._store, call.principal, call.path["id"])
        groups = {group.id: group for group in registry.classes}
        return NeedsView(needs=[need_view(need, groups[need.class_id]) for need in registry.needs])

    async def _compute(self, call: Call) -> NeedsView:
        await compute_needs(self._store, call.principal, call.path["id"], self._clock.now())
        return await self._needs(call)

    async def _edit_need(self, call: Call) -> None:
        edit, term_id = call.parsed(NeedEdit), call.path["id"]
        _, registry = await access_term_registry(self._store, call.principal, term_id)
        curriculum = Curriculum(national_plan(), registry)
        school = next((group.school for group in registry.classes if group.id == edit.class_id), None)
        edition = curriculum.edition(school, edit.subject) if school is not None else ANY_EDITION
        await access_need_edit(self._store, call.principal, term_id, edit, edition=edition, now=self._clock.now())

    async def _coverage(self, call: Call) -> CoverageView:
        term, registry = await access_term_registry(self._store, call.principal, call.path["id"])
        curriculum = Curriculum(national_plan(), registry)
        versions = await access_versions(self._store, call.principal, term.id)
        published = given(versions[0].courses if versions else (), registry)
        return coverage_view(term, curriculum.subjects, coverage(registry, curriculum, published))


def _days(edit: TermEdit) -> Sequence[TermDayView]:
    """As given, or as announced. A term too long to be one has none: it is refused anyway."""
    if edit.days is not None:
        return edit.days
    if edit.last_day - edit.first_day > LONGEST_TERM:
        return []
    return [day_view(day) for day in special_days(edit.first_day, edit.last_day)]

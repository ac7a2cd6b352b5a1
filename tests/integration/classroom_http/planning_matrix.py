"""The rows of /api/v1/planning."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from typing import Any

from classroom.model.plan import RunState
from classroom.model.term import PlanRules
from classroom.store.plan_tables import PlanRunRow, ProposalRow
from classroom.store.planning_tables import ClassGroupRow, TermRow
from scheduler.registry.workbook_api import XLSX
from tests.fakes.county import NOW, County
from tests.integration.classroom_http.matrix_rows import ACCOUNTS_AND_DEVICES, EVERYBODY, SOMEBODY, Row, fixed

# One of each; where a role holds is told apart by the tests of `classroom.access`.
CALLERS = (
    "nobody", "admin", "county_coordinator", "other_county_coordinator", "school_coordinator", "county_supervisor",
    "teacher", "guest",
)  # fmt: skip
PLANNERS = {"admin", "county_coordinator"}
SEERS = PLANNERS | {"county_supervisor"}
SCHOOL_MANAGERS = PLANNERS | {"school_coordinator"}
HERE = "/api/v1/planning"
TERM_ID, GROUP_ID, PROPOSAL_ID, RUN_ID = "term", "group", "proposal", "run"

OFFER = {"subject": "音乐", "grades": [3], "free": [], "max_week": 1, "max_day": 1}
CLASS = {"name": "三班", "grade": 3}
TERM = {"name": "秋", "first_day": "2026-09-01", "last_day": "2027-01-15"}


async def add_what_is_planned(county: County) -> None:
    """The term and the class that the rows are about."""
    async with county.store.session() as db:
        db.add(ClassGroupRow(id=GROUP_ID, school_id=county.host.id, name="一班", grade=1, size=1, screen_min_day=None))
        rules = asdict(PlanRules())
        days = {"first_day": date(2026, 9, 1), "last_day": date(2027, 1, 15)}
        db.add(TermRow(id=TERM_ID, region_id=county.county.id, name="2026 秋", **days, **rules))
        await db.flush()
        by = {"created_by": "system", "created_at": NOW, "changed_at": NOW}
        numbers = {"coverage": 0, "wanted": 0, "revision": 1, "head": 0}
        db.add(ProposalRow(id=PROPOSAL_ID, term_id=TERM_ID, name="方案", courses=[], **numbers, **by))
        run = {"state": RunState.DONE, "seconds": 1, "seed": 0, "points": [], "started_by": "system"}
        db.add(PlanRunRow(id=RUN_ID, term_id=TERM_ID, created_at=NOW, seen_at=NOW, **run))


def row(
    may: set[str] | str,
    path: Callable[[County], str],
    body: Callable[[County], dict[str, Any]] | None = None,
    *,
    file: str | None = None,
    account: bool = False,
    callers: tuple[str, ...] = CALLERS,
) -> Row:
    # who may comes last: what it removes is gone
    callers = tuple(sorted(callers, key=lambda who: who in may))
    account = account or may == ACCOUNTS_AND_DEVICES
    if file is not None:
        return Row(may, path, lambda _: {"data": b"", "headers": {"Content-Type": file}}, callers=callers)
    if body is None:
        return Row(may, path, needs_account=account, callers=callers)
    return Row(may, path, lambda county: {"json": body(county)}, needs_account=account, callers=callers)


def of_region(path: str) -> Callable[[County], str]:
    return lambda county: f"{HERE}/{path}?region={county.county.id}"


def of_term(suffix: str = "") -> Callable[[County], str]:
    return fixed(f"{HERE}/terms/{TERM_ID}{suffix}")


def of_proposal(suffix: str = "") -> Callable[[County], str]:
    return fixed(f"{HERE}/proposals/{PROPOSAL_ID}{suffix}")


PLANS: dict[str, Row] = {
    f"GET {HERE}/terms/{{id}}/proposals": row(SEERS, of_term("/proposals")),
    f"POST {HERE}/terms/{{id}}/proposals": row(PLANNERS, of_term("/proposals"), lambda _: {"name": "新"}),
    f"GET {HERE}/proposals/{{id}}": row(SEERS, of_proposal()),
    f"POST {HERE}/proposals/{{id}}/edits": row(
        PLANNERS, of_proposal("/edits"), lambda _: {"revision": 1, "edit": {"kind": "undo"}}
    ),
    f"GET {HERE}/proposals/{{id}}/targets": row(SEERS, of_proposal("/targets?course=none")),
    f"GET {HERE}/proposals/{{id}}/rooms": row(SEERS, of_proposal("/rooms")),
    f"GET {HERE}/proposals/{{id}}/uncovered": row(
        SEERS, of_proposal("/uncovered"), callers=("nobody", "teacher", "county_supervisor")
    ),
    f"GET {HERE}/proposals/{{id}}/comparison": row(SEERS, of_proposal(f"/comparison?with={PROPOSAL_ID}")),
    f"GET {HERE}/proposals/{{id}}/workbook": row(
        SEERS, of_proposal("/workbook"), callers=("nobody", "teacher", "county_supervisor")
    ),
    f"POST {HERE}/proposals/{{id}}/publish": row(PLANNERS, of_proposal("/publish"), lambda _: {"dry_run": True}),
    f"GET {HERE}/terms/{{id}}/versions": row(SEERS, of_term("/versions")),
    f"GET {HERE}/terms/{{id}}/lessons": row(SEERS, of_term("/lessons?from=2026-09-07&to=2026-09-11")),
    f"POST {HERE}/terms/{{id}}/replan": row(
        PLANNERS,
        of_term("/replan"),
        lambda _: {"week_of": "2026-09-07", "outages": [{"kind": "teacher", "id": "nobody", "day": 0}]},
    ),
    f"GET {HERE}/terms/{{id}}/pairings": row(SEERS, of_term("/pairings")),
    f"PUT {HERE}/terms/{{id}}/pairings": row(
        PLANNERS,
        of_term("/pairings"),
        lambda county: {"strong_id": county.host.id, "helped_id": county.host.id, "lessons": 1},
    ),
    # looked up before its region is known: 404 for everybody
    f"DELETE {HERE}/pairings/{{id}}": row(SOMEBODY, fixed(f"{HERE}/pairings/none")),
    # who has no school of its own has nothing to ask for
    f"GET {HERE}/bookings": row({"school_coordinator"}, fixed(f"{HERE}/bookings")),
    f"GET {HERE}/terms/{{id}}/bookings": row(SEERS, of_term("/bookings")),
    # the days are over: nothing is asked
    f"POST {HERE}/terms/{{id}}/bookings": row(
        SCHOOL_MANAGERS,
        of_term("/bookings"),
        lambda _: {"class_id": GROUP_ID, "subject": "音乐", "first_day": "2026-08-01", "last_day": "2026-08-02"},
    ),
    # looked up before its region is known: 404 for everybody
    f"GET {HERE}/bookings/{{id}}/options": row(SOMEBODY, fixed(f"{HERE}/bookings/none/options")),
    f"POST {HERE}/bookings/{{id}}/decide": row(SOMEBODY, fixed(f"{HERE}/bookings/none/decide"), lambda _: {}),
    f"POST {HERE}/bookings/{{id}}/withdraw": row(SOMEBODY, fixed(f"{HERE}/bookings/none/withdraw")),
    f"GET {HERE}/terms/{{id}}/runs": row(SEERS, of_term("/runs")),
    # there is nothing to plan, so nothing is started
    f"POST {HERE}/terms/{{id}}/runs": row(PLANNERS, of_term("/runs"), lambda _: {}),
    f"GET {HERE}/runs/{{id}}": row(SEERS, fixed(f"{HERE}/runs/{RUN_ID}")),
    f"POST {HERE}/runs/{{id}}/cancel": row(PLANNERS, fixed(f"{HERE}/runs/{RUN_ID}/cancel")),
    "GET /api/v1/notices": row(ACCOUNTS_AND_DEVICES, fixed("/api/v1/notices")),
    "POST /api/v1/notices/read": row(ACCOUNTS_AND_DEVICES, fixed("/api/v1/notices/read")),
    f"DELETE {HERE}/proposals/{{id}}": row(PLANNERS, of_proposal()),
    "GET /api/v1/feeds": row(ACCOUNTS_AND_DEVICES, fixed("/api/v1/feeds")),
    "POST /api/v1/feeds": row(
        {"admin", "county_coordinator", "school_coordinator", "county_supervisor", "teacher"},
        fixed("/api/v1/feeds"),
        lambda county: {"kind": "room", "subject_id": county.room.id},
        account=True,
    ),
    # a feed is known to whoever made it: 404 for everybody else
    "DELETE /api/v1/feeds/{id}": row(ACCOUNTS_AND_DEVICES, fixed("/api/v1/feeds/none")),
    "GET /feeds/{secret}.ics": row(EVERYBODY, fixed("/feeds/none.ics")),
}
PLANNING: dict[str, Row] = PLANS | {
    f"GET {HERE}/regions": row(SOMEBODY, fixed(f"{HERE}/regions")),
    f"GET {HERE}/registry": row(SEERS, of_region("registry")),
    f"GET {HERE}/workbook": row(SEERS, of_region("workbook"), callers=("nobody", "teacher", "county_supervisor")),
    f"POST {HERE}/workbook": row(PLANNERS, of_region("workbook"), file=XLSX),
    f"POST {HERE}/schools": row(
        PLANNERS,
        fixed(f"{HERE}/schools"),
        lambda county: {"code": "2137990001", "name": "x", "kind": "weak", "region_id": county.county.id},
    ),
    f"PUT {HERE}/schools/{{id}}": row(
        SCHOOL_MANAGERS, lambda county: f"{HERE}/schools/{county.host.id}", lambda _: {"name": "一小", "kind": "strong"}
    ),
    f"POST {HERE}/rooms": row(
        SCHOOL_MANAGERS,
        fixed(f"{HERE}/rooms"),
        lambda county: {"code": "qh-101", "name": "x", "kind": "recording", "school_id": county.host.id},
    ),
    f"POST {HERE}/teachers": row(
        SCHOOL_MANAGERS,
        fixed(f"{HERE}/teachers"),
        lambda county: {"username": "teacher", "name": "x", "school_id": county.host.id, "offer": OFFER},
    ),
    f"PUT {HERE}/teachers/{{id}}": row(
        SCHOOL_MANAGERS, lambda county: f"{HERE}/teachers/{county['teacher'].id}", lambda _: OFFER
    ),
    f"DELETE {HERE}/teachers/{{id}}": row(SCHOOL_MANAGERS, lambda county: f"{HERE}/teachers/{county['teacher'].id}"),
    f"POST {HERE}/classes": row(
        SCHOOL_MANAGERS,
        fixed(f"{HERE}/classes"),
        lambda county: {"school_id": county.host.id, "group": CLASS},
    ),
    f"PUT {HERE}/classes/{{id}}": row(
        SCHOOL_MANAGERS, fixed(f"{HERE}/classes/{GROUP_ID}"), lambda _: {"name": "一班", "grade": 1}
    ),
    f"PUT {HERE}/editions": row(PLANNERS, of_region("editions"), lambda _: {"editions": []}),
    f"PUT {HERE}/curriculum": row(PLANNERS, of_region("curriculum"), lambda _: {"lines": []}),
    f"GET {HERE}/terms": row(SEERS, of_region("terms")),
    f"POST {HERE}/terms": row(
        PLANNERS, fixed(f"{HERE}/terms"), lambda county: {"region_id": county.county.id, "term": TERM}
    ),
    f"GET {HERE}/terms/{{id}}": row(SEERS, of_term()),
    f"PUT {HERE}/terms/{{id}}": row(PLANNERS, of_term(), lambda _: TERM | {"name": "另一个"}),
    f"GET {HERE}/terms/{{id}}/needs": row(SEERS, of_term("/needs")),
    f"PUT {HERE}/terms/{{id}}/needs": row(
        PLANNERS, of_term("/needs"), lambda _: {"class_id": GROUP_ID, "subject": "音乐", "lessons": 1}
    ),
    f"POST {HERE}/terms/{{id}}/needs/compute": row(PLANNERS, of_term("/needs/compute")),
    f"GET {HERE}/terms/{{id}}/coverage": row(SEERS, of_term("/coverage")),
    # last: the class goes with what depends on it
    f"PUT {HERE}/rooms/{{id}}": row(
        SCHOOL_MANAGERS,
        lambda county: f"{HERE}/rooms/{county.second_room.id}",
        lambda _: {"name": "新", "kind": "recording"},
    ),
    f"DELETE {HERE}/rooms/{{id}}": row(SCHOOL_MANAGERS, lambda county: f"{HERE}/rooms/{county.second_room.id}"),
    f"DELETE {HERE}/classes/{{id}}": row(
        SCHOOL_MANAGERS,
        fixed(f"{HERE}/classes/{GROUP_ID}"),
    ),
}

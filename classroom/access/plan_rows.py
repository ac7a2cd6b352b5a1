"""Rows of timetables to model dataclasses and back."""

from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter

from classroom.model.plan import PlanCourse, Proposal, Run, RunPoint, Version
from classroom.store.plan_tables import PlanRunRow, PlanVersionRow, ProposalRow

_COURSES: TypeAdapter[tuple[PlanCourse, ...]] = TypeAdapter(tuple[PlanCourse, ...])


def courses_of(found: Iterable[dict[str, Any]]) -> tuple[PlanCourse, ...]:
    """Courses as they come out of JSON."""
    return _COURSES.validate_python(list(found))


def json_of(courses: Iterable[PlanCourse]) -> list[dict[str, Any]]:
    """Courses as JSON keeps them."""
    found: list[dict[str, Any]] = _COURSES.dump_python(tuple(courses), mode="json")
    return found


def run_of(row: PlanRunRow, proposal_id: str | None) -> Run:
    return Run(
        id=row.id,
        term_id=row.term_id,
        state=row.state,
        seconds=row.seconds,
        seed=row.seed,
        start_id=row.start_id,
        points=tuple(
            RunPoint(seconds, int(coverage), int(bound), int(cost)) for seconds, coverage, bound, cost in row.points
        ),
        proposal_id=proposal_id,
        error=row.error,
        started_by=row.started_by,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )


def proposal_of(row: ProposalRow, *, undo: int, redo: int) -> Proposal:
    return Proposal(
        id=row.id,
        term_id=row.term_id,
        name=row.name,
        courses=courses_of(row.courses),
        coverage=row.coverage,
        wanted=row.wanted,
        bound=row.bound,
        revision=row.revision,
        undo=undo,
        redo=redo,
        run_id=row.run_id,
        copied_from=row.copied_from,
        created_by=row.created_by,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def version_of(row: PlanVersionRow) -> Version:
    return Version(
        id=row.id,
        term_id=row.term_id,
        number=row.number,
        proposal_id=row.proposal_id,
        courses=courses_of(row.courses),
        from_day=row.from_day,
        created=row.created,
        moved=row.moved,
        cancelled=row.cancelled,
        published_by=row.published_by,
        published_at=row.published_at,
    )

"""Long work of the archive: who ordered it, how far it is, what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.relations import require_somebody
from classroom.access.retention import require_keeper
from classroom.audit import append
from classroom.errors import ClassroomError, Conflict, Forbidden, NotFound
from classroom.model.keeping import OPEN_JOBS, JobKind, JobState
from classroom.model.principal import Principal, Role
from classroom.store.catalogue_tables import JobRow
from classroom.store.store import Store
from classroom.store.tables import AccountRow

MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class Job:
    """`done` of `total` bytes, or of whatever the job counts; `problem`: code and data of the error that ended it."""

    id: str
    kind: JobKind
    state: JobState
    made_by: str
    made_by_name: str
    made_at: datetime
    ended_at: datetime | None
    order: Mapping[str, Any]
    done: int
    total: int
    result: Mapping[str, Any]
    problem: Mapping[str, Any] | None


async def access_new_job(
    store: Store, principal: Principal, kind: JobKind, order: Mapping[str, Any], now: datetime
) -> Job:
    """Order work; `order` is JSON. For whoever keeps an archive."""
    require_somebody(principal)
    async with store.session() as db:
        await require_keeper(db, principal, None, anywhere=True)
        row = JobRow(
            kind=kind.value, state=JobState.WAITING.value, made_by=principal.id, made_at=now, ended_at=None,
            order=dict(order), done=0, total=0, result={}, problem=None,
        )  # fmt: skip
        db.add(row)
        await db.flush()
        append(db, principal, f"job.{kind.value}", f"job:{row.id}", now=now)
        return _job_of(row, principal.name)


async def access_jobs(store: Store, principal: Principal) -> list[Job]:
    """One's own jobs, an admin's: everybody's; the newest first."""
    require_somebody(principal)
    wanted = select(JobRow, AccountRow.name).outerjoin(AccountRow, AccountRow.id == JobRow.made_by)
    if not principal.has(Role.ADMIN):
        wanted = wanted.where(JobRow.made_by == principal.id)
    async with store.reading() as db:
        await require_keeper(db, principal, None, anywhere=True)
        rows = await db.execute(wanted.order_by(JobRow.made_at.desc(), JobRow.id).limit(MOST_LISTED))
        return [_job_of(row, name or "") for row, name in rows]


async def access_job(store: Store, principal: Principal, job_id: str) -> Job:
    """A job, for whoever ordered it and admins. Raises `NotFound("job_unknown")`, `Forbidden("job_forbidden")`."""
    require_somebody(principal)
    async with store.reading() as db:
        row = await _row(db, principal, job_id)
        name = await db.scalar(select(AccountRow.name).where(AccountRow.id == row.made_by))
        return _job_of(row, name or "")


async def access_job_cancel(store: Store, principal: Principal, job_id: str, now: datetime) -> Job:
    """Stop a job; whoever works on it notices. Raises `Conflict("job_ended")`."""
    require_somebody(principal)
    async with store.session() as db:
        row = await _row(db, principal, job_id)
        if row.state not in OPEN_JOBS:
            raise Conflict("job_ended", state=row.state)
        row.state, row.ended_at = JobState.CANCELLED.value, now
        append(db, principal, "job.cancelled", f"job:{job_id}", now=now)
        return _job_of(row, "")


async def access_next_job(store: Store) -> Job | None:
    """The job to work on: one that was under way when the server stopped, else the one that waits longest."""
    wanted = select(JobRow).where(JobRow.state.in_([state.value for state in OPEN_JOBS]))
    async with store.session() as db:
        # "running" sorts before "waiting"
        row = await db.scalar(wanted.order_by(JobRow.state, JobRow.made_at, JobRow.id).limit(1))
        if row is None:
            return None
        row.state = JobState.RUNNING.value
        return _job_of(row, "")


async def access_job_progress(
    store: Store, job_id: str, done: int, total: int, result: Mapping[str, Any] | None = None
) -> bool:
    """Say how far it is, and what is there already; False when somebody cancelled it meanwhile."""
    async with store.session() as db:
        row = await db.get_one(JobRow, job_id)
        if row.state != JobState.RUNNING.value:
            return False
        row.done, row.total = done, total
        if result is not None:
            row.result = dict(result)
        return True


async def access_job_end(
    store: Store, job_id: str, now: datetime, result: Mapping[str, Any], error: ClassroomError | None = None
) -> None:
    """It is done, or failed for `error`. A cancelled job stays cancelled."""
    async with store.session() as db:
        row = await db.get_one(JobRow, job_id)
        row.result = dict(result)
        if row.state != JobState.RUNNING.value:
            return
        row.state, row.ended_at = (JobState.FAILED if error else JobState.DONE).value, now
        row.problem = {"code": error.code, "data": error.data} if error else None


async def _row(db: AsyncSession, principal: Principal, job_id: str) -> JobRow:
    row = await db.get(JobRow, job_id)
    if row is None:
        raise NotFound("job_unknown", job=job_id[:64])
    if row.made_by != principal.id and not principal.has(Role.ADMIN):
        raise Forbidden("job_forbidden")
    return row


def _job_of(row: JobRow, name: str) -> Job:
    return Job(
        id=row.id,
        kind=JobKind(row.kind),
        state=JobState(row.state),
        made_by=row.made_by,
        made_by_name=name,
        made_at=row.made_at,
        ended_at=row.ended_at,
        order=row.order,
        done=row.done,
        total=row.total,
        result=row.result,
        problem=row.problem,
    )

"""Long work of the archive: who ordered it, how far it is, what came of it.

A job is worked on by one process at a time, which says every few seconds that it is there; when it has not for `LEASE`
(it was killed), another process goes on with it. A process that stops in good order gives its job back at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.archive import ask
from classroom.access.matrix import Deed
from classroom.access.relations import require_somebody
from classroom.access.retention import require_keeper
from classroom.audit import append
from classroom.auth.accounts import principal_of
from classroom.errors import ClassroomError, Conflict, Forbidden, NotFound
from classroom.model.keeping import OPEN_JOBS, JobKind, JobState
from classroom.model.principal import SYSTEM, Principal, Role
from classroom.store.catalogue_tables import JobRow
from classroom.store.store import Store
from classroom.store.tables import AccountRow

MOST_LISTED = 50
LEASE = timedelta(seconds=20)
_RESUMED = frozenset({JobState.FAILED.value, JobState.CANCELLED.value})


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
    store: Store,
    principal: Principal,
    kind: JobKind,
    order: Mapping[str, Any],
    *,
    now: datetime,
    recording_id: str | None = None,
) -> Job:
    """Order work; `order` is JSON. For whoever keeps an archive, or may submit the recording that it is about."""
    require_somebody(principal)
    async with store.session() as db:
        if recording_id is None:
            await require_keeper(db, principal, None, anywhere=True)
        else:
            await ask(db, principal, recording_id, Deed.SUBMIT_RECORDING, now=now)
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


async def access_job_resume(store: Store, principal: Principal, job_id: str, now: datetime) -> Job:
    """Go on with a job that failed or was cancelled: what is done already stays done. Raises `Conflict("job_runs")`."""
    require_somebody(principal)
    async with store.session() as db:
        row = await _row(db, principal, job_id)
        if row.state not in _RESUMED:
            raise Conflict("job_runs", state=row.state)
        row.state, row.ended_at, row.problem = JobState.WAITING.value, None, None
        append(db, principal, "job.resumed", f"job:{job_id}", now=now)
        return _job_of(row, "")


async def access_job_removal(store: Store, principal: Principal, job_id: str, now: datetime) -> None:
    """Forget a job that has ended; whoever keeps what came of it removes that. Raises `Conflict("job_runs")`."""
    require_somebody(principal)
    async with store.session() as db:
        row = await _row(db, principal, job_id)
        if row.state in OPEN_JOBS:
            raise Conflict("job_runs", state=row.state)
        await db.delete(row)
        append(db, principal, "job.removed", f"job:{job_id}", now=now)


async def access_job_download(store: Store, principal: Principal, job_id: str, now: datetime, *, first: bool) -> Job:
    """A finished job of which something is taken away; `first`: not the next part of it. That is audited."""
    require_somebody(principal)
    async with store.session() as db:
        row = await _row(db, principal, job_id)
        if row.state != JobState.DONE.value:
            raise Conflict("job_not_done", state=row.state)
        if first:
            append(db, principal, "job.downloaded", f"job:{job_id}", now=now)
        return _job_of(row, "")


async def access_jobs_expire(store: Store, ended_before: datetime, now: datetime) -> int:
    """Forget jobs that ended so long ago: how many. On the server's own behalf."""
    async with store.session() as db:
        rows = list(await db.scalars(select(JobRow).where(JobRow.ended_at < ended_before)))
        for row in rows:
            await db.delete(row)
            append(db, SYSTEM, "job.expired", f"job:{row.id}", now=now)
        return len(rows)


async def access_jobs_kept(store: Store) -> set[str]:
    """Ids of all jobs there are: what lies on the disk of any other is of no use. On the server's own behalf."""
    async with store.reading() as db:
        return set(await db.scalars(select(JobRow.id)))


async def access_job_orderer(store: Store, job: Job) -> Principal:
    """Who ordered it, with the roles they have now. Raises `Forbidden("job_forbidden")` when the account is gone."""
    if job.made_by == SYSTEM.id:
        return SYSTEM
    async with store.reading() as db:
        account = await db.get(AccountRow, job.made_by)
        if account is None or account.disabled_at is not None:
            raise Forbidden("job_forbidden")
        return principal_of(account)


async def access_next_job(store: Store, worker: str, now: datetime) -> Job | None:
    """The job to work on, now `worker`'s: one that nobody works on any more, else the one that waits longest."""
    running, waiting = JobRow.state == JobState.RUNNING.value, JobRow.state == JobState.WAITING.value
    left = or_(JobRow.worker == worker, JobRow.seen_at.is_(None), JobRow.seen_at < now - LEASE)
    wanted = select(JobRow).where(or_(waiting, and_(running, left)))
    async with store.session() as db:
        # "running" sorts before "waiting"
        ordered = wanted.order_by(JobRow.state, JobRow.made_at, JobRow.id).limit(1)
        row = await db.scalar(ordered.with_for_update(skip_locked=True))
        if row is None:
            return None
        row.state, row.worker, row.seen_at = JobState.RUNNING.value, worker, now
        return _job_of(row, "")


async def access_job_progress(store: Store, job_id: str, worker: str, *, done: int, total: int, now: datetime) -> bool:
    """Say how far it is; False when it is not this worker's any more: somebody cancelled it, or took it over."""
    async with store.session() as db:
        row = await _mine(db, job_id, worker)
        if row is None:
            return False
        row.done, row.total, row.seen_at = done, total, now
        return True


async def access_job_release(store: Store, job_id: str, worker: str) -> None:
    """Give it back undone: this process stops."""
    async with store.session() as db:
        if (row := await _mine(db, job_id, worker)) is not None:
            row.state, row.worker, row.seen_at = JobState.WAITING.value, None, None


async def access_job_end(
    store: Store,
    job_id: str,
    worker: str,
    *,
    now: datetime,
    result: Mapping[str, Any],
    error: ClassroomError | None = None,
) -> None:
    """It is done, or failed for `error`. A cancelled job stays cancelled."""
    async with store.session() as db:
        row = await _mine(db, job_id, worker)
        if row is None:
            return
        row.result = dict(result)
        row.state, row.ended_at = (JobState.FAILED if error else JobState.DONE).value, now
        row.problem = {"code": error.code, "data": error.data} if error else None
        if error is None:
            row.done = row.total


async def _mine(db: AsyncSession, job_id: str, worker: str) -> JobRow | None:
    row = await db.get(JobRow, job_id, with_for_update=True)
    return row if row is not None and row.worker == worker and row.state == JobState.RUNNING.value else None


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

"""Proposals: timetables of a term that people and the solver work on, and the runs that make them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.matrix import Deed
from classroom.access.places import checked_name
from classroom.access.plan_rows import courses_of, json_of, proposal_of, run_of
from classroom.access.relations import require_somebody
from classroom.access.terms import planning_term
from classroom.audit import append
from classroom.errors import Conflict, NotFound
from classroom.model.plan import PlanCourse, Proposal, Run, RunPoint, RunState
from classroom.model.principal import Principal
from classroom.store.plan_tables import PlanRunRow, ProposalRow, ProposalStepRow
from classroom.store.store import Store
from classroom.store.types import new_id

# Who undoes more than this begins anew; older steps are forgotten.
MOST_STEPS = 200
# The run of a process that has not said a word for this long has died with it.
RUN_LOST_AFTER = timedelta(seconds=60)

_OVER = frozenset({RunState.DONE, RunState.CANCELLED, RunState.FAILED})


async def access_proposals(store: Store, principal: Principal, term_id: str) -> list[Proposal]:
    """All proposals of a term, the latest changed first. Raises `NotFound("term_unknown")`, `Forbidden`."""
    require_somebody(principal)
    async with store.reading() as db:
        await planning_term(db, principal, term_id, Deed.SEE_PLANNING)
        rows = await db.scalars(
            select(ProposalRow)
            .where(ProposalRow.term_id == term_id)
            .order_by(ProposalRow.changed_at.desc(), ProposalRow.id)
        )
        return [await _proposal(db, row) for row in list(rows)]


async def access_proposal(store: Store, principal: Principal, proposal_id: str) -> Proposal:
    """One proposal. Raises `NotFound("proposal_unknown")`, `Forbidden`."""
    require_somebody(principal)
    async with store.reading() as db:
        return await _proposal(db, await _row(db, principal, proposal_id, Deed.SEE_PLANNING))


async def access_new_proposal(
    store: Store,
    principal: Principal,
    term_id: str,
    name: str,
    courses: Sequence[PlanCourse],
    *,
    coverage: int,
    wanted: int,
    bound: int | None = None,
    run_id: str | None = None,
    copied_from: str | None = None,
    now: datetime,
) -> Proposal:
    """Keep a timetable to work on. Raises `NotFound("term_unknown")`, `Forbidden`."""
    require_somebody(principal)
    async with store.session() as db:
        await planning_term(db, principal, term_id, Deed.MANAGE_PLANNING)
        row = ProposalRow(
            id=new_id(),
            term_id=term_id,
            name=checked_name(name),
            courses=json_of(courses),
            coverage=coverage,
            wanted=wanted,
            bound=bound,
            revision=1,
            head=0,
            run_id=run_id,
            copied_from=copied_from,
            created_by=principal.id,
            created_at=now,
            changed_at=now,
        )
        db.add(row)
        append(db, principal, "proposal.added", f"proposal:{row.id}", {"term": term_id}, now=now)
        return proposal_of(row, undo=0, redo=0)


async def access_proposal_change(
    store: Store,
    principal: Principal,
    proposal_id: str,
    courses: Sequence[PlanCourse],
    *,
    revision: int,
    coverage: int,
    wanted: int,
    now: datetime,
) -> Proposal:
    """Put these courses in the place of those of `revision`; steps that were undone are forgotten.

    Raises `Conflict("proposal_changed")` when somebody else was quicker, `NotFound`, `Forbidden`.
    """
    require_somebody(principal)
    async with store.session() as db:
        row = await _row(db, principal, proposal_id, Deed.MANAGE_PLANNING, revision)
        before = {course.key: course for course in courses_of(row.courses)}
        after = {course.key: course for course in courses}
        changed = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
        steps = delete(ProposalStepRow).where(ProposalStepRow.proposal_id == row.id)
        await db.execute(steps.where(ProposalStepRow.number >= row.head))
        db.add(
            ProposalStepRow(
                proposal_id=row.id,
                number=row.head,
                before=json_of(before[key] for key in sorted(changed) if key in before),
                after=json_of(after[key] for key in sorted(changed) if key in after),
            )
        )
        row.head += 1
        if row.head > MOST_STEPS:
            await db.execute(steps.where(ProposalStepRow.number < row.head - MOST_STEPS))
        _set(row, courses, coverage, wanted, now)
        append(db, principal, "proposal.changed", f"proposal:{row.id}", {"courses": len(changed)}, now=now)
        await db.flush()
        return await _proposal(db, row)


async def access_proposal_step(store: Store, principal: Principal, proposal_id: str, *, back: bool) -> list[PlanCourse]:
    """The courses as they would be one step back, or forward again; `access_proposal_stepped` takes the step.

    Raises `Conflict("nothing_to_undo")`, `NotFound`, `Forbidden`.
    """
    require_somebody(principal)
    async with store.reading() as db:
        return await _stepped(db, await _row(db, principal, proposal_id, Deed.MANAGE_PLANNING), back)


async def access_proposal_stepped(
    store: Store,
    principal: Principal,
    proposal_id: str,
    *,
    back: bool,
    revision: int,
    coverage: int,
    wanted: int,
    now: datetime,
) -> Proposal:
    """Take a step back or forward again. Raises `Conflict("proposal_changed")` and as `access_proposal_step`."""
    require_somebody(principal)
    async with store.session() as db:
        row = await _row(db, principal, proposal_id, Deed.MANAGE_PLANNING, revision)
        courses = await _stepped(db, row, back)
        row.head += -1 if back else 1
        _set(row, courses, coverage, wanted, now)
        append(db, principal, "proposal.stepped", f"proposal:{row.id}", {"back": back}, now=now)
        return await _proposal(db, row)


async def access_proposal_remove(store: Store, principal: Principal, proposal_id: str, now: datetime) -> None:
    """Throw a proposal away; what was published of it stays. Raises `NotFound`, `Forbidden`."""
    require_somebody(principal)
    async with store.session() as db:
        await db.delete(await _row(db, principal, proposal_id, Deed.MANAGE_PLANNING))
        append(db, principal, "proposal.removed", f"proposal:{proposal_id}", now=now)


async def access_new_run(
    store: Store,
    principal: Principal,
    term_id: str,
    *,
    seconds: float,
    seed: int,
    start_id: str | None,
    now: datetime,
) -> Run:
    """Register a run that is about to begin. Raises `Conflict("run_running")` while another one of the term runs,
    `NotFound` with `term_unknown` or `proposal_unknown`, `Forbidden`."""
    require_somebody(principal)
    async with store.session() as db:
        await planning_term(db, principal, term_id, Deed.MANAGE_PLANNING)
        await _give_up_lost(db, now)
        running = select(PlanRunRow.id).where(PlanRunRow.term_id == term_id, PlanRunRow.state.not_in(_OVER))
        if await db.scalar(running) is not None:
            raise Conflict("run_running")
        if start_id is not None:
            await _row(db, principal, start_id, Deed.SEE_PLANNING)
        row = PlanRunRow(
            id=new_id(),
            term_id=term_id,
            state=RunState.WAITING,
            seconds=seconds,
            seed=seed,
            start_id=start_id,
            points=[],
            error=None,
            started_by=principal.id,
            created_at=now,
            seen_at=now,
            ended_at=None,
        )
        db.add(row)
        append(db, principal, "run.started", f"run:{row.id}", {"term": term_id}, now=now)
        return run_of(row, None)


async def access_runs(store: Store, principal: Principal, term_id: str) -> list[Run]:
    """The runs of a term, the latest first. Raises `NotFound("term_unknown")`, `Forbidden`."""
    require_somebody(principal)
    async with store.reading() as db:
        await planning_term(db, principal, term_id, Deed.SEE_PLANNING)
        rows = await db.execute(
            select(PlanRunRow, ProposalRow.id)
            .outerjoin(ProposalRow, ProposalRow.run_id == PlanRunRow.id)
            .where(PlanRunRow.term_id == term_id)
            .order_by(PlanRunRow.created_at.desc(), PlanRunRow.id)
        )
        return [run_of(row, proposal_id) for row, proposal_id in rows]


async def access_run(store: Store, principal: Principal, run_id: str) -> Run:
    """One run. Raises `NotFound("run_unknown")`, `Forbidden`."""
    require_somebody(principal)
    async with store.reading() as db:
        return await _run(db, await _run_row(db, principal, run_id, Deed.SEE_PLANNING))


async def access_run_progress(
    store: Store,
    principal: Principal,
    run_id: str,
    *,
    state: RunState,
    points: Sequence[RunPoint],
    error: str | None = None,
    now: datetime,
) -> Run:
    """How far the run is. One that is over stays so: `cancelled` was meant. Raises `NotFound`, `Forbidden`."""
    require_somebody(principal)
    async with store.session() as db:
        row = await _run_row(db, principal, run_id, Deed.MANAGE_PLANNING)
        if row.state not in _OVER:
            row.state, row.error = state, error
            if state in _OVER:
                row.ended_at = now
                append(db, principal, f"run.{state.value}", f"run:{row.id}", now=now)
        row.points = [[point.seconds, point.coverage, point.bound, point.cost] for point in points]
        row.seen_at = now
        return await _run(db, row)


async def access_runs_lost(store: Store, principal: Principal, now: datetime) -> None:
    """Give up runs whose process has died. For the server itself; asked often, it changes little."""
    require_somebody(principal)
    async with store.session() as db:
        await _give_up_lost(db, now)


async def _give_up_lost(db: AsyncSession, now: datetime) -> None:
    lost = select(PlanRunRow).where(PlanRunRow.state.not_in(_OVER), PlanRunRow.seen_at < now - RUN_LOST_AFTER)
    for row in list(await db.scalars(lost)):
        row.state, row.error, row.ended_at = RunState.FAILED, "run_lost", now


async def _run_row(db: AsyncSession, principal: Principal, run_id: str, deed: Deed) -> PlanRunRow:
    row = await db.get(PlanRunRow, run_id)
    if row is None:
        raise NotFound("run_unknown", run=run_id[:64])
    await planning_term(db, principal, row.term_id, deed)
    return row


async def _run(db: AsyncSession, row: PlanRunRow) -> Run:
    return run_of(row, await db.scalar(select(ProposalRow.id).where(ProposalRow.run_id == row.id)))


async def _row(
    db: AsyncSession, principal: Principal, proposal_id: str, deed: Deed, revision: int | None = None
) -> ProposalRow:
    wanted = select(ProposalRow).where(ProposalRow.id == proposal_id)
    # whoever means a revision is going to change it: two at once must not both find theirs
    row = await db.scalar(wanted if revision is None else wanted.with_for_update())
    if row is None:
        raise NotFound("proposal_unknown", proposal=proposal_id[:64])
    await planning_term(db, principal, row.term_id, deed)
    if revision is not None and row.revision != revision:
        raise Conflict("proposal_changed", revision=row.revision)
    return row


async def _proposal(db: AsyncSession, row: ProposalRow) -> Proposal:
    numbers = select(func.min(ProposalStepRow.number), func.max(ProposalStepRow.number))
    found = (await db.execute(numbers.where(ProposalStepRow.proposal_id == row.id))).one()
    first: int | None = found[0]
    last: int | None = found[1]
    if first is None or last is None:
        return proposal_of(row, undo=0, redo=0)
    return proposal_of(row, undo=row.head - first, redo=last + 1 - row.head)


async def _stepped(db: AsyncSession, row: ProposalRow, back: bool) -> list[PlanCourse]:
    step = await db.get(ProposalStepRow, (row.id, row.head - 1 if back else row.head))
    if step is None:
        raise Conflict("nothing_to_undo")
    gone, come = (step.after, step.before) if back else (step.before, step.after)
    removed = {course.key for course in courses_of(gone)}
    courses = [course for course in courses_of(row.courses) if course.key not in removed]
    return [*courses, *courses_of(come)]


def _set(row: ProposalRow, courses: Sequence[PlanCourse], coverage: int, wanted: int, now: datetime) -> None:
    row.courses = json_of(courses)
    row.coverage, row.wanted = coverage, wanted
    row.revision += 1
    row.changed_at = now

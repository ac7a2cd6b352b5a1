"""Rules of how long recordings are kept, what they would take now, and taking it.

A rule moves a recording one step towards its end, and never past a legal hold: what is published is retired, what was
never published goes into the trash, and what is retired or in the trash is purged: its sound and picture are deleted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.archive import kept_by
from classroom.access.cataloguing import touch
from classroom.access.lifecycle import decide, lock
from classroom.access.relations import regions_over, require_somebody, schools_below, scopes_of
from classroom.audit import append
from classroom.errors import Conflict, Forbidden, NotFound
from classroom.model.catalogue import CollectionLevel
from classroom.model.keeping import ACTIONS, RetentionAction, RetentionState
from classroom.model.principal import SYSTEM, Principal, Role
from classroom.model.recording import RecordingState
from classroom.search import index
from classroom.store.catalogue_tables import (
    DecisionRow,
    EntryRow,
    NominationRow,
    RecordingPartnerRow,
    RecordingTagRow,
    RemarkRow,
    RetentionRow,
    ReviewRow,
    ShareRow,
    TranscriptRow,
)
from classroom.store.recording_tables import RecordingRow, TrackRow
from classroom.store.store import Store
from classroom.store.tables import RegionRow, SchoolRow


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """Recordings of these states and levels (none: all), in a region (None: everywhere), go `keep_days` after they came
    into that state; those never published count from when they were recorded.
    """

    id: str
    name: str
    region_id: str | None
    states: tuple[RetentionState, ...]
    levels: tuple[CollectionLevel, ...]
    keep_days: int
    enabled: bool


@dataclass(frozen=True, slots=True)
class Due:
    """A recording that a rule would take; `held`: why it stays all the same."""

    recording_id: str
    title: str
    school_name: str
    rule_name: str
    action: RetentionAction
    since: datetime
    held: str | None


async def access_retention_rules(store: Store, principal: Principal) -> list[RetentionRule]:
    """All rules, by name: those who keep an archive see what applies to it, wherever it was decided."""
    require_somebody(principal)
    async with store.reading() as db:
        await require_keeper(db, principal, None, anywhere=True)
        return [_rule_of(row) for row in await db.scalars(select(RetentionRow).order_by(RetentionRow.name))]


async def access_new_retention_rule(store: Store, principal: Principal, rule: RetentionRule, now: datetime) -> None:
    """Add a rule, or change the one with its id.

    Raises `Forbidden("region_forbidden")` unless `principal` keeps the archive of its region, `NotFound`,
    `Conflict("already_exists")` for a name that is taken.
    """
    require_somebody(principal)
    async with store.session() as db:
        row = await db.get(RetentionRow, rule.id)
        if row is not None:
            await require_keeper(db, principal, row.region_id)
        await require_keeper(db, principal, rule.region_id)
        if rule.region_id is not None and await db.get(RegionRow, rule.region_id) is None:
            raise NotFound("region_unknown", region=rule.region_id[:64])
        same = select(RetentionRow.id).where(RetentionRow.name == rule.name, RetentionRow.id != rule.id)
        if await db.scalar(same) is not None:
            raise Conflict("already_exists", kind="rule", key=rule.name)
        if row is None:
            row = RetentionRow(id=rule.id)
            db.add(row)
        row.name, row.region_id, row.keep_days, row.enabled = rule.name, rule.region_id, rule.keep_days, rule.enabled
        row.states, row.levels = [*rule.states], [*rule.levels]
        append(db, principal, "retention.set", f"retention:{rule.id}", {"days": rule.keep_days}, now=now)


async def access_retention_rule_removal(store: Store, principal: Principal, rule_id: str, now: datetime) -> None:
    """Take a rule away. Raises `NotFound("rule_unknown")`, `Forbidden`."""
    require_somebody(principal)
    async with store.session() as db:
        await require_keeper(db, principal, None, anywhere=True)
        row = await db.get(RetentionRow, rule_id)
        if row is None:
            raise NotFound("rule_unknown", rule=rule_id[:64])
        await require_keeper(db, principal, row.region_id)
        await db.delete(row)
        append(db, principal, "retention.removed", f"retention:{rule_id}", now=now)


async def access_retention_preview(
    store: Store, principal: Principal, now: datetime, rule: RetentionRule | None = None
) -> list[Due]:
    """What the enabled rules, or `rule` alone, would take now from the principal's archive. Changes nothing."""
    require_somebody(principal)
    async with store.reading() as db:
        await require_keeper(db, principal, None, anywhere=True)
        rules = [rule] if rule is not None else await _enabled(db)
        return await _due(db, rules, now, await kept_by(db, principal, Role.ARCHIVIST))


async def access_retention_run(store: Store, now: datetime) -> list[Due]:
    """Let the enabled rules take what is due: what was taken. The server itself does this every night."""
    async with store.reading() as db:
        due = [one for one in await _due(db, await _enabled(db), now, None) if one.held is None]
    for one in due:
        # one transaction each: a thousand recordings must not keep other writers waiting
        async with store.session() as db:
            await lock(db, one.recording_id)
            row = await db.get_one(RecordingRow, one.recording_id)
            entry = await db.get_one(EntryRow, one.recording_id)
            if entry.hold_reason is None:
                await _take(db, row, entry, one, now)
    return due


async def _take(db: AsyncSession, row: RecordingRow, entry: EntryRow, due: Due, now: datetime) -> None:
    match due.action:
        case RetentionAction.TRASH:
            row.trashed_at = now
        case RetentionAction.RETIRE:
            row.state, entry.retired_at, entry.retired_reason = RecordingState.RETIRED, now, due.rule_name
        case RetentionAction.PURGE:
            await purge(db, row, entry, now)
            return
    await touch(db, entry.recording_id, now)
    decide(db, SYSTEM, row.id, f"retention_{due.action.value}", due.rule_name, now=now)


async def purge(db: AsyncSession, row: RecordingRow, entry: EntryRow, now: datetime) -> None:
    """Delete sound and picture. Of what was published a tombstone stays: title, dates, reason; no names of people."""
    await db.execute(delete(TrackRow).where(TrackRow.recording_id == row.id))
    append(db, SYSTEM, "recording.purged", f"recording:{row.id}", now=now)
    if entry.published_at is None:
        await index.drop(db, row.id)
        await db.delete(row)
        return
    for table in (
        TranscriptRow, ReviewRow, RemarkRow, ShareRow, NominationRow, DecisionRow, RecordingTagRow, RecordingPartnerRow,
    ):  # fmt: skip
        await db.execute(delete(table).where(table.recording_id == row.id))
    row.state, row.trashed_at = RecordingState.RETIRED, None
    entry.retired_at = entry.retired_at or now
    entry.teacher_id, entry.teacher_name, entry.authors, entry.rights_holder = None, "", [], ""
    entry.description, entry.consent_note = "", ""
    entry.purged_at = now
    await touch(db, entry.recording_id, now)


async def _enabled(db: AsyncSession) -> list[RetentionRule]:
    rows = select(RetentionRow).where(RetentionRow.enabled).order_by(RetentionRow.name)
    return [_rule_of(row) for row in await db.scalars(rows)]


async def _due(
    db: AsyncSession, rules: Sequence[RetentionRule], now: datetime, schools: ColumnElement[bool] | None
) -> list[Due]:
    found: dict[str, Due] = {}
    for rule in rules:
        for state in rule.states:
            since, condition = _state(state)
            wanted = (
                select(RecordingRow.id, RecordingRow.title, SchoolRow.name, since, EntryRow.hold_reason)
                .join(EntryRow, EntryRow.recording_id == RecordingRow.id)
                .join(SchoolRow, SchoolRow.id == RecordingRow.school_id)
                .where(condition, since <= now - timedelta(days=rule.keep_days), EntryRow.purged_at.is_(None))
                .order_by(since, RecordingRow.id)
            )
            if rule.levels:
                wanted = wanted.where(EntryRow.level.in_(rule.levels))
            if rule.region_id is not None:
                wanted = wanted.where(schools_below({rule.region_id}))
            if schools is not None:
                wanted = wanted.where(schools)
            for recording_id, title, school, at, held in await db.execute(wanted):
                found.setdefault(recording_id, Due(recording_id, title, school, rule.name, ACTIONS[state], at, held))
    return list(found.values())


def _state(state: RetentionState) -> tuple[SQLColumnExpression[Any], ColumnElement[bool]]:
    """The column since when, and the condition that it is so."""
    if state is RetentionState.TRASHED:
        return RecordingRow.trashed_at, RecordingRow.trashed_at.is_not(None)
    there = and_(RecordingRow.trashed_at.is_(None), RecordingRow.state == RecordingState(state.value))
    if state is RetentionState.PUBLISHED:
        return EntryRow.published_at, there
    if state is RetentionState.RETIRED:
        return EntryRow.retired_at, there
    return RecordingRow.began_at, there


async def require_keeper(
    db: AsyncSession, principal: Principal, region_id: str | None, *, anywhere: bool = False
) -> None:
    """Raises `Forbidden("archive_forbidden")` unless `principal` keeps the archive of this region (None: of all there
    are). `anywhere`: it is enough to keep one at all.
    """
    if principal.has(Role.ADMIN):
        return
    scopes = [scope for scope in await scopes_of(db, principal) if scope.role is Role.ARCHIVIST]
    if anywhere and scopes:
        return
    if region_id is not None:
        over = (await regions_over(db, {region_id})).get(region_id, frozenset())
        if any(scope.region_id in over for scope in scopes):
            return
    raise Forbidden("archive_forbidden")


def _rule_of(row: RetentionRow) -> RetentionRule:
    return RetentionRule(
        id=row.id,
        name=row.name,
        region_id=row.region_id,
        states=tuple(map(RetentionState, row.states)),
        levels=tuple(map(CollectionLevel, row.levels)),
        keep_days=row.keep_days,
        enabled=row.enabled,
    )


async def access_archive(store: Store, principal: Principal) -> None:
    """For whoever keeps an archive anywhere. Raises `Forbidden("archive_forbidden")`."""
    require_somebody(principal)
    async with store.reading() as db:
        await require_keeper(db, principal, None, anywhere=True)


async def access_kept_regions(store: Store, principal: Principal) -> list[tuple[str, str]]:
    """Ids and names of the regions whose archive the principal keeps, itself and those below, the widest first."""
    require_somebody(principal)
    async with store.reading() as db:
        await require_keeper(db, principal, None, anywhere=True)
        regions = list(await db.scalars(select(RegionRow)))
        own = {scope.region_id for scope in await scopes_of(db, principal) if scope.role is Role.ARCHIVIST}
        over = await regions_over(db, [region.id for region in regions])
    kept = [region for region in regions if principal.has(Role.ADMIN) or not own.isdisjoint(over[region.id])]
    return [(region.id, region.name) for region in sorted(kept, key=lambda each: (len(over[each.id]), each.name))]

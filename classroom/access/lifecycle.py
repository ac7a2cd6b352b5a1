"""A recording's way through the archive: submit, approve or return, publish, promote, retire. Each step is audited."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.archive import Asked, ask, scope_of
from classroom.access.cataloguing import entry_of, touch
from classroom.access.matrix import Deed
from classroom.access.relations import regions_over, scopes_of
from classroom.access.rows import recording_of
from classroom.audit import append
from classroom.errors import BadInput, Conflict, Forbidden, Unprocessable
from classroom.model.catalogue import (
    CONSENT_BEYOND_SCHOOL,
    Audience,
    CollectionLevel,
    Consent,
    Downloads,
    Entry,
    widest,
)
from classroom.model.principal import Principal, Role
from classroom.model.recording import Recording, RecordingState, RecordingStep
from classroom.store.catalogue_tables import DecisionRow
from classroom.store.recording_tables import RecordingRow
from classroom.store.store import Store
from classroom.store.tables import SchoolRow

# Which deed each step of people is; `complete` is the recorder's.
STEP_DEEDS = {
    RecordingStep.SUBMIT: Deed.SUBMIT_RECORDING,
    RecordingStep.APPROVE: Deed.KEEP_RECORDING,
    RecordingStep.RETURN: Deed.KEEP_RECORDING,
    RecordingStep.PUBLISH: Deed.KEEP_RECORDING,
    RecordingStep.WITHDRAW: Deed.KEEP_RECORDING,
    RecordingStep.RETIRE: Deed.KEEP_RECORDING,
}
_NEED_REASON = frozenset({RecordingStep.RETURN, RecordingStep.RETIRE})
_LEVELS = list(CollectionLevel)
_PLACE_OF_LEVEL = {
    CollectionLevel.SCHOOL: Audience.SCHOOL,
    CollectionLevel.COUNTY: Audience.COUNTY,
    CollectionLevel.CITY: Audience.CITY,
}


async def access_recording_step(
    store: Store, principal: Principal, recording_id: str, step: RecordingStep, *, reason: str = "", now: datetime
) -> Recording:
    """Take a step: the recording after it. Two who try at once do not both succeed.

    Raises `Conflict` with `recording_step_illegal`, `recording_held`, `recording_in_trash` or `consent_needed`,
    `BadInput("reason_needed")`, `Unprocessable("entry_incomplete")`, and as `access_recording_to_see`.
    """
    async with store.session() as db:
        await lock(db, recording_id)
        asked = await ask(db, principal, recording_id, STEP_DEEDS[step], now=now)
        await _check(db, principal, asked, step, reason)
        before = asked.row.state
        after = recording_of(asked.row).after(step)
        asked.row.state = after.state
        match step:
            case RecordingStep.SUBMIT:
                asked.entry.submission += 1
            case RecordingStep.PUBLISH:
                asked.entry.published_at = asked.entry.published_at or now
            case RecordingStep.RETIRE:
                asked.entry.retired_at, asked.entry.retired_reason = now, reason
        await touch(db, recording_id, now)
        decide(db, principal, recording_id, step.value, reason, now=now, before=before.value, after=after.state.value)
        return after


async def lock(db: AsyncSession, recording_id: str) -> None:
    """Whoever comes next waits for this transaction, and reads what it left. (SQLite has one writer anyway.)"""
    await db.execute(select(RecordingRow.id).where(RecordingRow.id == recording_id).with_for_update())


def decide(
    db: AsyncSession,
    principal: Principal,
    recording_id: str,
    deed: str,
    reason: str = "",
    *,
    now: datetime,
    **details: str | int | float | bool | None,
) -> None:
    """Write a decision to the audit, and its reason, which may name people, where it can be erased."""
    append(db, principal, f"recording.{deed}", f"recording:{recording_id}", details, now=now)
    if reason:
        db.add(
            DecisionRow(
                recording_id=recording_id,
                action=f"recording.{deed}",
                reason=reason,
                made_by=principal.id,
                made_at=now,
            )
        )


async def _check(db: AsyncSession, principal: Principal, asked: Asked, step: RecordingStep, reason: str) -> None:
    title, entry = asked.row.title, asked.entry
    if step in _NEED_REASON and not reason:
        raise BadInput("reason_needed", step=step.value)
    if asked.row.trashed_at is not None:
        raise Conflict("recording_in_trash", recording=title)
    if step is RecordingStep.RETIRE and entry.hold_reason is not None:
        raise Conflict("recording_held", recording=title, reason=entry.hold_reason)
    if step is RecordingStep.SUBMIT:
        given = {"subject": entry.subject, "grade": entry.grade, "teacher_name": entry.teacher_name}
        if missing := [name for name, value in given.items() if not value]:
            raise Unprocessable("entry_incomplete", recording=title, fields=missing)
    if step is RecordingStep.PUBLISH:
        await _require_reach(db, principal, asked, entry.audience)
        require_consent(asked, entry.audience)


def require_consent(asked: Asked, audience: Audience) -> None:
    """Raises `Conflict("consent_needed")` when the guardians have not agreed to so wide an audience."""
    if widest(audience, asked.entry.consent) is not audience:
        raise Conflict("consent_needed", recording=asked.row.title, consent=asked.entry.consent.value)


async def _require_reach(db: AsyncSession, principal: Principal, asked: Asked, audience: Audience) -> None:
    """What is offered to a county is decided there: a school's archivist publishes within the school.

    Raises `Forbidden("reach_forbidden")`.
    """
    if principal.has(Role.ADMIN) or audience is Audience.SCHOOL:
        return
    school = await db.get_one(SchoolRow, asked.row.school_id)
    place = await scope_of(db, school, Audience.COUNTY if audience is Audience.PUBLIC else audience)
    over = (await regions_over(db, {place})).get(place, frozenset())
    scopes = await scopes_of(db, principal)
    if not any(scope.role is Role.ARCHIVIST and scope.region_id in over for scope in scopes):
        raise Forbidden("reach_forbidden", audience=audience.value)


async def access_circulation(
    store: Store,
    principal: Principal,
    recording_id: str,
    *,
    audience: Audience,
    downloads: Downloads,
    embed: bool,
    now: datetime,
) -> Entry:
    """Say who may watch, take away and embed it. Raises as a step does, and `Forbidden("reach_forbidden")`."""
    async with store.session() as db:
        await lock(db, recording_id)
        asked = await ask(db, principal, recording_id, Deed.KEEP_RECORDING, now=now)
        await _require_reach(db, principal, asked, audience)
        require_consent(asked, audience)
        entry = asked.entry
        entry.audience, entry.downloads, entry.embed = audience, downloads, embed
        await touch(db, entry.recording_id, now)
        decide(
            db, principal, recording_id, "circulated", now=now,
            audience=audience.value, downloads=downloads.value, embed=embed,
        )  # fmt: skip
        return await entry_of(db, entry)


async def access_promotion(
    store: Store, principal: Principal, recording_id: str, level: CollectionLevel, now: datetime
) -> Entry:
    """Take an approved or published recording into the next higher collection, or back into a lower one.

    Raises `Conflict` with `promotion_too_early`, `promotion_too_high` or `consent_needed`, and
    `Forbidden("reach_forbidden")`.
    """
    async with store.session() as db:
        await lock(db, recording_id)
        asked = await ask(db, principal, recording_id, Deed.KEEP_RECORDING, now=now)
        entry, title = asked.entry, asked.row.title
        if asked.row.state not in {RecordingState.APPROVED, RecordingState.PUBLISHED}:
            raise Conflict("promotion_too_early", recording=title, state=asked.row.state.value)
        if _LEVELS.index(level) > _LEVELS.index(entry.level) + 1:
            raise Conflict("promotion_too_high", recording=title, collection=entry.level.value)
        highest = max(level, entry.level, key=_LEVELS.index)
        await _require_reach(db, principal, asked, _PLACE_OF_LEVEL[highest])
        require_consent(asked, _PLACE_OF_LEVEL[level])
        before, entry.level = entry.level, level
        await touch(db, entry.recording_id, now)
        decide(db, principal, recording_id, "promoted", now=now, before=before.value, after=level.value)
        return await entry_of(db, entry)


async def access_consent(
    store: Store, principal: Principal, recording_id: str, consent: Consent, *, note: str = "", now: datetime
) -> Entry:
    """Record what the guardians of the children in the picture say; `note`: where the papers are.

    Without consent the audience of a published recording shrinks to the school at once.
    """
    async with store.session() as db:
        await lock(db, recording_id)
        asked = await ask(db, principal, recording_id, Deed.DESCRIBE_RECORDING, now=now)
        entry = asked.entry
        before, entry.consent, entry.consent_note = entry.consent, consent, note
        if consent not in CONSENT_BEYOND_SCHOOL and entry.level is not CollectionLevel.SCHOOL:
            entry.level = CollectionLevel.SCHOOL
        await touch(db, entry.recording_id, now)
        decide(db, principal, recording_id, "consent", now=now, before=before.value, after=consent.value)
        return await entry_of(db, entry)


async def access_hold(
    store: Store, principal: Principal, recording_id: str, reason: str | None, now: datetime
) -> Entry:
    """Keep a recording from being retired or thrown away by anybody or any rule, for a reason; None lets it go."""
    if reason is not None and not reason:
        raise BadInput("reason_needed", step="hold")
    async with store.session() as db:
        await lock(db, recording_id)
        asked = await ask(db, principal, recording_id, Deed.KEEP_RECORDING, now=now)
        asked.entry.hold_reason = reason
        await touch(db, recording_id, now)
        decide(db, principal, recording_id, "held" if reason else "released", reason or "", now=now)
        return await entry_of(db, asked.entry)


# What may be thrown away; a published recording is retired instead, so that its readers learn why.
_DISPOSABLE = frozenset(
    {RecordingState.COMPLETE, RecordingState.RETURNED, RecordingState.APPROVED, RecordingState.RETIRED}
)


async def access_trash(store: Store, principal: Principal, recording_id: str, now: datetime) -> Recording:
    """Throw a recording into the trash, from which `access_restore` brings it back.

    Raises `Conflict` with `recording_held`, `recording_in_trash` or `recording_not_disposable`.
    """
    async with store.session() as db:
        await lock(db, recording_id)
        asked = await ask(db, principal, recording_id, Deed.KEEP_RECORDING, now=now)
        title = asked.row.title
        if asked.row.trashed_at is not None:
            raise Conflict("recording_in_trash", recording=title)
        if asked.entry.hold_reason is not None:
            raise Conflict("recording_held", recording=title, reason=asked.entry.hold_reason)
        if asked.row.state not in _DISPOSABLE:
            raise Conflict("recording_not_disposable", recording=title, state=asked.row.state.value)
        asked.row.trashed_at = now
        await touch(db, recording_id, now)
        decide(db, principal, recording_id, "trashed", now=now)
        return recording_of(asked.row)


async def access_restore(store: Store, principal: Principal, recording_id: str, now: datetime) -> Recording:
    """Bring a recording back from the trash as it was. Raises `Conflict("recording_not_in_trash")`."""
    async with store.session() as db:
        await lock(db, recording_id)
        asked = await ask(db, principal, recording_id, Deed.KEEP_RECORDING, now=now)
        if asked.row.trashed_at is None or asked.entry.purged_at is not None:
            raise Conflict("recording_not_in_trash", recording=asked.row.title)
        asked.row.trashed_at = None
        await touch(db, recording_id, now)
        decide(db, principal, recording_id, "restored", now=now)
        return recording_of(asked.row)

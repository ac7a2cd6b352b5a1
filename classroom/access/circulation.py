"""Share links, counts of use, nominations, and what happened to a recording."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.archive import ask, hash_of
from classroom.access.lifecycle import decide, require_consent
from classroom.access.matrix import Deed
from classroom.audit import Detail
from classroom.clock import SCHOOL_ZONE
from classroom.errors import BadInput, Conflict, NotFound
from classroom.model.catalogue import Audience, CollectionLevel
from classroom.model.principal import Principal
from classroom.model.recording import RecordingState
from classroom.store.catalogue_tables import DecisionRow, EntryRow, NominationRow, ShareRow, UseRow
from classroom.store.store import Store
from classroom.store.tables import AccountRow, AuditRow

LONGEST_SHARE = timedelta(days=366)
SHARE_TOKEN_BYTES = 24
_NOMINATED_IN = frozenset({RecordingState.APPROVED, RecordingState.PUBLISHED})


@dataclass(frozen=True, slots=True)
class Share:
    """A link that opens one recording; its token is told once, when it is made."""

    id: str
    recording_id: str
    download: bool
    note: str
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    uses: int


@dataclass(frozen=True, slots=True)
class Nomination:
    id: str
    recording_id: str
    activity: str
    year: int
    level: CollectionLevel
    statement: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of a recording's history, from the audit; `reason` as given, unless it was erased."""

    at: datetime
    action: str
    name: str
    details: dict[str, Detail]
    reason: str


@dataclass(frozen=True, slots=True)
class Use:
    """Of one day, in the schools' time zone."""

    day: str
    views: int
    downloads: int


async def access_new_share(
    store: Store,
    principal: Principal,
    recording_id: str,
    *,
    expires_at: datetime,
    download: bool,
    note: str,
    now: datetime,
) -> tuple[Share, str]:
    """A link and its token. It opens the recording to anybody, so the guardians must have agreed.

    Raises `BadInput("share_expiry_wrong")`, `Conflict("consent_needed")`, and as `access_recording_to_see`.
    """
    if expires_at.tzinfo is None or not timedelta() < expires_at - now <= LONGEST_SHARE:
        raise BadInput("share_expiry_wrong", longest_days=LONGEST_SHARE.days)
    token = secrets.token_urlsafe(SHARE_TOKEN_BYTES)
    async with store.session() as db:
        asked = await ask(db, principal, recording_id, Deed.KEEP_RECORDING, now=now)
        require_consent(asked, Audience.PUBLIC)
        row = ShareRow(
            token_hash=hash_of(token),
            recording_id=recording_id,
            download=download,
            note=note,
            made_by=principal.id,
            made_at=now,
            expires_at=expires_at,
            revoked_at=None,
        )
        db.add(row)
        await db.flush()
        decide(db, principal, recording_id, "shared", now=now, share=row.id, download=download)
        return _share_of(row), token


async def access_shares(store: Store, principal: Principal, recording_id: str, now: datetime) -> list[Share]:
    """All links ever made for a recording, the newest first."""
    async with store.reading() as db:
        await ask(db, principal, recording_id, Deed.KEEP_RECORDING, now=now)
        rows = select(ShareRow).where(ShareRow.recording_id == recording_id)
        return [_share_of(row) for row in await db.scalars(rows.order_by(ShareRow.made_at.desc(), ShareRow.id))]


async def access_share_revocation(
    store: Store, principal: Principal, recording_id: str, share_id: str, now: datetime
) -> Share:
    """Close a link at once. Raises `NotFound("share_unknown")`."""
    async with store.session() as db:
        await ask(db, principal, recording_id, Deed.KEEP_RECORDING, now=now)
        row = await db.get(ShareRow, share_id)
        if row is None or row.recording_id != recording_id:
            raise NotFound("share_unknown", share=share_id[:64])
        row.revoked_at = row.revoked_at or now
        decide(db, principal, recording_id, "share_revoked", now=now, share=share_id)
        return _share_of(row)


def _share_of(row: ShareRow) -> Share:
    return Share(
        row.id, row.recording_id, row.download, row.note, row.made_at, row.expires_at, row.revoked_at, row.uses
    )


async def access_view_count(
    store: Store, principal: Principal, recording_id: str, now: datetime, share: str | None = None
) -> None:
    """Count that somebody began to watch. Raises as `access_recording_to_see`."""
    async with store.session() as db:
        await ask(db, principal, recording_id, Deed.WATCH_RECORDING, now=now, share=share)
        await _count(db, recording_id, now, share, views=1)


async def access_download_count(
    store: Store, principal: Principal, recording_id: str, now: datetime, share: str | None = None
) -> None:
    """Count that somebody took the file away: this is audited as well."""
    async with store.session() as db:
        await ask(db, principal, recording_id, Deed.DOWNLOAD_RECORDING, now=now, share=share)
        await _count(db, recording_id, now, share, downloads=1)
        decide(db, principal, recording_id, "downloaded", now=now)


async def _count(
    db: AsyncSession, recording_id: str, now: datetime, share: str | None, *, views: int = 0, downloads: int = 0
) -> None:
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    today = now.astimezone(SCHOOL_ZONE).date()
    await db.execute(
        insert(UseRow)
        .values(recording_id=recording_id, day=today, views=views, downloads=downloads)
        .on_conflict_do_update(
            index_elements=["recording_id", "day"],
            set_={"views": UseRow.views + views, "downloads": UseRow.downloads + downloads},
        )
    )
    of = update(EntryRow).where(EntryRow.recording_id == recording_id)
    await db.execute(of.values(views=EntryRow.views + views, downloaded=EntryRow.downloaded + downloads))
    if share is not None:
        link = update(ShareRow).where(ShareRow.token_hash == hash_of(share))
        await db.execute(link.values(uses=ShareRow.uses + 1))


async def access_uses(store: Store, principal: Principal, recording_id: str, now: datetime) -> list[Use]:
    """How often it was watched and taken away, by day, for staff and its teacher."""
    async with store.reading() as db:
        await ask(db, principal, recording_id, Deed.SEE_REVIEWS, now=now)
        rows = select(UseRow).where(UseRow.recording_id == recording_id).order_by(UseRow.day)
        return [Use(row.day.isoformat(), row.views, row.downloads) for row in await db.scalars(rows)]


async def access_nomination(
    store: Store,
    principal: Principal,
    recording_id: str,
    *,
    activity: str,
    year: int,
    level: CollectionLevel,
    statement: str,
    now: datetime,
) -> Nomination:
    """Send an approved lesson into a contest such as 一师一优课.

    Raises `Conflict` with `nomination_too_early` or `already_nominated`.
    """
    async with store.session() as db:
        asked = await ask(db, principal, recording_id, Deed.SUBMIT_RECORDING, now=now)
        title = asked.row.title
        if asked.row.state not in _NOMINATED_IN or asked.row.trashed_at is not None:
            raise Conflict("nomination_too_early", recording=title, state=asked.row.state.value)
        key = {"recording_id": recording_id, "activity": activity, "year": year}
        if await db.scalar(select(NominationRow.id).filter_by(**key)) is not None:
            raise Conflict("already_nominated", recording=title, activity=activity, year=year)
        row = NominationRow(**key, level=level, statement=statement, made_by=principal.id, made_at=now)
        db.add(row)
        await db.flush()
        decide(db, principal, recording_id, "nominated", now=now, activity=activity, year=year, level=level.value)
        return _nomination_of(row)


async def access_nominations(store: Store, principal: Principal, recording_id: str, now: datetime) -> list[Nomination]:
    """A recording's nominations, the newest first, for staff and its teacher."""
    async with store.reading() as db:
        await ask(db, principal, recording_id, Deed.SEE_REVIEWS, now=now)
        rows = select(NominationRow).where(NominationRow.recording_id == recording_id)
        ordered = rows.order_by(NominationRow.made_at.desc(), NominationRow.id)
        return [_nomination_of(row) for row in await db.scalars(ordered)]


def _nomination_of(row: NominationRow) -> Nomination:
    return Nomination(row.id, row.recording_id, row.activity, row.year, row.level, row.statement, row.made_at)


async def access_history(store: Store, principal: Principal, recording_id: str, now: datetime) -> list[Happening]:
    """All that was done with a recording, the newest first, for staff and its teacher."""
    async with store.reading() as db:
        await ask(db, principal, recording_id, Deed.SEE_REVIEWS, now=now)
        decisions = select(DecisionRow).where(DecisionRow.recording_id == recording_id)
        reasons = {(row.action, row.made_at): row.reason for row in await db.scalars(decisions)}
        rows = await db.execute(
            select(AuditRow, AccountRow.name)
            .outerjoin(AccountRow, AccountRow.id == AuditRow.actor_id)
            .where(AuditRow.object == f"recording:{recording_id}")
            .order_by(AuditRow.id.desc())
        )
        return [
            Happening(row.at, row.action, name or "", row.details, reasons.get((row.action, row.at), ""))
            for row, name in rows
        ]

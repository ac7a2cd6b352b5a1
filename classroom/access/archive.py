"""How somebody stands to a recording, and whether it may be seen, watched, taken away or embedded."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.matrix import Deed, Relation, allowed
from classroom.access.relations import regions_over, relations_to_lesson, relations_to_school, schools_below, scopes_of
from classroom.access.rows import recording_of
from classroom.errors import Forbidden, Gone, NotFound, NotSignedIn
from classroom.model.catalogue import CONSENT_BEYOND_SCHOOL, Audience, Downloads, widest
from classroom.model.place import RegionLevel
from classroom.model.principal import Principal, Role
from classroom.model.recording import Recording, RecordingState
from classroom.store.catalogue_tables import EntryRow, RecordingExpertRow, RecordingPartnerRow, ShareRow
from classroom.store.recording_tables import RecordingRow
from classroom.store.store import Store
from classroom.store.tables import LessonRow, RegionRow, SchoolRow

PUBLIC_SCOPE = "public"
_REACHES = {Audience.COUNTY: RegionLevel.COUNTY, Audience.CITY: RegionLevel.CITY}
_LEVELS = list(RegionLevel)
_KEEPERS = frozenset({Relation.ADMIN, Relation.ARCHIVIST})


@dataclass(frozen=True, slots=True)
class Asked:
    """A recording somebody asked for: its rows, and how the asker stands to it."""

    row: RecordingRow
    entry: EntryRow
    relations: frozenset[Relation]


async def access_recording_to_see(
    store: Store, principal: Principal, recording_id: str, now: datetime, share: str | None = None
) -> Recording:
    """The recording, for whoever may know of it; also one that was retired, of which only that is left.

    `share` is the token of a share link. Raises `NotFound("recording_unknown")`, `Forbidden`, `NotSignedIn`.
    """
    async with store.reading() as db:
        return recording_of((await ask(db, principal, recording_id, Deed.SEE_RECORDING, now=now, share=share)).row)


async def access_recording_to_watch(
    store: Store, principal: Principal, recording_id: str, now: datetime, share: str | None = None
) -> Recording:
    """The recording, for whoever may watch it.

    While it is captured: whoever may watch the lesson. Then its teacher, teachers of the schools that took part, staff
    and experts; once published its audience; and always the holder of `share`.

    Raises as `access_recording_to_see`, and `Gone` with `recording_retired`, `recording_trashed` or `recording_purged`.
    """
    async with store.reading() as db:
        asked = await ask(db, principal, recording_id, Deed.WATCH_RECORDING, now=now, share=share)
        _require_there(asked)
        return recording_of(asked.row)


async def access_recording_to_download(
    store: Store, principal: Principal, recording_id: str, now: datetime, share: str | None = None
) -> Recording:
    """The recording, for whoever may take the file away. Raises as `access_recording_to_watch`."""
    async with store.reading() as db:
        asked = await ask(db, principal, recording_id, Deed.DOWNLOAD_RECORDING, now=now, share=share)
        _require_there(asked)
        return recording_of(asked.row)


async def access_recording_to_embed(
    store: Store, recording_id: str, now: datetime, share: str | None = None
) -> Recording:
    """The recording, if pages of other sites may show it: those carry no session of ours, so it must be public or come
    with a share link. Raises `Forbidden("recording_not_embeddable")`, and as `access_recording_to_watch`.
    """
    async with store.reading() as db:
        nobody = Principal(id="", name="")
        asked = await ask(db, nobody, recording_id, Deed.WATCH_RECORDING, now=now, share=share)
        _require_there(asked)
        if not asked.entry.embed:
            raise Forbidden("recording_not_embeddable", recording=asked.row.title)
        return recording_of(asked.row)


async def ask(
    db: AsyncSession,
    principal: Principal,
    recording_id: str,
    deed: Deed,
    *,
    now: datetime,
    share: str | None = None,
) -> Asked:
    """The rows of a recording for a deed. Raises as `access_recording_to_see`."""
    row = await db.get(RecordingRow, recording_id)
    entry = await db.get(EntryRow, recording_id)
    if row is None or entry is None:
        raise NotFound("recording_unknown", recording=recording_id[:64])
    relations = await relations_to_recording(db, principal, row, entry, now=now, share=share)
    if not allowed(deed, relations):
        if not principal.signed_in and principal.lesson_id is None:
            raise NotSignedIn("sign_in_needed")
        raise Forbidden("recording_forbidden", recording=recording_id)
    return Asked(row, entry, relations)


def _require_there(asked: Asked) -> None:
    """Raises `Gone`. Archivists look at what was retired or thrown away as long as its segments are there."""
    if asked.entry.purged_at is not None:
        raise Gone("recording_purged", recording=asked.row.title)
    if not asked.relations.isdisjoint(_KEEPERS):
        return
    if asked.row.trashed_at is not None:
        raise Gone("recording_trashed", recording=asked.row.title)
    if asked.row.state is RecordingState.RETIRED:
        raise Gone("recording_retired", recording=asked.row.title, reason=asked.entry.retired_reason or "")


async def relations_to_recording(
    db: AsyncSession,
    principal: Principal,
    row: RecordingRow,
    entry: EntryRow,
    *,
    now: datetime,
    share: str | None = None,
) -> frozenset[Relation]:
    """How `principal` stands to a recording; empty for somebody who has nothing to do with it."""
    found: set[Relation] = set()
    if share is not None:
        found |= await _bearer(db, entry, share, now)
    if row.state is RecordingState.CAPTURING and row.lesson_id is not None:
        lesson = await db.get_one(LessonRow, row.lesson_id)
        if allowed(Deed.WATCH_LESSON, await relations_to_lesson(db, principal, lesson)):
            found.add(Relation.PRESENT)
    if principal.lesson_id is None and principal.signed_in:
        found |= await _member_or_staff(db, principal, row, entry)
    if Relation.AUDIENCE not in found and await _is_audience(db, principal, row, entry):
        found.add(Relation.AUDIENCE)
    if Relation.AUDIENCE in found and _is_recipient(principal, entry):
        found.add(Relation.RECIPIENT)
    return frozenset(found)


async def _member_or_staff(
    db: AsyncSession, principal: Principal, row: RecordingRow, entry: EntryRow
) -> frozenset[Relation]:
    school = await db.get_one(SchoolRow, row.school_id)
    # pupils and devices of the school are of its audience, no more
    found = set(await relations_to_school(db, principal, school)) & {
        Relation.ADMIN, Relation.COORDINATOR, Relation.SUPERVISOR, Relation.ARCHIVIST, Relation.COLLEAGUE
    }  # fmt: skip
    if principal.has(Role.TEACHER):
        if principal.id == entry.teacher_id:
            found.add(Relation.TEACHER)
        elif await _took_part(db, principal, row.id):
            found.add(Relation.COLLEAGUE)
    asked = select(RecordingExpertRow.account_id).where(
        RecordingExpertRow.recording_id == row.id,
        RecordingExpertRow.submission == entry.submission,
        RecordingExpertRow.account_id == principal.id,
    )
    if await db.scalar(asked) is not None:
        found.add(Relation.EXPERT)
    return frozenset(found)


async def _bearer(db: AsyncSession, entry: EntryRow, share: str, now: datetime) -> set[Relation]:
    link = await db.scalar(select(ShareRow).where(ShareRow.token_hash == hash_of(share)))
    if link is None or link.recording_id != entry.recording_id or link.revoked_at is not None or link.expires_at <= now:
        return set()
    if entry.consent not in CONSENT_BEYOND_SCHOOL:
        # withdrawn since the link was made
        return set()
    return {Relation.BEARER, Relation.RECIPIENT} if link.download else {Relation.BEARER}


def hash_of(share: str) -> str:
    """What is kept of a share link's token."""
    return hashlib.sha256(share.encode()).hexdigest()


async def _took_part(db: AsyncSession, principal: Principal, recording_id: str) -> bool:
    if principal.school_id is None:
        return False
    partner = select(RecordingPartnerRow.position).where(
        RecordingPartnerRow.recording_id == recording_id, RecordingPartnerRow.school_id == principal.school_id
    )
    return await db.scalar(partner.limit(1)) is not None


async def _is_audience(db: AsyncSession, principal: Principal, row: RecordingRow, entry: EntryRow) -> bool:
    if row.state is not RecordingState.PUBLISHED or row.trashed_at is not None:
        return False
    audience = widest(entry.audience, entry.consent)
    if audience is Audience.PUBLIC:
        return True
    if not principal.signed_in:
        return False
    if await _took_part(db, principal, row.id):
        return True
    school = await db.get_one(SchoolRow, row.school_id)
    return await scope_of(db, school, audience) in await places_of(db, principal)


def _is_recipient(principal: Principal, entry: EntryRow) -> bool:
    match entry.downloads:
        case Downloads.NOBODY:
            return False
        case Downloads.TEACHERS:
            return principal.has(Role.TEACHER)
        case Downloads.AUDIENCE:
            return True


async def scope_of(db: AsyncSession, school: SchoolRow, audience: Audience) -> str:
    """Within which place a recording of `school` is for this audience: a school, a region, or `PUBLIC_SCOPE`.

    Where the tree has no region of the level wanted, it is the next one above, or else the topmost.
    """
    if audience is Audience.SCHOOL:
        return school.id
    if audience is Audience.PUBLIC:
        return PUBLIC_SCOPE
    over = (await regions_over(db, {school.region_id}))[school.region_id]
    regions = await db.execute(select(RegionRow.id, RegionRow.level).where(RegionRow.id.in_(over)))
    # from the school upwards: provinces stand first in the enumeration
    upwards = sorted(((_LEVELS.index(level), region_id) for region_id, level in regions), reverse=True)
    wanted = _LEVELS.index(_REACHES[audience])
    return next((region_id for level, region_id in upwards if level <= wanted), upwards[-1][1])


async def places_of(db: AsyncSession, principal: Principal) -> frozenset[str]:
    """The places somebody belongs to: what is published within one of them is for them too."""
    if not principal.signed_in:
        return frozenset({PUBLIC_SCOPE})
    places = {PUBLIC_SCOPE}
    regions = {scope.region_id for scope in await scopes_of(db, principal) if scope.region_id is not None}
    if principal.school_id is not None:
        places.add(principal.school_id)
        if school := await db.get(SchoolRow, principal.school_id):
            regions.add(school.region_id)
    for over in (await regions_over(db, regions)).values():
        places |= over
    return frozenset(places)


async def kept_by(db: AsyncSession, principal: Principal, *roles: Role) -> ColumnElement[bool] | None:
    """A condition on `SchoolRow`: `principal` has one of these roles over it. None: over every school."""
    if principal.has(Role.ADMIN):
        return None
    scopes = [scope for scope in await scopes_of(db, principal) if scope.role in roles]
    conditions = [schools_below({scope.region_id for scope in scopes if scope.region_id is not None})]
    if principal.school_id is not None and any(scope.region_id is None for scope in scopes):
        conditions.append(and_(SchoolRow.id == principal.school_id))
    return or_(*conditions)

"""What the segment store holds, as the database knows it: who may bring what, and when it was last found whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.extras import extras_stale
from classroom.access.matrix import Deed, Relation
from classroom.access.relations import require, require_somebody
from classroom.audit import append
from classroom.errors import Forbidden, NotFound
from classroom.model.principal import Principal, Role
from classroom.store.recording_tables import BlobRow, LeavingBlobRow, RecordingRow, SegmentRow, TrackRow
from classroom.store.store import Store
from classroom.store.tables import LessonRow


@dataclass(frozen=True, slots=True)
class ExpectedBlob:
    """What a manifest says of bytes: `size_bytes` is None for a header. `stored`: they are here, and whole."""

    size_bytes: int | None
    stored: bool


async def access_blob_to_bring(store: Store, principal: Principal, digest: str) -> ExpectedBlob:
    """What is expected under `digest`, for whoever records a lesson whose manifest names it.

    So nobody fills the store with what no recording needs. Raises `NotFound("segment_unexpected")`,
    `Forbidden("recording_not_yours")`.
    """
    require_somebody(principal)
    if not principal.has(Role.ADMIN, Role.DEVICE):
        raise Forbidden("recording_not_yours", recording=digest)
    async with store.reading() as db:
        named = select(SegmentRow).where(or_(SegmentRow.digest == digest, SegmentRow.init_digest == digest)).limit(1)
        row = await db.scalar(named if principal.has(Role.ADMIN) else named.where(_recorded_in(principal.room_id)))
        if row is None:
            if await db.scalar(named) is not None:
                raise Forbidden("recording_not_yours", recording=digest)
            raise NotFound("segment_unexpected", digest=digest)
        blob = await db.get(BlobRow, digest)
        return ExpectedBlob(
            size_bytes=row.size_bytes if row.digest == digest else None,
            stored=blob is not None and blob.damaged_at is None,
        )


async def access_blobs_stored(
    store: Store, principal: Principal, sizes: Mapping[str, int], now: datetime
) -> frozenset[str]:
    """The segment store has these (bytes by digest), just verified; what was known of damage is over.

    Returned are those that are being removed at this moment (`access_unused_take`): not on record, to be kept again.
    """
    require_keeper(principal)
    async with store.session() as db:
        leaving = await blobs_stored(db, principal, sizes, now)
        await extras_stale(db, sizes.keys() - leaving)
        return leaving


async def blobs_stored(
    db: AsyncSession, principal: Principal, sizes: Mapping[str, int], now: datetime
) -> frozenset[str]:
    """As `access_blobs_stored`, within a transaction."""
    # Locked first, and only then looked whether one of them leaves: who removes it has the same order.
    found = await db.scalars(select(BlobRow).where(BlobRow.digest.in_(sizes)).with_for_update())
    rows = {row.digest: row for row in found}
    leaving = frozenset(await db.scalars(select(LeavingBlobRow.digest).where(LeavingBlobRow.digest.in_(sizes))))
    for digest, size_bytes in sizes.items():
        row = rows.get(digest)
        if digest in leaving:
            continue
        if row is None:
            db.add(
                BlobRow(
                    digest=digest, size_bytes=size_bytes, stored_at=now, verified_at=now, damaged_at=None,
                    unused_since=None,
                )
            )  # fmt: skip
            continue
        if row.damaged_at is not None:
            append(db, principal, "segment.repaired", f"segment:{digest}", now=now)
        row.size_bytes, row.verified_at, row.damaged_at, row.unused_since = size_bytes, now, None, None
    return leaving


async def access_blob_damaged(store: Store, principal: Principal, digest: str, now: datetime) -> bool:
    """The store's copy is damaged or gone: whoever has another one shall bring it. Whether that is news."""
    require_keeper(principal)
    async with store.session() as db:
        row = await db.get(BlobRow, digest)
        if row is None or row.damaged_at is not None:
            return False
        row.damaged_at = now
        append(db, principal, "segment.damaged", f"segment:{digest}", now=now)
        return True


async def access_blobs_verified(store: Store, principal: Principal, digests: list[str], now: datetime) -> None:
    """These were read and found whole."""
    require_keeper(principal)
    async with store.session() as db:
        await db.execute(update(BlobRow).where(BlobRow.digest.in_(digests)).values(verified_at=now))


async def access_blobs_to_verify(store: Store, principal: Principal, before: datetime, limit: int) -> list[str]:
    """What was not found whole since `before`, the longest first; what is known to be damaged is not among it."""
    require_keeper(principal)
    async with store.reading() as db:
        due = select(BlobRow.digest).where(BlobRow.verified_at < before, BlobRow.damaged_at.is_(None))
        return list(await db.scalars(due.order_by(BlobRow.verified_at).limit(limit)))


async def access_damaged_blobs(store: Store, principal: Principal) -> int:
    """How many kept segments are damaged now."""
    require_keeper(principal)
    async with store.reading() as db:
        return await db.scalar(select(func.count()).select_from(BlobRow).where(BlobRow.damaged_at.is_not(None))) or 0


def _recorded_in(room_id: str | None) -> ColumnElement[bool]:
    recorded = (
        select(TrackRow.id)
        .join(RecordingRow, RecordingRow.id == TrackRow.recording_id)
        .join(LessonRow, LessonRow.id == RecordingRow.lesson_id)
        .where(LessonRow.room_id == room_id)
    )
    return SegmentRow.track_id.in_(recorded)


def require_keeper(principal: Principal) -> None:
    """Raises `Forbidden("admin_needed")` unless `principal` looks after the segment store."""
    require_somebody(principal)
    relations = frozenset({Relation.ADMIN} if principal.has(Role.ADMIN) else ())
    require(Deed.KEEP_SEGMENTS, relations, "admin_needed")

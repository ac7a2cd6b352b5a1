"""Segments that no manifest names any more: of recordings that were purged, of imports that were given up.

They are noted, stay `GRACE` longer, and go: off the record in one transaction, then out of the segment store. The same
bytes may be wanted again at any moment, for they are kept by what they are. So whoever keeps them anew takes the note
away, and whoever keeps them while they leave is told so and keeps them again when they are gone.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, exists, func, or_, select, update

from classroom.access.blobs import require_keeper
from classroom.access.relations import require_somebody
from classroom.access.retention import require_keeper as require_archive
from classroom.audit import append
from classroom.model.principal import Principal
from classroom.store.recording_tables import BlobRow, LeavingBlobRow, SegmentRow
from classroom.store.store import Store

# Bytes come before the line that names them: of a server's own recording by seconds, of an import by hours.
GRACE: Final = timedelta(hours=20)
# Whoever removes them has given up or was killed; in good order it takes seconds.
ABANDONED: Final = timedelta(hours=1)
_AT_ONCE: Final = 5_000  # in one statement


@dataclass(frozen=True, slots=True)
class Unused:
    """How much no manifest names."""

    segments: int
    size_bytes: int


async def access_unused(store: Store, principal: Principal) -> Unused:
    """What goes with the next nights. For whoever keeps an archive."""
    require_somebody(principal)
    async with store.reading() as db:
        await require_archive(db, principal, None, anywhere=True)
        found = select(func.count(), func.coalesce(func.sum(BlobRow.size_bytes), 0))
        segments, size_bytes = (await db.execute(found.where(BlobRow.unused_since.is_not(None)))).one()
        return Unused(int(segments), int(size_bytes))


async def access_unused_note(store: Store, principal: Principal, prefix: str, now: datetime) -> None:
    """Note what is unused since now, of the digests that begin so: a pass is several shorter queries."""
    require_keeper(principal)
    named = or_(
        exists().where(SegmentRow.digest == BlobRow.digest), exists().where(SegmentRow.init_digest == BlobRow.digest)
    )
    async with store.reading() as db:
        found = list(
            await db.scalars(
                select(BlobRow.digest).where(BlobRow.digest.startswith(prefix), BlobRow.unused_since.is_(None), ~named)
            )
        )
    for first in range(0, len(found), _AT_ONCE):
        some = found[first : first + _AT_ONCE]
        async with store.session() as db:
            await db.execute(update(BlobRow).where(BlobRow.digest.in_(some)).values(unused_since=now))


async def access_unused_found(store: Store, principal: Principal, sizes: Mapping[str, int], now: datetime) -> None:
    """The segment store holds these (bytes by digest): what is not on record is noted as unused, and goes in its turn.

    So go the bytes of a server that was killed before it could say that it has them.
    """
    require_keeper(principal)
    async with store.session() as db:
        known = set(await db.scalars(select(BlobRow.digest).where(BlobRow.digest.in_(sizes))))
        known |= set(await db.scalars(select(LeavingBlobRow.digest).where(LeavingBlobRow.digest.in_(sizes))))
        db.add_all(
            BlobRow(
                digest=digest, size_bytes=size, stored_at=now, verified_at=now, damaged_at=None, unused_since=now
            )
            for digest, size in sizes.items()
            if digest not in known
        )  # fmt: skip


async def access_unused_take(store: Store, principal: Principal, now: datetime, most: int) -> dict[str, int]:
    """Take some off the record, to be removed from the segment store now and told by `access_unused_gone`; bytes by
    digest. What a manifest names again stays. What somebody else left half removed is among them.
    """
    require_keeper(principal)
    async with store.session() as db:
        abandoned = list(
            await db.scalars(
                select(LeavingBlobRow)
                .where(LeavingBlobRow.since < now - ABANDONED)
                .limit(most)
                .with_for_update(skip_locked=True)
            )
        )
        for left in abandoned:
            left.since = now
        due = list(
            await db.scalars(
                select(BlobRow)
                .where(BlobRow.unused_since < now - GRACE)
                .limit(most - len(abandoned))
                .with_for_update(skip_locked=True)
            )
        )
        digests = [row.digest for row in due]
        # after the lock: a line that names one of them is here by now, or finds it gone
        named = {
            digest
            for column in (SegmentRow.digest, SegmentRow.init_digest)
            for digest in await db.scalars(select(column).distinct().where(column.in_(digests)))
        }
        for row in due:
            if row.digest in named:
                row.unused_since = None
            else:
                await db.delete(row)
        going = {row.digest: row.size_bytes for row in due if row.digest not in named}
        db.add_all(LeavingBlobRow(digest=digest, size_bytes=size, since=now) for digest, size in going.items())
        return going | {left.digest: left.size_bytes for left in abandoned}


async def access_unused_gone(store: Store, principal: Principal, sizes: Mapping[str, int], now: datetime) -> None:
    """These (bytes by digest) are out of the segment store."""
    require_keeper(principal)
    async with store.session() as db:
        await db.execute(delete(LeavingBlobRow).where(LeavingBlobRow.digest.in_(sizes)))
        details = {"segments": len(sizes), "bytes": sum(sizes.values())}
        append(db, principal, "segments.removed", "archive:", details, now=now)


async def access_blobs_known(store: Store, principal: Principal, digests: Collection[str]) -> set[str]:
    """Which of these are on record: what was made from others is of no use any more."""
    require_keeper(principal)
    async with store.reading() as db:
        return set(await db.scalars(select(BlobRow.digest).where(BlobRow.digest.in_(digests))))

"""What is made in the background of recordings, by the server itself. Who may see it was asked before."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.model.recording import RecordingState
from classroom.store.recording_tables import RecordingRow, SegmentRow, TrackRow
from classroom.store.store import Store
from classroom.store.watching_tables import RecordingExtrasRow

CLAIM = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class ExtrasProgress:
    """`chapters` in seconds. `finished` also when some steps failed: what could be made is there."""

    made_from: str
    steps_done: int
    steps: int
    steps_failed: int
    chapters: tuple[float, ...]
    finished: bool


async def extras_of(store: Store, recording_id: str) -> ExtrasProgress | None:
    """None when nothing has been begun."""
    async with store.reading() as db:
        row = await db.get(RecordingExtrasRow, recording_id)
        return None if row is None else _progress(row)


async def extras_stale(db: AsyncSession, digests: Collection[str]) -> None:
    """These have come to the segment store: what was made of recordings with them is made anew."""
    with_them = (
        select(TrackRow.recording_id)
        .join(SegmentRow, SegmentRow.track_id == TrackRow.id)
        .where(or_(SegmentRow.digest.in_(digests), SegmentRow.init_digest.in_(digests)))
    )
    row = RecordingExtrasRow
    await db.execute(
        update(row).where(row.finished_at.is_not(None), row.recording_id.in_(with_them)).values(finished_at=None)
    )


async def unfinished_extras(store: Store, limit: int) -> list[str]:
    """Recordings nobody has made the extras of, or not of what came since; the newest first."""
    row = RecordingExtrasRow
    wanted = (
        select(RecordingRow.id)
        .outerjoin(row, row.recording_id == RecordingRow.id)
        .where(
            row.finished_at.is_(None),
            RecordingRow.state != RecordingState.RETIRED,
            RecordingRow.trashed_at.is_(None),
        )
        .order_by(RecordingRow.began_at.desc())
        .limit(limit)
    )
    async with store.reading() as db:
        return list(await db.scalars(wanted))


async def claim_extras(store: Store, recording_id: str, by: str, *, made_from: str, steps: int, now: datetime) -> bool:
    """Begin to make them; False when somebody else does, or they are made already from the same."""
    row = RecordingExtrasRow
    async with store.session() as db:
        known = await db.get(row, recording_id, with_for_update=True)
        if known is None:
            known = row(recording_id=recording_id, made_from=made_from, chapters=[], finished_at=None)
            db.add(known)
        elif (known.made_from == made_from and known.finished_at is not None) or (
            known.claimed_by not in (None, by) and known.claimed_until is not None and known.claimed_until > now
        ):
            return False
        known.made_from, known.steps, known.steps_done, known.steps_failed = made_from, steps, 0, 0
        known.claimed_by, known.claimed_until, known.finished_at = by, now + CLAIM, None
    return True


async def tell_extras(store: Store, recording_id: str, by: str, *, done: int, failed: int, now: datetime) -> bool:
    """How far it is. False when the claim was lost: then somebody else makes them."""
    row = RecordingExtrasRow
    async with store.session() as db:
        told = await db.execute(
            update(row)
            .where(row.recording_id == recording_id, or_(row.claimed_by == by, row.claimed_until < now))
            .values(steps_done=done, steps_failed=failed, claimed_by=by, claimed_until=now + CLAIM)
            .returning(row.recording_id)
        )
        return told.first() is not None


async def finish_extras(
    store: Store, recording_id: str, by: str, *, done: int, failed: int, chapters: list[float], now: datetime
) -> None:
    row = RecordingExtrasRow
    async with store.session() as db:
        await db.execute(
            update(row)
            .where(row.recording_id == recording_id, row.claimed_by == by)
            .values(
                steps_done=done,
                steps_failed=failed,
                chapters=chapters,
                finished_at=now,
                claimed_by=None,
                claimed_until=None,
            )
        )


def _progress(row: RecordingExtrasRow) -> ExtrasProgress:
    return ExtrasProgress(
        made_from=row.made_from,
        steps_done=row.steps_done,
        steps=row.steps,
        steps_failed=row.steps_failed,
        chapters=tuple(row.chapters),
        finished=row.finished_at is not None,
    )

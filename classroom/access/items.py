"""One recording with all that its page shows."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from classroom.access.archive import ask
from classroom.access.cataloguing import entry_of
from classroom.access.library import Hit, hit_of
from classroom.access.matrix import Deed, allowed
from classroom.model.catalogue import Entry
from classroom.model.principal import Principal
from classroom.model.recording import TrackKind, TrackOrigin
from classroom.store.recording_tables import BlobRow, SegmentRow, TrackRow
from classroom.store.store import Store
from classroom.store.tables import SchoolRow

DEEDS = (
    Deed.SEE_RECORDING, Deed.WATCH_RECORDING, Deed.DOWNLOAD_RECORDING, Deed.DESCRIBE_RECORDING, Deed.SUBMIT_RECORDING,
    Deed.RATE_RECORDING, Deed.JUDGE_RECORDING, Deed.REMARK_RECORDING, Deed.SEE_REVIEWS, Deed.KEEP_RECORDING,
)  # fmt: skip
_MOST_LOST = 20  # spans told


@dataclass(frozen=True, slots=True)
class TrackState:
    """A track and how much of it the segment store has. `expected` None: more may come.

    `lost`: from when to when (seconds) nothing of it can be shown, for it was given up or is damaged; the first ones.
    """

    name: str
    kind: TrackKind
    origin: TrackOrigin
    codec: str
    width: int
    height: int
    channels: int
    duration_s: float
    size_bytes: int
    segments: int
    expected: int | None
    stored: int
    damaged: int
    given_up: bool
    lost: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Item:
    """`may`: what the asker may do with it."""

    hit: Hit
    entry: Entry
    tracks: tuple[TrackState, ...]
    may: tuple[Deed, ...]


async def access_item(
    store: Store, principal: Principal, recording_id: str, now: datetime, share: str | None = None
) -> Item:
    """A recording with its entry and the state of its tracks, for whoever may see it."""
    async with store.reading() as db:
        asked = await ask(db, principal, recording_id, Deed.SEE_RECORDING, now=now, share=share)
        school = await db.get_one(SchoolRow, asked.row.school_id)
        return Item(
            hit_of(asked.row, asked.entry, school.name),
            await entry_of(db, asked.entry),
            tuple(await _tracks(db, recording_id)),
            tuple(deed for deed in DEEDS if allowed(deed, asked.relations)),
        )


async def _tracks(db: AsyncSession, recording_id: str) -> list[TrackState]:
    stored = case((BlobRow.damaged_at.is_(None) & BlobRow.digest.is_not(None), 1), else_=0)
    damaged = case((BlobRow.damaged_at.is_not(None), 1), else_=0)
    found = await db.execute(
        select(
            TrackRow,
            func.count(SegmentRow.sequence),
            func.coalesce(func.sum(SegmentRow.size_bytes), 0),
            func.coalesce(func.max(SegmentRow.start + SegmentRow.duration), 0),
            func.coalesce(func.sum(stored), 0),
            func.coalesce(func.sum(damaged), 0),
        )
        .outerjoin(SegmentRow, SegmentRow.track_id == TrackRow.id)
        .outerjoin(BlobRow, BlobRow.digest == SegmentRow.digest)
        .where(TrackRow.recording_id == recording_id)
        .group_by(TrackRow.id)
        .order_by(TrackRow.name, TrackRow.kind, TrackRow.origin)
    )
    return [
        TrackState(
            name=row.name,
            kind=row.kind,
            origin=row.origin,
            codec=row.codec,
            width=row.width,
            height=row.height,
            channels=row.channels,
            duration_s=int(end) / row.timescale,
            size_bytes=int(size),
            segments=count,
            expected=row.expected_segments,
            stored=int(whole),
            damaged=int(broken),
            given_up=row.given_up_at is not None,
            lost=await _lost(db, row) if row.given_up_at is not None or broken else (),
        )
        for row, count, size, end, whole, broken in found.all()
    ]


async def _lost(db: AsyncSession, track: TrackRow) -> tuple[tuple[float, float], ...]:
    """Segments the store has not, or not whole, or not the header of; those that follow each other as one."""
    header = aliased(BlobRow)
    lines = await db.execute(
        select(SegmentRow.start, SegmentRow.duration)
        .outerjoin(BlobRow, BlobRow.digest == SegmentRow.digest)
        .outerjoin(header, header.digest == SegmentRow.init_digest)
        .where(
            SegmentRow.track_id == track.id,
            or_(*(each.digest.is_(None) | each.damaged_at.is_not(None) for each in (BlobRow, header))),
        )
        .order_by(SegmentRow.start)
    )
    spans: list[tuple[int, int]] = []
    for start, duration in lines:
        if spans and spans[-1][1] >= start:
            spans[-1] = spans[-1][0], start + duration
        else:
            spans.append((start, start + duration))
    return tuple((begin / track.timescale, end / track.timescale) for begin, end in spans[:_MOST_LOST])

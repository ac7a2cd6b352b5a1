"""Calendar feeds: whoever knows the secret address of one reads the lessons of a teacher, a room or a school."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.lessons import details_of, with_names
from classroom.access.matrix import Deed, allowed
from classroom.access.places import managed_school
from classroom.access.relations import relations_to_school, require_somebody
from classroom.access.rows import LessonDetails
from classroom.audit import append
from classroom.errors import Forbidden, NotFound, NotSignedIn
from classroom.model.plan import FeedKind
from classroom.model.principal import Principal
from classroom.store.plan_tables import FeedRow, TermLessonRow
from classroom.store.store import Store
from classroom.store.tables import AccountRow, AuditRow, LessonPointRow, LessonRow, RoomRow, SchoolRow
from classroom.store.types import new_id

SECRET_BYTES = 24
# Calendars forget what a feed no longer has, so it looks back a little.
BACK = timedelta(days=60)
AHEAD = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed; the `name` is the teacher's, the room's or the school's."""

    id: str
    kind: FeedKind
    subject_id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class FeedLesson:
    """A lesson as a calendar keeps it: `sequence` and `changed_at` as in RFC 5545."""

    details: LessonDetails
    sequence: int
    changed_at: datetime


async def access_new_feed(
    store: Store, principal: Principal, kind: FeedKind, subject_id: str, now: datetime
) -> tuple[Feed, str]:
    """A feed and its secret, which is not kept: a teacher's for that teacher and whoever manages its school, a room's
    or a school's for whoever may see the room. Raises `NotFound`, `Forbidden`."""
    _require_account(principal)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    async with store.session() as db:
        name = await _subject(db, principal, kind, subject_id)
        row = FeedRow(
            id=new_id(),
            secret_hash=_hash(secret),
            kind=kind,
            subject_id=subject_id,
            created_by=principal.id,
            created_at=now,
            revoked_at=None,
        )
        db.add(row)
        append(db, principal, "feed.added", f"feed:{row.id}", {"kind": kind.value, "of": subject_id}, now=now)
        return Feed(row.id, kind, subject_id, name, now), secret


async def access_feeds(store: Store, principal: Principal) -> list[Feed]:
    """The feeds one has made and not revoked, the latest first."""
    _require_account(principal)
    async with store.reading() as db:
        rows = await db.scalars(
            select(FeedRow)
            .where(FeedRow.created_by == principal.id, FeedRow.revoked_at.is_(None))
            .order_by(FeedRow.created_at.desc(), FeedRow.id)
        )
        return [
            Feed(row.id, row.kind, row.subject_id, await _name(db, row.kind, row.subject_id) or "", row.created_at)
            for row in list(rows)
        ]


async def access_feed_revoke(store: Store, principal: Principal, feed_id: str, now: datetime) -> None:
    """Nobody reads the feed any more. Raises `NotFound("feed_unknown")`, also for somebody else's."""
    _require_account(principal)
    async with store.session() as db:
        row = await db.get(FeedRow, feed_id)
        if row is None or row.created_by != principal.id:
            raise NotFound("feed_unknown")
        row.revoked_at = row.revoked_at or now
        append(db, principal, "feed.revoked", f"feed:{feed_id}", now=now)


async def access_feed_lessons(store: Store, secret: str, now: datetime) -> tuple[str, list[FeedLesson]]:
    """The name and the lessons of the feed with this secret, cancelled ones too. Raises `NotFound("feed_unknown")`."""
    async with store.reading() as db:
        row = await db.scalar(select(FeedRow).where(FeedRow.secret_hash == _hash(secret), FeedRow.revoked_at.is_(None)))
        name = None if row is None else await _name(db, row.kind, row.subject_id)
        if row is None or name is None:
            raise NotFound("feed_unknown")
        wanted = with_names().where(LessonRow.starts_at >= now - BACK, LessonRow.starts_at < now + AHEAD)
        match row.kind:
            case FeedKind.TEACHER:
                wanted = wanted.where(LessonRow.teacher_id == row.subject_id)
            case FeedKind.ROOM:
                wanted = wanted.where(LessonRow.room_id == row.subject_id)
            case FeedKind.SCHOOL:
                received = select(LessonPointRow.lesson_id).where(LessonPointRow.school_id == row.subject_id)
                wanted = wanted.where((RoomRow.school_id == row.subject_id) | LessonRow.id.in_(received))
        found = await details_of(db, wanted.order_by(LessonRow.starts_at, LessonRow.code))
        marks = await _marks(db, [details.lesson.id for details in found])
        return name, [FeedLesson(details, *marks[details.lesson.id]) for details in found]


async def _marks(db: AsyncSession, lesson_ids: list[str]) -> dict[str, tuple[int, datetime]]:
    """Sequence and time of the last change: of a publication or in the audit, whichever is later."""
    steps: dict[str, tuple[int, datetime]] = {}
    for start in range(0, len(lesson_ids), 500):
        ids = lesson_ids[start : start + 500]
        objects = [f"lesson:{lesson_id}" for lesson_id in ids]
        audited = await db.execute(
            select(AuditRow.object, func.count(), func.max(AuditRow.at))
            .where(AuditRow.object.in_(objects))
            .group_by(AuditRow.object)
        )
        for name, count, at in audited:
            steps[name.partition(":")[2]] = (count, at)
        links = await db.scalars(select(TermLessonRow).where(TermLessonRow.lesson_id.in_(ids)))
        for link in links:
            count, at = steps.get(link.lesson_id, (0, link.changed_at))
            steps[link.lesson_id] = (count + link.sequence, max(at, link.changed_at))
    return steps


async def _subject(db: AsyncSession, principal: Principal, kind: FeedKind, subject_id: str) -> str:
    """The name, for whoever may have such a feed."""
    name = await _name(db, kind, subject_id)
    if name is None:
        raise NotFound("feed_subject_unknown")
    if kind is FeedKind.TEACHER:
        account = await db.get_one(AccountRow, subject_id)
        if principal.id != subject_id:
            await managed_school(db, principal, account.school_id or "")
        return name
    room = await db.get(RoomRow, subject_id) if kind is FeedKind.ROOM else None
    school = await db.get_one(SchoolRow, subject_id if room is None else room.school_id)
    relations = await relations_to_school(db, principal, school, None if room is None else room.id)
    if not allowed(Deed.SEE_ROOM, relations):
        raise Forbidden("school_forbidden", school=school.id)
    return name


async def _name(db: AsyncSession, kind: FeedKind, subject_id: str) -> str | None:
    match kind:
        case FeedKind.TEACHER:
            return await db.scalar(select(AccountRow.name).where(AccountRow.id == subject_id))
        case FeedKind.ROOM:
            return await db.scalar(select(RoomRow.name).where(RoomRow.id == subject_id))
        case FeedKind.SCHOOL:
            return await db.scalar(select(SchoolRow.name).where(SchoolRow.id == subject_id))


def _require_account(principal: Principal) -> None:
    require_somebody(principal)
    if not principal.signed_in:
        raise NotSignedIn("sign_in_needed")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

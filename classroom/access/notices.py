"""What teachers and schools are told."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.relations import require_somebody
from classroom.errors import NotSignedIn
from classroom.model.plan import LessonPlan, Notice, NoticeKind, Publication, PublishedLesson
from classroom.model.principal import Principal, Role
from classroom.model.term import Term
from classroom.store.plan_tables import NoticeRow
from classroom.store.store import Store
from classroom.store.types import new_id

# A notice says what its first changes are; the timetable says the rest.
MOST_SAMPLES = 8
MOST_NOTICES = 100


async def access_notices(store: Store, principal: Principal) -> list[Notice]:
    """One's own notices, the latest first: one's account's, and those of the school one works at."""
    require_somebody(principal)
    async with store.reading() as db:
        rows = await db.scalars(
            select(NoticeRow)
            .where(_own(principal))
            .order_by(NoticeRow.created_at.desc(), NoticeRow.id)
            .limit(MOST_NOTICES)
        )
        return [_notice_of(row) for row in rows]


async def access_notices_read(store: Store, principal: Principal, now: datetime) -> None:
    """All of one's notices have been read."""
    require_somebody(principal)
    async with store.session() as db:
        for row in await db.scalars(select(NoticeRow).where(_own(principal), NoticeRow.read_at.is_(None))):
            row.read_at = now


async def notify(
    db: AsyncSession,
    term: Term,
    version: int,
    publication: Publication,
    before: Mapping[str, PublishedLesson],
    *,
    now: datetime,
) -> None:
    """One notice for each teacher and each school whose lessons a publication makes different; `before` by lesson."""
    db.add_all(await asyncio.to_thread(_notices, term, version, publication, before, now))


def _notices(
    term: Term, version: int, publication: Publication, before: Mapping[str, PublishedLesson], now: datetime
) -> list[NoticeRow]:
    changes = [Change(None, plan) for plan in publication.create]
    changes += [Change(before[lesson_id].plan, plan) for lesson_id, plan in publication.change]
    changes += [Change(before[lesson_id].plan, None) for lesson_id in publication.cancel]
    accounts: dict[str, list[Change]] = defaultdict(list)
    schools: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        for account in {plan.teacher_id for plan in change.plans}:
            accounts[account].append(change.seen_by(account, _teachers))
        for school in {school for plan in change.plans for school in _schools(plan)}:
            seen = change.seen_by(school, _schools)
            # which others attend is the teacher's business
            if seen.what != "attending" or len({_classes(plan, school) for plan in seen.plans}) > 1:
                schools[school].append(seen)
    told = [_row(term, version, found, now, account_id=account) for account, found in accounts.items()]
    return told + [_row(term, version, found, now, school_id=school) for school, found in schools.items()]


def _teachers(plan: LessonPlan) -> set[str]:
    return {plan.teacher_id}


def _schools(plan: LessonPlan) -> set[str]:
    return {point.school_id for point in plan.points if point.school_id}


def _classes(plan: LessonPlan, school: str) -> tuple[str, ...]:
    return tuple(point.name for point in plan.points if point.school_id == school)


def notify_refused(db: AsyncSession, term: Term, school_id: str, title: str, *, now: datetime) -> None:
    """A school's request for a lesson was turned down."""
    counts = {"created": 0, "moved": 0, "cancelled": 0}
    change = {"what": "refused", "title": title, "before": None, "after": None}
    data = {"term": term.name, "version": 0, **counts, "changes": [change]}
    row = NoticeRow(id=new_id(), school_id=school_id, kind=NoticeKind.BOOKING, data=data, created_at=now)
    db.add(row)


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a lesson."""

    before: LessonPlan | None
    after: LessonPlan | None

    def seen_by(self, who: str, of: Callable[[LessonPlan], Collection[str]]) -> "Change":
        """To whom a lesson is given, it is new; whom it leaves, has lost it. `of` says whose a lesson is."""
        return Change(*(plan if plan is not None and who in of(plan) else None for plan in (self.before, self.after)))

    @property
    def what(self) -> str:
        """`created`, `cancelled`, `moved`; `attending` where nothing differs but who attends."""
        if self.before is None or self.after is None:
            return "created" if self.before is None else "cancelled"
        same = replace(self.before, points=self.after.points, needs=self.after.needs) == self.after
        return "attending" if same else "moved"

    @property
    def plans(self) -> list[LessonPlan]:
        """One or both."""
        return [plan for plan in (self.after, self.before) if plan is not None]


def _row(
    term: Term,
    version: int,
    changes: Sequence[Change],
    now: datetime,
    *,
    account_id: str | None = None,
    school_id: str | None = None,
) -> NoticeRow:
    whats = Counter("moved" if change.what == "attending" else change.what for change in changes)
    counts = {what: whats[what] for what in ("created", "moved", "cancelled")}
    coming = sorted(changes, key=lambda change: min(plan.starts_at for plan in change.plans))
    samples = list(_samples(coming[:MOST_SAMPLES]))
    return NoticeRow(
        id=new_id(),
        account_id=account_id,
        school_id=school_id,
        kind=NoticeKind.TIMETABLE,
        data={"term": term.name, "version": version, **counts, "changes": samples},
        created_at=now,
        read_at=None,
    )


def _samples(changes: Iterable[Change]) -> Iterable[dict[str, Any]]:
    for change in changes:
        yield {
            "what": change.what,
            "title": change.plans[0].title,
            "before": change.before.starts_at.isoformat() if change.before else None,
            "after": change.after.starts_at.isoformat() if change.after else None,
        }


def _own(principal: Principal) -> ColumnElement[bool]:
    """Raises `NotSignedIn` for a token-holder, who has none."""
    if not principal.signed_in:
        raise NotSignedIn("sign_in_needed")
    mine = NoticeRow.account_id == principal.id
    if principal.school_id is not None and principal.has(Role.TEACHER, Role.COORDINATOR):
        return or_(mine, NoticeRow.school_id == principal.school_id)
    return mine


def _notice_of(row: NoticeRow) -> Notice:
    return Notice(row.id, row.kind, row.data, row.created_at, row.read_at)

"""Two tracks of review: what teachers and pupils think (stars), what asked experts judge (by the rubric); and 听评课.

一线师生评估和专家审查相结合. Reviews belong to one submission: what was returned and submitted again is judged anew.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.archive import Asked, ask, kept_by
from classroom.access.lifecycle import decide, lock
from classroom.access.matrix import Deed
from classroom.access.relations import require_somebody
from classroom.access.retention import require_keeper
from classroom.errors import BadInput, Conflict, Forbidden, NotFound
from classroom.model.principal import Principal, Role
from classroom.model.recording import RecordingState
from classroom.model.rubric import Rubric
from classroom.store.catalogue_tables import RecordingExpertRow, RemarkRow, ReviewRow
from classroom.store.store import Store
from classroom.store.tables import AccountRoleRow, AccountRow, SchoolRow

MOST_STARS = 5
MOST_EXPERTS = 20
MOST_PEOPLE = 50
_JUDGES = frozenset({Role.TEACHER, Role.COORDINATOR, Role.SUPERVISOR, Role.ARCHIVIST})
_RATED_IN = frozenset({RecordingState.SUBMITTED, RecordingState.APPROVED, RecordingState.PUBLISHED})


@dataclass(frozen=True, slots=True)
class Review:
    """`score` from 0 to 100; `scores` by criterion for experts."""

    account_id: str
    name: str
    expert: bool
    score: float
    scores: Mapping[str, float]
    recommends: bool | None
    comment: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reviews:
    """Of the present submission. Means are None without a review. `waiting`: experts who have not judged."""

    teachers: tuple[Review, ...]
    experts: tuple[Review, ...]
    teachers_mean: float | None
    experts_mean: float | None
    asked: tuple[tuple[str, str], ...]
    waiting: int


@dataclass(frozen=True, slots=True)
class Remark:
    """What somebody said of a moment: `at_s` seconds from the beginning."""

    id: str
    account_id: str
    name: str
    at_s: float
    text: str
    made_at: datetime


async def access_rating(
    store: Store, principal: Principal, recording_id: str, *, stars: int, comment: str, now: datetime
) -> None:
    """Give one to five stars, or change them: for teachers and pupils who may watch it, except its own teacher.

    Raises `BadInput("stars_wrong")`, `Conflict("review_closed")`, `Forbidden`.
    """
    require_somebody(principal)
    async with store.session() as db:
        asked = await ask(db, principal, recording_id, Deed.RATE_RECORDING, now=now)
        if asked.entry.teacher_id == principal.id or not principal.has(Role.TEACHER, Role.STUDENT):
            raise Forbidden("recording_forbidden", recording=recording_id)
        if not 1 <= stars <= MOST_STARS:
            raise BadInput("stars_wrong", most=MOST_STARS)
        _require_open(asked)
        row = await _review(db, asked, principal, expert=False)
        row.score, row.comment, row.at = stars / MOST_STARS * 100, comment, now
        decide(db, principal, recording_id, "rated", now=now, stars=stars)


async def access_judgement(
    store: Store,
    principal: Principal,
    recording_id: str,
    *,
    rubric: Rubric,
    scores: Mapping[str, float],
    recommends: bool,
    comment: str,
    now: datetime,
) -> None:
    """Judge a submission by the rubric, or change one's judgement. Raises `BadInput("scores_wrong")`, `Forbidden`,
    and `Conflict("review_closed")` once it is decided.
    """
    async with store.session() as db:
        asked = await ask(db, principal, recording_id, Deed.JUDGE_RECORDING, now=now)
        score = rubric.score(scores)
        if asked.row.state is not RecordingState.SUBMITTED:
            raise Conflict("review_closed", recording=asked.row.title, state=asked.row.state.value)
        row = await _review(db, asked, principal, expert=True)
        row.score, row.scores, row.recommends = score, dict(scores), recommends
        row.comment, row.at = comment, now
        decide(db, principal, recording_id, "judged", now=now, score=round(score, 1), recommends=recommends)


def _require_open(asked: Asked) -> None:
    if asked.row.state not in _RATED_IN:
        raise Conflict("review_closed", recording=asked.row.title, state=asked.row.state.value)


async def _review(db: AsyncSession, asked: Asked, principal: Principal, *, expert: bool) -> ReviewRow:
    key = {
        "recording_id": asked.row.id,
        "submission": asked.entry.submission,
        "expert": expert,
        "account_id": principal.id,
    }
    row = await db.scalar(select(ReviewRow).filter_by(**key))
    if row is None:
        row = ReviewRow(**key, score=0.0, scores={}, recommends=None, comment="", at=asked.entry.changed_at)
        db.add(row)
    return row


async def access_experts(
    store: Store, principal: Principal, recording_id: str, account_ids: Collection[str], now: datetime
) -> None:
    """Ask these people, and no others, to judge the present submission. What somebody already judged stays.

    Raises `NotFound("account_unknown")`, `BadInput("experts_wrong")` for its own teacher or too many.
    """
    wanted = set(account_ids)
    async with store.session() as db:
        await lock(db, recording_id)
        asked = await ask(db, principal, recording_id, Deed.KEEP_RECORDING, now=now)
        if len(wanted) > MOST_EXPERTS or asked.entry.teacher_id in wanted:
            raise BadInput("experts_wrong", most=MOST_EXPERTS)
        known = select(AccountRow.id).where(AccountRow.id.in_(wanted), AccountRow.disabled_at.is_(None))
        if wanted - set(await db.scalars(known)):
            raise NotFound("account_unknown")
        submission = asked.entry.submission
        of = (RecordingExpertRow.recording_id == recording_id, RecordingExpertRow.submission == submission)
        before = set(await db.scalars(select(RecordingExpertRow.account_id).where(*of)))
        await db.execute(delete(RecordingExpertRow).where(*of, RecordingExpertRow.account_id.in_(before - wanted)))
        db.add_all(
            RecordingExpertRow(recording_id=recording_id, submission=submission, account_id=each, asked_at=now)
            for each in wanted - before
        )
        decide(db, principal, recording_id, "experts_asked", now=now, experts=len(wanted))


async def access_reviews(store: Store, principal: Principal, recording_id: str, now: datetime) -> Reviews:
    """What was thought of the present submission, for staff, its teacher and its experts."""
    async with store.reading() as db:
        asked = await ask(db, principal, recording_id, Deed.SEE_REVIEWS, now=now)
        of = (ReviewRow.recording_id == recording_id, ReviewRow.submission == asked.entry.submission)
        rows = await db.execute(
            select(ReviewRow, AccountRow.name)
            .join(AccountRow, AccountRow.id == ReviewRow.account_id)
            .where(*of)
            .order_by(ReviewRow.at, ReviewRow.id)
        )
        reviews = [
            Review(
                row.account_id, name, row.expert, row.score, row.scores, row.recommends, row.comment, row.at
            )
            for row, name in rows
        ]  # fmt: skip
        people = await db.execute(
            select(AccountRow.id, AccountRow.name)
            .join(RecordingExpertRow, RecordingExpertRow.account_id == AccountRow.id)
            .where(
                RecordingExpertRow.recording_id == recording_id,
                RecordingExpertRow.submission == asked.entry.submission,
            )
            .order_by(AccountRow.name, AccountRow.id)
        )
        experts = tuple((account_id, name) for account_id, name in people)
    judged = tuple(review for review in reviews if review.expert)
    rated = tuple(review for review in reviews if not review.expert)
    done = {review.account_id for review in judged}
    waiting = sum(account_id not in done for account_id, _ in experts)
    return Reviews(rated, judged, _mean(rated), _mean(judged), experts, waiting)


def _mean(reviews: Collection[Review]) -> float | None:
    return sum(review.score for review in reviews) / len(reviews) if reviews else None


async def access_remarks(store: Store, principal: Principal, recording_id: str, now: datetime) -> list[Remark]:
    """听评课: all comments, by the moment they are about."""
    async with store.reading() as db:
        await ask(db, principal, recording_id, Deed.REMARK_RECORDING, now=now)
        rows = await db.execute(
            select(RemarkRow, AccountRow.name)
            .join(AccountRow, AccountRow.id == RemarkRow.account_id)
            .where(RemarkRow.recording_id == recording_id)
            .order_by(RemarkRow.at_s, RemarkRow.made_at, RemarkRow.id)
        )
        return [Remark(row.id, row.account_id, name, row.at_s, row.text, row.made_at) for row, name in rows]


async def access_new_remark(
    store: Store, principal: Principal, recording_id: str, *, at_s: float, text: str, now: datetime
) -> str:
    """Comment on a moment: the comment's id. Raises `BadInput("moment_wrong")` for one outside of the recording."""
    async with store.session() as db:
        asked = await ask(db, principal, recording_id, Deed.REMARK_RECORDING, now=now)
        if not 0 <= at_s <= asked.row.duration_s:
            raise BadInput("moment_wrong", longest_s=round(asked.row.duration_s))
        row = RemarkRow(recording_id=recording_id, account_id=principal.id, at_s=at_s, text=text, made_at=now)
        db.add(row)
        decide(db, principal, recording_id, "remarked", now=now, at_s=round(at_s, 1))
        await db.flush()
        return row.id


async def access_remark_removal(
    store: Store, principal: Principal, recording_id: str, remark_id: str, now: datetime
) -> None:
    """Take back one's own comment; archivists also remove those of others. Raises `NotFound("remark_unknown")`."""
    async with store.session() as db:
        await ask(db, principal, recording_id, Deed.REMARK_RECORDING, now=now)
        row = await db.get(RemarkRow, remark_id)
        if row is None or row.recording_id != recording_id:
            raise NotFound("remark_unknown", remark=remark_id[:64])
        if row.account_id != principal.id:
            await ask(db, principal, recording_id, Deed.KEEP_RECORDING, now=now)
        await db.delete(row)
        decide(db, principal, recording_id, "remark_removed", now=now, remark=remark_id)


async def access_possible_experts(store: Store, principal: Principal, text: str) -> list[tuple[str, str, str]]:
    """Ids, names and schools of teachers and staff whose name contains `text`, for whoever keeps an archive."""
    require_somebody(principal)
    wanted = (
        select(AccountRow.id, AccountRow.name, func.coalesce(SchoolRow.name, ""))
        .outerjoin(SchoolRow, SchoolRow.id == AccountRow.school_id)
        .where(
            AccountRow.id.in_(select(AccountRoleRow.account_id).where(AccountRoleRow.role.in_(_JUDGES))),
            AccountRow.disabled_at.is_(None),
            AccountRow.name.contains(text, autoescape=True),
        )
        .order_by(AccountRow.name, AccountRow.id)
        .limit(MOST_PEOPLE)
    )
    async with store.reading() as db:
        await require_keeper(db, principal, None, anywhere=True)
        schools = await kept_by(db, principal, Role.ARCHIVIST)
        if schools is not None:
            # staff of a region have no school; who keeps the archive of one school asks its teachers
            wanted = wanted.where(or_(schools, AccountRow.school_id.is_(None)))
        return [(account_id, name, school) for account_id, name, school in await db.execute(wanted)]

"""Tables of timetables: runs, proposals with their steps, versions, and the lessons made from them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from classroom.model.plan import BookingState, FeedKind, NoticeKind, RunState
from classroom.store.tables import Base
from classroom.store.types import UtcDateTime, enum_column, id_column, new_id

Json = dict[str, Any]


class PlanRunRow(Base):
    """A run of the solver. `seen_at` is renewed while its process lives: a run nobody renews has died with it."""

    __tablename__ = "plan_runs"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    term_id: Mapped[str] = mapped_column(ForeignKey("terms.id", ondelete="CASCADE"), index=True)
    state: Mapped[RunState] = mapped_column(enum_column(RunState), index=True)
    seconds: Mapped[float]
    seed: Mapped[int]
    start_id: Mapped[str | None] = mapped_column(ForeignKey("proposals.id", ondelete="SET NULL"))
    points: Mapped[list[list[float]]] = mapped_column(JSON)
    error: Mapped[str | None] = mapped_column(String(64))
    started_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime())
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class ProposalRow(Base):
    """A timetable to work on; `head` of its `ProposalStepRow`s are in it, the others were undone."""

    __tablename__ = "proposals"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    term_id: Mapped[str] = mapped_column(ForeignKey("terms.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    courses: Mapped[list[Json]] = mapped_column(JSON)
    coverage: Mapped[int]
    wanted: Mapped[int]
    bound: Mapped[int | None]
    revision: Mapped[int]
    head: Mapped[int]
    run_id: Mapped[str | None] = mapped_column(String(32))
    copied_from: Mapped[str | None] = mapped_column(String(32))
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime())


class ProposalStepRow(Base):
    """One change: the courses that were `before` gave way to those `after`."""

    __tablename__ = "proposal_steps"

    proposal_id: Mapped[str] = mapped_column(ForeignKey("proposals.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    before: Mapped[list[Json]] = mapped_column(JSON)
    after: Mapped[list[Json]] = mapped_column(JSON)


class PlanVersionRow(Base):
    """A publication."""

    __tablename__ = "plan_versions"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    term_id: Mapped[str] = mapped_column(ForeignKey("terms.id", ondelete="CASCADE"))
    number: Mapped[int]
    proposal_id: Mapped[str | None] = mapped_column(String(32))
    courses: Mapped[list[Json]] = mapped_column(JSON)
    from_day: Mapped[date] = mapped_column(Date)
    created: Mapped[int]
    moved: Mapped[int]
    cancelled: Mapped[int]
    published_by: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime())

    __table_args__ = (UniqueConstraint("term_id", "number"),)


class TermLessonRow(Base):
    """Which lesson of the plan a lesson is. `sequence` and `changed_at` are the calendar feeds' (RFC 5545).

    `needs` attend it; `fixed` and `stands_for` as in `classroom.model.plan.PublishedLesson`.
    """

    __tablename__ = "term_lessons"

    lesson_id: Mapped[str] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"), primary_key=True)
    term_id: Mapped[str] = mapped_column(ForeignKey("terms.id", ondelete="CASCADE"))
    course: Mapped[str] = mapped_column(String(32))
    week: Mapped[int]
    dropped: Mapped[bool]
    sequence: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime())
    needs: Mapped[list[str]] = mapped_column(JSON)
    fixed: Mapped[bool]
    stands_for: Mapped[datetime | None] = mapped_column(UtcDateTime())

    __table_args__ = (Index(None, "term_id", "course"),)


class PairingRow(Base):
    """A strong school and one it helps, for a term. `lessons` a week is the goal; what was held is counted."""

    __tablename__ = "pairings"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    term_id: Mapped[str] = mapped_column(ForeignKey("terms.id", ondelete="CASCADE"))
    strong_id: Mapped[str] = mapped_column(ForeignKey("schools.id"))
    helped_id: Mapped[str] = mapped_column(ForeignKey("schools.id"))
    lessons: Mapped[int]
    goal: Mapped[str] = mapped_column(String(500))
    signed_on: Mapped[date | None] = mapped_column(Date)

    __table_args__ = (UniqueConstraint("term_id", "strong_id", "helped_id"),)


class BookingRow(Base):
    """A point asks for a single lesson; `lesson_id` is what came of it."""

    __tablename__ = "bookings"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    term_id: Mapped[str] = mapped_column(ForeignKey("terms.id", ondelete="CASCADE"), index=True)
    class_id: Mapped[str] = mapped_column(ForeignKey("class_groups.id", ondelete="CASCADE"), index=True)
    subject: Mapped[str] = mapped_column(String(20))
    wish: Mapped[str] = mapped_column(String(500))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    state: Mapped[BookingState] = mapped_column(enum_column(BookingState))
    asked_by: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime())
    decided_by: Mapped[str | None] = mapped_column(String(64))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    answer: Mapped[str] = mapped_column(String(500))
    lesson_id: Mapped[str | None] = mapped_column(ForeignKey("lessons.id", ondelete="SET NULL"))


class FeedRow(Base):
    """A calendar feed. Whoever knows its address reads it, so only SHA-256 of the secret in it is kept."""

    __tablename__ = "feeds"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[FeedKind] = mapped_column(enum_column(FeedKind))
    subject_id: Mapped[str] = mapped_column(String(32), index=True)
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class NoticeRow(Base):
    """What a teacher (`account_id`) or the people of a school (`school_id`) should know."""

    __tablename__ = "notices"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    school_id: Mapped[str | None] = mapped_column(ForeignKey("schools.id"))
    kind: Mapped[NoticeKind] = mapped_column(enum_column(NoticeKind))
    data: Mapped[Json] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    __table_args__ = (Index(None, "account_id", "created_at"), Index(None, "school_id", "created_at"))

"""The tables. Rows stay inside `classroom.access` and `classroom.auth`; everyone else gets model dataclasses."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, MetaData, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from classroom.model.lesson import LessonMode, LessonState, Topology
from classroom.model.place import RegionLevel, RoomKind, SchoolKind
from classroom.model.principal import Role
from classroom.store.types import UtcDateTime, enum_column, id_column, new_id


class Base(DeclarativeBase):
    """Constraint names are fixed here, so that a migration can name what it alters."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class RegionRow(Base):
    __tablename__ = "regions"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(80))
    level: Mapped[RegionLevel] = mapped_column(enum_column(RegionLevel))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("regions.id"), index=True)


class SchoolRow(Base):
    __tablename__ = "schools"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(10), unique=True)
    name: Mapped[str] = mapped_column(String(80), index=True)
    kind: Mapped[SchoolKind] = mapped_column(enum_column(SchoolKind))
    region_id: Mapped[str] = mapped_column(ForeignKey("regions.id"), index=True)


class RoomRow(Base):
    __tablename__ = "rooms"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[RoomKind] = mapped_column(enum_column(RoomKind))
    school_id: Mapped[str] = mapped_column(ForeignKey("schools.id"), index=True)
    # nothing is planned into it any more; what took place there still says so
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class AccountRow(Base):
    """`username` is kept folded (see `classroom.auth.passwords.fold_username`), so it is unique whatever its case."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    password_hash: Mapped[str] = mapped_column(String(256))
    school_id: Mapped[str | None] = mapped_column(ForeignKey("schools.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    roles: Mapped[list["AccountRoleRow"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="AccountRoleRow.role"
    )


class AccountRoleRow(Base):
    """A role, within a region and all below it; without a region, within the account's own school."""

    __tablename__ = "account_roles"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(enum_column(Role))
    region_id: Mapped[str | None] = mapped_column(ForeignKey("regions.id"))

    __table_args__ = (UniqueConstraint("account_id", "role", "region_id"),)


class SessionRow(Base):
    """A browser that signed in. `id_hash` is SHA-256 of the cookie, so a copy of the database opens no session."""

    __tablename__ = "sessions"

    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime())
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)


class DeviceRow(Base):
    """A room's agent, known by the token issued to it."""

    __tablename__ = "devices"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    room_id: Mapped[str] = mapped_column(ForeignKey("rooms.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class LessonRow(Base):
    __tablename__ = "lessons"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(12), unique=True)
    title: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(80))
    grade: Mapped[int]
    mode: Mapped[LessonMode] = mapped_column(enum_column(LessonMode))
    topology: Mapped[Topology] = mapped_column(enum_column(Topology))
    state: Mapped[LessonState] = mapped_column(enum_column(LessonState))
    room_id: Mapped[str] = mapped_column(ForeignKey("rooms.id"))
    teacher_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime())
    open_join: Mapped[bool]
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    points: Mapped[list["LessonPointRow"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="LessonPointRow.position"
    )

    __table_args__ = (Index(None, "room_id", "starts_at"), Index(None, "teacher_id", "starts_at"), Index(None, "state"))


class LessonPointRow(Base):
    """A teaching point that takes part, in the planner's order; `school_id` when the name is a school's."""

    __tablename__ = "lesson_points"

    lesson_id: Mapped[str] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    school_id: Mapped[str | None] = mapped_column(ForeignKey("schools.id"), index=True)


class AuditRow(Base):
    """Who did what, when, to what. Triggers refuse to change or remove a row."""

    __tablename__ = "audit"

    # SQLite numbers rows by itself only in a column that is exactly INTEGER
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)
    actor_id: Mapped[str] = mapped_column(String(64), index=True)
    actor_roles: Mapped[str] = mapped_column(String(160))
    action: Mapped[str] = mapped_column(String(64))
    object: Mapped[str] = mapped_column(String(120), index=True)
    details: Mapped[dict[str, Any]] = mapped_column(JSON)

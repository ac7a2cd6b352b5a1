"""Tables of the registry and of terms: what is known before anything is planned.

Lists of periods and grades are JSON: they are read and written whole, never searched.
"""

from datetime import date

from sqlalchemy import JSON, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from classroom.model.registry import TeachingScope
from classroom.model.term import DayKind
from classroom.store.tables import Base
from classroom.store.types import enum_column, id_column, new_id

Pairs = list[list[int]]


class SchoolPlanRow(Base):
    """Bell and line of a school. `rooms` None: as many lessons at once as it has rooms."""

    __tablename__ = "school_plans"

    school_id: Mapped[str] = mapped_column(ForeignKey("schools.id"), primary_key=True)
    bell: Mapped[Pairs] = mapped_column(JSON)
    rooms: Mapped[int | None]
    up_mbps: Mapped[float]
    down_mbps: Mapped[float]
    tolerance_min: Mapped[int]


class TeacherPlanRow(Base):
    """What a teacher's account offers to other schools."""

    __tablename__ = "teacher_plans"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(String(20))
    grades: Mapped[list[int]] = mapped_column(JSON)
    edition: Mapped[str] = mapped_column(String(40))
    free: Mapped[Pairs] = mapped_column(JSON)
    flex_min: Mapped[int]
    max_week: Mapped[int]
    max_day: Mapped[int]
    scope: Mapped[TeachingScope] = mapped_column(enum_column(TeachingScope))


class ClassGroupRow(Base):
    __tablename__ = "class_groups"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    school_id: Mapped[str] = mapped_column(ForeignKey("schools.id"))
    name: Mapped[str] = mapped_column(String(40))
    grade: Mapped[int]
    size: Mapped[int]
    screen_min_day: Mapped[int | None]
    allowed: Mapped[Pairs | None] = mapped_column(JSON(none_as_null=True))

    __table_args__ = (UniqueConstraint("school_id", "name"),)


class EditionRow(Base):
    """The textbook of a subject: in a school, or, without one, in the whole region."""

    __tablename__ = "editions"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    region_id: Mapped[str] = mapped_column(ForeignKey("regions.id"), index=True)
    school_id: Mapped[str | None] = mapped_column(ForeignKey("schools.id"), index=True)
    subject: Mapped[str] = mapped_column(String(20))
    edition: Mapped[str] = mapped_column(String(40))


class CurriculumRow(Base):
    """Where a region asks for another number of weekly lessons than the national plan."""

    __tablename__ = "curriculum"

    region_id: Mapped[str] = mapped_column(ForeignKey("regions.id"), primary_key=True)
    grade: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(20), primary_key=True)
    lessons: Mapped[int]


class OwnTeachingRow(Base):
    """What a class's own school can give it of a subject; without a row, all of it."""

    __tablename__ = "own_teaching"

    class_id: Mapped[str] = mapped_column(ForeignKey("class_groups.id", ondelete="CASCADE"), primary_key=True)
    subject: Mapped[str] = mapped_column(String(20), primary_key=True)
    lessons: Mapped[int]


class TermRow(Base):
    __tablename__ = "terms"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    region_id: Mapped[str] = mapped_column(ForeignKey("regions.id"))
    name: Mapped[str] = mapped_column(String(80))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    lesson_min: Mapped[int]
    grid_min: Mapped[int]
    max_points: Mapped[int]
    changeover_min: Mapped[int]
    host_up_mbps: Mapped[float]
    host_down_per_point_mbps: Mapped[float]
    point_down_mbps: Mapped[float]
    point_up_mbps: Mapped[float]
    node_participants: Mapped[int]

    __table_args__ = (UniqueConstraint("region_id", "name"), Index(None, "region_id", "first_day"))


class TermDayRow(Base):
    __tablename__ = "term_days"

    term_id: Mapped[str] = mapped_column(ForeignKey("terms.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[DayKind] = mapped_column(enum_column(DayKind))
    follows: Mapped[int | None]
    note: Mapped[str] = mapped_column(String(80))


class NeedRow(Base):
    """What a class lacks in a term. See `classroom.model.registry.RegisteredNeed`."""

    __tablename__ = "needs"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    term_id: Mapped[str] = mapped_column(ForeignKey("terms.id", ondelete="CASCADE"))
    class_id: Mapped[str] = mapped_column(ForeignKey("class_groups.id", ondelete="CASCADE"), index=True)
    subject: Mapped[str] = mapped_column(String(20))
    edition: Mapped[str] = mapped_column(String(40))
    computed: Mapped[int]
    edited: Mapped[int | None]
    priority: Mapped[int]
    allowed: Mapped[Pairs | None] = mapped_column(JSON(none_as_null=True))
    preferred: Mapped[Pairs] = mapped_column(JSON)
    previous_teacher_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))

    __table_args__ = (UniqueConstraint("term_id", "class_id", "subject"),)

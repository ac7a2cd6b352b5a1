"""The published lessons of a term."""

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select

from classroom.access.lessons import details_of, with_names
from classroom.access.matrix import Deed
from classroom.access.relations import require_somebody
from classroom.access.rows import LessonDetails
from classroom.access.terms import planning_term
from classroom.clock import SCHOOL_ZONE
from classroom.model.lesson import LessonState
from classroom.model.principal import Principal
from classroom.store.plan_tables import TermLessonRow
from classroom.store.store import Store
from classroom.store.tables import LessonPointRow, LessonRow, RoomRow


async def access_term_lessons(
    store: Store,
    principal: Principal,
    term_id: str,
    first: date,
    last: date,
    *,
    teacher_id: str | None = None,
    school_id: str | None = None,
    room_id: str | None = None,
) -> list[LessonDetails]:
    """The lessons a publication made between two days, both included, by time; without those that were cancelled.

    `school_id`: given or received there. Raises `NotFound("term_unknown")`, `Forbidden`.
    """
    require_somebody(principal)
    begin = datetime.combine(first, time(), SCHOOL_ZONE).astimezone(UTC)
    end = datetime.combine(last + timedelta(days=1), time(), SCHOOL_ZONE).astimezone(UTC)
    wanted = with_names().where(
        LessonRow.id.in_(select(TermLessonRow.lesson_id).where(TermLessonRow.term_id == term_id)),
        LessonRow.starts_at >= begin,
        LessonRow.starts_at < end,
        LessonRow.state != LessonState.CANCELLED,
    )
    if teacher_id is not None:
        wanted = wanted.where(LessonRow.teacher_id == teacher_id)
    if room_id is not None:
        wanted = wanted.where(LessonRow.room_id == room_id)
    if school_id is not None:
        received = select(LessonPointRow.lesson_id).where(LessonPointRow.school_id == school_id)
        wanted = wanted.where((RoomRow.school_id == school_id) | LessonRow.id.in_(received))
    async with store.reading() as db:
        await planning_term(db, principal, term_id, Deed.SEE_PLANNING)
        return await details_of(db, wanted.order_by(LessonRow.starts_at, LessonRow.code))

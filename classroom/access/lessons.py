"""Lessons: seeing, watching, publishing, moving on. Planning is `classroom.access.planning`."""

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.matrix import Deed, allowed
from classroom.access.relations import lessons_of, relations_to_lesson, require, require_somebody
from classroom.access.rows import LessonDetails, lesson_of
from classroom.audit import append
from classroom.clock import SCHOOL_ZONE
from classroom.errors import Conflict, Forbidden, NotFound
from classroom.model.lesson import RUNNING, Lesson, LessonState, LessonStep
from classroom.model.principal import Principal
from classroom.store.store import Store
from classroom.store.tables import AccountRow, LessonRow, RoomRow, SchoolRow

# Which deed each step is: people start, stop and cancel; everything else the server does by itself.
STEP_DEEDS = {
    LessonStep.START: Deed.CONTROL_LESSON,
    LessonStep.STOP: Deed.CONTROL_LESSON,
    LessonStep.CANCEL: Deed.CANCEL_LESSON,
    LessonStep.ROOM_READY: Deed.MOVE_LESSON,
    LessonStep.ROOM_GONE: Deed.MOVE_LESSON,
    LessonStep.INTERRUPT: Deed.MOVE_LESSON,
    LessonStep.RESUME: Deed.MOVE_LESSON,
    LessonStep.ARCHIVE: Deed.MOVE_LESSON,
}


async def access_lesson_to_see(store: Store, principal: Principal, lesson_id: str) -> Lesson:
    """The lesson, for whoever may know of it."""
    return await _access(store, principal, lesson_id, Deed.SEE_LESSON)


async def access_lesson_to_watch(store: Store, principal: Principal, lesson_id: str) -> Lesson:
    """The lesson, for whoever may receive its sound and picture. Does not check its state."""
    return await _access(store, principal, lesson_id, Deed.WATCH_LESSON)


async def access_lesson_to_control(store: Store, principal: Principal, lesson_id: str) -> Lesson:
    """The lesson, for whoever may start and stop it and issue tokens for it."""
    return await _access(store, principal, lesson_id, Deed.CONTROL_LESSON)


async def access_lesson_to_publish(store: Store, principal: Principal, lesson_id: str, source: str) -> Lesson:
    """The lesson, for whoever may publish `source` into it. Does not check its state.

    Raises `Forbidden("source_forbidden")` when a token is for another source.
    """
    lesson = await _access(store, principal, lesson_id, Deed.PUBLISH)
    if principal.publish_source is not None and principal.publish_source != source:
        raise Forbidden("source_forbidden", source=source, allowed=principal.publish_source)
    return lesson


async def access_lesson_viewers(store: Store, principal: Principal, lesson_id: str) -> bool:
    """Whether `principal` is shown who watches. Raises as `access_lesson_to_see`."""
    require_somebody(principal)
    async with store.reading() as db:
        relations = await relations_to_lesson(db, principal, await lesson_row(db, lesson_id))
    require(Deed.SEE_LESSON, relations, "lesson_forbidden", lesson=lesson_id)
    return allowed(Deed.SEE_VIEWERS, relations)


async def access_lesson_details(store: Store, principal: Principal, lesson_id: str) -> LessonDetails:
    """As `access_lesson_to_see`, with names."""
    require_somebody(principal)
    async with store.reading() as db:
        relations = await relations_to_lesson(db, principal, await lesson_row(db, lesson_id))
        require(Deed.SEE_LESSON, relations, "lesson_forbidden", lesson=lesson_id)
        return (await details_of(db, with_names().where(LessonRow.id == lesson_id)))[0]


async def access_lesson_by_code(store: Store, code: str) -> LessonDetails:
    """What anybody with the join code may know. Raises `NotFound("lesson_code_unknown")`.

    Codes are compared as typed by children: in any case, with spaces around.
    """
    typed = code.strip().lower()
    async with store.reading() as db:
        found = await details_of(db, with_names().where(LessonRow.code == typed))
    if not found:
        raise NotFound("lesson_code_unknown", lesson_code=typed[:12])
    return found[0]


async def access_lessons_of_day(
    store: Store, principal: Principal, day: date, room_id: str | None = None
) -> list[LessonDetails]:
    """The principal's lessons that begin on `day` in the schools' time zone, by time; of one room if given.

    One's own: taught, in one's room or school, taken part in, or in the region one is responsible for.
    """
    require_somebody(principal)
    begin = datetime.combine(day, time(), SCHOOL_ZONE).astimezone(UTC)
    wanted = with_names().where(LessonRow.starts_at >= begin, LessonRow.starts_at < begin + timedelta(days=1))
    if room_id is not None:
        wanted = wanted.where(LessonRow.room_id == room_id)
    async with store.reading() as db:
        own = await lessons_of(db, principal)
        if own is not None:
            wanted = wanted.where(own)
        return await details_of(db, wanted.order_by(LessonRow.starts_at, LessonRow.code))


async def access_lessons_in_states(
    store: Store, principal: Principal, states: frozenset[LessonState], room_id: str | None = None
) -> list[Lesson]:
    """The principal's lessons now in one of these states, by time: after a restart the server finds what it resumes."""
    require_somebody(principal)
    wanted = with_names().where(LessonRow.state.in_(states))
    if room_id is not None:
        wanted = wanted.where(LessonRow.room_id == room_id)
    async with store.reading() as db:
        own = await lessons_of(db, principal)
        if own is not None:
            wanted = wanted.where(own)
        found = await details_of(db, wanted.order_by(LessonRow.starts_at, LessonRow.code))
    return [details.lesson for details in found]


async def access_step(store: Store, principal: Principal, lesson_id: str, step: LessonStep, now: datetime) -> Lesson:
    """Take a step and write it to the audit: the lesson after it. Two who try at once do not both succeed.

    Raises `Conflict("lesson_step_illegal")`, or `Conflict("room_busy")` when the room is still giving another lesson.
    """
    require_somebody(principal)
    async with store.session() as db:
        row = await lesson_row(db, lesson_id)
        relations = await relations_to_lesson(db, principal, row)
        require(STEP_DEEDS[step], relations, "lesson_forbidden", lesson=lesson_id)
        # One step at a time in a room. PostgreSQL waits here for the other step to commit, then reads what it left;
        # SQLite has been the only writer since the transaction began.
        await db.execute(select(RoomRow.id).where(RoomRow.id == row.room_id).with_for_update())
        await db.refresh(row)
        lesson_of(row).after(step, now)  # what cannot be is said before what else is in the way
        if step is LessonStep.START:
            await _require_free_room(db, row)
        return take_step(db, principal, row, step, now)


def take_step(db: AsyncSession, principal: Principal, row: LessonRow, step: LessonStep, now: datetime) -> Lesson:
    """The step itself, within a transaction that has checked who may. Raises `Conflict("lesson_step_illegal")`."""
    before = lesson_of(row)
    after = before.after(step, now)
    row.state, row.started_at, row.ended_at = after.state, after.started_at, after.ended_at
    moved = {"from": before.state.value, "to": after.state.value}
    append(db, principal, f"lesson.{step.value}", f"lesson:{row.id}", moved, now=now)
    return after


async def _require_free_room(db: AsyncSession, row: LessonRow) -> None:
    other = await db.scalar(
        select(LessonRow.title).where(
            LessonRow.room_id == row.room_id, LessonRow.state.in_(RUNNING), LessonRow.id != row.id
        )
    )
    if other is not None:
        raise Conflict("room_busy", lesson=other)


async def lesson_row(db: AsyncSession, lesson_id: str) -> LessonRow:
    """Raises `NotFound("lesson_unknown")`."""
    row = await db.get(LessonRow, lesson_id)
    if row is None:
        raise NotFound("lesson_unknown", lesson=lesson_id[:64])
    return row


async def _access(store: Store, principal: Principal, lesson_id: str, deed: Deed) -> Lesson:
    require_somebody(principal)
    async with store.reading() as db:
        row = await lesson_row(db, lesson_id)
        require(deed, await relations_to_lesson(db, principal, row), "lesson_forbidden", lesson=lesson_id)
        return lesson_of(row)


def with_names() -> Select[LessonRow, str, str, str]:
    return (
        select(LessonRow, AccountRow.name, SchoolRow.name, RoomRow.name)
        .join(AccountRow, AccountRow.id == LessonRow.teacher_id)
        .join(RoomRow, RoomRow.id == LessonRow.room_id)
        .join(SchoolRow, SchoolRow.id == RoomRow.school_id)
    )


async def details_of(db: AsyncSession, wanted: Select[LessonRow, str, str, str]) -> list[LessonDetails]:
    return [
        LessonDetails(lesson=lesson_of(row), teacher_name=teacher, school_name=school, room_name=room)
        for row, teacher, school, room in await db.execute(wanted)
    ]

"""Planning a lesson."""

import secrets
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.matrix import Deed, allowed
from classroom.access.relations import relations_to_school, require, require_somebody
from classroom.access.rows import lesson_of
from classroom.audit import append
from classroom.errors import BadInput, Conflict, NotFound, Unprocessable
from classroom.messages.api import NewLesson
from classroom.model.lesson import RUNNING, UPCOMING, Lesson, LessonState
from classroom.model.place import RoomKind
from classroom.model.principal import Principal, Role
from classroom.store.store import Store
from classroom.store.tables import AccountRoleRow, AccountRow, LessonPointRow, LessonRow, RoomRow, SchoolRow
from classroom.store.types import new_id

LONGEST_LESSON = timedelta(hours=8)

# Children type it: lower-case letters and digits that nobody confuses. 31^6 codes: with a hundred lessons live, a
# guesser at the join rate limit of ten a minute needs years.
CODE_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
CODE_LENGTH = 6


async def access_new_lesson(store: Store, principal: Principal, new: NewLesson, now: datetime) -> Lesson:
    """Plan a lesson into a recording room: an admin or coordinator for any teacher, a teacher for itself at its school.

    Points named exactly as a school are tied to it, so that its people may watch. Raises `Conflict` with `room_taken`
    or `teacher_taken` when the time overlaps, `BadInput("lesson_times_wrong")`, `NotFound`, `Forbidden`.
    """
    require_somebody(principal)
    starts_at, ends_at = _times(new)
    async with store.session() as db:
        # Both locks, always in this order, so that two planners cannot both find the time free. (SQLite: one writer.)
        room = await db.scalar(select(RoomRow).where(RoomRow.id == new.room_id).with_for_update())
        if room is None or room.retired_at is not None:
            raise NotFound("room_unknown", room=new.room_id[:64])
        school = await db.get_one(SchoolRow, room.school_id)
        relations = await relations_to_school(db, principal, school, room.id)
        own = principal.id == new.teacher_id
        require(Deed.PLAN_OWN_LESSON if own else Deed.PLAN_LESSON, relations, "school_forbidden", school=school.id)
        if room.kind is not RoomKind.RECORDING:
            raise Unprocessable("room_not_recording", room=room.code)
        await _teacher(db, new.teacher_id)
        await _require_free(db, LessonRow.room_id == room.id, starts_at, ends_at, "room_taken")
        await _require_free(db, LessonRow.teacher_id == new.teacher_id, starts_at, ends_at, "teacher_taken")
        row = LessonRow(
            id=new_id(),
            code=await _free_code(db),
            state=LessonState.PLANNED,
            started_at=None,
            ended_at=None,
            points=await _points(db, new.points),
            **new.model_dump(exclude={"points", "starts_at", "ends_at"}),
            starts_at=starts_at,
            ends_at=ends_at,
        )
        db.add(row)
        append(db, principal, "lesson.planned", f"lesson:{row.id}", {"room": room.id}, now=now)
        return lesson_of(row)


async def access_teachers_for_room(store: Store, principal: Principal, room_id: str) -> list[tuple[str, str]]:
    """Ids and names of those for whom `principal` may plan a lesson in this room, by name.

    The teachers of the room's school for whoever plans there; a teacher of the school plans for itself only.
    Raises `NotFound("room_unknown")`, `Forbidden`.
    """
    require_somebody(principal)
    async with store.reading() as db:
        room = await db.get(RoomRow, room_id)
        if room is None:
            raise NotFound("room_unknown", room=room_id[:64])
        school = await db.get_one(SchoolRow, room.school_id)
        relations = await relations_to_school(db, principal, school, room.id)
        require(Deed.PLAN_OWN_LESSON, relations, "school_forbidden", school=school.id)
        wanted = (
            select(AccountRow.id, AccountRow.name)
            .join(AccountRoleRow)
            .where(
                AccountRow.school_id == school.id,
                AccountRoleRow.role == Role.TEACHER,
                AccountRow.disabled_at.is_(None),
            )
            .order_by(AccountRow.name, AccountRow.id)
            .distinct()
        )
        if not allowed(Deed.PLAN_LESSON, relations):
            wanted = wanted.where(AccountRow.id == principal.id)
        return [(teacher_id, name) for teacher_id, name in await db.execute(wanted)]


def _times(new: NewLesson) -> tuple[datetime, datetime]:
    wrong = BadInput("lesson_times_wrong", longest_hours=int(LONGEST_LESSON.total_seconds() // 3600))
    if new.starts_at.tzinfo is None or new.ends_at.tzinfo is None:
        raise wrong
    if not timedelta() < new.ends_at - new.starts_at <= LONGEST_LESSON:
        raise wrong
    return new.starts_at.astimezone(UTC), new.ends_at.astimezone(UTC)


async def _teacher(db: AsyncSession, teacher_id: str) -> AccountRow:
    teacher = await db.scalar(
        select(AccountRow)
        .join(AccountRoleRow)
        .where(AccountRow.id == teacher_id, AccountRoleRow.role == Role.TEACHER, AccountRow.disabled_at.is_(None))
        .with_for_update(of=AccountRow)
    )
    if teacher is None:
        raise NotFound("teacher_unknown", teacher=teacher_id[:64])
    return teacher


async def _require_free(
    db: AsyncSession, whose: ColumnElement[bool], starts_at: datetime, ends_at: datetime, code: str
) -> None:
    other = await db.scalar(
        select(LessonRow.title).where(
            whose,
            LessonRow.starts_at < ends_at,
            LessonRow.ends_at > starts_at,
            LessonRow.state.in_(RUNNING | UPCOMING),
        )
    )
    if other is not None:
        raise Conflict(code, lesson=other)


async def _free_code(db: AsyncSession) -> str:
    while True:
        code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
        if await db.scalar(select(LessonRow.id).where(LessonRow.code == code)) is None:
            return code


async def _points(db: AsyncSession, names: Collection[str]) -> list[LessonPointRow]:
    found = await db.execute(select(SchoolRow.name, SchoolRow.id).where(SchoolRow.name.in_(names)))
    schools: dict[str, list[str]] = {}
    for name, school_id in found:
        schools.setdefault(name, []).append(school_id)
    # a name that several schools share says of none that it takes part
    of = {name: ids[0] for name, ids in schools.items() if len(ids) == 1}
    return [LessonPointRow(position=position, name=name, school_id=of.get(name)) for position, name in enumerate(names)]

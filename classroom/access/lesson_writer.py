"""Writing the lessons of a publication, many at once: a term of a county has thousands."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.planning import CODE_ALPHABET, CODE_LENGTH
from classroom.model.lesson import LessonMode, LessonState, Topology
from classroom.model.plan import LessonPlan, Publication, PublishedLesson
from classroom.model.term import Term
from classroom.store.plan_tables import TermLessonRow
from classroom.store.tables import LessonPointRow, LessonRow
from classroom.store.types import new_id

T = TypeVar("T")

# How many rows are read or written before others have a turn: live lessons may share the loop. Databases bound the
# number of parameters, too.
AT_ONCE: Final = 250


@dataclass(frozen=True, slots=True)
class Touched:
    """Where and when a lesson is that was made, moved or cancelled."""

    room_id: str
    starts_at: datetime
    cancelled: bool = False


class LessonWriter:
    """The lessons of one publication."""

    def __init__(self, db: AsyncSession, term: Term, now: datetime, *, fixed: bool = False) -> None:
        """`fixed`: publications to come leave these lessons as they will be."""
        self._db = db
        self._term = term
        self._now = now
        self._fixed = fixed

    async def apply(self, publication: Publication, before: Mapping[str, PublishedLesson]) -> dict[str, Touched]:
        """Do it, in the transaction of the session: every lesson that is new or different, by id."""
        touched = await self._create(publication.create)
        touched |= await self._change(publication.change, before)
        await self._cancel(publication.cancel)
        for lesson_id in publication.cancel:
            touched[lesson_id] = Touched(
                before[lesson_id].plan.room_id, before[lesson_id].plan.starts_at, cancelled=True
            )
        return touched

    async def _create(self, plans: Sequence[LessonPlan]) -> dict[str, Touched]:
        touched: dict[str, Touched] = {}
        for some in _chunks(plans):
            touched |= await self._create_some(some)
        return touched

    async def _create_some(self, plans: Sequence[LessonPlan]) -> dict[str, Touched]:
        codes = await self._codes(len(plans))
        lessons, links, points = [], [], []
        for plan, code in zip(plans, codes, strict=True):
            lesson_id = new_id()
            lessons.append(
                {
                    "id": lesson_id,
                    "code": code,
                    "mode": LessonMode.DELIVERY,
                    "topology": Topology.ONE_TO_N,
                    "state": LessonState.PLANNED,
                    "open_join": True,
                    "started_at": None,
                    "ended_at": None,
                    **_fields(plan),
                }
            )
            links.append(
                {
                    "lesson_id": lesson_id,
                    "term_id": self._term.id,
                    "course": plan.course,
                    "week": plan.week,
                    "dropped": False,
                    "sequence": 0,
                    "changed_at": self._now,
                    "needs": list(plan.needs),
                    "fixed": self._fixed,
                    "stands_for": None,
                }
            )
            points += _points(lesson_id, plan)
        await self._db.execute(insert(LessonRow), lessons)
        await self._db.execute(insert(TermLessonRow), links)
        if points:
            await self._db.execute(insert(LessonPointRow), points)
        return {lesson["id"]: Touched(lesson["room_id"], lesson["starts_at"]) for lesson in lessons}

    async def _change(
        self, changes: Sequence[tuple[str, LessonPlan]], before: Mapping[str, PublishedLesson]
    ) -> dict[str, Touched]:
        for some in _chunks(changes):
            await self._change_some(some, before)
        return {lesson_id: Touched(plan.room_id, plan.starts_at) for lesson_id, plan in changes}

    async def _change_some(
        self, changes: Sequence[tuple[str, LessonPlan]], before: Mapping[str, PublishedLesson]
    ) -> None:
        ids = [lesson_id for lesson_id, _ in changes]
        # it may have been ready for its old time
        again = {"state": LessonState.PLANNED}
        await self._db.execute(
            update(LessonRow), [{"id": lesson_id, **again, **_fields(plan)} for lesson_id, plan in changes]
        )
        await self._touch(ids)
        await self._db.execute(
            update(TermLessonRow),
            [
                {
                    "lesson_id": lesson_id,
                    "needs": list(plan.needs),
                    "stands_for": self._stands_for(before[lesson_id], plan),
                }
                for lesson_id, plan in changes
            ],
        )
        await self._db.execute(delete(LessonPointRow).where(LessonPointRow.lesson_id.in_(ids)))
        points = [point for lesson_id, plan in changes for point in _points(lesson_id, plan)]
        if points:
            await self._db.execute(insert(LessonPointRow), points)

    def _stands_for(self, before: PublishedLesson, plan: LessonPlan) -> datetime | None:
        if not self._fixed:
            return None
        moved = plan.starts_at != before.plan.starts_at
        return before.stands_for or (before.plan.starts_at if moved else None)

    async def _cancel(self, lesson_ids: Sequence[str]) -> None:
        for ids in _chunks(lesson_ids):
            await self._db.execute(
                update(LessonRow).where(LessonRow.id.in_(ids)).values(state=LessonState.CANCELLED),
                execution_options={"synchronize_session": False},
            )
            # what a plan has dropped may come back with another one; what was lost to an outage does not
            await self._db.execute(
                update(TermLessonRow).where(TermLessonRow.lesson_id.in_(ids)).values(dropped=not self._fixed),
                execution_options={"synchronize_session": False},
            )
        await self._touch(lesson_ids)

    async def _touch(self, lesson_ids: Sequence[str]) -> None:
        for ids in _chunks(lesson_ids):
            await self._db.execute(
                update(TermLessonRow)
                .where(TermLessonRow.lesson_id.in_(ids))
                .values(sequence=TermLessonRow.sequence + 1, changed_at=self._now, fixed=self._fixed),
                execution_options={"synchronize_session": False},
            )

    async def _codes(self, count: int) -> list[str]:
        """Join codes nobody has; not many at once, as databases bound the number of parameters."""
        codes: set[str] = set()
        while len(codes) < count:
            fresh = {_code() for _ in range(count - len(codes))} - codes
            taken = await self._db.scalars(select(LessonRow.code).where(LessonRow.code.in_(fresh)))
            codes |= fresh - set(taken)
        return sorted(codes)


def _fields(plan: LessonPlan) -> dict[str, Any]:
    return {
        "title": plan.title,
        "subject": plan.subject,
        "grade": plan.grade,
        "room_id": plan.room_id,
        "teacher_id": plan.teacher_id,
        "starts_at": plan.starts_at,
        "ends_at": plan.ends_at,
    }


def _points(lesson_id: str, plan: LessonPlan) -> list[dict[str, Any]]:
    return [
        {"lesson_id": lesson_id, "position": position, "name": point.name, "school_id": point.school_id or None}
        for position, point in enumerate(plan.points)
    ]


def _code() -> str:
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def _chunks(all_of_them: Sequence[T]) -> Iterable[Sequence[T]]:
    return (all_of_them[start : start + AT_ONCE] for start in range(0, len(all_of_them), AT_ONCE))

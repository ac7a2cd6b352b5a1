"""Which room each lesson of a weekly timetable is given in, as its publication would have it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from classroom.model.lesson import LessonState
from classroom.model.plan import Publication, PublishedLesson, WeeklyStart
from classroom.model.term import Term
from scheduler.planning.term import weekday_taught

# In place of a room's id: there is none.
NO_ROOM = ""


def weekly_rooms(
    term: Term, published: Sequence[PublishedLesson], found: Publication, *, since: datetime, zone: tzinfo
) -> Mapping[tuple[str, WeeklyStart], tuple[str, ...]]:
    """By course key and start, the ids of all rooms that its lessons are in, the usual one first; `NO_ROOM` where some
    lesson finds none.

    `found` is what publishing would do to `published`. Lessons before `since` count only where none are to come.
    """
    gone = {*found.cancel, *(lesson_id for lesson_id, _ in found.change)}
    plans = [*found.create, *(plan for _, plan in found.change)]
    plans += [
        lesson.plan
        for lesson in published
        if lesson.lesson_id not in gone and lesson.state is not LessonState.CANCELLED
    ]
    lessons = [(plan, plan.room_id) for plan in plans]
    lessons += [(clash.plan, NO_ROOM) for clash in found.clashes if not clash.teacher]
    coming: defaultdict[tuple[str, WeeklyStart], Counter[str]] = defaultdict(Counter)
    past: defaultdict[tuple[str, WeeklyStart], Counter[str]] = defaultdict(Counter)
    for plan, room in sorted(lessons, key=lambda pair: pair[0].starts_at):
        local = plan.starts_at.astimezone(zone)
        day = weekday_taught(term, local.date())
        if day is not None:
            kept = coming if plan.starts_at >= since else past
            kept[plan.course, (day, local.hour * 60 + local.minute)][room] += 1
    return {key: tuple(room for room, _ in counts.most_common()) for key, counts in {**past, **coming}.items()}

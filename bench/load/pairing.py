"""Who teaches whom, decided before when: how it is done on paper, and what FET must be given."""

from collections import Counter
from collections.abc import Sequence

from scheduler.planning.board import Board
from scheduler.planning.insertion import alike, qualified
from scheduler.planning.instance import Id, Need, Start
from scheduler.planning.lookup import Lookup
from scheduler.planning.solution import Course


class Pairing:
    """Every need, the heaviest first, joins a course of as many lessons, or gets the least burdened teacher's.

    With `bells`, only where teacher and classes have enough days in common, were there no other course; without, FET
    refuses most courses before it begins. The starts of the lessons mean nothing; how many there are does.
    """

    def __init__(self, lookup: Lookup, *, bells: bool) -> None:
        self._lookup, self._bells, self._board = lookup, bells, Board(lookup)
        self.courses: list[Course] = []
        left = Counter({teacher.id: teacher.max_week for teacher in lookup.instance.teachers})
        for need in sorted(lookup.instance.needs, key=lambda need: (-need.priority, -need.lessons_per_week)):
            index = self._to_join(need)
            if index is not None:
                joined = self.courses[index]
                self.courses[index] = self._course(joined.teacher, (*joined.needs, need.id), need)
                continue
            lessons = need.lessons_per_week
            able = [each for each in qualified(lookup, need) if left[each.id] >= lessons]
            able = [each for each in able if self._meet(each.id, [need.id], lessons)]
            if able:
                teacher = max(able, key=lambda each: left[each.id])
                left[teacher.id] -= lessons
                self.courses.append(self._course(teacher.id, (need.id,), need))

    def _course(self, teacher: Id, needs: tuple[Id, ...], need: Need) -> Course:
        lessons: tuple[Start, ...] = tuple((day, 0) for day in range(need.lessons_per_week))
        return Course(teacher, need.subject, need.grade, need.edition, needs, lessons)

    def _to_join(self, need: Need) -> int | None:
        lookup = self._lookup
        for index, course in enumerate(self.courses):
            room = len(course.needs) < lookup.instance.meta.max_points
            fits = alike(course, need) and len(course.lessons) == need.lessons_per_week
            near = lookup.in_scope(lookup.teachers[course.teacher], need)
            if room and fits and near and self._meet(course.teacher, [*course.needs, need.id], need.lessons_per_week):
                return index
        return None

    def _meet(self, teacher: Id, needs: Sequence[Id], lessons: int) -> bool:
        if not self._bells:
            return True
        starts = self._board.common_starts(teacher, needs)
        return len({day for day, _ in self._board.week.starts(starts)}) >= lessons

"""For one uncovered need: every teacher who might give it lessons, and what speaks against every start."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scheduler.planning.board import Board, Demand
from scheduler.planning.instance import Id, Need, Teacher
from scheduler.planning.lookup import Lookup, edition_fits
from scheduler.planning.solution import Course

DEFICITS = ("scope", "grade", "edition")


@dataclass(frozen=True, slots=True)
class Block:
    """Starts (as bits) at which something is not there: `demand`, or else a day's limit named by `code`."""

    code: str
    starts: int
    demand: Demand | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """A teacher, and the needs of the lesson: the one that is uncovered, and companions if it has a course already.

    `deficits`: why the teacher may not at all (H1). `teacher_starts`, `need_starts`: when each end could, other lessons
    aside; `blocks` are the other lessons. `lessons_left`: of the teacher's week.
    """

    teacher: Teacher
    needs: tuple[Id, ...]
    deficits: tuple[str, ...]
    teacher_starts: int
    need_starts: int
    lessons_left: int
    blocks: tuple[Block, ...]

    @property
    def common(self) -> int:
        return self.teacher_starts & self.need_starts

    @property
    def free(self) -> int:
        """The starts that nothing but the teacher's week or a deficit speaks against."""
        return self.common & ~self.blocked()

    def blocked(self, *, without: Block | None = None) -> int:
        bits = 0
        for block in self.blocks:
            if block is not without:
                bits |= block.starts
        return bits


def ways(board: Board, courses: Sequence[Course], need: Need) -> Iterator[Way]:
    """All teachers of the subject."""
    for teacher in board.lookup.teachers_of(need.subject):
        yield way(board, courses, teacher, (need.id,))


def way(board: Board, courses: Sequence[Course], teacher: Teacher, needs: tuple[Id, ...]) -> Way:
    need_starts = board.week.everything & ~board.past
    for need in needs:
        need_starts &= board.need_starts(need)
    blocks = [Block("need_day", _days_of(board, courses, needs)), Block("screen", board.class_days_full(needs))]
    blocks.append(Block("teacher_day", board.teacher_days_full(teacher.id)))
    demands = (*board.hosting(teacher.id, len(needs)), *board.receiving(needs))
    blocks += [Block(demand.resource[0], board.taken(demand), demand) for demand in demands]
    return Way(
        teacher=teacher,
        needs=needs,
        deficits=deficits(board.lookup, teacher, board.lookup.needs[needs[0]]),
        teacher_starts=board.teacher_starts(teacher.id),
        need_starts=need_starts,
        lessons_left=board.lessons_left(teacher.id),
        blocks=tuple(block for block in blocks if block.starts),
    )


def deficits(lookup: Lookup, teacher: Teacher, need: Need) -> tuple[str, ...]:
    """What of H1 but the subject is not as it should be."""
    fits = {
        "scope": lookup.in_scope(teacher, need),
        "grade": need.grade in teacher.grades,
        "edition": edition_fits(teacher, need.edition),
    }
    return tuple(name for name in DEFICITS if not fits[name])


def _days_of(board: Board, courses: Sequence[Course], needs: Sequence[Id]) -> int:
    wanted, days = set(needs), 0
    for course in courses:
        if wanted.intersection(course.needs):
            for day, _ in course.lessons:
                days |= board.week.day(day)
    return days

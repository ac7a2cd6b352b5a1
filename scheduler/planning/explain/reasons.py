"""The funnel in words: what is left of all teachers after each question, and what is in the way of those."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from scheduler.planning.board import Board
from scheduler.planning.causes import Users
from scheduler.planning.explain.ways import DEFICITS, Block, Way, way, ways
from scheduler.planning.insertion import alike, joinable
from scheduler.planning.instance import Need, Start
from scheduler.planning.objectives import attended
from scheduler.planning.said import clock, when
from scheduler.planning.solution import Course, Datum, Reason

# So many names are listed; of more, how many there are is enough.
MOST_NAMES = 5

_CODES = {
    "teacher_day": "explain_teacher_day",
    "need_day": "explain_need_day",
    "screen": "explain_screen",
    "teacher": "explain_teacher_taken",
    "class": "explain_class_taken",
    "room": "explain_rooms_taken",
    "up": "explain_line_up",
    "down": "explain_line_down",
    "node": "explain_node_full",
}


def reasons(board: Board, users: Users, courses: Sequence[Course], need: Need) -> Iterator[Reason]:
    """First how far the funnel goes, then what is in the way there, what is most often in the way first."""
    own = next((course for course in courses if need.id in course.needs and not course.cover), None)
    if own is None:
        found = list(ways(board, courses, need))
    else:
        found = [way(board, courses, board.lookup.teachers[own.teacher], own.needs)]
    if own is not None:
        given = attended(courses)[need.id]
        data: dict[str, Datum] = {"need": need.id, "teacher": own.teacher, "given": given}
        yield Reason("explain_partly", {**data, "lessons": need.lessons_per_week})
        companions = _content(board, courses, own)
        if companions:
            yield Reason("explain_companions", {"need": need.id, "needs": [str(each) for each in companions]})
            return
        if own.pinned:
            yield Reason("explain_pinned", {"need": need.id, "teacher": own.teacher})
            return
    else:
        yield _funnel(board, need, found)
    able = [each for each in found if not each.deficits]
    if own is None and not able:
        yield _nobody(need, found)
    elif not (meeting := [each for each in able if each.common]):
        yield _never_meet(board, need, able)
    else:
        yield from _in_the_way(board, users, meeting)
    if own is None:
        yield from _to_join(board, courses, need)


def _content(board: Board, courses: Sequence[Course], own: Course) -> list[int | str]:
    counts = attended(courses)
    return [need for need in own.needs if counts[need] >= board.lookup.needs[need].lessons_per_week]


def _funnel(board: Board, need: Need, found: Sequence[Way]) -> Reason:
    left = list(found)
    data: dict[str, Datum] = {"need": need.id, "subject": need.subject, "grade": need.grade, "teachers": len(left)}
    for deficit in DEFICITS:
        left = [each for each in left if deficit not in each.deficits]
        data[f"with_{deficit}"] = len(left)
    data["with_start"] = sum(bool(each.common) for each in left)
    data["starts"] = sum(each.common.bit_count() for each in left)
    return Reason("explain_funnel", data)


def _nobody(need: Need, found: Sequence[Way]) -> Reason:
    """The first question that leaves nobody."""
    data: dict[str, Datum] = {"need": need.id, "subject": need.subject, "grade": need.grade, "edition": need.edition}
    if not found:
        return Reason("explain_no_teacher", data)
    left = list(found)
    for deficit, code in zip(DEFICITS, ("explain_scope", "explain_grade", "explain_edition"), strict=True):
        rest = [each for each in left if deficit not in each.deficits]
        if not rest:
            editions = sorted({each.teacher.edition for each in left})
            return Reason(code, {**data, "teachers": len(left), "editions": editions})
        left = rest
    raise AssertionError("somebody is able")


def _never_meet(board: Board, need: Need, able: Sequence[Way]) -> Reason:
    """The nearest miss: whose start lies how many minutes from one of the class's."""
    best: tuple[int, Way, Start, Start] | None = None
    for each in able:
        theirs = list(board.week.starts(each.need_starts))
        for start in board.week.starts(each.teacher_starts):
            for other in theirs:
                if other[0] == start[0] and (best is None or abs(other[1] - start[1]) < best[0]):
                    best = (abs(other[1] - start[1]), each, start, other)
    data: dict[str, Datum] = {"need": need.id, "teachers": len(able), "point": need.point}
    if best is None:
        return Reason("explain_no_common_day", data)
    minutes, each, start, other = best
    nearest: dict[str, Datum] = {"teacher": each.teacher.id, "minutes": minutes, "to_time": clock(other[1])}
    return Reason("explain_bells", {**data, **nearest, **when(start)})


def _in_the_way(board: Board, users: Users, meeting: Sequence[Way]) -> Iterator[Reason]:
    """By what is first in the way: at how many starts, whose, and which teachers' courses hold it."""
    starts: defaultdict[str, int] = defaultdict(int)
    whose: defaultdict[str, dict[str, None]] = defaultdict(dict)
    by: defaultdict[str, dict[int, None]] = defaultdict(dict)
    for each in meeting:
        left = each.common
        for block in each.blocks:
            here, left = left & block.starts, left & ~block.starts
            if here:
                starts[block.code] += here.bit_count()
                whose[block.code][_whose(board, each, block)] = None
                if block.demand is not None:
                    by[block.code] |= dict.fromkeys(users.of(block.demand, here))
        if left and each.lessons_left <= 0:
            starts["week"] += left.bit_count()
            whose["week"][str(each.teacher.id)] = None
            by["week"] |= dict.fromkeys(users.of_teacher(each.teacher.id))
        elif left:
            yield Reason("explain_free", {"teacher": each.teacher.id, **when(next(board.week.starts(left)))})
    for code in sorted(starts, key=lambda code: -starts[code]):
        data: dict[str, Datum] = {"starts": starts[code], "who": list(whose[code])[:MOST_NAMES]}
        data |= {"whose": len(whose[code]), "courses": [str(index) for index in by[code]][:MOST_NAMES]}
        yield Reason("explain_week_full" if code == "week" else _CODES[code], data)


def _whose(board: Board, each: Way, block: Block) -> str:
    if block.demand is not None:
        return str(block.demand.resource[1])
    if block.code == "screen":
        return str(board.lookup.needs[each.needs[0]].class_id)
    return str(each.teacher.id)


def _to_join(board: Board, courses: Sequence[Course], need: Need) -> Iterator[Reason]:
    """Courses the class could attend instead, by what keeps it from them."""
    lookup, most = board.lookup, board.lookup.instance.meta.max_points
    suits = board.need_starts(need.id)
    kept: Counter[str] = Counter()
    for course in courses:
        if not alike(course, need) or not lookup.in_scope(lookup.teachers[course.teacher], need):
            continue
        if len(course.needs) >= most:
            kept["explain_courses_full"] += 1
        elif board.week.bits(course.lessons) & ~suits:
            kept["explain_courses_away"] += 1
        elif joinable(board, course, need):
            kept["explain_courses_open"] += 1
        else:
            kept["explain_courses_taken"] += 1
    for code, count in sorted(kept.items()):
        yield Reason(code, {"need": need.id, "courses": count, "limit": most})

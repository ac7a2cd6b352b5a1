"""The tables of `kernel.layout`, filled from the rows of an instance."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from scheduler.planning.instance import Id
from scheduler.planning.kernel import layout as at
from scheduler.planning.kernel.arena import Arena
from scheduler.planning.kernel.compiled import Ints
from scheduler.planning.problem import WORD_BITS, Clock, Pair, Rows

KBPS_PER_MBPS = 1000


def tables(
    rows: Rows, clock: Clock, pairs: Sequence[Pair], allowed: Sequence[int], liked: Sequence[int]
) -> tuple[Ints, int]:
    """The problem's arena, and how many integers its state has."""
    arena = Arena()
    _numbers(arena, rows, clock)
    _pair_tables(arena, rows, clock, pairs)
    _need_tables(arena, rows, clock, allowed, liked)
    _teacher_tables(arena, rows)
    _school_tables(arena, rows)
    _seats(arena, rows, clock)
    _loads(arena, rows, clock)
    _state(arena, rows)
    return arena.problem(), arena.state_size


def _numbers(arena: Arena, rows: Rows, clock: Clock) -> None:
    meta = rows.instance.meta
    weights, mbps = meta.weights, meta.mbps
    members = max([meta.max_points, *(len(course.needs) for course in rows.standing)])
    lessons = max([meta.days, *(len(course.lessons) for course in rows.standing)])
    for name, value in (
        (at.NEEDS, len(rows.wants)),
        (at.HOSTS, rows.hosts),
        (at.DAYS, meta.days),
        (at.SPAN, clock.span),
        (at.BUSY, clock.busy),
        (at.LIVE, clock.live),
        (at.MAX_POINTS, meta.max_points),
        (at.MOST_MEMBERS, members),
        (at.STRIDE, at.RECORD + members + lessons),
        (at.HOST_UP, _kbps(mbps.host_up)),
        (at.HOST_DOWN, _kbps(mbps.host_down_per_point)),
        (at.POINT_DOWN, _kbps(mbps.point_down)),
        (at.POINT_UP, _kbps(mbps.point_up)),
        (at.W_TEACHER, weights.teacher_changed),
        (at.W_PARTNER, weights.partner_school),
        (at.W_HALF, weights.load_above_half),
        (at.W_THREE_QUARTERS, weights.load_above_three_quarters),
        (at.W_NEIGHBOUR, weights.neighbouring_days),
        (at.W_PREFERRED, weights.not_preferred),
    ):
        arena.number(name, value)


def _kbps(mbps: float) -> int:
    return round(mbps * KBPS_PER_MBPS)


def _from(counts: Iterable[int]) -> list[int]:
    """Where each of consecutive lists begins, and where the last ends."""
    found = [0]
    for count in counts:
        found.append(found[-1] + count)
    return found


def _pair_tables(arena: Arena, rows: Rows, clock: Clock, pairs: Sequence[Pair]) -> None:
    starts = [list(clock.codes(pair.starts)) for pair in pairs]
    arena.table(at.PAIR_TEACHER, (pair.teacher for pair in pairs))
    arena.table(at.PAIR_NEED, (pair.want for pair in pairs))
    arena.table(at.PAIR_STARTS_FROM, _from(map(len, starts)))
    arena.table(at.PAIR_STARTS, (code for codes in starts for code in codes))
    of_want = Counter(pair.want for pair in pairs)
    arena.table(at.N_PAIR_FROM, _from(of_want[w] for w in range(len(rows.wants))))
    ease: Counter[int] = Counter()
    of_teacher: defaultdict[int, list[int]] = defaultdict(list)
    for i, pair in enumerate(pairs):
        ease[pair.want] += len(starts[i])
        of_teacher[pair.teacher].append(i)
    arena.table(at.N_EASE, (ease[w] for w in range(len(rows.wants))))
    teachers = range(len(rows.instance.teachers))
    arena.table(at.T_NEED_FROM, _from(len(of_teacher[t]) for t in teachers))
    arena.table(at.T_PAIR, (i for t in teachers for i in of_teacher[t]))


def _need_tables(arena: Arena, rows: Rows, clock: Clock, allowed: Sequence[int], liked: Sequence[int]) -> None:
    wants, weights = rows.wants, rows.instance.meta.weights
    needs = [want.need for want in wants]
    groups: dict[tuple[str, int, str], int] = {}
    keys = [(need.subject, need.grade, need.edition) for need in needs]
    arena.table(at.N_GROUP, (groups.setdefault(key, len(groups)) for key in keys))
    arena.table(at.N_POINT, (rows.point_of[need.point] for need in needs))
    arena.table(at.N_SCHOOL, (rows.school_of[need.point] for need in needs))
    arena.table(at.N_CLASS, (rows.class_of[need.class_id] for need in needs))
    arena.table(at.N_LESSONS, (want.lessons for want in wants))
    arena.table(at.N_WEIGHT, (weights.uncovered + weights.priority * (need.priority - 1) for need in needs))
    none, elsewhere = -1, -2
    arena.table(
        at.N_PREVIOUS,
        (
            none
            if want.cover or want.need.previous_teacher is None
            else rows.teacher_of.get(want.need.previous_teacher, elsewhere)
            for want in wants
        ),
    )
    by_point = Counter(rows.point_of[need.point] for need in needs)
    arena.table(at.P_NEED_FROM, _from(by_point[i] for i in range(len(rows.point_of))))
    words = rows.instance.meta.days * clock.span // WORD_BITS
    arena.table(at.N_ALLOWED, (word for bits in allowed for word in _words(bits, words)))
    arena.table(at.N_LIKED, (word for bits in liked for word in _words(bits, words)))


def _words(bits: int, count: int) -> Iterator[int]:
    for i in range(count):
        yield (bits >> (WORD_BITS * i)) & ((1 << WORD_BITS) - 1)


def _teacher_tables(arena: Arena, rows: Rows) -> None:
    teachers = rows.instance.teachers
    arena.table(at.T_SCHOOL, (rows.school_of[teacher.school] for teacher in teachers))
    arena.table(at.T_MAX_WEEK, (teacher.max_week for teacher in teachers))
    arena.table(at.T_MAX_DAY, (teacher.max_day for teacher in teachers))
    standing = Counter(course.teacher for course in rows.standing)
    arena.table(at.T_SECTION_AT, [arena.room(teacher.max_week + standing[teacher.id] + 1) for teacher in teachers])


def _school_tables(arena: Arena, rows: Rows) -> None:
    capacity: Counter[Id] = Counter()
    for teacher in rows.instance.teachers:
        capacity[teacher.school] += teacher.max_week
    arena.table(at.S_HALF, (capacity[school.id] // 2 for school in rows.schools))
    arena.table(at.S_THREE_QUARTERS, (3 * capacity[school.id] // 4 for school in rows.schools))
    screen = {row.id: row.screen_min_day for row in rows.instance.classes}
    arena.table(at.C_MAX_DAY, (screen[key] // rows.instance.meta.lesson_min for key in rows.class_of))


def _seats(arena: Arena, rows: Rows, clock: Clock) -> None:
    """Teachers, then classes, then schools. A school without a room has one that is always taken (`first_state`)."""
    teachers, classes, schools = len(rows.instance.teachers), len(rows.class_of), len(rows.schools)
    most = _most_at_once(rows)
    places = [1] * (teachers + classes) + [max(1, min(school.rooms, most[school.id])) for school in rows.schools]
    words = rows.instance.meta.days * clock.span // WORD_BITS
    arena.table(at.SEAT_PLACES, places)
    arena.table(at.SEAT_AT, [arena.room(count * words) for count in places])
    arena.table(at.T_SEAT, range(teachers))
    arena.table(at.C_SEAT, range(teachers, teachers + classes))
    arena.table(at.S_SEAT, range(teachers + classes, teachers + classes + schools))


def _most_at_once(rows: Rows) -> Counter[Id]:
    """By school, how many teachers and classes it has: more rooms are of no use, but for those that are out."""
    most = Counter(teacher.school for teacher in rows.instance.teachers)
    for point, _ in dict.fromkeys((want.need.point, want.need.class_id) for want in rows.wants):
        most[point] += 1
    for outage in rows.instance.outages:
        if outage.kind == "room":
            most[outage.id] += outage.rooms
    return most


def _loads(arena: Arena, rows: Rows, clock: Clock) -> None:
    """Lines and nodes; those that no plan can fill get no load (-1), which spares the search the look."""
    meta = rows.instance.meta
    teachers = Counter(teacher.school for teacher in rows.instance.teachers)
    classes = Counter(point for point, _ in dict.fromkeys((w.need.point, w.need.class_id) for w in rows.wants))
    most: list[int] = []

    def load(worst: int, limit: int) -> int:
        if worst <= limit:
            return -1
        most.append(limit)
        return len(most) - 1

    up: list[int] = []
    down: list[int] = []
    for school in rows.schools:
        hosted, attended = min(school.rooms, teachers[school.id]), min(school.rooms, classes[school.id])
        out = hosted * _kbps(meta.mbps.host_up) + attended * _kbps(meta.mbps.point_up)
        into = hosted * meta.max_points * _kbps(meta.mbps.host_down_per_point) + attended * _kbps(meta.mbps.point_down)
        up.append(load(out, _kbps(school.up_mbps)))
        down.append(load(into, _kbps(school.down_mbps)))
    arena.table(at.S_LINE_UP, up)
    arena.table(at.S_LINE_DOWN, down)
    by_county = Counter(rows.school(teacher.school).county for teacher in rows.instance.teachers)
    node = {
        key: load(count * (1 + meta.max_points), rows.county_of[key].sfu_participants)
        for key, count in by_county.items()
    }
    arena.table(at.T_NODE, (node[rows.school(teacher.school).county] for teacher in rows.instance.teachers))
    arena.table(at.LOAD_MOST, most)
    # Before the first start there is room to look back at nothing.
    week = meta.days * clock.span + clock.live
    arena.table(at.LOAD_AT, [arena.room(week) + clock.live for _ in most])


def _state(arena: Arena, rows: Rows) -> None:
    teachers, wants, days = len(rows.instance.teachers), len(rows.wants), rows.instance.meta.days
    arena.state(at.T_WEEK, teachers)
    arena.state(at.T_DAY, teachers * days)
    arena.state(at.T_SECTIONS, teachers)
    arena.state(at.C_DAY, len(rows.class_of) * days)
    arena.state(at.S_HOURS, len(rows.schools))
    arena.state(at.PARTNER, len(rows.point_of) * rows.hosts)
    arena.state(at.PARTNERS, len(rows.point_of))
    arena.state(at.LACKING, wants)
    arena.state(at.LACKING_AT, wants)
    arena.state(at.FREE, wants)
    arena.state(at.N_SECTION, wants)
    arena.state(at.N_KEPT, wants)
    arena.state(at.SECTIONS, wants * arena.read(at.STRIDE))

"""The four steps every plan is made of: open, join, leave, close.

Each keeps seats, loads, counts and cost right, and logs what it writes. None checks whether it is allowed: the caller
has asked `places` first.
"""

from scheduler.planning.kernel.compiled import Ints, compiled
from scheduler.planning.kernel.layout import (
    C_DAY,
    C_SEAT,
    COST,
    COVERED,
    DAYS,
    FREE,
    FREE_COUNT,
    FREELY,
    GROUP,
    HOST_DOWN,
    HOST_UP,
    HOSTS,
    LACKING,
    LACKING_AT,
    LACKING_COUNT,
    LESSONS,
    MEMBERS,
    MOST_MEMBERS,
    N_ALLOWED,
    N_CLASS,
    N_KEPT,
    N_LESSONS,
    N_LIKED,
    N_POINT,
    N_PREVIOUS,
    N_SCHOOL,
    N_SECTION,
    N_WEIGHT,
    PARTNER,
    PARTNERS,
    POINT_DOWN,
    POINT_UP,
    RECORD,
    S_HALF,
    S_HOURS,
    S_LINE_DOWN,
    S_LINE_UP,
    S_SEAT,
    S_THREE_QUARTERS,
    SECTIONS,
    SPAN,
    STAYS,
    STRIDE,
    T_DAY,
    T_NODE,
    T_SCHOOL,
    T_SEAT,
    T_SECTION_AT,
    T_SECTIONS,
    T_WEEK,
    TEACHER,
    W_HALF,
    W_NEIGHBOUR,
    W_PARTNER,
    W_PREFERRED,
    W_TEACHER,
    W_THREE_QUARTERS,
)
from scheduler.planning.kernel.places import add_load, leave_seat, put, take_seat


@compiled
def record(p: Ints, section: int) -> int:
    """Where a section's record stands in x."""
    return int(p[SECTIONS] + section * p[STRIDE])


@compiled
def starts_at(p: Ints, section: int) -> int:
    """Where a section's starts stand in x."""
    return int(p[SECTIONS] + section * p[STRIDE] + RECORD + p[MOST_MEMBERS])


@compiled
def load_cost(p: Ints, school: int, hours: int) -> int:
    """S4 for a school that gives so many lessons a week."""
    half = p[p[S_HALF] + school]
    three = p[p[S_THREE_QUARTERS] + school]
    return int(p[W_HALF] * max(0, min(hours, three) - half) + p[W_THREE_QUARTERS] * max(0, hours - three))


@compiled
def liked(p: Ints, need: int, code: int) -> bool:
    """Is the start in a preferred period of the need (S6)?"""
    words = p[DAYS] * (p[SPAN] >> 5)
    return bool((p[p[N_LIKED] + need * words + (code >> 5)] >> (code & 31)) & 1 == 1)


@compiled
def allowed(p: Ints, need: int, code: int) -> bool:
    """May the need's class attend at this start at all (H4)?"""
    words = p[DAYS] * (p[SPAN] >> 5)
    return bool((p[p[N_ALLOWED] + need * words + (code >> 5)] >> (code & 31)) & 1 == 1)


@compiled
def gap_cost(p: Ints, x: Ints, section: int) -> int:
    """S5: pairs of lessons of the course on neighbouring days."""
    at = starts_at(p, section)
    pairs = 0
    lessons = x[record(p, section) + LESSONS]
    for i in range(lessons):
        for j in range(lessons):
            if x[at + j] // p[SPAN] == x[at + i] // p[SPAN] + 1:
                pairs += 1
    return int(pairs * p[W_NEIGHBOUR])


@compiled
def open_section(p: Ints, x: Ints, log: Ints, teacher: int, group: int, starts: Ints, lessons: int) -> int:
    """A course without needs yet, at the first `lessons` of `starts`; returns its number."""
    left = x[FREE_COUNT] - 1
    section = x[p[FREE] + left]
    put(x, log, FREE_COUNT, left)
    at = record(p, section)
    put(x, log, at + TEACHER, teacher)
    put(x, log, at + GROUP, group)
    put(x, log, at + MEMBERS, 0)
    put(x, log, at + LESSONS, lessons)
    put(x, log, at + STAYS, FREELY)
    at = starts_at(p, section)
    for i in range(lessons):
        put(x, log, at + i, starts[i])
    listed = p[T_SECTIONS] + teacher
    put(x, log, p[p[T_SECTION_AT] + teacher] + x[listed], section)
    put(x, log, listed, x[listed] + 1)
    host(p, x, log, section, 1)
    return int(section)


@compiled
def close_section(p: Ints, x: Ints, log: Ints, section: int) -> None:
    """An empty course is no more."""
    host(p, x, log, section, -1)
    teacher = x[record(p, section) + TEACHER]
    listed = p[T_SECTIONS] + teacher
    at = p[p[T_SECTION_AT] + teacher]
    last = at + x[listed] - 1
    for i in range(at, last):
        if x[i] == section:
            put(x, log, i, x[last])
            break
    put(x, log, listed, x[listed] - 1)
    put(x, log, p[FREE] + x[FREE_COUNT], section)
    put(x, log, FREE_COUNT, x[FREE_COUNT] + 1)


@compiled
def host(p: Ints, x: Ints, log: Ints, section: int, sign: int) -> None:
    """The host's end of a course comes (+1) or goes (-1)."""
    teacher = x[record(p, section) + TEACHER]
    lessons = x[record(p, section) + LESSONS]
    school = p[p[T_SCHOOL] + teacher]
    up = p[p[S_LINE_UP] + school]
    node = p[p[T_NODE] + teacher]
    at = starts_at(p, section)
    for i in range(at, at + lessons):
        code = x[i]
        day = p[T_DAY] + teacher * p[DAYS] + code // p[SPAN]
        put(x, log, day, x[day] + sign)
        if sign > 0:
            take_seat(p, x, log, p[p[T_SEAT] + teacher], code)
            take_seat(p, x, log, p[p[S_SEAT] + school], code)
        else:
            leave_seat(p, x, log, p[p[T_SEAT] + teacher], code)
            leave_seat(p, x, log, p[p[S_SEAT] + school], code)
        if up >= 0:
            add_load(p, x, log, up, code, sign * p[HOST_UP])
        if node >= 0:
            add_load(p, x, log, node, code, sign)
    week = p[T_WEEK] + teacher
    put(x, log, week, x[week] + sign * lessons)
    hours = p[S_HOURS] + school
    before = x[hours]
    put(x, log, hours, before + sign * lessons)
    more = load_cost(p, school, before + sign * lessons) - load_cost(p, school, before)
    put(x, log, COST, x[COST] + more + sign * gap_cost(p, x, section))


@compiled
def join_section(p: Ints, x: Ints, log: Ints, section: int, need: int) -> None:
    at = record(p, section)
    members = x[at + MEMBERS]
    put(x, log, at + RECORD + members, need)
    put(x, log, at + MEMBERS, members + 1)
    put(x, log, p[N_SECTION] + need, section)
    attend(p, x, log, section, need, 1)
    if x[at + LESSONS] == p[p[N_LESSONS] + need]:
        drop_lacking(p, x, log, need)


@compiled
def drop_lacking(p: Ints, x: Ints, log: Ints, need: int) -> None:
    place = x[p[LACKING_AT] + need]
    if place < 0:
        return
    last = x[LACKING_COUNT] - 1
    moved = x[p[LACKING] + last]
    put(x, log, p[LACKING] + place, moved)
    put(x, log, p[LACKING_AT] + moved, place)
    put(x, log, p[LACKING_AT] + need, -1)
    put(x, log, LACKING_COUNT, last)


@compiled
def leave_section(p: Ints, x: Ints, log: Ints, need: int) -> None:
    """The need leaves its course, which may then be empty."""
    section = x[p[N_SECTION] + need]
    at = record(p, section)
    last = x[at + MEMBERS] - 1
    for i in range(last):
        if x[at + RECORD + i] == need:
            put(x, log, at + RECORD + i, x[at + RECORD + last])
            break
    put(x, log, at + MEMBERS, last)
    put(x, log, p[N_SECTION] + need, -1)
    attend(p, x, log, section, need, -1)
    if x[p[LACKING_AT] + need] < 0:
        end = x[LACKING_COUNT]
        put(x, log, p[LACKING] + end, need)
        put(x, log, p[LACKING_AT] + need, end)
        put(x, log, LACKING_COUNT, end + 1)


@compiled
def attend(p: Ints, x: Ints, log: Ints, section: int, need: int, sign: int) -> None:
    """A need's end of a course comes (+1) or goes (-1)."""
    teacher = x[record(p, section) + TEACHER]
    lessons = x[record(p, section) + LESSONS]
    group = p[p[N_CLASS] + need]
    school = p[p[N_SCHOOL] + need]
    host_school = p[p[T_SCHOOL] + teacher]
    up = p[p[S_LINE_UP] + school]
    down = p[p[S_LINE_DOWN] + school]
    host_down = p[p[S_LINE_DOWN] + host_school]
    node = p[p[T_NODE] + teacher]
    at = starts_at(p, section)
    cost = 0
    for i in range(at, at + lessons):
        code = x[i]
        day = p[C_DAY] + group * p[DAYS] + code // p[SPAN]
        put(x, log, day, x[day] + sign)
        if sign > 0:
            take_seat(p, x, log, p[p[C_SEAT] + group], code)
            take_seat(p, x, log, p[p[S_SEAT] + school], code)
        else:
            leave_seat(p, x, log, p[p[C_SEAT] + group], code)
            leave_seat(p, x, log, p[p[S_SEAT] + school], code)
        if down >= 0:
            add_load(p, x, log, down, code, sign * p[POINT_DOWN])
        if up >= 0:
            add_load(p, x, log, up, code, sign * p[POINT_UP])
        if host_down >= 0:
            add_load(p, x, log, host_down, code, sign * p[HOST_DOWN])
        if node >= 0:
            add_load(p, x, log, node, code, sign)
        if not liked(p, need, code):
            cost += p[W_PREFERRED]
    cost -= lessons * p[p[N_WEIGHT] + need]
    cost += teacher_cost(p, need, teacher)
    pair = p[PARTNER] + p[p[N_POINT] + need] * p[HOSTS] + host_school
    partners = p[PARTNERS] + p[p[N_POINT] + need]
    before = x[pair]
    put(x, log, pair, before + sign)
    put(x, log, COVERED, x[COVERED] + sign * lessons)
    cost *= sign
    if (sign > 0 and before == 0) or (sign < 0 and before == 1):
        count = x[partners]
        put(x, log, partners, count + sign)
        cost += (max(0, count + sign - 1) - max(0, count - 1)) * p[W_PARTNER]
    put(x, log, COST, x[COST] + cost)


@compiled
def teacher_cost(p: Ints, need: int, teacher: int) -> int:
    """S2: the need loses last term's teacher."""
    previous = p[p[N_PREVIOUS] + need]
    return p[W_TEACHER] if previous not in (-1, teacher) else 0


@compiled
def partner_cost(p: Ints, x: Ints, need: int, school: int) -> int:
    """S3, if the need were taught from this school too."""
    point = p[p[N_POINT] + need]
    if x[p[PARTNER] + point * p[HOSTS] + school] > 0 or x[p[PARTNERS] + point] == 0:
        return 0
    return int(p[W_PARTNER])


@compiled
def stay(p: Ints, x: Ints, log: Ints, section: int, how: int) -> None:
    """The course and who is in it stay in the plan, and are not looked at as lacking lessons any more."""
    at = record(p, section)
    put(x, log, at + STAYS, how)
    if how == FREELY:
        return
    for i in range(x[at + MEMBERS]):
        need = x[at + RECORD + i]
        put(x, log, p[N_KEPT] + need, 1)
        drop_lacking(p, x, log, need)

"""Recreate: give one need a place, by joining a course or by opening one where many others could come too."""

from typing import Final

from scheduler.planning.kernel.compiled import Ints, compiled
from scheduler.planning.kernel.layout import (
    GROUP,
    LESSONS,
    MAX_POINTS,
    MEMBERS,
    N_GROUP,
    N_LESSONS,
    N_PAIR_FROM,
    N_SECTION,
    N_WEIGHT,
    PAIR_NEED,
    PAIR_STARTS,
    PAIR_STARTS_FROM,
    PAIR_TEACHER,
    S_HOURS,
    SHUT,
    SPAN,
    STAYS,
    T_MAX_WEEK,
    T_NEED_FROM,
    T_PAIR,
    T_SCHOOL,
    T_SECTION_AT,
    T_SECTIONS,
    T_WEEK,
    W_NEIGHBOUR,
    W_PREFERRED,
)
from scheduler.planning.kernel.places import can_attend, can_carry, can_host
from scheduler.planning.kernel.sections import (
    allowed,
    join_section,
    liked,
    load_cost,
    open_section,
    partner_cost,
    record,
    starts_at,
    teacher_cost,
)

# The work arena: what a search scribbles on. Places of its tables:
MOST_STARTS: Final = 128  # more starts than that at once are not looked at
MOST_COMPANIONS: Final = 60  # they are bits of one integer
START: Final = 0  # feasible starts of the pair looked at
COMING: Final = START + MOST_STARTS  # by start: bits of the companions who could come
COST_OF: Final = COMING + MOST_STARTS  # by start: soft cost and a little chance
COMPANION: Final = COST_OF + MOST_STARTS
PICK: Final = COMPANION + 64  # by depth: start picked, companions left, cost so far
LEFT: Final = PICK + 8
SPENT: Final = LEFT + 8
FOUND: Final = SPENT + 8  # the best pick: starts
BEST: Final = FOUND + 8  # the best of all teachers: starts
BEST_COMPANIONS: Final = BEST + 8
KNOBS: Final = BEST_COMPANIONS + 64  # numbers that steer the search
POOL: Final = KNOBS + 16  # needs to place
NEVER: Final = 1 << 40

# knobs
PER_LESSON: Final = KNOBS  # what an hour of a teacher is worth
PER_COMPANION: Final = KNOBS + 1  # what a companion's lesson is worth while it is only a hope
BLINK: Final = KNOBS + 2  # of 1000 possibilities, how many are overlooked
CHANCE: Final = KNOBS + 3  # random points added to each possibility
MOST_TEACHERS: Final = KNOBS + 4  # who lose all their courses in one round
HOT: Final = KNOBS + 5  # points by which a change for the worse is usual when a cycle begins
COLD: Final = KNOBS + 6  # and when it ends


@compiled
def rand(rng: Ints, below: int) -> int:
    """xorshift64* (Vigna 2014): a number in 0 … below - 1, below < 2**31."""
    state = rng[0]
    state ^= (state >> 12) & 0xFFFFFFFFFFFFF
    state ^= state << 25
    state ^= (state >> 27) & 0x1FFFFFFFFF
    rng[0] = state
    return int((((state * 2685821657736338717) >> 33) & 0x7FFFFFFF) % below)


@compiled
def ones(bits: int) -> int:
    """How many bits are set."""
    count = 0
    while bits:
        bits &= bits - 1
        count += 1
    return count


@compiled
def place(p: Ints, x: Ints, log: Ints, w: Ints, rng: Ints, need: int) -> None:
    """Give the need the cheapest place there is, if there is one; companions who fit come along."""
    best = NEVER
    best_section = -1
    best_pair = -1
    best_lessons = 0
    companions = 0
    for pair in range(p[p[N_PAIR_FROM] + need], p[p[N_PAIR_FROM] + need + 1]):
        teacher = p[p[PAIR_TEACHER] + pair]
        listed = p[p[T_SECTION_AT] + teacher]
        for i in range(listed, listed + x[p[T_SECTIONS] + teacher]):
            section = x[i]
            if rand(rng, 1000) >= w[BLINK] and may_join(p, x, section, need):
                cost = cost_to_join(p, x, section, need) + rand(rng, w[CHANCE])
                if cost < best:
                    best = cost
                    best_section = section
        if x[p[T_WEEK] + teacher] < p[p[T_MAX_WEEK] + teacher] and rand(rng, 1000) >= w[BLINK]:
            lessons, cost, coming = cost_to_open(p, x, w, rng, pair)
            if lessons > 0 and cost < best:
                best = cost
                best_section = -1
                best_pair = pair
                best_lessons = lessons
                companions = coming
                for i in range(lessons):
                    w[BEST + i] = w[FOUND + i]
                for i in range(MOST_COMPANIONS):
                    if coming >> i == 0:
                        break
                    w[BEST_COMPANIONS + i] = w[COMPANION + i]
    if best_section >= 0:
        join_section(p, x, log, best_section, need)
    elif best_pair >= 0:
        teacher = p[p[PAIR_TEACHER] + best_pair]
        section = open_section(p, x, log, teacher, p[p[N_GROUP] + need], w[BEST:], best_lessons)
        join_section(p, x, log, section, need)
        invite(p, x, log, w, rng, section, companions)


@compiled
def invite(p: Ints, x: Ints, log: Ints, w: Ints, rng: Ints, section: int, companions: int) -> None:
    """Those who could come do, in any order, until the course is full."""
    count = 0
    for i in range(MOST_COMPANIONS):
        if companions >> i == 0:
            break
        if (companions >> i) & 1:
            w[BEST_COMPANIONS + count] = w[BEST_COMPANIONS + i]
            count += 1
    while count > 0 and x[record(p, section) + MEMBERS] < p[MAX_POINTS]:
        i = rand(rng, count)
        need = w[BEST_COMPANIONS + i]
        count -= 1
        w[BEST_COMPANIONS + i] = w[BEST_COMPANIONS + count]
        if may_join(p, x, section, need):
            join_section(p, x, log, section, need)


@compiled
def may_join(p: Ints, x: Ints, section: int, need: int) -> bool:
    """May an uncovered need whom the teacher can serve join the course (H1, H2, H4 – H8)?"""
    at = record(p, section)
    lessons = x[at + LESSONS]
    if (
        x[at + STAYS] == SHUT
        or x[at + MEMBERS] >= p[MAX_POINTS]
        or x[at + GROUP] != p[p[N_GROUP] + need]
        or lessons > p[p[N_LESSONS] + need]
    ):
        return False
    teacher = x[at]
    at = starts_at(p, section)
    for i in range(at, at + lessons):
        if not allowed(p, need, x[i]):
            return False
    for i in range(at, at + lessons):
        if not can_attend(p, x, need, x[i]) or not can_carry(p, x, teacher, x[i], 1, 1):
            return False
    return True


@compiled
def cost_to_join(p: Ints, x: Ints, section: int, need: int) -> int:
    at = record(p, section)
    lessons = x[at + LESSONS]
    teacher = x[at]
    cost = teacher_cost(p, need, teacher) + partner_cost(p, x, need, p[p[T_SCHOOL] + teacher])
    cost -= lessons * p[p[N_WEIGHT] + need]
    at = starts_at(p, section)
    for i in range(at, at + lessons):
        if not liked(p, need, x[i]):
            cost += p[W_PREFERRED]
    return int(cost)


@compiled
def cost_to_open(p: Ints, x: Ints, w: Ints, rng: Ints, pair: int) -> tuple[int, int, int]:
    """Lessons, cost and companions of the best course the pair could open; its starts are left in `w[FOUND:]`."""
    teacher = p[p[PAIR_TEACHER] + pair]
    need = p[p[PAIR_NEED] + pair]
    count = 0
    days = 0
    last = -1
    first = p[p[PAIR_STARTS_FROM] + pair]
    for i in range(first, min(p[p[PAIR_STARTS_FROM] + pair + 1], first + MOST_STARTS)):
        code = p[p[PAIR_STARTS] + i]
        if can_host(p, x, teacher, code, 1) and can_attend(p, x, need, code):
            w[START + count] = code
            w[COST_OF + count] = rand(rng, 3) + (0 if liked(p, need, code) else p[W_PREFERRED])
            w[COMING + count] = 0
            count += 1
            day = code // p[SPAN]
            if day != last:
                days += 1
                last = day
    wanted = p[p[N_LESSONS] + need]
    lessons = min(wanted, p[p[T_MAX_WEEK] + teacher] - x[p[T_WEEK] + teacher], days)
    if lessons == 0:
        return 0, NEVER, 0
    find_companions(p, x, w, pair, count, lessons)
    cost, coming = pick_starts(p, w, count, lessons)
    hours = x[p[S_HOURS] + p[p[T_SCHOOL] + teacher]]
    school = p[p[T_SCHOOL] + teacher]
    cost += load_cost(p, school, hours + lessons) - load_cost(p, school, hours)
    cost += teacher_cost(p, need, teacher) + partner_cost(p, x, need, school)
    cost += lessons * (w[PER_LESSON] - p[p[N_WEIGHT] + need]) + rand(rng, w[CHANCE])
    return lessons, cost, coming


@compiled
def find_companions(p: Ints, x: Ints, w: Ints, pair: int, count: int, lessons: int) -> None:
    """Who else of the group has no course yet and could come to which of the starts: bits in `w[COMING:]`."""
    teacher = p[p[PAIR_TEACHER] + pair]
    need = p[p[PAIR_NEED] + pair]
    group = p[p[N_GROUP] + need]
    found = 0
    for i in range(p[p[T_NEED_FROM] + teacher], p[p[T_NEED_FROM] + teacher + 1]):
        other = p[p[PAIR_NEED] + p[p[T_PAIR] + i]]
        if (
            p[p[N_GROUP] + other] != group
            or other == need
            or x[p[N_SECTION] + other] >= 0
            or p[p[N_LESSONS] + other] < lessons
        ):
            continue
        any_start = False
        for s in range(count):
            code = w[START + s]
            if allowed(p, other, code) and can_attend(p, x, other, code):
                w[COMING + s] |= 1 << found
                any_start = True
        if any_start:
            w[COMPANION + found] = other
            found += 1
            if found == MOST_COMPANIONS:
                break


@compiled
def pick_starts(p: Ints, w: Ints, count: int, lessons: int) -> tuple[int, int]:
    """The starts on different days at which most companions could come, then the cheapest: cost and companions.

    Depth first, cut off by what the companions left could still bring; starts are in order of time.
    """
    worth = w[PER_COMPANION] * lessons
    best = NEVER
    coming = 0
    depth = 0
    w[PICK] = -1
    visits = 0
    while depth >= 0:
        w[PICK + depth] += 1
        s = w[PICK + depth]
        visits += 1
        if s >= count or visits > 600:
            depth -= 1
            continue
        left = w[COMING + s]
        spent = w[COST_OF + s]
        if depth > 0:
            apart = w[START + s] // p[SPAN] - w[START + w[PICK + depth - 1]] // p[SPAN]
            if apart == 0:
                continue
            left &= w[LEFT + depth - 1]
            spent += w[SPENT + depth - 1] + (p[W_NEIGHBOUR] if apart == 1 else 0)
        cost = spent - worth * min(ones(left), p[MAX_POINTS] - 1)
        if cost >= best:
            continue
        if depth == lessons - 1:
            best = cost
            coming = left
            for i in range(lessons):
                w[FOUND + i] = w[START + w[PICK + i]]
        else:
            w[LEFT + depth] = left
            w[SPENT + depth] = spent
            depth += 1
            w[PICK + depth] = s
    return best, coming

"""Ruin and recreate under annealing (Schrimpf et al. 2000; Christiaens and Vanden Berghe 2020)."""

import math

from scheduler.planning.kernel.compiled import Ints, compiled
from scheduler.planning.kernel.layout import (
    COST,
    COVERED,
    LACKING,
    LACKING_COUNT,
    MEMBERS,
    N_EASE,
    N_KEPT,
    N_PAIR_FROM,
    N_POINT,
    N_SECTION,
    NEEDS,
    P_NEED_FROM,
    PAIR_NEED,
    PAIR_TEACHER,
    RECORD,
    SECTIONS,
    STRIDE,
    T_NEED_FROM,
    T_PAIR,
    T_SECTION_AT,
    T_SECTIONS,
)
from scheduler.planning.kernel.place import COLD, HOT, MOST_TEACHERS, POOL, place, rand
from scheduler.planning.kernel.places import forget, undo
from scheduler.planning.kernel.sections import close_section, leave_section, record


@compiled
def leave(p: Ints, x: Ints, log: Ints, need: int) -> None:
    """The need leaves its course; nobody stays in an empty one."""
    section = x[p[N_SECTION] + need]
    leave_section(p, x, log, need)
    if x[record(p, section) + MEMBERS] == 0:
        close_section(p, x, log, section)


@compiled
def dismiss(p: Ints, x: Ints, log: Ints, teacher: int) -> None:
    """All courses of a teacher end, but for what stays."""
    listed = p[p[T_SECTION_AT] + teacher]
    for i in range(x[p[T_SECTIONS] + teacher] - 1, -1, -1):
        section = x[listed + i]
        at = record(p, section)
        for j in range(x[at + MEMBERS] - 1, -1, -1):
            need = x[at + RECORD + j]
            if x[p[N_KEPT] + need] == 0:
                leave_section(p, x, log, need)
        if x[at + MEMBERS] == 0:
            close_section(p, x, log, section)


@compiled
def add_to_pool(p: Ints, x: Ints, w: Ints, count: int, teacher: int) -> int:
    """Needs without a course whom the teacher could serve join the pool; returns its size."""
    for i in range(p[p[T_NEED_FROM] + teacher], p[p[T_NEED_FROM] + teacher + 1]):
        need = p[p[PAIR_NEED] + p[p[T_PAIR] + i]]
        if x[p[N_SECTION] + need] < 0 and w[POOL + p[NEEDS] + need] == 0:
            w[POOL + p[NEEDS] + need] = 1
            w[POOL + count] = need
            count += 1
    return count


@compiled
def ruin(p: Ints, x: Ints, log: Ints, w: Ints, rng: Ints) -> int:
    """Take apart what could be in the way of one need, mostly one that lacks lessons; returns the size of the pool."""
    need = rand(rng, p[NEEDS])
    lacking = x[LACKING_COUNT]
    if lacking > 0 and rand(rng, 8) < 7:
        need = x[p[LACKING] + rand(rng, lacking)]
    if x[p[N_KEPT] + need] == 1:
        return 0
    if x[p[N_SECTION] + need] >= 0:
        leave(p, x, log, need)
    if rand(rng, 4) == 0:
        point = p[p[N_POINT] + need]
        for other in range(p[p[P_NEED_FROM] + point], p[p[P_NEED_FROM] + point + 1]):
            if x[p[N_SECTION] + other] >= 0 and x[p[N_KEPT] + other] == 0 and rand(rng, 2) == 0:
                leave(p, x, log, other)
    count = 0
    first = p[p[N_PAIR_FROM] + need]
    pairs = p[p[N_PAIR_FROM] + need + 1] - first
    if pairs > 0:
        for _ in range(1 + rand(rng, w[MOST_TEACHERS])):
            teacher = p[p[PAIR_TEACHER] + first + rand(rng, pairs)]
            dismiss(p, x, log, teacher)
            count = add_to_pool(p, x, w, count, teacher)
    point = p[p[N_POINT] + need]
    for other in range(p[p[P_NEED_FROM] + point], p[p[P_NEED_FROM] + point + 1]):
        if x[p[N_SECTION] + other] < 0 and w[POOL + p[NEEDS] + other] == 0:
            w[POOL + p[NEEDS] + other] = 1
            w[POOL + count] = other
            count += 1
    return count


@compiled
def recreate(p: Ints, x: Ints, log: Ints, w: Ints, rng: Ints, count: int) -> None:
    """Place the needs of the pool, in random order or the hardest first."""
    hardest_first = rand(rng, 2) == 0
    for i in range(count):
        w[POOL + p[NEEDS] + w[POOL + i]] = 0
    for i in range(count):
        chosen = i + rand(rng, count - i)
        if hardest_first:
            ease = p[p[N_EASE] + w[POOL + chosen]]
            for j in range(i, count):
                other = p[p[N_EASE] + w[POOL + j]]
                if other < ease and rand(rng, 8) > 0:
                    ease = other
                    chosen = j
        need = w[POOL + chosen]
        w[POOL + chosen] = w[POOL + i]
        w[POOL + i] = need
        if x[p[N_SECTION] + need] < 0 and log[0] < 3 * log.size // 4:
            place(p, x, log, w, rng, need)


@compiled
def keep(p: Ints, x: Ints, best: Ints) -> None:
    """Remember the plan: cost, coverage, then the records of all sections and who is where."""
    best[0] = x[COST]
    best[1] = x[COVERED]
    at = p[N_SECTION]
    for i in range(at, p[SECTIONS] + p[NEEDS] * p[STRIDE]):
        best[2 + i - at] = x[i]


@compiled
def anneal(p: Ints, x: Ints, best: Ints, log: Ints, w: Ints, rng: Ints, first: int, count: int, length: int) -> None:
    """Rounds `first` … `first + count - 1` of a cycle that is so many rounds long."""
    forget(log)
    cooling = math.log(w[COLD] / w[HOT]) / length
    for i in range(first, first + count):
        before = x[COST]
        recreate(p, x, log, w, rng, ruin(p, x, log, w, rng))
        more = x[COST] - before
        if more <= 0 or more < -w[HOT] * math.exp(cooling * i) * math.log((1 + rand(rng, 1 << 30)) / float(1 << 30)):
            forget(log)
            if x[COST] < best[0]:
                keep(p, x, best)
        else:
            undo(x, log)


@compiled
def fill(p: Ints, x: Ints, log: Ints, w: Ints, rng: Ints) -> None:
    """Place whatever can be placed as things stand: the first plan."""
    count = 0
    for need in range(p[NEEDS]):
        w[POOL + p[NEEDS] + need] = 0
        if x[p[N_SECTION] + need] < 0:
            w[POOL + count] = need
            count += 1
    for i in range(count):
        chosen = i + rand(rng, count - i)
        need = w[POOL + chosen]
        w[POOL + chosen] = w[POOL + i]
        if x[p[N_SECTION] + need] < 0:
            place(p, x, log, w, rng, need)
            forget(log)

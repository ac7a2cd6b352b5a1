"""Who and what is taken when: logged writes, seats and loads."""

from scheduler.planning.kernel.compiled import Ints, compiled
from scheduler.planning.kernel.layout import (
    BUSY,
    C_DAY,
    C_MAX_DAY,
    C_SEAT,
    DAYS,
    HOST_DOWN,
    HOST_UP,
    LIVE,
    LOAD_AT,
    LOAD_MOST,
    N_CLASS,
    N_SCHOOL,
    POINT_DOWN,
    POINT_UP,
    S_LINE_DOWN,
    S_LINE_UP,
    S_SEAT,
    SEAT_AT,
    SEAT_PLACES,
    SPAN,
    T_DAY,
    T_MAX_DAY,
    T_NODE,
    T_SCHOOL,
    T_SEAT,
)


@compiled
def put(x: Ints, log: Ints, at: int, value: int) -> None:
    """Write, and remember what stood there. `log[0]` is the next free place in the log."""
    end = log[0]
    log[end] = at
    log[end + 1] = x[at]
    log[0] = end + 2
    x[at] = value


@compiled
def forget(log: Ints) -> None:
    """What was written since is kept."""
    log[0] = 1


@compiled
def undo(x: Ints, log: Ints) -> None:
    """Everything is again as it was when the log was last empty."""
    end = log[0]
    while end > 1:
        end -= 2
        x[log[end]] = log[end + 1]
    log[0] = 1


@compiled
def free_seat(p: Ints, x: Ints, seat: int, code: int) -> bool:
    """May a lesson that starts at `code` sit here, changeover included?"""
    places = p[p[SEAT_PLACES] + seat]
    words = p[DAYS] * (p[SPAN] >> 5)
    at = p[p[SEAT_AT] + seat] + (places - 1) * words + (code >> 5)
    left = p[BUSY]
    bit = code & 31
    while left > 0:
        here = min(left, 32 - bit)
        if (x[at] >> bit) & ((1 << here) - 1):
            return False
        left -= here
        bit = 0
        at += 1
    return True


@compiled
def take_seat(p: Ints, x: Ints, log: Ints, seat: int, code: int) -> None:
    take_span(p, x, log, seat, code, p[BUSY])


@compiled
def take_span(p: Ints, x: Ints, log: Ints, seat: int, code: int, slots: int) -> None:
    """One place of the seat is taken for so many slots."""
    places = p[p[SEAT_PLACES] + seat]
    words = p[DAYS] * (p[SPAN] >> 5)
    at = p[p[SEAT_AT] + seat] + (code >> 5)
    left = slots
    bit = code & 31
    while left > 0:
        here = min(left, 32 - bit)
        carry = ((1 << here) - 1) << bit
        plane = at
        for _ in range(places):
            before = x[plane]
            put(x, log, plane, before | carry)
            carry &= before
            if carry == 0:
                break
            plane += words
        left -= here
        bit = 0
        at += 1


@compiled
def leave_seat(p: Ints, x: Ints, log: Ints, seat: int, code: int) -> None:
    places = p[p[SEAT_PLACES] + seat]
    words = p[DAYS] * (p[SPAN] >> 5)
    at = p[p[SEAT_AT] + seat] + (code >> 5)
    left = p[BUSY]
    bit = code & 31
    while left > 0:
        here = min(left, 32 - bit)
        carry = ((1 << here) - 1) << bit
        plane = at + (places - 1) * words
        for _ in range(places):
            before = x[plane]
            if before & carry:
                put(x, log, plane, before & ~carry)
                carry &= ~before
                if carry == 0:
                    break
            plane -= words
        left -= here
        bit = 0
        at += 1


@compiled
def bears(p: Ints, x: Ints, load: int, code: int, amount: int) -> bool:
    """Does the load stay within its limit when a lesson adds `amount` while it is live?

    What begins is written where it begins, which is one number and not one for every slot; what is live is the sum of
    the last slots, here from the lesson's start to its end.
    """
    at = p[p[LOAD_AT] + load] + code
    most = p[p[LOAD_MOST] + load] - amount
    live = p[LIVE]
    carried = 0
    for i in range(at - live + 1, at + 1):
        carried += x[i]
    if carried > most:
        return False
    for i in range(at + 1, at + live):
        carried += x[i] - x[i - live]
        if carried > most:
            return False
    return True


@compiled
def add_load(p: Ints, x: Ints, log: Ints, load: int, code: int, amount: int) -> None:
    at = p[p[LOAD_AT] + load] + code
    put(x, log, at, x[at] + amount)


@compiled
def can_host(p: Ints, x: Ints, teacher: int, code: int, points: int) -> bool:
    """May the teacher begin a lesson for so many needs (H5 – H7 at the host's end, but for the weekly limit)?"""
    if x[p[T_DAY] + teacher * p[DAYS] + code // p[SPAN]] >= p[p[T_MAX_DAY] + teacher]:
        return False
    if not free_seat(p, x, p[p[T_SEAT] + teacher], code):
        return False
    school = p[p[T_SCHOOL] + teacher]
    if not free_seat(p, x, p[p[S_SEAT] + school], code):
        return False
    up = p[p[S_LINE_UP] + school]
    if up >= 0 and not bears(p, x, up, code, p[HOST_UP]):
        return False
    return can_carry(p, x, teacher, code, points, 1 + points)


@compiled
def can_carry(p: Ints, x: Ints, teacher: int, code: int, points: int, participants: int) -> bool:
    """Do the host's line down and the node bear so many more points and participants?"""
    down = p[p[S_LINE_DOWN] + p[p[T_SCHOOL] + teacher]]
    if down >= 0 and not bears(p, x, down, code, p[HOST_DOWN] * points):
        return False
    node = p[p[T_NODE] + teacher]
    return node < 0 or bears(p, x, node, code, participants)


@compiled
def can_attend(p: Ints, x: Ints, need: int, code: int) -> bool:
    """Is the need's class free to attend (H5, H6, H8)? Whether it may at all at this start (H4) is the caller's."""
    group = p[p[N_CLASS] + need]
    if x[p[C_DAY] + group * p[DAYS] + code // p[SPAN]] >= p[p[C_MAX_DAY] + group]:
        return False
    if not free_seat(p, x, p[p[C_SEAT] + group], code):
        return False
    school = p[p[N_SCHOOL] + need]
    if not free_seat(p, x, p[p[S_SEAT] + school], code):
        return False
    down = p[p[S_LINE_DOWN] + school]
    if down >= 0 and not bears(p, x, down, code, p[POINT_DOWN]):
        return False
    up = p[p[S_LINE_UP] + school]
    return up < 0 or bears(p, x, up, code, p[POINT_UP])

"""Where things stand in the two arenas the kernel works on: `p` (the problem, read only) and `x` (the state).

Both are flat arrays of 64-bit integers that begin with a header. A name below is the place in the header of `p` where
the offset of a table (or a single number) is found: `p[p[N_CLASS] + need]` is the class of a need,
`x[p[T_WEEK] + teacher]` the weekly hours of a teacher. One array for all state keeps three things simple: the undo log
is a list of (place, old value), a snapshot is a copy, and another process gets bytes.

A start is coded as `day * p[SPAN] + slot`, `SPAN` being a multiple of 32 with room for a whole lesson behind the last
slot, so that bit `code & 31` of word `code >> 5` is its place in every weekly bitmap.

A *seat* is whatever a lesson occupies one of while it lasts, changeover included: a teacher, a class, a school's rooms.
It has as many bitmaps (planes) as places; plane k says when more than k places are taken, so the last says "full".
A *load* is what lessons add up on while they are live: a school's line up or down, a county's media node.
"""

from itertools import count
from typing import Final

_next = count()

# single numbers
NEEDS: Final = next(_next)
HOSTS: Final = next(_next)  # schools with teachers; they come first
DAYS: Final = next(_next)
SPAN: Final = next(_next)  # codes in a day
BUSY: Final = next(_next)  # slots for which a lesson keeps its seats
LIVE: Final = next(_next)  # slots for which a lesson is on the lines
MAX_POINTS: Final = next(_next)
MOST_MEMBERS: Final = next(_next)  # room for them in a record: a pinned course may be larger than allowed
STRIDE: Final = next(_next)  # integers in a section's record
HOST_UP: Final = next(_next)  # kbit/s, as the next three
HOST_DOWN: Final = next(_next)
POINT_DOWN: Final = next(_next)
POINT_UP: Final = next(_next)
W_TEACHER: Final = next(_next)  # S2
W_PARTNER: Final = next(_next)  # S3
W_HALF: Final = next(_next)  # S4, both
W_THREE_QUARTERS: Final = next(_next)
W_NEIGHBOUR: Final = next(_next)  # S5
W_PREFERRED: Final = next(_next)  # S6

# tables in p, by teacher
T_SCHOOL: Final = next(_next)
T_SEAT: Final = next(_next)
T_NODE: Final = next(_next)  # a load, or -1 where the node cannot be filled
T_MAX_WEEK: Final = next(_next)
T_MAX_DAY: Final = next(_next)
T_NEED_FROM: Final = next(_next)  # pairs of a teacher: T_PAIR[from[t]:from[t + 1]], grouped by group
T_PAIR: Final = next(_next)
# by need
N_POINT: Final = next(_next)
N_SCHOOL: Final = next(_next)
N_CLASS: Final = next(_next)
N_LESSONS: Final = next(_next)
N_WEIGHT: Final = next(_next)  # S1, a lesson
N_PREVIOUS: Final = next(_next)  # a teacher, -1 for none, -2 for one who is not in this problem
N_GROUP: Final = next(_next)  # needs that may attend together
N_EASE: Final = next(_next)  # how many (teacher, start) could serve it
N_ALLOWED: Final = next(_next)  # H4: weekly bitmap of starts
N_LIKED: Final = next(_next)  # S6: weekly bitmap of starts in preferred periods
N_PAIR_FROM: Final = next(_next)  # pairs of a need: from[n] .. from[n + 1], as numbers of pairs
P_NEED_FROM: Final = next(_next)  # by point: its needs are from[point] .. from[point + 1]
# by pair of a need and a teacher who can serve it (H1)
PAIR_TEACHER: Final = next(_next)
PAIR_NEED: Final = next(_next)
PAIR_STARTS_FROM: Final = next(_next)  # starts that both can keep (H3, H4)
PAIR_STARTS: Final = next(_next)
# by class
C_SEAT: Final = next(_next)
C_MAX_DAY: Final = next(_next)  # H8, in lessons
# by school
S_SEAT: Final = next(_next)
S_LINE_UP: Final = next(_next)  # a load, or -1 where the line cannot be filled
S_LINE_DOWN: Final = next(_next)
S_HALF: Final = next(_next)  # S4: lessons a week that cost nothing, and those that cost little
S_THREE_QUARTERS: Final = next(_next)
# by seat and load
SEAT_AT: Final = next(_next)  # where its planes begin in x
SEAT_PLACES: Final = next(_next)
LOAD_AT: Final = next(_next)
LOAD_MOST: Final = next(_next)

# tables in x
T_WEEK: Final = next(_next)
T_DAY: Final = next(_next)  # [teacher, day]
T_SECTIONS: Final = next(_next)  # how many
T_SECTION_AT: Final = next(_next)  # in p, by teacher: where its list of sections begins in x
C_DAY: Final = next(_next)  # [class, day]
S_HOURS: Final = next(_next)
PARTNER: Final = next(_next)  # [point, host school]: needs of the point taught from there
PARTNERS: Final = next(_next)  # [point]: how many schools
N_SECTION: Final = next(_next)  # -1: none
N_KEPT: Final = next(_next)  # 1: it stays in its course
LACKING: Final = next(_next)  # needs with fewer lessons than they want, in any order
LACKING_AT: Final = next(_next)  # [need]: its place there, -1: it lacks nothing
FREE: Final = next(_next)  # stack of unused sections
SECTIONS: Final = next(_next)  # records, see below

HEADER: Final = next(_next)

# header of x
COST: Final = 0
COVERED: Final = 1
LACKING_COUNT: Final = 2
FREE_COUNT: Final = 3
STATE_HEADER: Final = 4

# a section's record: these five, the members, the starts
TEACHER: Final = 0
GROUP: Final = 1
MEMBERS: Final = 2
LESSONS: Final = 3
STAYS: Final = 4
RECORD: Final = 5

# how a section may change (STAYS)
FREELY: Final = 0
MAY_GAIN: Final = 1  # stays as it is, others may join
SHUT: Final = 2

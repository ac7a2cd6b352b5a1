"""Keeping the tests at the priority they were started with."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def usual_priority() -> Iterator[None]:
    """Around SVT-AV1: run by root, it puts the thread that opens it at real-time priority 99 to see whether it may
    (check_set_prio in its EbThreads.c), and leaves it there. Browsers started afterwards inherit that and take the
    whole machine."""
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)

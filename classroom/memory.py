"""Memory of the process: few collections while it works, and giving back what a crowd has left."""

import ctypes
import gc

GC_ALLOCATIONS = 20_000  # between collections of the youngest generation (700 unless set)


def hold_the_collector() -> None:
    """Call first in a command that calls `spare_the_collector` later: what it loads and builds meanwhile stays."""
    gc.disable()


def spare_the_collector() -> None:
    """Call when everything is built that stays until the end.

    Packets make no cycles: collecting rarely saves a tenth of the processor under load, and pauses of tens of
    milliseconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_ALLOCATIONS, 20, 10)
    gc.enable()


def give_back() -> None:
    """Return what is free to the system; takes some milliseconds, and may run in a thread. Only glibc can be asked.

    It does not collect first: that would stop every thread for as long as it takes, and with it every lesson.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)

"""One typed door to numba."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Machine code of a function over `Ints` and integers, kept on disk; it runs without the interpreter's lock.

    numba notices a change of the function's own file only, not of those it calls from. So the folder of the cache is
    named after all sources of the kernel (`scheduler.io.kernel_cache`), and nobody has to think of it.
    """
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True, boundscheck=False)(function))

"""Lays out the two arenas: tables of a problem after its header, then where in the state each table stands."""

from collections.abc import Iterable

import numpy as np

from scheduler.planning.kernel.compiled import Ints
from scheduler.planning.kernel.layout import HEADER, STATE_HEADER


class Arena:
    """Collects numbers and tables under the names of `layout`."""

    def __init__(self) -> None:
        self._header = np.zeros(HEADER, np.int64)
        self._tables: list[Ints] = []
        self._end = HEADER
        self._state_end = STATE_HEADER

    def number(self, name: int, value: int) -> None:
        self._header[name] = value

    def table(self, name: int, values: Iterable[int]) -> None:
        """A table of the problem: any shape, flattened."""
        table = np.fromiter(values, np.int64)
        self._header[name] = self._end
        self._end += table.size
        self._tables.append(table)

    def state(self, name: int, size: int) -> int:
        """Room for a table of the state; returns where it stands."""
        at = self._state_end
        self._header[name] = at
        self._state_end += size
        return at

    def room(self, size: int) -> int:
        """Room in the state that has no name of its own."""
        at = self._state_end
        self._state_end += size
        return at

    @property
    def state_size(self) -> int:
        return self._state_end

    def read(self, name: int) -> int:
        return int(self._header[name])

    def problem(self) -> Ints:
        return np.concatenate([self._header, *self._tables])

"""Facets as text of fixed width: packed when a document is written, counted thousands at a time when it is found.

`SELECT string_agg(codes, '')` hands over the facets of all hits as one value. That is five times as fast as a GROUP BY
per facet (100,000 documents, 75,000 hits, SQLite: 30 ms against 330 ms), and any narrowing, counting and sorting of
them is then array work.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

# Printable ASCII from "#" on: no quote, no backslash.
_FIRST = ord("#")
_BASE = 90
_EPOCH = date(1970, 1, 1)

Numbers = npt.NDArray[np.int64]

# Facets and how many digits their numbers may have: 2 hold 8,100 values, 3 hold 729,000.
FACETS: Mapping[str, int] = {
    "school": 3,
    "scope": 3,  # within which it is published: a school, a region, or everywhere
    "state": 1,
    "subject": 2,
    "grade": 2,
    "edition": 2,
    "mode": 1,
    "type": 1,
    "level": 1,
    "consent": 1,
    "year": 2,
}
_COLUMNS: Mapping[str, int] = {"document": 4, "day": 3, **FACETS}
WIDTH = sum(_COLUMNS.values())
_PLACES = {name: (sum(list(_COLUMNS.values())[:at]), width) for at, (name, width) in enumerate(_COLUMNS.items())}


def pack(document: int, day: date, facets: Mapping[str, int]) -> str:
    """One document: its number, when it was recorded, and the number of its value in every one of `FACETS`."""
    values = {"document": document, "day": day_number(day), **facets}
    return "".join(_digits(values[name], width) for name, width in _COLUMNS.items())


def day_number(day: date) -> int:
    """A day as `pack` counts it."""
    return max(0, (day - _EPOCH).days)


def _digits(value: int, width: int) -> str:
    if not 0 <= value < _BASE**width:
        raise ValueError(f"{value} does not fit into {width} digits")
    return "".join(chr(_FIRST + value // _BASE**power % _BASE) for power in reversed(range(width)))


@dataclass(frozen=True, slots=True)
class Documents:
    """Packed documents, one per row: `digits` has `WIDTH` columns."""

    digits: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.digits)

    def column(self, name: str) -> Numbers:
        """ "document", "day", or the number of a facet's value, for each of them."""
        first, width = _PLACES[name]
        # one after another: an array of all columns as integers would be eight times as large
        value = np.zeros(len(self.digits), np.int64)
        for at in range(first, first + width):
            value = value * _BASE + (self.digits[:, at] - np.uint8(_FIRST))
        return value

    def where(self, chosen: npt.NDArray[np.bool_] | Numbers) -> "Documents":
        """Those for which a mask is true, or at these places."""
        if chosen.dtype == np.bool_ and chosen.all():
            return self
        return Documents(self.digits[chosen])

    def count(self, facet: str) -> dict[int, int]:
        """How many documents have each value of a facet."""
        counts = np.bincount(self.column(facet))
        return {int(value): int(counts[value]) for value in np.flatnonzero(counts)}


def unpack(codes: str) -> Documents:
    """The documents whose `pack`ed texts were joined without anything between them."""
    return Documents(np.frombuffer(codes.encode("ascii"), np.uint8).reshape(-1, WIDTH))

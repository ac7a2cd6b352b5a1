"""What can be wrong with one cell."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from classroom.errors import BadInput

Datum = str | int | float | bool | list[str]


class CellWrong(BadInput):
    """A cell's value is not what its column wants; caught where the cell's address is known."""


@dataclass(frozen=True, slots=True)
class CellFault:
    """`cell` is an address such as `C5`, or empty when it is about the sheet; the text of `code` is in the catalog."""

    sheet: str
    cell: str
    code: str
    data: Mapping[str, Datum] = field(default_factory=dict)

"""Which cells of a workbook are merged.

openpyxl's streaming reader does not say, and its other reader makes an object of every cell of a merged range, of which
a sheet can have seventeen billion.
"""

import posixpath
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final
from xml.parsers import expat

from openpyxl.utils.cell import range_boundaries

Range = tuple[int, int, int, int]
Attributes = Mapping[str, str]

_CHUNK_BYTES: Final = 256 * 1024


def merged_ranges(archive: zipfile.ZipFile) -> dict[str, list[str]]:
    """References such as `A2:B3` by the title of the sheet. ECMA-376-1 § 18.2.19, 18.3.1.55.

    Raises `KeyError` or `ValueError` when the parts are not as they should be.
    """
    targets: dict[str, str] = {}
    sheets: list[tuple[str, str]] = []
    _scan(archive, "xl/_rels/workbook.xml.rels", "Relationship", partial(_relate, targets))
    _scan(archive, "xl/workbook.xml", "sheet", lambda found: sheets.append((found["name"], _reference(found))))
    parts = set(archive.namelist())
    ranges: dict[str, list[str]] = {}
    for title, reference in sheets:
        here = ranges.setdefault(title, [])
        path = targets.get(reference)
        if path in parts:
            _scan(archive, path, "mergeCell", partial(_refer, here))
    return ranges


def boundaries(reference: str) -> Range:
    """First column, first row, last column, last row, from 1. Raises `ValueError`."""
    first_column, first_row, last_column, last_row = range_boundaries(reference)
    if first_column is None or first_row is None or last_column is None or last_row is None:
        raise ValueError(reference)
    return first_column, first_row, last_column, last_row


def _relate(targets: dict[str, str], found: Attributes) -> None:
    targets[found["Id"]] = posixpath.normpath(posixpath.join("/xl", found["Target"])).lstrip("/")


def _refer(ranges: list[str], found: Attributes) -> None:
    ranges.append(found["ref"])


def _reference(found: Attributes) -> str:
    """`r:id`, whatever prefix stands for the namespace of relationships."""
    return next((value for name, value in found.items() if _local(name) == "id"), "")


def _scan(archive: zipfile.ZipFile, path: str, name: str, take: Callable[[Attributes], None]) -> None:
    """Give `take` the attributes of every element of this name, in whatever namespace."""
    parser = expat.ParserCreate(namespace_separator=" ")

    def start(tag: str, attributes: dict[str, str]) -> None:
        if _local(tag) == name:
            take(attributes)

    def entity(*_: object) -> None:
        # no spreadsheet program declares any; they are how small files unpack to large texts
        raise ValueError("entity")

    parser.StartElementHandler = start
    parser.EntityDeclHandler = entity
    with archive.open(path) as part:
        while chunk := part.read(_CHUNK_BYTES):
            parser.Parse(chunk, False)
    parser.Parse(b"", True)


def _local(name: str) -> str:
    return name.rpartition(" ")[2]

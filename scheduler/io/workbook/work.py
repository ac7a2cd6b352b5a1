"""Reading and writing a workbook, in this process: bytes in, bytes out."""

from openpyxl.utils.cell import coordinate_to_tuple

from scheduler.io.national_plan import national_plan
from scheduler.io.workbook.answers import Places, WorkbookRead
from scheduler.io.workbook.assemble import Assembler
from scheduler.io.workbook.faults import CellFault
from scheduler.io.workbook.layout import SHEETS
from scheduler.io.workbook.reader import Table, read_tables


def read_workbook(content: bytes) -> WorkbookRead:
    """What a filled-in workbook says, or all that is wrong in its cells.

    Raises `BadInput`, `TooLarge` or `Unsupported` for what is wrong with the file as a whole.
    """
    tables, faults = read_tables(content)
    registry = Assembler(tables, faults, national_plan()).registry()
    places = Places(
        {name: _rows(tables[name]) for name in ("schools", "rooms", "teachers")},
        {name: table.letters for name, table in tables.items()},
    )
    in_order = sorted(faults.found, key=_place)
    return WorkbookRead(None if faults.count else registry, in_order, faults.count, places)


def _place(fault: CellFault) -> tuple[int, int, int]:
    """As one goes through the file: sheet by sheet, row by row."""
    sheet = [sheet.title for sheet in SHEETS].index(fault.sheet)
    return (sheet, *coordinate_to_tuple(fault.cell)) if fault.cell else (sheet, 0, 0)


def _rows(table: Table) -> dict[str, int]:
    key = table.sheet.key[0]
    return {row.values[key]: row.number for row in table.rows if row.complete(key)}

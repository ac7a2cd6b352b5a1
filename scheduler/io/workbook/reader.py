"""From the bytes of a file to rows of values, with a fault for every cell that is not what its column wants."""

import io
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from openpyxl import load_workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.cell.read_only import EMPTY_CELL, EmptyCell
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook.workbook import Workbook

from classroom.errors import BadInput
from classroom.sheets import BROKEN_WORKBOOK
from scheduler.io.workbook.cells import normal, shown
from scheduler.io.workbook.container import check_container
from scheduler.io.workbook.faults import CellFault, CellWrong
from scheduler.io.workbook.layout import SHEETS, Column, Sheet
from scheduler.io.workbook.merges import boundaries, merged_ranges

# what openpyxl's types say; the streaming reader gives lighter objects with the same fields
AnyCell = Cell | MergedCell | EmptyCell

# A prefecture's largest sheet, its bells, has fewer.
MOST_ROWS: Final = 20_000
MOST_COLUMNS: Final = 40
# Nobody reads more; the rest is counted.
MOST_FAULTS: Final = 200
_BROKEN: Final = (InvalidFileException, *BROKEN_WORKBOOK)


@dataclass(frozen=True, slots=True)
class Row:
    """`values` by column key. A cell with a fault is missing in it; an empty one has its default."""

    number: int
    values: Mapping[str, Any]

    def complete(self, *keys: str) -> bool:
        """Whether these cells are good."""
        return all(key in self.values for key in keys)


@dataclass(slots=True)
class Faults:
    """The first `MOST_FAULTS`, and how many there are in all."""

    found: list[CellFault] = field(default_factory=list)
    count: int = 0

    def add(self, sheet: str, cell: str, error: CellWrong) -> None:
        self.count += 1
        if len(self.found) < MOST_FAULTS:
            self.found.append(CellFault(sheet, cell, error.code, error.data))


@dataclass(slots=True)
class Table:
    """The rows of one sheet, and the letters of its columns."""

    sheet: Sheet
    faults: Faults
    letters: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def wrong(self, row: Row, key: str, error: CellWrong) -> None:
        """A fault in a cell of the row."""
        self.faults.add(self.sheet.title, f"{self.letters.get(key, '')}{row.number}", error)


def read_tables(content: bytes) -> tuple[dict[str, Table], Faults]:
    """All sheets by name, with everything that is wrong in single cells.

    Raises as `check_container`, and `BadInput` with `workbook_damaged` or `workbook_empty`.
    """
    check_container(content)
    faults = Faults()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            merges = merged_ranges(archive)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
    except _BROKEN as error:
        raise BadInput("workbook_damaged") from error
    tables = {sheet.name: _read(book, sheet, merges, faults) for sheet in SHEETS}
    if not any(table.rows for table in tables.values()) and faults.count == 0:
        raise BadInput("workbook_empty", sheets=[sheet.title for sheet in SHEETS if sheet.needed])
    return tables, faults


def _read(book: Workbook, sheet: Sheet, merges: Mapping[str, list[str]], faults: Faults) -> Table:
    table = Table(sheet, faults)
    title = {normal(name): name for name in book.sheetnames}.get(sheet.title)
    if title is None:
        if sheet.needed:
            others = [shown(name) for name in book.sheetnames[:10]]
            faults.add(sheet.title, "", CellWrong("sheet_missing", found=others))
        return table
    merged = _merged(merges.get(title, []), table)
    columns: dict[int, Column] = {}
    for number, cells in enumerate(_cells(book, title), 1):
        if number == 1:
            columns = _header(cells, table, merged)
        elif any(not _empty(cell.value) for cell in cells):
            if number > MOST_ROWS + 1:
                faults.add(sheet.title, f"A{number}", CellWrong("sheet_too_long", longest=MOST_ROWS))
                break
            if columns:
                table.rows.append(_row(number, table, columns, cells, merged))
    if not columns:
        _missing_columns(table, ())
    _repeated(table)
    return table


def _cells(book: Workbook, title: str) -> Iterator[tuple[AnyCell, ...]]:
    """The rows of a sheet, one more than are allowed. Raises `BadInput("workbook_damaged")`."""
    try:
        page = book[title]
        # what the file says about its size may be wrong
        page.reset_dimensions()
        yield from page.iter_rows(max_row=MOST_ROWS + 2, max_col=MOST_COLUMNS)
    except _BROKEN as error:
        raise BadInput("workbook_damaged") from error


def _merged(references: Iterable[str], table: Table) -> frozenset[tuple[int, int]]:
    """(row, column) of cells that are parts of one; each range is one fault."""
    cells: set[tuple[int, int]] = set()
    for reference in references:
        first_column, first_row, last_column, last_row = boundaries(reference)
        if first_row > MOST_ROWS + 1 or first_column > MOST_COLUMNS:
            continue
        table.faults.add(
            table.sheet.title, _address(first_row, first_column), CellWrong("cell_merged", cells=reference)
        )
        rows = range(first_row, min(last_row, MOST_ROWS + 1) + 1)
        cells.update(
            (row, column) for row in rows for column in range(first_column, min(last_column, MOST_COLUMNS) + 1)
        )
    return frozenset(cells)


def _header(cells: Sequence[AnyCell], table: Table, merged: frozenset[tuple[int, int]]) -> dict[int, Column]:
    """Columns by their index, from the first row."""
    wanted = {column.title: column for column in table.sheet.columns}
    columns: dict[int, Column] = {}
    for index, cell in enumerate(cells):
        if _empty(cell.value) or (1, index + 1) in merged:
            continue
        try:
            title = normal(cell.value)
            column = wanted.get(title)
            if column is None:
                raise CellWrong("column_unknown", found=shown(title), allowed=list(wanted))
            if column in columns.values():
                raise CellWrong("column_twice", column=title)
        except CellWrong as error:
            table.faults.add(table.sheet.title, _address(1, index + 1), error)
            continue
        columns[index] = column
        table.letters[column.key] = get_column_letter(index + 1)
    if columns:
        _missing_columns(table, columns.values())
    return columns


def _missing_columns(table: Table, present: Collection[Column]) -> None:
    for column in table.sheet.columns:
        if column.needed and column not in present:
            table.faults.add(table.sheet.title, "A1", CellWrong("column_missing", column=column.title))


def _row(
    number: int,
    table: Table,
    columns: Mapping[int, Column],
    cells: Sequence[AnyCell],
    merged: frozenset[tuple[int, int]],
) -> Row:
    present = {column.key for column in columns.values()}
    values: dict[str, Any] = {column.key: column.default for column in table.sheet.columns if column.key not in present}
    for index, column in columns.items():
        if (number, index + 1) in merged:
            continue
        try:
            values[column.key] = _value(cells[index] if index < len(cells) else EMPTY_CELL, column)
        except CellWrong as error:
            table.faults.add(table.sheet.title, _address(number, index + 1), error)
    return Row(number, values)


def _value(cell: AnyCell, column: Column) -> Any:
    if _empty(cell.value):
        if column.needed:
            raise CellWrong("cell_missing", column=column.title)
        return column.default
    if cell.data_type == "f":
        raise CellWrong("cell_formula", found=shown(_formula(cell.value)))
    if cell.data_type == "e":
        raise CellWrong("cell_error_value", found=shown(cell.value))
    return column.parse(cell.value)


def _formula(value: object) -> str:
    """Array formulas and data tables are objects that hold their text."""
    return str(getattr(value, "text", None) or value)


def _repeated(table: Table) -> None:
    """A second row about the same thing is a fault, and nothing more is asked of it."""
    first: dict[tuple[object, ...], int] = {}
    kept: list[Row] = []
    for row in table.rows:
        if row.complete(*table.sheet.key):
            key = tuple(row.values[name] for name in table.sheet.key)
            earlier = first.setdefault(key, row.number)
            if earlier != row.number:
                table.wrong(row, table.sheet.key[-1], CellWrong("cell_repeated", found=shown(key[-1]), row=earlier))
                continue
        kept.append(row)
    table.rows = kept


def _empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _address(row: int, column: int) -> str:
    return f"{get_column_letter(column)}{row}"

"""Tables people bring: CSV or XLSX, one row per thing. What is wrong is said row by row and cell by cell."""

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

from classroom.errors import BadInput, ClassroomError

MOST_ROWS: Final = 20_000
MOST_COLUMNS: Final = 64
LONGEST_CELL: Final = 4000
# A workbook is a ZIP: a small one may unpack to anything.
MOST_UNPACKED_BYTES: Final = 256 * 1024 * 1024
# openpyxl lets out whatever a broken part makes it stumble over, and of a sheet only when its rows are read.
BROKEN_WORKBOOK: Final = (
    ParseError, ExpatError, zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, IndexError, OSError,
    EOFError, NotImplementedError, RecursionError, AssertionError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """`number` as the spreadsheet shows it; `cells` by column key, empty where nothing stands."""

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, key: str) -> str:
        return self.cells.get(key, "")


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with a row: `column` is a column's key; the text is made from the error at the edge."""

    row: int
    column: str
    error: ClassroomError


@dataclass(slots=True)
class Report:
    """What an import did, or would do: nothing of it when there are problems."""

    added: int = 0
    changed: int = 0
    same: int = 0
    problems: list[RowProblem] = field(default_factory=list)

    def wrong(self, row: Row, column: str, code: str, **data: str | int | float | bool | list[str]) -> None:
        """Note a problem; its text is filled with the cell's value as `value`."""
        self.problems.append(RowProblem(row.number, column, BadInput(code, value=row[column][:100], **data)))


def read_sheet(data: bytes, columns: Mapping[str, Sequence[str]], required: Sequence[str]) -> list[Row]:
    """The rows below the headings. `columns`: for each key the headings it may have; others are ignored.

    Raises `BadInput` with `table_unreadable`, `table_column_missing`, `table_too_long` or `table_empty`.
    """
    lines = _xlsx(data) if data[:2] == b"PK" else _csv(data)
    headings: dict[int, str] = {}
    rows: list[Row] = []
    wanted = {_folded(name): key for key, names in columns.items() for name in (key, *names)}
    for number, cells in enumerate(lines, 1):
        if not any(cells):
            continue
        if not headings:
            headings = {at: wanted[_folded(cell)] for at, cell in enumerate(cells) if _folded(cell) in wanted}
            if missing := [columns[key][0] for key in required if key not in headings.values()]:
                raise BadInput("table_column_missing", columns=missing)
            continue
        if len(rows) >= MOST_ROWS:
            raise BadInput("table_too_long", most=MOST_ROWS)
        rows.append(Row(number, {key: cells[at] for at, key in headings.items() if at < len(cells)}))
    if not rows:
        raise BadInput("table_empty")
    return rows


def _folded(heading: str) -> str:
    return heading.replace(" ", "").replace("*", "").casefold()


def _csv(data: bytes) -> Iterator[list[str]]:
    # What Excel saves in China is GB 18030 unless UTF-8 is chosen, which it then marks.
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise BadInput("table_unreadable", reason="UTF-8, GB 18030")
    try:
        for line in csv.reader(io.StringIO(text, newline=""), strict=True):
            yield [cell.strip()[:LONGEST_CELL] for cell in line[:MOST_COLUMNS]]
    except csv.Error as error:
        raise BadInput("table_unreadable", reason=str(error)) from None


def _xlsx(data: bytes) -> Iterator[list[str]]:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > MOST_UNPACKED_BYTES:
                raise BadInput("table_too_long", most=MOST_ROWS)
        workbook = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        try:
            sheet = workbook.worksheets[0]
            # what the file says of its size may be wrong, in either direction
            sheet.reset_dimensions()
            for line in sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True):
                yield [_text(cell) for cell in line]
        finally:
            workbook.close()
    except BROKEN_WORKBOOK as error:
        raise BadInput("table_unreadable", reason=str(error)[:200]) from None


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        # spreadsheets keep every number as a float
        cell = int(cell)
    return str(cell).strip()[:LONGEST_CELL]

"""A weekly timetable as a workbook: everything in order of time, then by teacher, room, and receiving school."""

import io
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from classroom.model.term import Weeks
from scheduler.io.workbook.answers import TimetableRow
from scheduler.io.workbook.cells import DAYS, write_clock

_HEAD: Final = PatternFill("solid", start_color="FFE8EEF7")
_WEEKS: Final = {Weeks.ALL: "每周", Weeks.ODD: "单周", Weeks.EVEN: "双周"}
_WIDTHS: Final = {"主讲校": 26, "受援校": 26, "班级": 16, "教师": 14, "时间": 14, "教室": 20}


def write_timetable(rows: Sequence[TimetableRow]) -> bytes:
    """The workbook."""
    book = Workbook()
    if book.active is not None:
        book.remove(book.active)
    for title, key in (
        ("按时间", _time),
        ("按教师", _teacher),
        ("按教室", _room),
        ("按受援校", _school),
    ):
        _fill(book.create_sheet(title), sorted(rows, key=key))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


Key = tuple[object, ...]
_Sort = Callable[[TimetableRow], Key]


def _time(row: TimetableRow) -> Key:
    return row.day, row.start_min, row.host, row.teacher, row.school, row.group


def _teacher(row: TimetableRow) -> Key:
    return row.host, row.teacher, *_time(row)


def _room(row: TimetableRow) -> Key:
    return row.host, row.room, *_time(row)


def _school(row: TimetableRow) -> Key:
    return row.school, row.group, *_time(row)


def _fill(page: Worksheet, rows: Iterable[TimetableRow]) -> None:
    titles = ["星期", "时间", "周次", "学科", "年级", "教师", "主讲校", "教室", "受援校", "班级"]
    page.append(titles)
    for row in rows:
        time = f"{write_clock(row.start_min)}-{write_clock(row.end_min)}"
        page.append(
            [
                *(f"周{DAYS[row.day]}", time, _WEEKS[row.weeks], row.subject, row.grade),
                *(row.teacher, row.host, row.room or "（没有空教室）", row.school, row.group),
            ]
        )
    page.freeze_panes = "A2"
    page.auto_filter.ref = page.dimensions
    for index, title in enumerate(titles, 1):
        letter = get_column_letter(index)
        page[f"{letter}1"].font = Font(bold=True)
        page[f"{letter}1"].fill = _HEAD
        page.column_dimensions[letter].width = _WIDTHS.get(title, 9)

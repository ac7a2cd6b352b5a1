"""The workbook to fill in, empty or with what is known already."""

import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from classroom.model.registry import Registry
from scheduler.io.workbook.cells import write_clock, write_grades, write_periods
from scheduler.io.workbook.layout import ROOM_KINDS, SCHEMA_TITLE, SCHOOL_KINDS, SCOPES, SHEETS, Sheet

_HEAD: Final = PatternFill("solid", start_color="FFE8EEF7")
_NEEDED: Final = Font(bold=True, color="FFB42318")
_OPTIONAL: Final = Font(bold=True)
# rows that get the format and the choices of their column
_PREPARED_ROWS: Final = 200

Cells = Iterable[object]


def write_workbook(registry: Registry, region_names: Mapping[str, str]) -> bytes:
    """A workbook that `read_workbook` reads back as the same registry. `region_names` by id."""
    book = Workbook()
    guide = book.active
    if not isinstance(guide, Worksheet):
        raise TypeError(type(guide).__name__)
    _guide(guide)
    for sheet in SHEETS:
        page = book.create_sheet(sheet.title)
        _prepare(page, sheet)
        for row in _rows(sheet.name, registry, region_names):
            page.append([None if value == "" else value for value in row])
        for cells in page.iter_rows(min_row=2, max_row=max(page.max_row, _PREPARED_ROWS)):
            for cell in cells:
                # text, so that 3-6 stays no date and a code keeps its digits
                cell.number_format = "@"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _guide(page: Worksheet) -> None:
    page.title = SCHEMA_TITLE
    page.column_dimensions["A"].width = 14
    page.column_dimensions["B"].width = 90
    page.append(["填写说明", "红色标题的列必须填写；不要改动第一行标题，不要合并单元格，不要写公式。每张表的含义："])
    for sheet in SHEETS:
        page.append([sheet.title, sheet.hint + ("" if sheet.needed else "（可以不填）")])
    page["A1"].font = _OPTIONAL
    for (cell,) in page.iter_rows(min_col=2, max_col=2):
        cell.alignment = Alignment(wrap_text=True, vertical="top")


def _prepare(page: Worksheet, sheet: Sheet) -> None:
    page.append([column.title for column in sheet.columns])
    page.freeze_panes = "A2"
    for index, column in enumerate(sheet.columns, 1):
        letter = get_column_letter(index)
        page.column_dimensions[letter].width = column.width
        head = page[f"{letter}1"]
        head.font = _NEEDED if column.needed else _OPTIONAL
        head.fill = _HEAD
        head.comment = Comment(column.hint, SCHEMA_TITLE, height=60, width=260)
        if column.choices:
            choices = DataValidation("list", formula1='"' + ",".join(column.choices) + '"', allow_blank=True)
            choices.add(f"{letter}2:{letter}{_PREPARED_ROWS}")
            page.add_data_validation(choices)


def _rows(name: str, registry: Registry, region_names: Mapping[str, str]) -> Iterator[Cells]:
    match name:
        case "schools":
            return _schools(registry, region_names)
        case "bells":
            return _bells(registry)
        case "rooms":
            return _rooms(registry)
        case "teachers":
            return _teachers(registry)
        case "classes":
            return _classes(registry)
        case "own_teaching":
            return _own_teaching(registry)
        case "editions":
            return _editions(registry)
        case "curriculum":
            return iter([[line.grade, line.subject, line.lessons] for line in registry.curriculum])
        case _:
            return _needs(registry)


def _schools(registry: Registry, region_names: Mapping[str, str]) -> Iterator[Cells]:
    kinds = {kind: word for word, kind in SCHOOL_KINDS.items()}
    for school in registry.schools:
        yield [
            *(school.code, school.name, kinds[school.kind], region_names.get(school.region, school.region), ""),
            *(school.up_mbps, school.down_mbps, school.rooms_limit, school.tolerance_min),
        ]


def _bells(registry: Registry) -> Iterator[Cells]:
    for school in registry.schools:
        for period, (begins, ends) in enumerate(school.bell, 1):
            yield [school.code, period, write_clock(begins), write_clock(ends)]


def _rooms(registry: Registry) -> Iterator[Cells]:
    kinds = {kind: word for word, kind in ROOM_KINDS.items()}
    codes = _codes(registry)
    for room in registry.rooms:
        yield [room.code, room.name, kinds[room.kind], codes[room.school_id]]


def _teachers(registry: Registry) -> Iterator[Cells]:
    scopes = {scope: word for word, scope in SCOPES.items()}
    codes = _codes(registry)
    for teacher in registry.teachers:
        yield [
            *(teacher.username, teacher.name, codes[teacher.school], teacher.subject, write_grades(teacher.grades)),
            *(teacher.edition, write_periods(teacher.free), teacher.flex_min, teacher.max_week, teacher.max_day),
            scopes[teacher.scope],
        ]


def _classes(registry: Registry) -> Iterator[Cells]:
    codes = _codes(registry)
    for group in registry.classes:
        allowed = "" if group.allowed is None else write_periods(group.allowed)
        yield [codes[group.school], group.name, group.grade, group.size, group.screen_min_day, allowed]


def _own_teaching(registry: Registry) -> Iterator[Cells]:
    groups = _groups(registry)
    for own in registry.own_teaching:
        yield [*groups[own.class_id], own.subject, own.lessons]


def _editions(registry: Registry) -> Iterator[Cells]:
    codes = _codes(registry)
    for choice in registry.editions:
        yield ["" if choice.school is None else codes[choice.school], choice.subject, choice.edition]


def _needs(registry: Registry) -> Iterator[Cells]:
    groups = _groups(registry)
    usernames = {teacher.id: teacher.username for teacher in registry.teachers}
    for need in registry.needs:
        previous = usernames.get(need.previous_teacher or "", "")
        preferred = write_periods(need.preferred)
        yield [*groups[need.class_id], need.subject, need.edited, need.priority, preferred, previous]


def _codes(registry: Registry) -> dict[str, str]:
    return {school.id: school.code for school in registry.schools}


def _groups(registry: Registry) -> dict[str, tuple[str, str]]:
    codes = _codes(registry)
    return {group.id: (codes[group.school], group.name) for group in registry.classes}

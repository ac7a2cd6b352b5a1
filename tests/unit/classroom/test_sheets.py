"""Tables as people bring them."""

import io
import zipfile

import pytest
from openpyxl import Workbook

from classroom.errors import BadInput
from classroom.sheets import MOST_ROWS, read_sheet

COLUMNS = {"name": ("姓名", "Name"), "grade": ("年级",)}


def xlsx(*rows: tuple[object, ...]) -> bytes:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    packed = io.BytesIO()
    workbook.save(packed)
    return packed.getvalue()


def test_rows_have_the_numbers_the_spreadsheet_shows() -> None:
    data = xlsx(("青禾县教师表",), (), ("年级*", "备注", " 姓 名 "), (3.0, "x", " 王芳 "), (), (None, None, "李强"))
    # a title above the headings has none of them
    with pytest.raises(BadInput, match="table_column_missing"):
        read_sheet(data, COLUMNS, ["name", "grade"])
    rows = read_sheet(
        xlsx((), ("年级*", "备注", " 姓 名 "), (3.0, "x", " 王芳 "), (), (None, None, "李强")), COLUMNS, ["name"]
    )
    assert [(row.number, row["name"], row["grade"]) for row in rows] == [(3, "王芳", "3"), (5, "李强", "")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_in_the_encodings_of_spreadsheets(encoding: str) -> None:
    rows = read_sheet('姓名,年级\r\n"王,芳",三年级\r\n'.encode(encoding), COLUMNS, ["name", "grade"])
    assert [(row["name"], row["grade"]) for row in rows] == [("王,芳", "三年级")]


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (300 * 1024 * 1024))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "table_empty"),
        ("姓名,年级\n".encode(), "table_empty"),
        ("姓名\n王芳\n".encode(), "table_column_missing"),
        (b"PK\x03\x04 no workbook", "table_unreadable"),
        (b'a,"b\n', "table_unreadable"),
        (b"\xff\xff\xff\x80", "table_unreadable"),
        ("姓名,年级\n".encode() + "王芳,3\n".encode() * (MOST_ROWS + 1), "table_too_long"),
    ],
)
def test_what_cannot_be_used_says_why(data: bytes, code: str) -> None:
    with pytest.raises(BadInput) as error:
        read_sheet(data, COLUMNS, ["name", "grade"])
    assert error.value.code == code


def test_a_zip_bomb_is_not_unpacked() -> None:
    with pytest.raises(BadInput, match="table_too_long"):
        read_sheet(bomb(), COLUMNS, ["name"])


def test_a_workbook_broken_within_is_named_and_not_a_crash() -> None:
    broken = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx(("姓名",), ("王芳",)))) as whole, zipfile.ZipFile(broken, "w") as torn:
        for entry in whole.infolist():
            data = whole.read(entry)
            torn.writestr(entry, data[: len(data) // 2] if "worksheets/" in entry.filename else data)
    with pytest.raises(BadInput, match="table_unreadable"):
        read_sheet(broken.getvalue(), COLUMNS, ["name"])

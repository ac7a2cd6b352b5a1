"""Workbooks as they come from schools: what is right is read whole, what is wrong is named cell by cell."""

import io
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from classroom.catalog import LANGUAGES, catalog, text
from classroom.cli.main import run
from classroom.errors import BadInput, ClassroomError, TooLarge, Unsupported
from classroom.model.place import RoomKind, SchoolKind
from classroom.model.registry import CurriculumChange, EditionChoice, OwnTeaching, Registry, TeachingScope
from scheduler.io.files import read_instance
from scheduler.io.workbook.container import MOST_BYTES
from scheduler.io.workbook.process import Workbooks
from scheduler.io.workbook.reader import MOST_FAULTS, MOST_ROWS
from scheduler.io.workbook.work import read_workbook
from scheduler.io.workbook.writer import write_workbook
from tests.fakes.workbooks import content_of, right_book

Change = Callable[[Workbook], object]


def test_a_right_workbook_is_read_whole() -> None:
    read = read_workbook(content_of(right_book()))
    assert (read.faults, read.fault_count) == ([], 0)
    assert read.registry is not None
    strong, point = read.registry.schools
    assert (strong.kind, strong.bell, strong.up_mbps) == (SchoolKind.STRONG, ((500, 540), (550, 590)), 20)
    assert (point.tolerance_min, point.rooms_limit) == (5, None)
    assert [room.kind for room in read.registry.rooms] == [RoomKind.RECORDING, RoomKind.RECEIVING]
    (teacher,) = read.registry.teachers
    assert (teacher.username, teacher.free) == ("t001", ((0, 0), (0, 1), (2, 1)))
    assert (teacher.edition, teacher.max_day, teacher.scope) == ("*", 2, TeachingScope.COUNTY)
    # full-width brackets and other names of a subject mean the same
    assert read.registry.own_teaching == (OwnTeaching("2134990007/三(1)班", "音乐", 0),)
    assert read.registry.editions == (EditionChoice(None, "英语", "人教版"),)
    assert read.registry.curriculum == (CurriculumChange(3, "书法", 1),)
    (need,) = read.registry.needs
    assert (need.edited, need.priority, need.preferred, need.previous_teacher) == (1, 2, ((1, 0),), "t001")


def test_what_is_written_is_read_back_as_the_same() -> None:
    registry = read_workbook(content_of(right_book())).registry
    assert registry is not None
    again = read_workbook(write_workbook(registry, {}))
    assert (again.registry, again.faults) == (registry, [])


def put(sheet: str, cell: str, value: float | str | None) -> Change:
    def change(book: Workbook) -> None:
        book[sheet][cell] = value

    return change


def add(sheet: str, *row: float | str | None) -> Change:
    return lambda book: book[sheet].append(row)


def again(sheet: str, *row: float | str | None) -> Change:
    """The same row twice."""

    def change(book: Workbook) -> None:
        for _ in range(2):
            book[sheet].append(row)

    return change


# what is done to a right workbook, and the one fault it must have
WRONG: list[tuple[Change, str, str, str]] = [
    (put("学校", "A2", "213499000"), "学校", "A2", "cell_school_code_digits"),
    (put("学校", "A3", "2034990007"), "学校", "A3", "cell_school_code_kind"),
    (put("学校", "A3", "2199990007"), "学校", "A3", "cell_school_code_province"),
    (put("学校", "B3", None), "学校", "B3", "cell_missing"),
    (put("学校", "B3", "长" * 81), "学校", "B3", "cell_too_long"),
    (put("学校", "B3", "沙湾\ufffd\ufffd"), "学校", "B3", "cell_garbled"),
    (put("学校", "C3", "分校"), "学校", "C3", "cell_not_a_choice"),
    (put("学校", "D3", "4M"), "学校", "D3", "cell_not_a_number"),
    (put("学校", "D3", -4), "学校", "D3", "cell_out_of_range"),
    (put("学校", "D3", "=4*2"), "学校", "D3", "cell_formula"),
    (put("学校", "D3", "#REF!"), "学校", "D3", "cell_error_value"),
    (put("学校", "F3", 2.5), "学校", "F3", "cell_not_whole"),
    (lambda book: book["学校"].merge_cells("D2:D3"), "学校", "D2", "cell_merged"),
    (add("学校", "2134990001", "又一个", "主讲校", 1, 1, 0), "学校", "A4", "cell_repeated"),
    (add("学校", "2134990009", "新校", "主讲校", 1, 1, 0), "学校", "A4", "cell_school_without_bell"),
    (put("学校", "G1", "备注"), "学校", "G1", "column_unknown"),
    (put("学校", "G1", "类别"), "学校", "G1", "column_twice"),
    (put("学校", "D1", None), "学校", "A1", "column_missing"),
    (lambda book: book.remove(book["作息"]), "作息", "", "sheet_missing"),
    (put("学校", f"B{MOST_ROWS + 2}", "x"), "学校", f"A{MOST_ROWS + 2}", "sheet_too_long"),
    (put("作息", "C2", "八点"), "作息", "C2", "cell_time_wrong"),
    (put("作息", "D2", "8:10"), "作息", "D2", "cell_ends_before_begins"),
    (put("作息", "C3", "8:50"), "作息", "C3", "cell_bells_overlap"),
    (add("作息", "2134990007", 4, "11:00", "11:40"), "作息", "B6", "cell_period_gap"),
    (add("作息", "2134990008", 1, "8:00", "8:40"), "作息", "A6", "cell_not_listed"),
    (put("教室", "A2", "音乐教室"), "教室", "A2", "cell_room_code"),
    (put("教师", "A2", "T 001"), "教师", "A2", "cell_username_wrong"),
    (put("教师", "C2", "2134990007"), "教师", "C2", "cell_teacher_not_at_strong"),
    (put("教师", "D2", "乐理"), "教师", "D2", "cell_subject_unknown"),
    (put("教师", "E2", "全部"), "教师", "E2", "cell_grades_wrong"),
    (put("教师", "G2", "上午"), "教师", "G2", "cell_periods_wrong"),
    (put("教师", "G2", "周一3"), "教师", "G2", "cell_period_beyond_bell"),
    (put("本校能开", "B2", "四班"), "本校能开", "B2", "cell_not_listed"),
    (add("教材版本", None, "英语", "外研版"), "教材版本", "B3", "cell_repeated"),
    (again("教材版本", "2134990007", "英语", "外研版"), "教材版本", "B4", "cell_repeated"),
    (put("缺课需求", "G2", "T009"), "缺课需求", "G2", "cell_not_listed"),
    (put("缺课需求", "F2", "周二5"), "缺课需求", "F2", "cell_period_beyond_bell"),
]


@pytest.mark.parametrize(("change", "sheet", "cell", "code"), WRONG, ids=[f"{code}-{s}{c}" for _, s, c, code in WRONG])
def test_one_wrong_cell_is_named(change: Change, sheet: str, cell: str, code: str) -> None:
    book = right_book()
    change(book)
    read = read_workbook(content_of(book))
    # nor do other cells suffer for it
    assert [(fault.sheet, fault.cell, fault.code) for fault in read.faults] == [(sheet, cell, code)]
    assert read.registry is None
    for fault in read.faults:
        for language in LANGUAGES:
            said = text(fault.code, fault.data, language)
            assert "?" not in said.message
            assert said.remedy


def test_a_date_that_was_a_range_of_grades_is_told_as_that() -> None:
    book = right_book()
    book["教师"]["E2"] = date(2026, 3, 6)
    (fault,) = read_workbook(content_of(book)).faults
    assert (fault.cell, fault.code, fault.data["found"]) == ("E2", "cell_grades_became_date", "2026-03-06")


def test_every_cell_fault_there_is_has_been_seen_here() -> None:
    of_cells = {code for code in catalog("zh-CN") if code.partition("_")[0] in {"cell", "column", "sheet"}}
    needing_the_store = {code for code in of_cells if code.endswith("_elsewhere") or code == "cell_region_unknown"}
    seen = {code for *_, code in WRONG} | {"cell_grades_became_date"}
    assert seen == of_cells - needing_the_store


def with_part(content: bytes, name: str, data: bytes, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The file with a part replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", compression) as new:
        for part in old.infolist():
            if part.filename != name:
                new.writestr(part, old.read(part))
        new.writestr(name, data)
    return out.getvalue()


RIGHT = content_of(right_book())
LAUGHS = b'<!DOCTYPE x [<!ENTITY a "haha"><!ENTITY b "' + b"&a;" * 50 + b'"><!ENTITY c "' + b"&b;" * 50 + b'">]>'
SHEET_1 = "xl/worksheets/sheet1.xml"
PAGE = zipfile.ZipFile(io.BytesIO(RIGHT)).read(SHEET_1)
BOMB = with_part(RIGHT, "xl/media/x.bin", bytes(32 * 1024 * 1024))
FILES: list[tuple[bytes, type[ClassroomError], str]] = [
    (b"", Unsupported, "workbook_unknown"),
    ("学校标识码,名称\n2134990001,一小\n".encode(), Unsupported, "workbook_is_text"),
    ("学校标识码\t名称\n2134990001\t一小\n".encode("gb18030"), Unsupported, "workbook_is_text"),
    ("学校标识码,名称\n".encode("utf-16"), Unsupported, "workbook_is_text"),
    (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), Unsupported, "workbook_is_old_excel"),
    (bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le"), Unsupported, "workbook_encrypted"),
    (b"%PDF-1.7\x00\xff\xfe", Unsupported, "workbook_unknown"),
    (bytes(range(256)), Unsupported, "workbook_unknown"),
    (RIGHT[:2000], BadInput, "workbook_damaged"),
    (RIGHT[:2000] + RIGHT[2100:], BadInput, "workbook_damaged"),
    (with_part(RIGHT, SHEET_1, b"<worksheet><sheetData><row"), BadInput, "workbook_damaged"),
    (with_part(RIGHT, SHEET_1, LAUGHS + b"<worksheet>&c;</worksheet>"), BadInput, "workbook_damaged"),
    (with_part(RIGHT, "xl/workbook.xml", b"<workbook/>"), BadInput, "sheets"),
    (BOMB, TooLarge, "workbook_unpacks_too_large"),
    (bytes(MOST_BYTES + 1), TooLarge, "workbook_too_large"),
    (content_of(Workbook()), BadInput, "sheets"),
]


@pytest.mark.parametrize(("content", "kind", "code"), FILES, ids=[f"{i}-{code}" for i, (*_, code) in enumerate(FILES)])
def test_a_file_that_is_no_workbook_is_told_what_it_is(content: bytes, kind: type[ClassroomError], code: str) -> None:
    if code == "sheets":
        read = read_workbook(content)
        assert {(fault.sheet, fault.code) for fault in read.faults} == {
            ("学校", "sheet_missing"),
            ("作息", "sheet_missing"),
        }
        return
    with pytest.raises(kind) as error:
        read_workbook(content)
    assert error.value.code == code


def test_a_template_that_nobody_filled_in_is_empty() -> None:
    with pytest.raises(BadInput) as error:
        read_workbook(write_workbook(Registry(), {}))
    assert error.value.code == "workbook_empty"


def test_a_merge_of_a_whole_sheet_costs_nothing() -> None:
    merged = PAGE.replace(b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>')
    read = read_workbook(with_part(RIGHT, SHEET_1, merged))
    assert ("学校", "A1", "cell_merged") in [(fault.sheet, fault.cell, fault.code) for fault in read.faults]


def test_a_size_that_is_not_true_hides_no_rows() -> None:
    lying = PAGE.replace(b'<dimension ref="A1:F3"', b'<dimension ref="A1"')
    assert lying != PAGE
    read = read_workbook(with_part(RIGHT, SHEET_1, lying))
    assert read.registry is not None
    assert len(read.registry.schools) == 2


def test_more_faults_than_anybody_reads_are_counted() -> None:
    book = right_book()
    for number in range(MOST_FAULTS + 50):
        book["课程计划"].append([3, f"科目{number}", "很多"])
    read = read_workbook(content_of(book))
    assert (len(read.faults), read.fault_count) == (MOST_FAULTS, MOST_FAULTS + 50)


async def test_ten_thousand_rows_with_one_bad_cell() -> None:
    book = right_book()
    page = book["课程计划"]
    for number in range(10_000):
        page.append([number % 9 + 1, f"科目{number}", 1])
    page["C7000"] = "一"
    content = content_of(book)
    read = await Workbooks().read(content)
    assert [(fault.sheet, fault.cell, fault.code) for fault in read.faults] == [
        ("课程计划", "C7000", "cell_not_a_number")
    ]
    for bounded in (Workbooks(most_memory_bytes=64 * 1024**2), Workbooks(patience_s=0.001)):
        with pytest.raises(TooLarge, match="workbook_too_complex"):
            await bounded.read(content)


async def test_a_child_answers_as_its_parent_would() -> None:
    workbooks = Workbooks()
    registry = (await workbooks.read(RIGHT)).registry
    assert registry == read_workbook(RIGHT).registry
    assert registry is not None
    assert read_workbook(await workbooks.write(registry, {})).registry == registry
    with pytest.raises(BadInput, match="workbook_damaged"):
        await workbooks.read(with_part(RIGHT, SHEET_1, b"<worksheet>"))


def test_the_command_makes_an_instance(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "county.xlsx", tmp_path / "instance.json"
    source.write_bytes(RIGHT)
    assert run(["schedule", "import", str(source), "-o", str(target)]) == 0
    instance = read_instance(target)
    assert [(need.subject, need.lessons_per_week, need.grade) for need in instance.needs] == [
        ("书法", 1, 3),
        ("音乐", 2, 3),
    ]
    assert instance.needs[0].previous_teacher == "t001"
    book = right_book()
    book["学校"]["D3"] = "4M"
    source.write_bytes(content_of(book))
    target.unlink()
    assert run(["schedule", "import", str(source), "-o", str(target)]) == 1
    assert "学校!D3: “4M”不是数字。" in capsys.readouterr().err
    assert not target.exists()

"""A table of films read row by row: what each says, or what to write instead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from classroom.access.knowledge import grade_of
from classroom.catalog import LANGUAGES, word
from classroom.clock import SCHOOL_ZONE
from classroom.messages.archive import LANGUAGE_TAG
from classroom.model.catalogue import Consent, LessonType, Licence
from classroom.model.lesson import LessonMode
from classroom.sheets import Report, Row
from media_server.exchange.columns import COLUMNS

REQUIRED: Final = ("file", "title", "subject", "grade", "teacher", "school", "recorded")
_LONGEST: Final[Mapping[str, int]] = {
    "file": 400, "title": 200, "subject": 80, "teacher": 80, "edition": 80, "volume": 24, "rights_holder": 80,
    "consent_note": 1000, "captions": 400,
}  # fmt: skip
_MOST_LISTED: Final[Mapping[str, tuple[int, int]]] = {"tags": (20, 32), "authors": (20, 80), "knowledge": (32, 200)}
_WORDS: Final[Mapping[str, tuple[str, type[StrEnum]]]] = {
    "mode": ("mode", LessonMode), "type": ("lesson_type", LessonType), "licence": ("licence", Licence),
    "consent": ("consent", Consent),
}  # fmt: skip
_DAYS: Final = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y年%m月%d日")

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Line:
    """A row whose cells are right; whether what it names is there is asked later."""

    row: Row
    grade: int
    recorded: datetime
    mode: LessonMode | None
    lesson_type: LessonType
    licence: Licence
    consent: Consent
    language: str
    tags: tuple[str, ...]
    authors: tuple[str, ...]
    knowledge: tuple[str, ...]


def lines_of(rows: Sequence[Row], report: Report) -> list[Line]:
    """The rows that are right; of the others every wrong cell is reported."""
    found = [line for row in rows if (line := _line(row, report)) is not None]
    files: dict[str, int] = {}
    for line in found:
        first = files.setdefault(line.row["file"], line.row.number)
        if first != line.row.number:
            report.wrong(line.row, "file", "table_cell_repeated", first=first)
    return found


def _line(row: Row, report: Report) -> Line | None:
    before = len(report.problems)
    for key in REQUIRED:
        if not row[key]:
            report.wrong(row, key, "import_cell_missing", heading=COLUMNS[key][0])
    for key, longest in _LONGEST.items():
        if len(row[key]) > longest:
            report.wrong(row, key, "table_cell_too_long", longest=longest)
    lists = {key: _several(row, key, report) for key in _MOST_LISTED}
    grade = grade_of(row["grade"])
    if row["grade"] and grade is None:
        report.wrong(row, "grade", "table_grade_wrong")
    recorded = _moment(row["recorded"])
    if row["recorded"] and recorded is None:
        report.wrong(row, "recorded", "import_day_wrong")
    mode = _one(row, "mode", LessonMode, report)
    lesson_type, licence = _one(row, "type", LessonType, report), _one(row, "licence", Licence, report)
    consent = _one(row, "consent", Consent, report)
    language = row["language"] or "zh-CN"
    if len(language) > 16 or not LANGUAGE_TAG.fullmatch(language):
        report.wrong(row, "language", "import_language_wrong")
    if len(report.problems) > before or grade is None or recorded is None:
        return None
    return Line(
        row, grade, recorded, mode, lesson_type or LessonType.NEW, licence or Licence.TEACHING,
        consent or Consent.UNKNOWN, language, lists["tags"], lists["authors"], lists["knowledge"],
    )  # fmt: skip


def _several(row: Row, key: str, report: Report) -> tuple[str, ...]:
    """Things in one cell, between any of the signs people put there."""
    text = row[key]
    for sign in ";、，,\n":
        text = text.replace(sign, "；")
    found = tuple(dict.fromkeys(part.strip() for part in text.split("；") if part.strip()))
    most, longest = _MOST_LISTED[key]
    if len(found) > most or any(len(part) > longest for part in found):
        report.wrong(row, key, "import_list_too_long", most=most, longest=longest)
    return found


def _one(row: Row, key: str, kind: type[E], report: Report) -> E | None:
    """One of an enumeration's words, in any of our languages; None for an empty cell and for a wrong one."""
    if not row[key]:
        return None
    table = _WORDS[key][0]
    for member in kind:
        if row[key] in {member.value, *(word(table, member.value, language) for language in LANGUAGES)}:
            return member
    report.wrong(row, key, "import_word_unknown", allowed=[word(table, member.value, "zh-CN") for member in kind])
    return None


def _moment(text: str) -> datetime | None:
    for form in _DAYS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=SCHOOL_ZONE)
        except ValueError:
            continue
    return None


_EXAMPLE: Final[Mapping[str, str]] = {
    "file": "三年级/古诗两首.mp4", "title": "古诗两首", "subject": "语文", "grade": "三年级", "teacher": "林晓梅",
    "school": "2137010001", "recorded": "2025-10-12", "type": "新授课", "consent": "仅限本校",
    "licence": "仅供教学使用",
}  # fmt: skip
_ROWS: Final = 2000


def template() -> Workbook:
    """An empty table with an example, lists to choose from, and what each column takes."""
    book = Workbook()
    book.remove(book.worksheets[0])
    sheet = book.create_sheet("录像")
    for at, (key, names) in enumerate(COLUMNS.items(), 1):
        heading = sheet.cell(1, at, names[0] + (" *" if key in REQUIRED else ""))
        heading.font = Font(bold=True)
        sheet.cell(2, at, _EXAMPLE.get(key, ""))
        letter = get_column_letter(at)
        sheet.column_dimensions[letter].width = 24 if key in {"file", "title", "description"} else 14
        if key in _WORDS:
            table, kind = _WORDS[key]
            words = ",".join(word(table, member.value, "zh-CN") for member in kind)
            choice = DataValidation(type="list", formula1=f'"{words}"', allow_blank=True)
            sheet.add_data_validation(choice)
            choice.add(f"{letter}2:{letter}{_ROWS}")
    sheet.freeze_panes = "A2"
    notes = book.create_sheet("说明")
    notes.column_dimensions["A"].width = 110
    for line in _NOTES:
        notes.append([line])
    return book


_NOTES: Final = (
    "带 * 的列必填。第 2 行是示例，请改成自己的内容或删除。列的顺序可以改变，不认识的列会被忽略。",
    "视频文件：相对于导入文件夹的路径，MP4 格式，画面 H.264，声音 AAC 或 Opus（不转码，原样保存）。",
    "学校标识码：10 位；必须是您管理的学校。",
    "录制日期：2025-10-12 或 2025-10-12 08:30。",
    "教材版本、册次、知识点：须与“知识点覆盖”里的教材一致；没有就留空。多个知识点、标签、作者用“；”隔开。",
    "监护人同意：未登记、仅限本校、已同意、不需要。没有同意的录像不会给校外的人看。",
    "字幕文件：WebVTT（.vtt）或 SubRip（.srt），放在同一个导入文件夹里。",
    "先“检查”：每一处错误都会指出行、列和改法。有一处错误就什么都不会导入；同一个文件导入两次只会有一个录像。",
)

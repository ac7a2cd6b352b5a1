"""The table that goes with films: one row per recording, with the same headings on the way out and in."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Final

from classroom.access.exporting import Exported
from classroom.catalog import word
from classroom.clock import SCHOOL_ZONE

# By key; the Chinese heading first, the English one last.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "file": ("视频文件", "文件", "File"),
    "title": ("课题", "标题", "Title"),
    "subject": ("学科", "Subject"),
    "grade": ("年级", "Grade"),
    "teacher": ("授课教师", "教师", "Teacher"),
    "school": ("学校标识码", "School code"),
    "recorded": ("录制日期", "日期", "Recorded on"),
    "edition": ("教材版本", "版本", "Edition"),
    "volume": ("册次", "Volume"),
    "knowledge": ("知识点", "Knowledge points"),
    "mode": ("课堂类型", "Classroom"),
    "type": ("课型", "Lesson type"),
    "description": ("简介", "Description"),
    "language": ("语言", "Language"),
    "tags": ("标签", "Tags"),
    "authors": ("作者", "Authors"),
    "rights_holder": ("权利人", "Rights holder"),
    "licence": ("许可", "Licence"),
    "consent": ("监护人同意", "Guardians' consent"),
    "consent_note": ("同意书", "Consent papers"),
    "captions": ("字幕文件", "Captions"),
}
# What only goes out.
MORE: Final[Mapping[str, tuple[str, ...]]] = {
    "school_name": ("学校", "School"),
    "partners": ("参与学校", "Schools taking part"),
    "state": ("状态", "State"),
    "level": ("资源级别", "Collection"),
    "duration_s": ("时长（秒）", "Duration (s)"),
    "views": ("观看次数", "Views"),
    "other_files": ("其他文件", "Other files"),
    "id": ("编号", "Id"),
}
BETWEEN: Final = "；"  # of several things in one cell
_FORMULA = ("=", "+", "-", "@")


def row_of(found: Exported, paths: list[str], language: str) -> dict[str, str]:
    """Cells by key of `COLUMNS` and `MORE`; `paths` of its files, the film to bring in again first."""
    entry = found.entry
    films = [path for path in paths if path.endswith(".mp4")]
    captions = [path for path in paths if path.endswith(".vtt")]
    return {
        "file": films[0] if films else "",
        "title": found.title,
        "subject": entry.subject,
        "grade": "" if entry.grade is None else str(entry.grade),
        "teacher": entry.teacher_name,
        "school": found.school_code,
        "recorded": found.began_at.astimezone(SCHOOL_ZONE).strftime("%Y-%m-%d %H:%M"),
        "edition": found.edition,
        "volume": found.volume,
        "knowledge": BETWEEN.join(found.topics),
        "mode": word("mode", entry.mode.value, language) if entry.mode else "",
        "type": word("lesson_type", entry.lesson_type.value, language),
        "description": entry.description,
        "language": entry.language,
        "tags": BETWEEN.join(entry.tags),
        "authors": BETWEEN.join(entry.authors),
        "rights_holder": entry.rights_holder,
        "licence": word("licence", entry.licence.value, language),
        "consent": word("consent", entry.consent.value, language),
        "consent_note": entry.consent_note,
        "captions": captions[0] if captions else "",
        "school_name": found.school_name,
        "partners": BETWEEN.join(entry.partners),
        "state": word("state", found.state.value, language),
        "level": word("collection", entry.level.value, language),
        "duration_s": f"{found.duration_s:.1f}",
        "views": str(entry.views),
        "other_files": BETWEEN.join([*films[1:], *captions[1:]]),
        "id": found.recording_id,
    }


def csv_of(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    """UTF-8 with the mark that Excel needs to read it so. A cell is text, never a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(headings)
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def table_of(rows: Iterable[Mapping[str, str]], language: str) -> bytes:
    """`metadata.csv` of these recordings."""
    columns = {**COLUMNS, **MORE}
    place = 0 if language == "zh-CN" else -1
    return csv_of([names[place] for names in columns.values()], ([row[key] for key in columns] for row in rows))


def _plain(cell: str) -> str:
    """What people wrote must not run as a formula in whoever's spreadsheet opens it (CWE-1236)."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell

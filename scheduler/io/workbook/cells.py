"""Single values as people write them, and as we write them back.

What Excel and its users make of a value is taken as it is meant: numbers in text cells, full-width digits, spaces
around. Each function raises `CellWrong` with what was found; a column's hint says what to write instead.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, Final

from classroom.errors import BadInput
from classroom.model.place import ROOM_CODE
from classroom.model.registry import GRADES, Period
from classroom.model.school_code import CodeProblem, school_code_problem
from classroom.model.username import fold_username
from scheduler.io.workbook.faults import CellWrong

Value = Any
Parser = Callable[[Value], Any]

DAYS: Final = "一二三四五六日"
_CHINESE_DIGITS: Final = {character: str(number) for number, character in enumerate("零一二三四五六七八九")}
_CLOCK: Final = re.compile(r"(\d{1,2})[:.](\d{2})(?:[:.]00)?")
_DAYS: Final = re.compile(rf"(?:周|星期)([{DAYS}天])(?:(?:至|到|-|~)(?:周|星期)?([{DAYS}天]))?|每天")
_RANGE: Final = re.compile(r"第?(\d{1,2})(?:节?(?:至|到|-|~)第?(\d{1,2}))?节?")
_MOST_PERIODS: Final = 20
# What a wrong decoder leaves: U+FFFD itself, or its UTF-8 read as GBK
_GARBLED: Final = re.compile("[\ufffd]|锟斤拷|[\x00-\x08\x0b\x0c\x0e-\x1f]")
_SHOWN: Final = 40


def shown(value: Value) -> str:
    """A value in a message: short."""
    text = str(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def normal(value: Value) -> str:
    """A value as text, in one way of writing. Raises `CellWrong("cell_garbled")`."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    text = unicodedata.normalize("NFKC", str(value)).strip()
    if _GARBLED.search(text):
        raise CellWrong("cell_garbled", found=shown(_GARBLED.sub("□", text)))
    return text


def text(longest: int) -> Parser:
    """Any text of at most so many characters, on one line."""

    def parse(value: Value) -> str:
        found = " ".join(normal(value).split())
        if len(found) > longest:
            raise CellWrong("cell_too_long", found=shown(found), longest=longest)
        if not found.isprintable():
            raise CellWrong("cell_garbled", found=shown("".join(c if c.isprintable() else "□" for c in found)))
        return found

    return parse


def number(least: float, most: float) -> Parser:
    """A number between the two."""

    def parse(value: Value) -> float:
        try:
            found = float(normal(value).replace(",", ""))
        except ValueError:
            raise CellWrong("cell_not_a_number", found=shown(value)) from None
        if not math.isfinite(found):
            raise CellWrong("cell_not_a_number", found=shown(value))
        if not least <= found <= most:
            raise CellWrong("cell_out_of_range", found=shown(value), least=_plain(least), most=_plain(most))
        return found

    return parse


def integer(least: int, most: int) -> Parser:
    """A whole number between the two."""
    parse_number = number(least, most)

    def parse(value: Value) -> int:
        found: float = parse_number(value)
        if not found.is_integer():
            raise CellWrong("cell_not_whole", found=shown(value))
        return int(found)

    return parse


def choice(words: Mapping[str, StrEnum]) -> Parser:
    """One of these words."""

    def parse(value: Value) -> StrEnum:
        found = normal(value)
        if found not in words:
            raise CellWrong("cell_not_a_choice", found=shown(found), allowed=list(words))
        return words[found]

    return parse


def school_code(value: Value) -> str:
    """A 学校标识码."""
    found = normal(value)
    match school_code_problem(found):
        case CodeProblem.DIGITS:
            raise CellWrong("cell_school_code_digits", found=shown(found))
        case CodeProblem.KIND:
            raise CellWrong("cell_school_code_kind", found=found, kind_code=found[:2])
        case CodeProblem.PROVINCE:
            raise CellWrong("cell_school_code_province", found=found, province_code=found[2:4])
        case None:
            return found


def username(value: Value) -> str:
    """A user name, in the form it is compared in."""
    found = normal(value)
    try:
        return fold_username(found)
    except BadInput:
        raise CellWrong("cell_username_wrong", found=shown(found)) from None


def room_code(value: Value) -> str:
    """The code a room is known by on the command line."""
    found = normal(value).lower()
    if not ROOM_CODE.fullmatch(found):
        raise CellWrong("cell_room_code", found=shown(found))
    return found


def clock(value: Value) -> int:
    """Minutes after midnight of a time as Excel keeps it or as people write it."""
    if isinstance(value, datetime):
        value = value.time()
    if isinstance(value, time):
        return value.hour * 60 + value.minute
    if isinstance(value, float) and 0 <= value < 1:
        return round(value * 24 * 60)
    match = _CLOCK.fullmatch(normal(value))
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise CellWrong("cell_time_wrong", found=shown(value))
    return int(match[1]) * 60 + int(match[2])


def grades(value: Value) -> tuple[int, ...]:
    """`3-6`, `3,4`, `三、四年级`."""
    if isinstance(value, date):
        # Excel reads 3-6 as the third of June or the sixth of March
        raise CellWrong("cell_grades_became_date", found=value.strftime("%Y-%m-%d"))
    found = normal(value).replace("年级", "")
    for character, digit in _CHINESE_DIGITS.items():
        found = found.replace(character, digit)
    numbers: set[int] = set()
    for part in re.split(r"[,、; ]+", found):
        match = re.fullmatch(r"(\d)(?:(?:-|~|至|到)(\d))?", part)
        if match is None:
            raise CellWrong("cell_grades_wrong", found=shown(value))
        numbers.update(range(int(match[1]), int(match[2] or match[1]) + 1))
    if not numbers or not numbers <= set(GRADES):
        raise CellWrong("cell_grades_wrong", found=shown(value))
    return tuple(sorted(numbers))


def periods(value: Value) -> tuple[Period, ...]:
    """`周一1、2；周三3-5`, `周一至周五1-6`, `每天第2节`."""
    found = normal(value).replace("\n", ";")
    taken: dict[Period, None] = {}
    for part in filter(None, (part.strip() for part in re.split(r"[;。]", found))):
        match = _DAYS.match(part)
        if match is None:
            raise CellWrong("cell_periods_wrong", found=shown(part))
        numbers = re.split(r"[,、 ]+", part[match.end() :].strip().lstrip(":").strip())
        for text in numbers:
            which = _RANGE.fullmatch(text)
            if which is None:
                raise CellWrong("cell_periods_wrong", found=shown(part))
            first, last = int(which[1]), int(which[2] or which[1])
            if not 1 <= first <= last <= _MOST_PERIODS:
                raise CellWrong("cell_periods_wrong", found=shown(part))
            for day in _days(match, part):
                taken.update(dict.fromkeys((day, period - 1) for period in range(first, last + 1)))
    return tuple(sorted(taken))


def _days(match: re.Match[str], part: str) -> Iterable[int]:
    if match[1] is None:
        return range(5)
    first = _day(match[1])
    last = _day(match[2] or match[1])
    if last < first:
        raise CellWrong("cell_periods_wrong", found=shown(part))
    return range(first, last + 1)


def _day(character: str) -> int:
    return 6 if character == "天" else DAYS.index(character)


def write_clock(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02d}"


def write_grades(found: Sequence[int]) -> str:
    return ",".join(str(grade) for grade in found)


def write_periods(found: Iterable[Period]) -> str:
    by_day: dict[int, list[int]] = {}
    for day, period in sorted(found):
        by_day.setdefault(day, []).append(period + 1)
    return "；".join(f"周{DAYS[day]}{'、'.join(map(str, numbers))}" for day, numbers in by_day.items())


def _plain(value: float) -> str:
    return f"{value:g}"

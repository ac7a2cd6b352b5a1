"""What 青禾县 knows before it plans a term, as plain data: bells, lines, teachers, classes, and what they lack.

Ids are natural keys, as in a workbook: 学校标识码, user names, 学校标识码/班级.
"""

from datetime import date
from typing import Final

from classroom.demo.county import ROOMS, SCHOOLS
from classroom.model.place import Room, SchoolKind
from classroom.model.registry import (
    ANY_EDITION,
    BellPeriod,
    EditionChoice,
    OwnTeaching,
    Period,
    RegisteredClass,
    RegisteredSchool,
    RegisteredTeacher,
    Registry,
    TeachingScope,
)

_LESSON_MIN: Final = 40
_CODES: Final = {school.key: school.code for school in SCHOOLS}

# first lesson of morning and afternoon; how far it may start off the bell; up and down in Mbps
_SCHOOLS: Final[dict[str, tuple[int, int, int, float, float]]] = {
    "shiyan": (500, 840, 0, 50, 100),
    "erxiao": (495, 840, 5, 20, 100),
    "yizhong": (480, 850, 5, 50, 200),
    "liuhe": (500, 845, 5, 20, 50),
    "shiqiao": (510, 840, 5, 10, 50),
    "yunling": (490, 850, 10, 10, 50),
    "liuhe-middle": (485, 850, 5, 20, 50),
    "shiqiao-middle": (480, 860, 5, 10, 20),
    "shawan": (510, 850, 10, 4, 10),
    "xinghua": (500, 840, 10, 4, 20),
    "songlin": (520, 850, 5, 10, 20),
    "gaoyuan": (530, 860, 5, 4, 10),
    "zhuping": (505, 845, 10, 4, 8),
    "shuimo": (535, 870, 0, 4, 10),
}
_MORNING: Final = 4
_AFTERNOON: Final = 3
_BREAK_MIN: Final = 10
_LONG_BREAK_MIN: Final = 25

_PRIMARY: Final = (1, 2, 3, 4, 5, 6)
# user name, name, school, subject, grades, edition, free periods by weekday from Monday, lessons a week
_TEACHERS: Final[tuple[tuple[str, str, str, str, tuple[int, ...], str, tuple[str, ...], int], ...]] = (
    ("teacher", "林晓梅", "yizhong", "数学", (7, 8, 9), "人教版", ("1246", "23", "1257", "36", "24"), 6),
    (
        "teacher2",
        "周立群",
        "shiyan",
        "音乐",
        (1, 2, 3, 4, 5, 6),
        ANY_EDITION,
        ("2345", "136", "2457", "1346", "235"),
        8,
    ),
    ("teacher3", "吴远山", "shiyan", "美术", _PRIMARY, ANY_EDITION, ("346", "2457", "136", "2357", "146"), 8),
    ("teacher4", "陈秋实", "erxiao", "英语", (3, 4, 5, 6), "人教版", ("1345", "2346", "1256", "1457", "236"), 8),
    ("sunyiran", "孙一然", "erxiao", "英语", (3, 4), "外研版", ("236", "145", "237", "146", "25"), 5),
    ("mahongyu", "马红玉", "erxiao", "音乐", (1, 2, 3, 4), ANY_EDITION, ("256", "347", "156", "26", "347"), 5),
    ("tianye", "田野", "shiyan", "信息科技", (3, 4, 5, 6), ANY_EDITION, ("57", "46", "357", "256", "36"), 4),
    ("gaominghui", "高明慧", "shiyan", "科学", _PRIMARY, "教科版", ("145", "236", "47", "156", "234"), 6),
    ("heqing", "贺晴", "yizhong", "音乐", (7, 8, 9), ANY_EDITION, ("356", "247", "46", "357", "26"), 4),
    ("luzhiyuan", "陆致远", "yizhong", "信息科技", (7, 8), ANY_EDITION, ("57", "46", "367", "25", "47"), 4),
)

# the classes of a school, and how many of a subject's weekly lessons it can give them; elsewhere it can give them all
_CLASSES: Final[dict[str, tuple[tuple[str, int, int, dict[str, int]], ...]]] = {
    "shawan": (
        ("一年级", 1, 9, {"音乐": 0, "美术": 0}),
        ("三年级", 3, 11, {"音乐": 0, "美术": 1, "英语": 0, "信息科技": 0}),
        ("四年级", 4, 8, {"音乐": 0, "英语": 1}),
    ),
    "xinghua": (
        ("二年级", 2, 12, {"音乐": 0}),
        ("三年级", 3, 10, {"音乐": 1, "美术": 0, "英语": 0}),
        ("五年级", 5, 7, {"美术": 0, "科学": 0, "信息科技": 0}),
    ),
    "songlin": (
        ("三年级", 3, 14, {"音乐": 0, "英语": 0}),
        ("六年级", 6, 9, {"音乐": 0, "美术": 0, "科学": 1}),
    ),
    "gaoyuan": (
        ("一年级", 1, 6, {"美术": 0}),
        ("四年级", 4, 10, {"音乐": 0, "英语": 0, "信息科技": 0}),
    ),
    "zhuping": (
        ("三年级", 3, 8, {"美术": 0, "英语": 0}),
        ("五年级", 5, 9, {"音乐": 0, "英语": 1, "科学": 0}),
    ),
    "shuimo": (
        ("二年级", 2, 5, {"音乐": 0, "美术": 0}),
        ("四年级", 4, 6, {"音乐": 0, "英语": 0}),
    ),
    "liuhe": (("五(1)班", 5, 38, {"信息科技": 0}), ("六(1)班", 6, 40, {"音乐": 1})),
    "shiqiao": (("四(1)班", 4, 35, {"信息科技": 0}), ("五(1)班", 5, 36, {"美术": 1})),
    "yunling": (("七(1)班", 7, 41, {"信息科技": 0}), ("八(1)班", 8, 39, {"音乐": 0, "数学": 2})),
    "liuhe-middle": (("八(1)班", 8, 44, {"信息科技": 0, "数学": 2}),),
    "shiqiao-middle": (("八(1)班", 8, 37, {"音乐": 0, "数学": 2}), ("九(1)班", 9, 33, {"音乐": 0})),
}

# Weekly lessons by grade, of the subjects above, as in the national plan that the scheduler has.
WEEKLY: Final[dict[str, tuple[int, ...]]] = {
    "音乐": (2, 2, 2, 2, 2, 2, 1, 1, 1),
    "美术": (2, 2, 2, 2, 2, 2, 1, 1, 1),
    "英语": (0, 0, 3, 3, 3, 3, 3, 3, 3),
    "科学": (1, 1, 2, 2, 2, 2, 0, 0, 0),
    "信息科技": (0, 0, 1, 1, 1, 1, 1, 1, 0),
    "数学": (4, 4, 4, 4, 5, 5, 4, 4, 5),
}
_EDITIONS: Final = (
    EditionChoice(None, "英语", "人教版"),
    EditionChoice(None, "科学", "教科版"),
    EditionChoice(None, "数学", "人教版"),
    EditionChoice(_CODES["zhuping"], "英语", "外研版"),
)


def demo_registry() -> Registry:
    """All of it."""
    return Registry(
        schools=tuple(_school(school.key) for school in SCHOOLS),
        rooms=tuple(Room(room.code, room.code, room.name, room.kind, _CODES[room.school]) for room in ROOMS),
        teachers=tuple(
            RegisteredTeacher(
                id=username,
                username=username,
                name=name,
                school=_CODES[school],
                subject=subject,
                grades=grades,
                edition=edition,
                free=_periods(free),
                flex_min=5,
                max_week=most,
                max_day=2,
                scope=TeachingScope.COUNTY,
            )
            for username, name, school, subject, grades, edition, free, most in _TEACHERS
        ),
        classes=tuple(
            RegisteredClass(_group(school, name), _CODES[school], name, grade, size, None, None)
            for school, groups in _CLASSES.items()
            for name, grade, size, _ in groups
        ),
        editions=_EDITIONS,
        own_teaching=tuple(
            OwnTeaching(_group(school, name), subject, lessons)
            for school, groups in _CLASSES.items()
            for name, _, _, own in groups
            for subject, lessons in own.items()
        ),
    )


def demo_term(today: date) -> tuple[str, date, date]:
    """Name, first and last day of the term around a day, or of the one that comes."""
    if 2 <= today.month <= 7:
        return f"{today.year} 年春季学期", date(today.year, 2, 16), date(today.year, 7, 10)
    year = today.year - 1 if today.month == 1 else today.year
    return f"{year} 年秋季学期", date(year, 8, 31), date(year + 1, 1, 31)


def _school(key: str) -> RegisteredSchool:
    school = next(school for school in SCHOOLS if school.key == key)
    morning, afternoon, tolerance_min, up_mbps, down_mbps = _SCHOOLS[key]
    return RegisteredSchool(
        id=school.code,
        code=school.code,
        name=school.name,
        kind=SchoolKind(school.kind),
        region="",
        county="",
        prefecture="",
        bell=(*_half_day(morning, _MORNING), *_half_day(afternoon, _AFTERNOON)),
        up_mbps=up_mbps,
        down_mbps=down_mbps,
        tolerance_min=tolerance_min,
    )


def _half_day(begins: int, periods: int) -> list[BellPeriod]:
    """Lessons with short breaks, and a long one after the second lesson of the morning."""
    bell = []
    for number in range(periods):
        bell.append((begins, begins + _LESSON_MIN))
        begins += _LESSON_MIN + (_LONG_BREAK_MIN if number == 1 and periods == _MORNING else _BREAK_MIN)
    return bell


def _periods(by_day: tuple[str, ...]) -> tuple[Period, ...]:
    return tuple((day, int(number) - 1) for day, numbers in enumerate(by_day) for number in numbers)


def _group(school: str, name: str) -> str:
    return f"{_CODES[school]}/{name}"

"""The sheets of a workbook and their columns: one table for reading, for writing, and for the instructions."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from classroom.model.place import RoomKind, SchoolKind
from classroom.model.registry import TeachingScope
from scheduler.io.workbook.cells import (
    Parser,
    choice,
    clock,
    grades,
    integer,
    number,
    periods,
    room_code,
    school_code,
    text,
    username,
)

# 说明: the first sheet, which nobody fills in
SCHEMA_TITLE: Final = "填写说明"
SCHOOL_KINDS: Final = {"主讲校": SchoolKind.STRONG, "受援校": SchoolKind.WEAK, "教学点": SchoolKind.POINT}
ROOM_KINDS: Final = {"录播教室": RoomKind.RECORDING, "接收教室": RoomKind.RECEIVING}
SCOPES: Final = {"本县": TeachingScope.COUNTY, "全市": TeachingScope.PREFECTURE}


@dataclass(frozen=True, slots=True)
class Column:
    """`default` is taken for an empty cell of a column that is not `needed`; `hint` is a note on its title."""

    key: str
    title: str
    parse: Parser
    hint: str
    needed: bool = True
    default: object = None
    choices: tuple[str, ...] = ()
    width: int = 14


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows are told apart by the columns `key`: a second row with the same ones is a fault."""

    name: str
    title: str
    hint: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    needed: bool = False


def _choice(key: str, title: str, words: Mapping[str, StrEnum], hint: str, default: str = "") -> Column:
    return Column(key, title, choice(words), hint, not default, words.get(default), tuple(words), 12)


_CODE: Final = Column("school", "学校标识码", school_code, "10 位数字，单元格格式请用“文本”", width=16)
_SUBJECT: Final = Column(
    "subject", "学科", text(20), "国家课程的学科，例如 音乐、美术、英语；或课程计划中写明的学科", width=12
)
_CLASS: Final = Column("group", "班级", text(40), "例如 三(1)班；在同一学校内不重复")
_LESSONS: Final = Column("lessons", "每周课时", integer(0, 20), "0 至 20 的整数", width=10)

SHEETS: Final = (
    Sheet(
        "schools",
        "学校",
        "每所主讲校、受援校、教学点一行。",
        (
            _CODE,
            Column("name", "学校名称", text(80), "全称", width=26),
            _choice("kind", "类别", SCHOOL_KINDS, "主讲校、受援校或教学点"),
            Column("region", "所属区域", text(80), "县区或中心校的名称；不填为本次导入的区域", False, "", width=16),
            Column("prefecture", "所属市", text(80), "只在跨县排课的文件中需要", False, "", width=12),
            Column("up_mbps", "上行带宽", number(0, 100_000), "Mbps，例如 20", width=10),
            Column("down_mbps", "下行带宽", number(0, 100_000), "Mbps，例如 50", width=10),
            Column("rooms_limit", "同时上课数", integer(0, 100), "不填则按教室数", False, None, width=12),
            Column(
                "tolerance_min", "铃声可差", integer(0, 60), "分钟；上课可以比本校铃声早或晚多少", False, 0, width=10
            ),
        ),
        ("school",),
        needed=True,
    ),
    Sheet(
        "bells",
        "作息",
        "每所学校每节课一行，节次从 1 起连续编号。",
        (
            _CODE,
            Column("period", "节次", integer(1, 20), "1 为第一节", width=8),
            Column("begins", "上课", clock, "例如 8:20", width=10),
            Column("ends", "下课", clock, "例如 9:00", width=10),
        ),
        ("school", "period"),
        needed=True,
    ),
    Sheet(
        "rooms",
        "教室",
        "录播教室和接收教室。代码用于教室设备，由小写字母、数字和连字符组成。",
        (
            Column("room", "教室代码", room_code, "例如 shiyan-1", width=16),
            Column("name", "教室名称", text(80), "例如 音乐录播教室", width=20),
            _choice("kind", "类型", ROOM_KINDS, "录播教室或接收教室"),
            _CODE,
        ),
        ("room",),
    ),
    Sheet(
        "teachers",
        "教师",
        "能给外校上课的教师，须属于主讲校。",
        (
            Column("teacher", "工号", username, "登录用户名，在全系统内不重复", width=14),
            Column("name", "姓名", text(80), "教师姓名"),
            _CODE,
            _SUBJECT,
            Column("grades", "可教年级", grades, "例如 3-6 或 3,4（请用文本格式，以免变成日期）", width=12),
            Column("edition", "教材版本", text(40), "不填表示任何版本", False, "*"),
            Column("free", "可用节次", periods, "例如 周一1、2；周三3-5；按本校作息的节次", width=30),
            Column("flex_min", "铃声可差", integer(0, 60), "分钟", False, 0, width=10),
            Column("max_week", "每周最多", integer(0, 40), "节", width=10),
            Column("max_day", "每天最多", integer(0, 10), "节", False, 2, width=10),
            _choice("scope", "服务范围", SCOPES, "本县或全市", "本县"),
        ),
        ("teacher",),
    ),
    Sheet(
        "classes",
        "班级",
        "受援校和教学点的班级。",
        (
            _CODE,
            _CLASS,
            Column("grade", "年级", integer(1, 9), "1 至 9", width=8),
            Column("size", "人数", integer(0, 200), "学生人数", False, 0, width=8),
            Column(
                "screen_min_day",
                "每日屏幕时间",
                integer(0, 480),
                "分钟；不填则按年级与 30% 的规定",
                False,
                None,
                width=14,
            ),
            Column("allowed", "可排节次", periods, "例如 周一至周五1-6；不填表示各节都可以", False, None, width=30),
        ),
        ("school", "group"),
    ),
    Sheet(
        "own_teaching",
        "本校能开",
        "只写开不齐的学科：本校每周能给这个班开几节（可以是 0）。没有写的学科视为本校能开齐。",
        (_CODE, _CLASS, _SUBJECT, _LESSONS),
        ("school", "group", "subject"),
    ),
    Sheet(
        "editions",
        "教材版本",
        "学校标识码不填，表示全区域使用的版本；填了则只对该校。音乐、美术等不分版本的学科不用写。",
        (
            Column("school", "学校标识码", school_code, "不填表示全区域", False, "", width=16),
            _SUBJECT,
            Column("edition", "教材版本", text(40), "例如 人教版"),
        ),
        ("school", "subject"),
    ),
    Sheet(
        "curriculum",
        "课程计划",
        "只写与国家课程方案不同的地方。",
        (Column("grade", "年级", integer(1, 9), "1 至 9", width=8), _SUBJECT, _LESSONS),
        ("grade", "subject"),
    ),
    Sheet(
        "needs",
        "缺课需求",
        "可以不写：需求由课程计划减去本校能开算出。写在这里的以这里为准。",
        (
            _CODE,
            _CLASS,
            _SUBJECT,
            Column("lessons", "每周课时", integer(0, 7), "希望别校每周给几节；不填按算出的", False, None, width=10),
            Column("priority", "优先级", integer(1, 9), "1 至 9，9 最优先", False, 1, width=8),
            Column("preferred", "优先节次", periods, "例如 周二3；周四3", False, (), width=24),
            Column("previous", "上学期教师", username, "工号；尽量保持不变", False, None, width=14),
        ),
        ("school", "group", "subject"),
    ),
)

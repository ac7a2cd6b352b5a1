"""The lessons of one day, laid around a moment so that one lesson of the demo room is running then."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from classroom.demo.county import DEMO_ROOM, DEMO_TEACHER
from classroom.model.lesson import LessonMode

LESSON_MINUTES: Final = 40  # a primary school's lesson
BREAK_MINUTES: Final = 10
# The running lesson began this long ago at most: its start is rounded down to the five minutes of a printed timetable.
START_STEP_MINUTES: Final = 5


@dataclass(frozen=True, slots=True)
class DemoLesson:
    """A lesson to be planned; times are aware."""

    room: str
    teacher: str
    title: str
    subject: str
    grade: int
    mode: LessonMode
    points: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    open_join: bool


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a room teaches all day. `titles` are consecutive lessons; the one at index `RUNNING_INDEX` runs now, or in
    other rooms than the demo's begins after the break that is now: they have no agent to run it."""

    room: str
    teacher: str
    subject: str
    grade: int
    mode: LessonMode
    points: tuple[str, ...]
    open_join: bool
    titles: tuple[str, ...]


RUNNING_INDEX: Final = 2

_PLANS: Final = (
    _Plan(
        # What the film shows and the slides say (`room_agent.capture.lessons`).
        DEMO_ROOM,
        DEMO_TEACHER,
        "数学",
        8,
        LessonMode.DELIVERY,
        ("云岭乡初级中学", "柳河镇初级中学", "石桥乡初级中学"),
        True,
        ("第一课 直角三角形", "第二课 二次根式", "第三课 勾股定理", "第四课 逆定理", "第五课 应用", "答疑"),
    ),
    _Plan(
        "shiyan-1",
        "teacher2",
        "音乐",
        3,
        LessonMode.DELIVERY,
        ("柳河镇沙湾教学点", "柳河镇杏花教学点", "石桥乡松林教学点"),
        True,
        ("节奏游戏：拍手歌", "认识五线谱", "欣赏：牧童短笛", "学唱：茉莉花", "打击乐小合奏", "复习与展示"),
    ),
    _Plan(
        "shiyan-2",
        "teacher3",
        "美术",
        4,
        LessonMode.DELIVERY,
        ("石桥乡高塬教学点", "云岭乡竹坪教学点", "云岭乡水磨教学点"),
        True,
        ("色彩的冷暖", "剪纸：窗花", "画家乡的桥", "泥塑小动物", "水墨入门", "作品讲评"),
    ),
    _Plan(
        "erxiao-1",
        "teacher4",
        "英语",
        5,
        LessonMode.MASTER,
        ("柳河镇中心小学", "石桥乡中心小学"),
        False,
        ("Unit 3 My week", "Unit 3 Let's talk", "Unit 4 Seasons", "Unit 4 Read and write", "Story time", "Revision"),
    ),
)


def lessons_around(now: datetime) -> tuple[DemoLesson, ...]:
    """The day's lessons of every recording room; exactly one runs at `now`, in the demo room."""
    begin = now.replace(minute=now.minute - now.minute % START_STEP_MINUTES, second=0, microsecond=0)
    step = timedelta(minutes=LESSON_MINUTES + BREAK_MINUTES)
    length = timedelta(minutes=LESSON_MINUTES)

    def starts_at(plan: _Plan, index: int) -> datetime:
        pause = timedelta(0) if plan.room == DEMO_ROOM else timedelta(minutes=BREAK_MINUTES)
        return begin + pause + (index - RUNNING_INDEX) * step

    return tuple(
        DemoLesson(
            room=plan.room,
            teacher=plan.teacher,
            title=title,
            subject=plan.subject,
            grade=plan.grade,
            mode=plan.mode,
            points=plan.points,
            starts_at=starts_at(plan, index),
            ends_at=starts_at(plan, index) + length,
            open_join=plan.open_join,
        )
        for plan in _PLANS
        for index, title in enumerate(plan.titles)
    )

"""青禾县: the regions, schools, rooms and people of the demo, as plain data.

Keys (`key`) only tie the rows below together; identifiers are given by the store. 学校标识码 are 10 digits, AABBCCCCCC:
kind of school (21 primary, 31 junior middle), province, serial number; the serial
numbers here are from 990001 on, so that nobody takes them for a real school's.
"""

from dataclasses import dataclass
from typing import Final

from classroom.model.place import RegionLevel, RoomKind, SchoolKind
from classroom.model.principal import Role


@dataclass(frozen=True, slots=True)
class DemoRegion:
    key: str
    name: str
    level: RegionLevel
    parent: str | None


@dataclass(frozen=True, slots=True)
class DemoSchool:
    key: str
    code: str
    name: str
    kind: SchoolKind
    region: str


@dataclass(frozen=True, slots=True)
class DemoRoom:
    code: str
    name: str
    kind: RoomKind
    school: str


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """An account; who serves the whole county belongs to no school."""

    username: str
    name: str
    role: Role
    school: str | None


REGIONS: Final = (
    DemoRegion("province", "江淮省", RegionLevel.PROVINCE, None),
    DemoRegion("city", "澄州市", RegionLevel.CITY, "province"),
    DemoRegion("county", "青禾县", RegionLevel.COUNTY, "city"),
    DemoRegion("liuhe", "柳河镇中心校", RegionLevel.CENTRAL_SCHOOL, "county"),
    DemoRegion("shiqiao", "石桥乡中心校", RegionLevel.CENTRAL_SCHOOL, "county"),
    DemoRegion("yunling", "云岭乡中心校", RegionLevel.CENTRAL_SCHOOL, "county"),
)

SCHOOLS: Final = (
    DemoSchool("shiyan", "2134990001", "青禾县实验小学", SchoolKind.STRONG, "county"),
    DemoSchool("erxiao", "2134990002", "青禾县第二小学", SchoolKind.STRONG, "county"),
    DemoSchool("yizhong", "3134990003", "青禾县第一初级中学", SchoolKind.STRONG, "county"),
    DemoSchool("liuhe", "2134990004", "柳河镇中心小学", SchoolKind.WEAK, "liuhe"),
    DemoSchool("shiqiao", "2134990005", "石桥乡中心小学", SchoolKind.WEAK, "shiqiao"),
    DemoSchool("yunling", "3134990006", "云岭乡初级中学", SchoolKind.WEAK, "yunling"),
    DemoSchool("liuhe-middle", "3134990013", "柳河镇初级中学", SchoolKind.WEAK, "liuhe"),
    DemoSchool("shiqiao-middle", "3134990014", "石桥乡初级中学", SchoolKind.WEAK, "shiqiao"),
    DemoSchool("shawan", "2134990007", "柳河镇沙湾教学点", SchoolKind.POINT, "liuhe"),
    DemoSchool("xinghua", "2134990008", "柳河镇杏花教学点", SchoolKind.POINT, "liuhe"),
    DemoSchool("songlin", "2134990009", "石桥乡松林教学点", SchoolKind.POINT, "shiqiao"),
    DemoSchool("gaoyuan", "2134990010", "石桥乡高塬教学点", SchoolKind.POINT, "shiqiao"),
    DemoSchool("zhuping", "2134990011", "云岭乡竹坪教学点", SchoolKind.POINT, "yunling"),
    DemoSchool("shuimo", "2134990012", "云岭乡水磨教学点", SchoolKind.POINT, "yunling"),
)

# The room whose agent the demo starts, and the teacher who teaches in it.
DEMO_ROOM: Final = "yizhong-1"
DEMO_TEACHER: Final = "teacher"

ROOMS: Final = (
    DemoRoom(DEMO_ROOM, "第一录播教室", RoomKind.RECORDING, "yizhong"),
    DemoRoom("shiyan-1", "音乐录播教室", RoomKind.RECORDING, "shiyan"),
    DemoRoom("shiyan-2", "美术录播教室", RoomKind.RECORDING, "shiyan"),
    DemoRoom("erxiao-1", "录播教室", RoomKind.RECORDING, "erxiao"),
    DemoRoom("liuhe-1", "多媒体教室", RoomKind.RECEIVING, "liuhe"),
    DemoRoom("shiqiao-1", "多媒体教室", RoomKind.RECEIVING, "shiqiao"),
    DemoRoom("yunling-1", "多媒体教室", RoomKind.RECEIVING, "yunling"),
    DemoRoom("liuhe-middle-1", "多媒体教室", RoomKind.RECEIVING, "liuhe-middle"),
    DemoRoom("shiqiao-middle-1", "多媒体教室", RoomKind.RECEIVING, "shiqiao-middle"),
    DemoRoom("shawan-1", "接收教室", RoomKind.RECEIVING, "shawan"),
    DemoRoom("xinghua-1", "接收教室", RoomKind.RECEIVING, "xinghua"),
    DemoRoom("songlin-1", "接收教室", RoomKind.RECEIVING, "songlin"),
    DemoRoom("gaoyuan-1", "接收教室", RoomKind.RECEIVING, "gaoyuan"),
    DemoRoom("zhuping-1", "接收教室", RoomKind.RECEIVING, "zhuping"),
    DemoRoom("shuimo-1", "接收教室", RoomKind.RECEIVING, "shuimo"),
)

PEOPLE: Final = (
    DemoPerson(DEMO_TEACHER, "林晓梅", Role.TEACHER, "yizhong"),
    DemoPerson("teacher2", "周立群", Role.TEACHER, "shiyan"),
    DemoPerson("teacher3", "吴远山", Role.TEACHER, "shiyan"),
    DemoPerson("teacher4", "陈秋实", Role.TEACHER, "erxiao"),
    DemoPerson("student", "云岭八年级", Role.STUDENT, "yunling"),
    DemoPerson("coordinator", "何婉清", Role.COORDINATOR, None),
    DemoPerson("archivist", "沈文渊", Role.ARCHIVIST, None),
    DemoPerson("supervisor", "郑守正", Role.SUPERVISOR, None),
    DemoPerson("admin", "管理员", Role.ADMIN, None),
)

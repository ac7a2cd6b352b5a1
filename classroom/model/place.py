"""Regions, schools and rooms."""

import re
from dataclasses import dataclass
from enum import StrEnum

LONGEST_ROOM_CODE = 32
ROOM_CODE = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{LONGEST_ROOM_CODE - 1}}}")


class RegionLevel(StrEnum):
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    CENTRAL_SCHOOL = "central_school"


class SchoolKind(StrEnum):
    STRONG = "strong"  # 主讲校
    WEAK = "weak"  # 受援校
    POINT = "point"  # 教学点


class RoomKind(StrEnum):
    RECORDING = "recording"  # 录播教室
    RECEIVING = "receiving"  # 接收教室


@dataclass(frozen=True, slots=True)
class Region:
    id: str
    name: str
    level: RegionLevel
    parent_id: str | None


@dataclass(frozen=True, slots=True)
class School:
    """`code` is the 10-digit 学校标识码 (type, province, serial; never reused)."""

    id: str
    code: str
    name: str
    kind: SchoolKind
    region_id: str


@dataclass(frozen=True, slots=True)
class Room:
    """`code` names the room on the command line (`qianshou room --room CODE`)."""

    id: str
    code: str
    name: str
    kind: RoomKind
    school_id: str

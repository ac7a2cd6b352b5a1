"""Outages as they are typed: `teacher=12,day=2,period=3`, `room=7,day=0-1`, `line=7,day=2,from=10:00,to=12:00`."""

import re
from collections.abc import Iterator

from classroom.errors import BadSettings
from scheduler.planning.instance import DAY_MIN, Id, Instance, Outage, OutageKind, School, Start
from scheduler.planning.lookup import Lookup

_KINDS: dict[str, OutageKind] = {"teacher": "teacher", "school": "school", "room": "room", "line": "line"}
_KEYS = {"day", "period", "from", "to", "rooms"}


def outages_of(lookup: Lookup, written: str) -> list[Outage]:
    """One for each day and run of periods. Days and periods count from 0, as in the files; without a day: all week.

    Raises `BadSettings` with code `absent_malformed` or `absent_unknown`.
    """
    fields = _fields(written)
    kind = next((each for each in _KINDS if each in fields), None)
    if kind is None or not set(fields) <= {kind, *_KEYS} or ("period" in fields and {"from", "to"} & set(fields)):
        raise BadSettings("absent_malformed", written=written)
    who = _known(lookup, kind, fields[kind], written)
    days = _numbers(fields.get("day", f"0-{lookup.instance.meta.days - 1}"), lookup.instance.meta.days, written)
    rooms = _number(fields.get("rooms", "1"), written)
    if rooms < 1:
        raise BadSettings("absent_malformed", written=written)
    return [
        Outage(_KINDS[kind], who, day, start, end, rooms)
        for day in days
        for start, end in _times(_school(lookup, kind, who), fields, written)
    ]


def now_of(instance: Instance, written: str) -> Start:
    """`day=2,time=10:00`. Raises `BadSettings("now_malformed")`."""
    try:
        fields = _fields(written)
        day, minute = int(fields["day"]), _minute(fields["time"], written)
    except (KeyError, ValueError, BadSettings) as error:
        raise BadSettings("now_malformed", written=written) from error
    if not 0 <= day < instance.meta.days or len(fields) != 2:
        raise BadSettings("now_malformed", written=written)
    return day, minute


def _fields(written: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in written.split(",")]
    fields = {key.strip(): value.strip() for key, _, value in pairs}
    if len(fields) != len(pairs) or not all(fields.values()):
        raise BadSettings("absent_malformed", written=written)
    return fields


def _known(lookup: Lookup, kind: str, key: str, written: str) -> Id:
    rows = lookup.instance.teachers if kind == "teacher" else lookup.instance.schools
    found = next((row.id for row in rows if str(row.id) == key), None)
    if found is None:
        raise BadSettings("absent_unknown", written=written, id=key)
    return found


def _school(lookup: Lookup, kind: str, who: Id) -> School:
    return lookup.host(lookup.teachers[who]) if kind == "teacher" else lookup.schools[who]


def _times(school: School, fields: dict[str, str], written: str) -> Iterator[tuple[int, int]]:
    """Of the school's own bell, or by the clock; else the whole day."""
    if "period" in fields:
        for period in _numbers(fields["period"], len(school.bell), written):
            yield school.bell[period]
        return
    start = _minute(fields.get("from", "00:00"), written)
    end = _minute(fields["to"], written) if "to" in fields else DAY_MIN
    if start >= end:
        raise BadSettings("absent_malformed", written=written)
    yield start, end


def _numbers(written: str, below: int, whole: str) -> range:
    """`2` or `0-3`."""
    first, _, last = written.partition("-")
    found = range(_number(first, whole), _number(last or first, whole) + 1)
    if not found or found[-1] >= below:
        raise BadSettings("absent_malformed", written=whole)
    return found


def _number(written: str, whole: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", written):
        raise BadSettings("absent_malformed", written=whole)
    return int(written)


def _minute(written: str, whole: str) -> int:
    match = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", written)
    if match is None:
        raise BadSettings("absent_malformed", written=whole)
    return int(match[1]) * 60 + int(match[2])

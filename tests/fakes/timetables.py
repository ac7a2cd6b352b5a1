"""Small timetable problems, written out or drawn at random, as the JSON of `instance.json`."""

import json
from typing import Any

from scheduler.io.files import instance_json, instance_of
from scheduler.planning.instance import Instance

MORNING = [[480, 520], [530, 570], [595, 635], [645, 685]]

Json = dict[str, Any]


def county_json() -> Json:
    """One strong school with a music teacher, two points a quarter of an hour's tolerance away; all can meet."""
    return {
        "meta": {
            "days": 5,
            "grid_min": 5,
            "lesson_min": 40,
            "max_points": 3,
            "changeover_min": 5,
            "mbps": {"host_up": 6.0, "host_down_per_point": 1.5, "point_down": 6.0, "point_up": 1.5},
        },
        "counties": [{"id": 0, "prefecture": 0, "sfu_participants": 10}],
        "schools": [
            school_json(0, "strong", up_mbps=20, down_mbps=20),
            school_json(1, "point", name="新县二小"),
            school_json(2, "point"),
        ],
        "teachers": [
            {
                "id": 7,
                "school": 0,
                "subject": "music",
                "grades": [3, 4],
                "edition": "*",
                "free": [[day, period] for day in range(5) for period in (1, 2)],
                "flex_min": 0,
                "max_week": 4,
                "max_day": 2,
                "scope": "county",
            }
        ],
        "needs": [need_json(10, 1), need_json(11, 2)],
        "classes": [{"id": "1/g3", "screen_min_day": 80}, {"id": "2/g3", "screen_min_day": 80}],
    }


def school_json(id: int, kind: str, **fields: Any) -> Json:
    """A school with the usual morning; anything can be set."""
    return {
        "id": id,
        "kind": kind,
        "county": 0,
        "bell": [list(period) for period in MORNING],
        "rooms": 1,
        "up_mbps": 4,
        "down_mbps": 8,
        "tolerance_min": 5,
        **fields,
    }


def need_json(id: int, point: int, **fields: Any) -> Json:
    """Two music lessons for grade 3, any period of Monday to Thursday."""
    slots = [[day, period] for day in range(4) for period in range(4)]
    return {
        "id": id,
        "point": point,
        "class": f"{point}/g3",
        "subject": "music",
        "grade": 3,
        "edition": "*",
        "lessons_per_week": 2,
        "allowed": slots,
        "preferred": [slot for slot in slots if slot[1] >= 2],
        "priority": 2,
        "previous_teacher": None,
        **fields,
    }


def solution_json() -> Json:
    """Both needs of `county_json`, Monday and Wednesday in period 2."""
    return {
        "courses": [
            {
                "teacher": 7,
                "subject": "music",
                "grade": 3,
                "edition": "*",
                "needs": [10, 11],
                "lessons": [[0, 595], [2, 595]],
            }
        ],
        "coverage": 4,
    }


def instance(data: Json) -> Instance:
    """The instance as the product reads it."""
    return instance_of(json.dumps(data).encode())


def sound(found: Instance) -> Instance:
    """The instance, after it went through a file."""
    return instance_of(instance_json(found))

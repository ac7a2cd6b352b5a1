"""Small timetable problems and answers drawn at random, tight enough that every rule is now broken and now kept."""

from random import Random
from typing import Any

from tests.fakes.timetables import Json, school_json

GRID = 5


def random_instance(rng: Random, scale: int = 1) -> Json:
    """A few counties, `scale` handfuls of schools, teachers and needs; capacities are scarce."""
    counties = [
        {"id": number, "prefecture": number // 2, "sfu_participants": rng.choice([3, 5, 8, 20])}
        for number in range(rng.choice([1, 1, 2, 3]))
    ]
    schools = [random_school(rng, number, len(counties), "strong") for number in range(scale * rng.choice([1, 2, 3]))]
    points = [
        random_school(rng, number, len(counties), "point")
        for number in range(len(schools), len(schools) + scale * rng.choice([1, 2, 3]))
    ]
    teachers = [random_teacher(rng, number, rng.choice(schools)) for number in range(scale * rng.choice([1, 2, 3]))]
    needs = [
        random_need(rng, number, rng.choice(points), teachers) for number in range(scale * rng.choice([1, 2, 4, 6]))
    ]
    classes = sorted({need["class"] for need in needs})
    return {
        "meta": {
            "days": rng.choice([2, 3, 5]),
            "grid_min": GRID,
            "lesson_min": 40,
            "max_points": rng.choice([1, 2, 3]),
            "changeover_min": rng.choice([0, 5, 10]),
            "mbps": {"host_up": 6.0, "host_down_per_point": 1.5, "point_down": 6.0, "point_up": 1.5},
        },
        "counties": counties,
        "schools": [*schools, *points],
        "teachers": teachers,
        "needs": needs,
        "classes": [{"id": name, "screen_min_day": rng.choice([0, 40, 40, 80, 80])} for name in classes],
        "outages": [random_outage(rng, [*schools, *points], teachers) for _ in range(rng.choice([0, 0, 0, 1]))],
    }


def random_school(rng: Random, number: int, counties: int, kind: str) -> Json:
    begin = 480 + GRID * rng.randrange(-3, 4)
    bell = []
    for _ in range(rng.choice([2, 3, 4])):
        bell.append([begin, begin + rng.choice([40, 40, 45])])
        begin = bell[-1][1] + rng.choice([5, 10, 20])
    limits = {"rooms": rng.choice([1, 1, 2]), "up_mbps": rng.choice([4, 6, 12]), "down_mbps": rng.choice([3, 6, 12])}
    return school_json(
        number, kind, county=rng.randrange(counties), bell=bell, tolerance_min=rng.choice([0, 5, 10]), **limits
    )


def slots(rng: Random, school: Json, share: float) -> list[list[int]]:
    return [[day, period] for day in range(2) for period in range(len(school["bell"])) if rng.random() < share]


def random_teacher(rng: Random, number: int, school: Json) -> Json:
    return {
        "id": f"t{number}",
        "school": school["id"],
        "subject": rng.choice(["music", "music", "english"]),
        "grades": rng.choice([[3], [3, 4]]),
        "edition": rng.choice(["*", "*", "PEP", "WY"]),
        "free": slots(rng, school, 0.7),
        "flex_min": rng.choice([0, 0, 5, 10]),
        "max_week": rng.choice([1, 2, 4]),
        "max_day": rng.choice([1, 2]),
        "scope": rng.choice(["county", "prefecture"]),
    }


def random_need(rng: Random, number: int, point: Json, teachers: list[Json]) -> Json:
    allowed = slots(rng, point, 0.7)
    return {
        "id": number,
        "point": point["id"],
        "class": f"{point['id']}/g{rng.choice([3, 3, 4])}",
        "subject": rng.choice(["music", "music", "music", "english"]),
        "grade": rng.choice([3, 3, 3, 4]),
        "edition": rng.choice(["*", "*", "PEP"]),
        "lessons_per_week": rng.choice([1, 2]),
        "allowed": allowed,
        "preferred": [slot for slot in allowed if rng.random() < 0.5],
        "priority": rng.choice([1, 2, 3]),
        "previous_teacher": rng.choice([None, *(teacher["id"] for teacher in teachers)]),
    }


def random_outage(rng: Random, schools: list[Json], teachers: list[Json]) -> Json:
    kind = rng.choice(["teacher", "school", "room", "line"])
    start = 480 + GRID * rng.randrange(-10, 30)
    return {
        "kind": kind,
        "id": rng.choice(teachers if kind == "teacher" else schools)["id"],
        "day": rng.randrange(2),
        "start": start,
        "end": start + GRID * rng.randrange(1, 30),
        "rooms": rng.choice([1, 1, 2]),
    }


def random_solution(rng: Random, instance: Json) -> Json:
    """Courses that mostly fit, and then a few changes that mostly do not."""
    courses = [random_course(rng, instance) for _ in range(rng.choice([1, 1, 2, 3]))]
    for _ in range(rng.choice([0, 0, 1, 2])):
        mutate(rng, instance, rng.choice(courses))
    lacking = {need["id"]: need["lessons_per_week"] for need in instance["needs"]}
    for course in courses:
        for need in course["needs"]:
            lacking[need] -= len(course["lessons"])
    uncovered = [{"need": need, "missing": count, "reasons": []} for need, count in lacking.items() if count > 0]
    if uncovered and rng.random() < 0.1:
        uncovered.pop()
    teachers, schools = instance["teachers"], instance["schools"]
    outages = [random_outage(rng, schools, teachers) for _ in range(rng.choice([0, 0, 0, 1]))]
    return {"courses": courses, "uncovered": uncovered, "outages": outages}


def random_course(rng: Random, instance: Json) -> Json:
    need = rng.choice(instance["needs"])
    teacher = rng.choice(
        [row for row in instance["teachers"] if row["subject"] == need["subject"]] or instance["teachers"]
    )
    alike = [
        row["id"] for row in instance["needs"] if all(row[key] == need[key] for key in ("subject", "grade", "edition"))
    ]
    return {
        "teacher": teacher["id"],
        "subject": need["subject"],
        "grade": need["grade"],
        "edition": need["edition"],
        "needs": rng.sample(alike, min(len(alike), rng.choice([1, 2, 3]))),
        "lessons": random_lessons(rng, instance, teacher, need),
        "cover": rng.random() < 0.2,
    }


def random_lessons(rng: Random, instance: Json, teacher: Json, need: Json) -> list[list[int]]:
    schools = {school["id"]: school for school in instance["schools"]}
    bell, point = schools[teacher["school"]]["bell"], schools[need["point"]]
    theirs = [[day, point["bell"][period][0]] for day, period in need["allowed"]]
    near = [
        [day, bell[period][0]]
        for day, period in teacher["free"]
        if any(on == day and abs(bell[period][0] - minute) <= point["tolerance_min"] for on, minute in theirs)
    ]
    starts = near or [[day, bell[period][0]] for day, period in teacher["free"]] or [[0, 480]]
    return sorted(rng.sample(starts, min(len(starts), rng.choice([1, 1, 2]))))


def mutate(rng: Random, instance: Json, course: Json) -> None:
    """One change of the kind a person or a program gets wrong."""
    what = rng.choice(["shift", "shift", "day", "teacher", "need", "drop", "double", "grade", "edition"])
    lesson = rng.choice(course["lessons"]) if course["lessons"] else [0, 480]
    if what == "shift":
        lesson[1] += GRID * rng.choice([-2, -1, 1, 2])
    elif what == "day":
        lesson[0] = rng.randrange(instance["meta"]["days"])
    elif what == "teacher":
        course["teacher"] = rng.choice(instance["teachers"])["id"]
    elif what == "need":
        add(course["needs"], rng.choice(instance["needs"])["id"])
    elif what == "drop":
        del course["needs"][-1:]
    elif what == "double":
        add(course["lessons"], [lesson[0], lesson[1] + 45])
    elif what == "grade":
        course["grade"] = rng.choice([3, 4, 5])
    else:
        course["edition"] = rng.choice(["*", "PEP", "WY"])
    course["lessons"] = [list(each) for each in sorted({tuple(each) for each in course["lessons"]})]


def add(values: list[Any], value: Any) -> None:
    if value not in values:
        values.append(value)

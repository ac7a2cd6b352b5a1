"""The hard rules once more, as slowly and plainly as they can be put: minute by minute over the JSON of the files.

Shares nothing with `scheduler.planning`. A finding is the violation's code, and whom and which day it is about.
"""

from collections import Counter
from typing import Any

Json = dict[str, Any]
Finding = tuple[Any, ...]


def findings(instance: Json, solution: Json) -> set[Finding]:
    return {*about_courses(instance, solution), *about_minutes(instance, solution), *about_counts(instance, solution)}


def by_id(rows: list[Json]) -> dict[Any, Json]:
    return {row["id"]: row for row in rows}


def about_courses(instance: Json, solution: Json) -> set[Finding]:
    """What one course shows by itself."""
    found: set[Finding] = set()
    meta, needs = instance["meta"], by_id(instance["needs"])
    teachers, schools, counties = (by_id(instance[name]) for name in ("teachers", "schools", "counties"))
    for index, course in enumerate(solution["courses"]):
        teacher = teachers[course["teacher"]]
        host = schools[teacher["school"]]
        if course["subject"] != teacher["subject"]:
            found.add(("h1_subject", index))
        if course["grade"] not in teacher["grades"]:
            found.add(("h1_grade", index))
        if course["edition"] != "*" and teacher["edition"] != "*" and course["edition"] != teacher["edition"]:
            found.add(("h1_edition", index))
        if not course["needs"] or len(course["needs"]) > meta["max_points"]:
            found.add(("h2_points", index))
        for number in course["needs"]:
            need = needs[number]
            if any(need[key] != course[key] for key in ("subject", "grade", "edition")):
                found.add(("h1_need_differs", index, number))
            point = schools[need["point"]]
            level = "prefecture" if teacher["scope"] == "prefecture" else "id"
            if counties[point["county"]][level] != counties[host["county"]][level]:
                found.add(("h1_scope", index, number))
        for day, minute in course["lessons"]:
            if sum(other == day for other, _ in course["lessons"]) > 1:
                found.add(("h2_course_day", index, day))
            found |= {(code, index, day, minute) for code in teacher_time(meta, teacher, host, day, minute)}
            for number in course["needs"]:
                need, point = needs[number], schools[needs[number]["point"]]
                bells = [point["bell"][period][0] for on, period in need["allowed"] if on == day]
                if not any(bell - point["tolerance_min"] <= minute <= bell + point["tolerance_min"] for bell in bells):
                    found.add(("h4_not_allowed", index, number, day, minute))
    return found


def teacher_time(meta: Json, teacher: Json, host: Json, day: int, minute: int) -> set[str]:
    free = [host["bell"][period] for on, period in teacher["free"] if on == day]
    if not any(bell[0] - teacher["flex_min"] <= minute <= bell[0] + teacher["flex_min"] for bell in free):
        return {"h3_not_free"}
    lesson = set(range(minute, minute + meta["lesson_min"] + meta["changeover_min"]))
    others = [bell for bell in host["bell"] if bell not in free]
    if any(lesson & set(range(start, end + meta["changeover_min"])) for start, end in others):
        return {"h3_busy"}
    return set()


def about_minutes(instance: Json, solution: Json) -> set[Finding]:
    """Who is where, minute by minute."""
    meta, found = instance["meta"], set[Finding]()
    grid, outages = meta["grid_min"], [*instance.get("outages", []), *solution.get("outages", [])]
    running = [
        (index, course, day, start)
        for index, course in enumerate(solution["courses"])
        for day, start in course["lessons"]
    ]
    for day in range(meta["days"]):
        starts = [start for _, _, on, start in running if on == day]
        for minute in range(min(starts, default=0), max(starts, default=0) + 60, grid):
            in_class = [
                (index, course)
                for index, course, on, start in running
                if on == day and start <= minute < start + meta["lesson_min"]
            ]
            in_room = [
                course
                for _, course, on, start in running
                if on == day and start <= minute < start + meta["lesson_min"] + meta["changeover_min"]
            ]
            out = [outage for outage in outages if outage["day"] == day and outage["start"] <= minute < outage["end"]]
            found |= {(code, who, day) for code, who in one_minute(instance, in_class, in_room, out)}
    return found


def one_minute(
    instance: Json, in_class: list[tuple[int, Json]], in_room: list[Json], out: list[Json]
) -> set[tuple[str, Any]]:
    needs, teachers, schools = (by_id(instance[name]) for name in ("needs", "teachers", "schools"))
    mbps, found = instance["meta"]["mbps"], set[tuple[str, Any]]()
    points = [needs[number]["point"] for course in in_room for number in course["needs"]]
    rooms = Counter([*points, *(teachers[course["teacher"]]["school"] for course in in_room)])
    for school in rooms:
        lost = sum(each["rooms"] for each in out if each["kind"] == "room" and each["id"] == school)
        if rooms[school] + lost > schools[school]["rooms"]:
            found.add(("h5_rooms", school))
    busy = Counter(course["teacher"] for course in in_room)
    found |= {("h5_teacher", teacher) for teacher in busy if busy[teacher] > 1}
    children = Counter(needs[number]["class"] for course in in_room for number in course["needs"])
    found |= {("h5_class", group) for group in children if children[group] > 1}
    up, down, node = Counter[Any](), Counter[Any](), Counter[Any]()
    for index, course in in_class:
        host = teachers[course["teacher"]]["school"]
        away = [needs[number]["point"] for number in course["needs"]]
        up[host] += mbps["host_up"]
        down[host] += mbps["host_down_per_point"] * len(away)
        node[schools[host]["county"]] += 1 + len(away)
        for point in away:
            up[point] += mbps["point_up"]
            down[point] += mbps["point_down"]
        for outage in out:
            gone = [course["teacher"]] if outage["kind"] == "teacher" else [host, *away]
            if outage["kind"] != "room" and outage["id"] in gone:
                found.add(("h9_outage", index))
    found |= {("h6_up", school) for school in up if up[school] > schools[school]["up_mbps"]}
    found |= {("h6_down", school) for school in down if down[school] > schools[school]["down_mbps"]}
    counties = by_id(instance["counties"])
    found |= {("h7_node", county) for county in node if node[county] > counties[county]["sfu_participants"]}
    return found


def about_counts(instance: Json, solution: Json) -> set[Finding]:
    """What only shows in a whole day or week."""
    found: set[Finding] = set()
    courses, days = solution["courses"], range(instance["meta"]["days"])
    for teacher in instance["teachers"]:
        held = [day for course in courses if course["teacher"] == teacher["id"] for day, _ in course["lessons"]]
        if len(held) > teacher["max_week"]:
            found.add(("h5_max_week", teacher["id"]))
        found |= {("h5_max_day", teacher["id"], day) for day in days if held.count(day) > teacher["max_day"]}
    for need in instance["needs"]:
        mine = [course for course in courses if need["id"] in course["needs"]]
        if sum(not course.get("cover", False) for course in mine) > 1:
            found.add(("h2_need_twice", need["id"]))
        held = [day for course in mine for day, _ in course["lessons"]]
        found |= {("h2_need_day", need["id"], day) for day in days if held.count(day) > 1}
        if len(held) > need["lessons_per_week"]:
            found.add(("h2_need_lessons", need["id"]))
        said = sum(row["missing"] for row in solution["uncovered"] if row["need"] == need["id"])
        if max(0, need["lessons_per_week"] - len(held)) != said:
            found.add(("record_missing", need["id"]))
    classes = {need["id"]: need["class"] for need in instance["needs"]}
    for group in instance["classes"]:
        seen = [
            day
            for course in courses
            for number in course["needs"]
            if classes[number] == group["id"]
            for day, _ in course["lessons"]
        ]
        for day in days:
            if seen.count(day) * instance["meta"]["lesson_min"] > group["screen_min_day"]:
                found.add(("h8_screen", group["id"], day))
    for index, pin in enumerate(instance.get("pins", [])):
        lessons = [lesson for lesson in pin["lessons"] if not out_of_order(instance, solution, pin, lesson)]
        if lessons and not any(
            all(course[key] == pin[key] for key in ("teacher", "subject", "grade", "edition"))
            and sorted(course["needs"]) == sorted(pin["needs"])
            and sorted(course["lessons"]) == sorted(lessons)
            for course in courses
        ):
            found.add(("h9_pin", index))
    return found


def out_of_order(instance: Json, solution: Json, pin: Json, lesson: list[int]) -> bool:
    """Does an outage that came after the pin take this lesson, or may it, as rooms do?"""
    needs, teachers = by_id(instance["needs"]), by_id(instance["teachers"])
    schools = [teachers[pin["teacher"]]["school"], *(needs[number]["point"] for number in pin["needs"])]
    day, start = lesson
    for outage in solution.get("outages", []):
        after = instance["meta"]["changeover_min"] if outage["kind"] == "room" else 0
        minutes = set(range(start, start + instance["meta"]["lesson_min"] + after))
        concerned = [pin["teacher"]] if outage["kind"] == "teacher" else schools
        meanwhile = minutes & set(range(outage["start"], outage["end"]))
        if outage["day"] == day and outage["id"] in concerned and meanwhile:
            return True
    return False

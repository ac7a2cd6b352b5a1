"""FET (fet-cl, Debian package fet) on the lessons of a county, as far as FET can say what they need.

FET places given activities: who teaches whom must be decided before. An activity is one lesson of a course with its
changeover, on days of 5-minute hours; it may start where its teacher and all its classes can (H3, H4). Teachers and
classes are never twice at once; a course has one lesson a day; daily limits of teachers and classes are said; rooms and
lines as a number of lessons at once, so a line is freed a changeover later than with us. FET cannot say that a lesson
counts 1 + k on a media node, choose a teacher or a group, leave a lesson out, or weigh.
"""

import subprocess
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from scheduler.planning.board import Board
from scheduler.planning.instance import Id, Start
from scheduler.planning.lookup import Lookup
from scheduler.planning.solution import Course

PROGRAM = "fet-cl"


@dataclass(frozen=True)
class Placed:
    """`courses` have the lessons that FET placed; `activities` of `asked` were. Seconds of the whole program."""

    courses: tuple[Course, ...]
    activities: int
    asked: int
    seconds: float


@dataclass(frozen=True)
class _Activity:
    number: int
    course: int
    starts: tuple[Start, ...]


def place(lookup: Lookup, courses: Sequence[Course], seconds: int) -> Placed:
    """Let FET choose the times of courses whose teachers, needs and numbers of lessons are given."""
    activities = list(_activities(lookup, courses))
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "county.fet"
        ET.ElementTree(_document(lookup, courses, activities)).write(source, "UTF-8", xml_declaration=True)
        began = time.monotonic()
        subprocess.run(
            [
                PROGRAM,
                f"--inputfile={source}",
                f"--outputdir={folder}",
                f"--timelimitseconds={seconds}",
                "--htmllevel=0",
                *(f"--randomseeds{which}={which}" for which in (10, 11, 12, 20, 21, 22)),
            ],
            check=False,
            capture_output=True,
            timeout=seconds + 60,
        )
        took = time.monotonic() - began
        times = _times(Path(folder))
    lessons: defaultdict[int, list[Start]] = defaultdict(list)
    for activity in activities:
        if activity.number in times:
            lessons[activity.course].append(times[activity.number])
    placed = tuple(replace(courses[i], lessons=tuple(sorted(starts))) for i, starts in lessons.items())
    return Placed(placed, len(times), len(activities), took)


def _activities(lookup: Lookup, courses: Sequence[Course]) -> Iterator[_Activity]:
    board, number = Board(lookup), 0
    for index, course in enumerate(courses):
        starts = tuple(board.week.starts(board.common_starts(course.teacher, course.needs)))
        for _ in course.lessons:
            number += 1
            yield _Activity(number, index, starts)


def _document(lookup: Lookup, courses: Sequence[Course], activities: Sequence[_Activity]) -> ET.Element:
    meta = lookup.instance.meta
    root = ET.Element("fet", version="6.8.5")
    _texts(root, Institution_Name="county", Comments="")
    minutes = range(0, 24 * 60, meta.grid_min)
    days = _list(root, "Days_List", "Number_of_Days", "Day", [str(day) for day in range(meta.days)])
    hours = _list(root, "Hours_List", "Number_of_Hours", "Hour", [str(minute) for minute in minutes])
    assert (len(days), len(hours)) == (meta.days + 1, len(minutes) + 1)
    for name, values in (
        ("Subject", sorted({course.subject for course in courses})),
        ("Teacher", list(dict.fromkeys(f"t{course.teacher}" for course in courses))),
    ):
        rows = ET.SubElement(root, f"{name}s_List")
        for value in values:
            _texts(ET.SubElement(rows, name), Name=value)
    ET.SubElement(root, "Activity_Tags_List")
    years = ET.SubElement(root, "Students_List")
    for name in dict.fromkeys(_class(lookup, need) for course in courses for need in course.needs):
        _texts(ET.SubElement(years, "Year"), Name=name, Number_of_Students="0")
    _activity_list(root, lookup, courses, activities)
    ET.SubElement(root, "Buildings_List")
    ET.SubElement(root, "Rooms_List")
    times = ET.SubElement(root, "Time_Constraints_List")
    _constraint(times, "ConstraintBasicCompulsoryTime")
    _starts(times, activities)
    _days_apart(times, activities)
    _daily(times, lookup, courses)
    _at_once(times, lookup, courses, activities)
    _constraint(ET.SubElement(root, "Space_Constraints_List"), "ConstraintBasicCompulsorySpace")
    return root


def _texts(parent: ET.Element, **texts: str) -> None:
    for name, value in texts.items():
        ET.SubElement(parent, name).text = value


def _list(root: ET.Element, name: str, count: str, row: str, values: Sequence[str]) -> ET.Element:
    rows = ET.SubElement(root, name)
    _texts(rows, **{count: str(len(values))})
    for value in values:
        _texts(ET.SubElement(rows, row), Name=value)
    return rows


def _class(lookup: Lookup, need: Id) -> str:
    return f"c{lookup.needs[need].class_id}"


def _slots(lookup: Lookup) -> int:
    meta = lookup.instance.meta
    return -(-meta.busy_min // meta.grid_min)


def _activity_list(
    root: ET.Element, lookup: Lookup, courses: Sequence[Course], activities: Sequence[_Activity]
) -> None:
    rows, slots = ET.SubElement(root, "Activities_List"), _slots(lookup)
    first: dict[int, int] = {}
    for activity in activities:
        course = courses[activity.course]
        group = first.setdefault(activity.course, activity.number)
        row = ET.SubElement(rows, "Activity")
        _texts(row, Teacher=f"t{course.teacher}", Subject=course.subject)
        for need in course.needs:
            _texts(row, Students=_class(lookup, need))
        total = slots * len(course.lessons)
        _texts(row, Duration=str(slots), Total_Duration=str(total), Id=str(activity.number))
        _texts(row, Activity_Group_Id=str(group if len(course.lessons) > 1 else 0), Active="true", Comments="")


def _constraint(parent: ET.Element, name: str) -> ET.Element:
    row = ET.SubElement(parent, name)
    _texts(row, Weight_Percentage="100")
    return row


def _close(row: ET.Element) -> None:
    _texts(row, Active="true", Comments="")


def _starts(parent: ET.Element, activities: Sequence[_Activity]) -> None:
    for activity in activities:
        row = _constraint(parent, "ConstraintActivityPreferredStartingTimes")
        _texts(row, Activity_Id=str(activity.number), Number_of_Preferred_Starting_Times=str(len(activity.starts)))
        for day, minute in activity.starts:
            start = ET.SubElement(row, "Preferred_Starting_Time")
            _texts(start, Preferred_Starting_Day=str(day), Preferred_Starting_Hour=str(minute))
        _close(row)


def _days_apart(parent: ET.Element, activities: Sequence[_Activity]) -> None:
    of_course: defaultdict[int, list[_Activity]] = defaultdict(list)
    for activity in activities:
        of_course[activity.course].append(activity)
    for mine in of_course.values():
        if len(mine) > 1:
            row = _constraint(parent, "ConstraintMinDaysBetweenActivities")
            _texts(row, Consecutive_If_Same_Day="false", Number_of_Activities=str(len(mine)))
            for activity in mine:
                _texts(row, Activity_Id=str(activity.number))
            _texts(row, MinDays="1")
            _close(row)


def _daily(parent: ET.Element, lookup: Lookup, courses: Sequence[Course]) -> None:
    slots, lesson_min = _slots(lookup), lookup.instance.meta.lesson_min
    for teacher in dict.fromkeys(course.teacher for course in courses):
        row = _constraint(parent, "ConstraintTeacherMaxHoursDaily")
        limit = slots * lookup.teachers[teacher].max_day
        _texts(row, Teacher_Name=f"t{teacher}", Maximum_Hours_Daily=str(limit))
        _close(row)
    for need in dict.fromkeys(need for course in courses for need in course.needs):
        row = _constraint(parent, "ConstraintStudentsSetMaxHoursDaily")
        lessons = lookup.classes[lookup.needs[need].class_id].screen_min_day // lesson_min
        _texts(row, Maximum_Hours_Daily=str(slots * lessons), Students=_class(lookup, need))
        _close(row)


def _at_once(parent: ET.Element, lookup: Lookup, courses: Sequence[Course], activities: Sequence[_Activity]) -> None:
    """Rooms and lines: so many lessons of a school at once, where it has more."""
    mbps, slots, grid = lookup.instance.meta.mbps, _slots(lookup), lookup.instance.meta.grid_min
    of_school: defaultdict[Id, list[_Activity]] = defaultdict(list)
    for activity in activities:
        course = courses[activity.course]
        for school in {lookup.teachers[course.teacher].school, *(lookup.needs[n].point for n in course.needs)}:
            of_school[school].append(activity)
    for school, mine in of_school.items():
        row = lookup.schools[school]
        strong = row.kind == "strong"
        up, down = mbps.host_up if strong else mbps.point_up, mbps.host_down_per_point if strong else mbps.point_down
        most = min(row.rooms, int(row.up_mbps / up), int(row.down_mbps / down))
        if len(mine) <= most:
            continue
        times = sorted({(day, minute + k * grid) for each in mine for day, minute in each.starts for k in range(slots)})
        found = _constraint(parent, "ConstraintActivitiesMaxSimultaneousInSelectedTimeSlots")
        _texts(found, Number_of_Activities=str(len(mine)))
        for activity in mine:
            _texts(found, Activity_Id=str(activity.number))
        _texts(found, Number_of_Selected_Time_Slots=str(len(times)))
        for day, minute in times:
            _texts(ET.SubElement(found, "Selected_Time_Slot"), Selected_Day=str(day), Selected_Hour=str(minute))
        _texts(found, Max_Number_of_Simultaneous_Activities=str(most))
        _close(found)


def _times(folder: Path) -> dict[int, Start]:
    """The activities with a time, of the complete timetable or of the fullest that FET came to."""
    written = sorted(folder.rglob("*_activities.xml"), key=lambda path: "highest" in str(path))
    if not written:
        return {}
    found: dict[int, Start] = {}
    for row in ET.parse(written[0]).getroot().iter("Activity"):
        day, hour = row.findtext("Day"), row.findtext("Hour")
        if day and hour:
            found[int(row.findtext("Id") or 0)] = int(day), int(hour)
    return found

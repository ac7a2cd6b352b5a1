"""What people call the things that data names by their ids."""

from collections.abc import Mapping, Sequence

from scheduler.planning.instance import Id
from scheduler.planning.lookup import Lookup
from scheduler.planning.said import clock
from scheduler.planning.solution import Course, Datum

_TEACHERS = frozenset({"teacher", "from_teacher"})
_SCHOOLS = frozenset({"school", "point"})
# Whom "who" names, by the reason it stands in.
_WHO = {
    "explain_week_full": "teacher",
    "explain_teacher_day": "teacher",
    "explain_need_day": "teacher",
    "explain_screen": "class",
    "explain_teacher_taken": "teacher",
    "explain_class_taken": "class",
    "explain_rooms_taken": "school",
    "explain_line_up": "school",
    "explain_line_down": "school",
    "explain_node_full": "county",
}


class Names:
    """Names for one instance and, where courses are named by their index, one list of courses."""

    def __init__(self, lookup: Lookup, courses: Sequence[Course] = ()) -> None:
        self._lookup = lookup
        self._courses = courses
        self._names = {
            "teacher": {str(row.id): row.name or str(row.id) for row in lookup.instance.teachers},
            "school": {str(row.id): row.name or str(row.id) for row in lookup.instance.schools},
            "class": {str(row.id): row.name or str(row.id) for row in lookup.instance.classes},
            "county": {str(row.id): row.name or str(row.id) for row in lookup.instance.counties},
        }
        self._needs: Mapping[str, Id] = {str(need): need for need in lookup.needs}

    def named(self, code: str, data: Mapping[str, Datum]) -> dict[str, Datum]:
        """The data with names in place of ids, for a text to show."""
        return {key: self._named(code, key, value) for key, value in data.items()}

    def _named(self, code: str, key: str, value: Datum) -> Datum:
        if isinstance(value, list):
            return [self._one(code, key, each) for each in value]
        return self._one(code, key, str(value)) if self._kind(code, key) else value

    def _kind(self, code: str, key: str) -> str | None:
        if key in _TEACHERS:
            return "teacher"
        if key in _SCHOOLS:
            return "school"
        if key in {"class", "county", "need", "needs"}:
            return key
        if key == "courses" and code in _WHO:
            return "course"
        return _WHO.get(code) if key == "who" else None

    def _one(self, code: str, key: str, value: str) -> str:
        kind = self._kind(code, key)
        if kind in {"need", "needs"}:
            return self.need(value)
        if kind == "course":
            return self.course(int(value))
        return self._names[kind].get(value, value) if kind is not None else value

    def need(self, written: str) -> str:
        """Point, class and subject; of those without names of their own the id stands before it."""
        row = self._lookup.needs[self._needs[written]]
        point, group = self._lookup.schools[row.point], self._lookup.classes[row.class_id]
        said = " ".join(filter(None, (point.name, group.name, row.subject)))
        return said if point.name and group.name else f"{written} ({said})"

    def course(self, index: int) -> str:
        course = self._courses[index]
        times = " ".join(f"{day + 1}/{clock(minute)}" for day, minute in course.lessons)
        return f"{self._names['teacher'][str(course.teacher)]} ({course.subject} {course.grade}; {times})"

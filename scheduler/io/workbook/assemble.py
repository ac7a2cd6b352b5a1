"""From rows to a registry: what rows have to do with one another.

Ids are what people wrote: 学校标识码, 工号, and for a class its school's code and its name.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any, TypeVar

from classroom.model.place import Room, SchoolKind
from classroom.model.registry import (
    BellPeriod,
    CurriculumChange,
    EditionChoice,
    OwnTeaching,
    Period,
    RegisteredClass,
    RegisteredNeed,
    RegisteredSchool,
    RegisteredTeacher,
    Registry,
    periods_outside,
)
from scheduler.io.workbook.cells import shown, write_clock, write_periods
from scheduler.io.workbook.faults import CellWrong
from scheduler.io.workbook.reader import Faults, Row, Table
from scheduler.planning.curriculum import NationalPlan

Made = TypeVar("Made")

Bell = tuple[BellPeriod, ...]
Bells = Mapping[str, Bell | None]

HERE = "本区域"


def class_id(school: str, name: str) -> str:
    return f"{school}/{name}"


class Assembler:
    """Ties the tables of one workbook together; everything that does not fit becomes a fault."""

    def __init__(self, tables: Mapping[str, Table], faults: Faults, plan: NationalPlan) -> None:
        self._tables = tables
        self._faults = faults
        self._plan = plan
        self._own_subjects = {
            row.values["subject"]
            for row in tables["curriculum"].rows
            if row.complete("subject") and row.values["subject"]
        }

    def registry(self) -> Registry:
        """The registry; only to be used when there are no faults."""
        kinds = {row.values["school"]: row.values.get("kind") for row in self._good("schools", "school")}
        groups = {
            class_id(row.values["school"], row.values["group"]) for row in self._good("classes", "school", "group")
        }
        usernames = {row.values["teacher"] for row in self._good("teachers", "teacher")}
        bells = self._bells(kinds)
        return Registry(
            schools=self._each("schools", lambda row: self._school(row, bells)),
            rooms=self._each("rooms", lambda row: self._room(row, kinds)),
            teachers=self._each("teachers", lambda row: self._teacher(row, bells, kinds)),
            classes=self._each("classes", lambda row: self._class(row, bells, kinds)),
            editions=self._once(
                "editions", lambda row: self._edition(row, kinds), lambda made: (made.school, made.subject)
            ),
            curriculum=self._once("curriculum", self._change, lambda made: (made.grade, made.subject)),
            own_teaching=self._once(
                "own_teaching", lambda row: self._own(row, groups), lambda made: (made.class_id, made.subject)
            ),
            needs=self._once("needs", lambda row: self._need(row, groups, bells, usernames), lambda made: made.id),
        )

    def _good(self, name: str, *keys: str) -> Iterator[Row]:
        return (row for row in self._tables[name].rows if row.complete(*keys))

    def _each(self, name: str, make: Callable[[Row], Made | None]) -> tuple[Made, ...]:
        made = (make(row) for row in self._tables[name].rows)
        return tuple(item for item in made if item is not None)

    def _once(self, name: str, make: Callable[[Row], Made | None], key: Callable[[Made], object]) -> tuple[Made, ...]:
        """As `_each`, where two names of one subject may say the same thing twice."""
        first: dict[object, tuple[int, Made]] = {}
        for row in self._tables[name].rows:
            made = make(row)
            if made is None:
                continue
            earlier, _ = first.setdefault(key(made), (row.number, made))
            if earlier != row.number:
                found = shown(row.values["subject"])
                self._wrong(name, row, "subject", CellWrong("cell_repeated", found=found, row=earlier))
        return tuple(made for _, made in first.values())

    def _wrong(self, name: str, row: Row, key: str, error: CellWrong) -> None:
        self._tables[name].wrong(row, key, error)

    def _bells(self, schools: Mapping[str, object]) -> dict[str, Bell | None]:
        """Each school's bell; None where something is wrong with it."""
        by_school: dict[str, list[Row]] = defaultdict(list)
        for row in self._good("bells", "school"):
            if self._known("bells", row, "school", schools):
                by_school[row.values["school"]].append(row)
        return {school: self._bell(rows) for school, rows in by_school.items()}

    def _bell(self, rows: list[Row]) -> Bell | None:
        """A fault where periods are not numbered from 1 without a gap, end too early or overlap."""
        before = self._faults.count
        numbered = sorted((row for row in rows if row.complete("period")), key=lambda row: row.values["period"])
        for expected, row in enumerate(numbered, 1):
            if row.values["period"] != expected:
                error = CellWrong("cell_period_gap", found=row.values["period"], expected=expected)
                self._wrong("bells", row, "period", error)
                break
        timed = [row for row in numbered if row.complete("begins", "ends")]
        for row in timed:
            if row.values["ends"] <= row.values["begins"]:
                found = f"{write_clock(row.values['begins'])}-{write_clock(row.values['ends'])}"
                self._wrong("bells", row, "ends", CellWrong("cell_ends_before_begins", found=found))
        for earlier, row in pairwise(timed):
            if row.values["begins"] < earlier.values["ends"]:
                error = CellWrong(
                    "cell_bells_overlap",
                    found=write_clock(row.values["begins"]),
                    before=write_clock(earlier.values["ends"]),
                    row=earlier.number,
                )
                self._wrong("bells", row, "begins", error)
        if self._faults.count > before or len(timed) < len(rows):
            return None
        return tuple((row.values["begins"], row.values["ends"]) for row in timed)

    def _school(self, row: Row, bells: Bells) -> RegisteredSchool | None:
        values = row.values
        if row.complete("school") and values["school"] not in bells and self._keys_are_good("bells"):
            self._wrong("schools", row, "school", CellWrong("cell_school_without_bell", found=values["school"]))
        if not row.complete("school", "name", "kind", "up_mbps", "down_mbps", "rooms_limit", "tolerance_min", "region"):
            return None
        return RegisteredSchool(
            id=values["school"],
            code=values["school"],
            name=values["name"],
            kind=values["kind"],
            region=values["region"],
            county=values["region"] or HERE,
            prefecture=values.get("prefecture") or HERE,
            bell=bells.get(values["school"]) or (),
            rooms_limit=values["rooms_limit"],
            up_mbps=values["up_mbps"],
            down_mbps=values["down_mbps"],
            tolerance_min=values["tolerance_min"],
        )

    def _room(self, row: Row, schools: Mapping[str, object]) -> Room | None:
        if not self._known("rooms", row, "school", schools) or not row.complete("room", "name", "kind"):
            return None
        code = row.values["room"]
        return Room(code, code, row.values["name"], row.values["kind"], row.values["school"])

    def _teacher(self, row: Row, bells: Bells, kinds: Mapping[str, object]) -> RegisteredTeacher | None:
        values = row.values
        subject = self._subject("teachers", row)
        if not self._known("teachers", row, "school", kinds):
            return None
        if kinds[values["school"]] in {SchoolKind.WEAK, SchoolKind.POINT}:
            self._wrong("teachers", row, "school", CellWrong("cell_teacher_not_at_strong", found=values["school"]))
        self._within_bell("teachers", row, "free", bells.get(values["school"]))
        if subject is None or not row.complete(
            "teacher", "name", "grades", "edition", "free", "flex_min", "max_week", "max_day", "scope"
        ):
            return None
        return RegisteredTeacher(
            id=values["teacher"],
            username=values["teacher"],
            name=values["name"],
            school=values["school"],
            subject=subject,
            grades=values["grades"],
            edition=values["edition"],
            free=values["free"],
            flex_min=values["flex_min"],
            max_week=values["max_week"],
            max_day=values["max_day"],
            scope=values["scope"],
        )

    def _class(self, row: Row, bells: Bells, kinds: Mapping[str, object]) -> RegisteredClass | None:
        values = row.values
        if not self._known("classes", row, "school", kinds):
            return None
        self._within_bell("classes", row, "allowed", bells.get(values["school"]))
        if not row.complete("group", "grade", "size", "screen_min_day", "allowed"):
            return None
        return RegisteredClass(
            id=class_id(values["school"], values["group"]),
            school=values["school"],
            name=values["group"],
            grade=values["grade"],
            size=values["size"],
            screen_min_day=values["screen_min_day"],
            allowed=values["allowed"],
        )

    def _edition(self, row: Row, schools: Mapping[str, object]) -> EditionChoice | None:
        subject = self._subject("editions", row)
        if not row.complete("school", "edition") or subject is None:
            return None
        if row.values["school"] and not self._known("editions", row, "school", schools):
            return None
        return EditionChoice(row.values["school"] or None, subject, row.values["edition"])

    def _change(self, row: Row) -> CurriculumChange | None:
        if not row.complete("grade", "subject", "lessons"):
            return None
        return CurriculumChange(row.values["grade"], self._canonical(row.values["subject"]), row.values["lessons"])

    def _own(self, row: Row, groups: set[str]) -> OwnTeaching | None:
        subject = self._subject("own_teaching", row)
        group = self._group("own_teaching", row, groups)
        if subject is None or group is None or not row.complete("lessons"):
            return None
        return OwnTeaching(group, subject, row.values["lessons"])

    def _need(self, row: Row, groups: set[str], bells: Bells, usernames: set[str]) -> RegisteredNeed | None:
        values = row.values
        subject = self._subject("needs", row)
        group = self._group("needs", row, groups)
        previous = values.get("previous")
        if previous is not None and previous not in usernames:
            self._unknown("needs", row, "previous")
            return None
        if subject is None or group is None or not row.complete("lessons", "priority", "preferred", "previous"):
            return None
        self._within_bell("needs", row, "preferred", bells.get(values["school"]))
        return RegisteredNeed(
            id=f"{group}/{subject}",
            class_id=group,
            subject=subject,
            edition="",
            computed=0,
            edited=values["lessons"],
            priority=values["priority"],
            allowed=None,
            preferred=values["preferred"],
            previous_teacher=previous,
        )

    def _known(self, name: str, row: Row, key: str, among: Mapping[str, Any]) -> bool:
        if not row.complete(key):
            return False
        if row.values[key] in among:
            return True
        self._unknown(name, row, key)
        return False

    def _unknown(self, name: str, row: Row, key: str) -> None:
        home = {"school": "schools", "group": "classes", "previous": "teachers"}[key]
        if self._keys_are_good(home):
            error = CellWrong("cell_not_listed", found=shown(row.values[key]), sheet=self._tables[home].sheet.title)
            self._wrong(name, row, key, error)

    def _keys_are_good(self, name: str) -> bool:
        """Whether what is not on this sheet is really missing, and not what one of its faults is about."""
        table = self._tables[name]
        return bool(table.rows) and all(row.complete(*table.sheet.key) for row in table.rows)

    def _group(self, name: str, row: Row, groups: set[str]) -> str | None:
        if not row.complete("school", "group"):
            return None
        found = class_id(row.values["school"], row.values["group"])
        if found in groups:
            return found
        self._unknown(name, row, "group")
        return None

    def _subject(self, name: str, row: Row) -> str | None:
        """The subject by its usual name."""
        if not row.complete("subject"):
            return None
        found: str = row.values["subject"]
        if self._plan.find(found) is None and found not in self._own_subjects:
            allowed = [subject.name for subject in self._plan.subjects]
            self._wrong(name, row, "subject", CellWrong("cell_subject_unknown", found=shown(found), allowed=allowed))
            return None
        return self._canonical(found)

    def _canonical(self, name: str) -> str:
        subject = self._plan.find(name)
        return name if subject is None else subject.name

    def _within_bell(self, name: str, row: Row, key: str, bell: Bell | None) -> None:
        """Periods that the school does not have; a school without a good bell has been told already."""
        found: tuple[Period, ...] | None = row.values.get(key)
        outside = periods_outside(found or (), bell) if bell else []
        if outside:
            error = CellWrong("cell_period_beyond_bell", found=write_periods(outside), periods=len(bell or ()))
            self._wrong(name, row, key, error)

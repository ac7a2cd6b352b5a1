"""What goes between a server and the child process that reads and writes its workbooks.

Apart from both, so that a server does not load the library for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from classroom.model.registry import Registry
from classroom.model.term import Weeks
from scheduler.io.workbook.faults import CellFault


@dataclass(frozen=True, slots=True)
class Places:
    """Where things stand: by sheet, the row of each key (of schools, rooms, teachers) and the letter of each column."""

    rows: Mapping[str, Mapping[str, int]]
    letters: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class WorkbookRead:
    """`registry` is only there without faults; `fault_count` may be more than are in `faults`."""

    registry: Registry | None
    faults: Sequence[CellFault]
    fault_count: int
    places: Places


@dataclass(frozen=True, slots=True)
class TimetableRow:
    """A class attends a lesson of the week; `room` "" where it finds none."""

    day: int
    start_min: int
    end_min: int
    weeks: Weeks
    subject: str
    grade: int
    teacher: str
    host: str
    room: str
    school: str
    group: str

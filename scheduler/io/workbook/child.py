"""`python -m scheduler.io.workbook.child read|write|timetable BYTES`: one workbook, in a process of its own.

Standard input and output are `scheduler.io.workbook.process`'s. Whatever a file does here, the parent goes on.
"""

import resource
import sys

from classroom.errors import ClassroomError
from scheduler.io.workbook.process import ANSWER, REQUEST, TIMETABLE, Answer, Problem
from scheduler.io.workbook.timetable import write_timetable
from scheduler.io.workbook.work import read_workbook
from scheduler.io.workbook.writer import write_workbook

MOST_CPU_S = 60


def main(deed: str, most_memory_bytes: int) -> None:
    """Do the one thing within so much memory."""
    resource.setrlimit(resource.RLIMIT_AS, (most_memory_bytes, most_memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S))
    content = sys.stdin.buffer.read()
    if deed == "write":
        request = REQUEST.validate_json(content)
        sys.stdout.buffer.write(write_workbook(request.registry, request.region_names))
        return
    if deed == "timetable":
        sys.stdout.buffer.write(write_timetable(TIMETABLE.validate_json(content)))
        return
    try:
        answer = Answer(read=read_workbook(content))
    except ClassroomError as error:
        answer = Answer(problem=Problem(type(error).__name__, error.code, error.data))
    except MemoryError:
        answer = Answer(problem=Problem("TooLarge", "workbook_too_complex", {}))
    sys.stdout.buffer.write(ANSWER.dump_json(answer))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

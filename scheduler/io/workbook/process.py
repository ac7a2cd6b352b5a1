"""A workbook read or written in a child process: off the event loop, with bounded memory and time."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from classroom.errors import BadInput, ClassroomError, TooLarge, Unavailable, Unsupported
from classroom.model.registry import Registry
from scheduler.io.workbook.answers import TimetableRow, WorkbookRead
from scheduler.io.workbook.container import check_container
from scheduler.io.workbook.faults import Datum

# Reading the largest workbook that is let in takes a quarter of it.
MOST_MEMORY_BYTES: Final = 1024**3
# Longer than the processor time the child allows itself, for a machine that has other things to do.
PATIENCE_S: Final = 120.0
_KINDS: Final = {kind.__name__: kind for kind in (BadInput, TooLarge, Unsupported)}


@dataclass(frozen=True, slots=True)
class Problem:
    """An error of ours on its way to the parent."""

    kind: str
    code: str
    data: Mapping[str, Datum]


@dataclass(frozen=True, slots=True)
class Answer:
    """Either of the two."""

    read: WorkbookRead | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What to write."""

    registry: Registry
    region_names: Mapping[str, str]


TIMETABLE: Final[TypeAdapter[tuple[TimetableRow, ...]]] = TypeAdapter(tuple[TimetableRow, ...])
ANSWER: Final[TypeAdapter[Answer]] = TypeAdapter(Answer)
REQUEST: Final[TypeAdapter[Request]] = TypeAdapter(Request)


class Workbooks:
    """One at a time: live lessons need the processor more."""

    def __init__(self, patience_s: float = PATIENCE_S, most_memory_bytes: int = MOST_MEMORY_BYTES) -> None:
        self._patience_s = patience_s
        self._most_memory_bytes = most_memory_bytes
        self._turn = asyncio.Semaphore(1)

    async def read(self, content: bytes) -> WorkbookRead:
        """As `read_workbook`; also raises `TooLarge("workbook_too_complex")` for a file that takes too much to read."""
        check_container(content)
        written = await self._run("read", content)
        if written is None:
            raise TooLarge("workbook_too_complex")
        answer = ANSWER.validate_json(written)
        if answer.problem is not None:
            kind: type[ClassroomError] = _KINDS[answer.problem.kind]
            raise kind(answer.problem.code, **answer.problem.data)
        if answer.read is None:
            raise TypeError("neither an answer nor a problem")
        return answer.read

    async def write(self, registry: Registry, region_names: Mapping[str, str]) -> bytes:
        """As `write_workbook`. Raises `Unavailable("workbook_not_written")`."""
        return await self._written("write", REQUEST.dump_json(Request(registry, region_names)))

    async def write_timetable(self, rows: Sequence[TimetableRow]) -> bytes:
        """As `write_timetable`. Raises `Unavailable("workbook_not_written")`."""
        return await self._written("timetable", TIMETABLE.dump_json(tuple(rows)))

    async def _written(self, deed: str, request: bytes) -> bytes:
        written = await self._run(deed, request)
        if written is None:
            raise Unavailable("workbook_not_written")
        return written

    async def _run(self, deed: str, content: bytes) -> bytes | None:
        """What the child writes; None when it was stopped for what it took."""
        async with self._turn:
            child = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "scheduler.io.workbook.child", deed, str(self._most_memory_bytes)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            try:
                async with asyncio.timeout(self._patience_s):
                    written, _ = await child.communicate(content)
            except TimeoutError:
                return None
            finally:
                if child.returncode is None:
                    child.kill()
                    await child.wait()
            return written if child.returncode == 0 else None

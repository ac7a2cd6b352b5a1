"""Instances and solutions from and to files."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from classroom.errors import BadInput, ClassroomError, TooLarge
from scheduler.planning.consistency import Fault, instance_faults, solution_faults
from scheduler.planning.instance import Instance
from scheduler.planning.solution import Datum, Solution

# A province of 50,000 lessons is 16 MB; a file of this size is something else.
MOST_BYTES = 256 * 10**6
# Nobody reads more of them, and a file of the wrong kind would have millions.
MOST_FAULTS = 200

File = TypeVar("File", Instance, Solution)

_INSTANCE: TypeAdapter[Instance] = TypeAdapter(Instance)
_SOLUTION: TypeAdapter[Solution] = TypeAdapter(Solution)

# pydantic's kinds of error → our code, and which of its context the text shows.
_CODES = {
    "missing": "plan_value_missing",
    "unexpected_keyword_argument": "plan_value_unknown",
    "missing_argument": "plan_value_missing",
    "int_type": "plan_value_not_integer",
    "int_from_float": "plan_value_not_integer",
    "int_parsing_size": "plan_value_not_integer",
    "float_type": "plan_value_not_number",
    "finite_number": "plan_value_not_number",
    "bool_type": "plan_value_not_bool",
    "string_type": "plan_value_not_text",
    "string_unicode": "plan_value_not_text",
    "tuple_type": "plan_value_not_list",
    "dict_type": "plan_value_not_object",
    "mapping_type": "plan_value_not_object",
    "dataclass_type": "plan_value_not_object",
    "dataclass_exact_type": "plan_value_not_object",
}
_BOUNDS = {
    "greater_than_equal": ("plan_value_too_small", "ge"),
    "less_than_equal": ("plan_value_too_large", "le"),
    "too_long": ("plan_list_too_long", "max_length"),
    "string_too_long": ("plan_text_too_long", "max_length"),
    "string_too_short": ("plan_text_too_short", "min_length"),
}
_TAGS = {"int", "str", "constrained-str", "float", "bool", "list[str]"}


class BadFile(BadInput):
    """A file is not what it should be; `faults` says all of it, up to `MOST_FAULTS`."""

    def __init__(self, path: str, faults: Sequence[Fault], more: bool) -> None:
        super().__init__("plan_file_faulty", path=path, faults=f"{len(faults)}+" if more else str(len(faults)))
        self.faults = tuple(faults)


def read_instance(path: Path) -> Instance:
    """Raises `BadFile` with every fault, or an error that says why the file cannot be read."""
    return instance_of(read_bytes(path), str(path))


def read_solution(path: Path, instance: Instance) -> Solution:
    """Like `read_instance`; ids must resolve in `instance`."""
    return solution_of(read_bytes(path), instance, str(path))


def instance_of(content: bytes, name: str = "instance.json") -> Instance:
    instance = _parse(_INSTANCE, content, name)
    _refuse(instance_faults(instance), name)
    return instance


def solution_of(content: bytes, instance: Instance, name: str = "solution.json") -> Solution:
    solution = _parse(_SOLUTION, content, name)
    _refuse(solution_faults(instance, solution), name)
    return solution


def instance_json(instance: Instance) -> bytes:
    return _INSTANCE.dump_json(instance, by_alias=True, exclude_none=False)


def solution_json(solution: Solution) -> bytes:
    return _SOLUTION.dump_json(solution, by_alias=True)


def write_instance(path: Path, instance: Instance) -> None:
    write_whole(path, instance_json(instance))


def write_solution(path: Path, solution: Solution) -> None:
    write_whole(path, solution_json(solution))


def write_whole(path: Path, content: bytes) -> None:
    """The whole file or nothing: a full disk, a power cut or a reader in between never sees half of it."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content + b"\n")
                file.flush()
                os.fsync(file.fileno())
            # mkstemp lets nobody else read; the file shall be like any other this user makes.
            umask = os.umask(0)
            os.umask(umask)
            temporary.chmod(0o666 & ~umask)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ClassroomError("file_unwritable", path=str(path), reason=error.strerror or str(error)) from error


def read_bytes(path: Path) -> bytes:
    """What is in a file. Raises `BadInput("plan_unreadable")`, `TooLarge("plan_too_large")`."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadInput("plan_unreadable", path=str(path), reason=error.strerror or str(error)) from error
    if len(content) > MOST_BYTES:
        raise TooLarge("plan_too_large", path=str(path), limit_mb=MOST_BYTES // 10**6)
    return content


def _parse(adapter: TypeAdapter[File], content: bytes, name: str) -> File:
    try:
        return adapter.validate_json(content.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        _refuse(_shape_faults(error), name)
        raise


def _refuse(faults: Iterable[Fault], name: str) -> None:
    faults = iter(faults)
    if found := list(islice(faults, MOST_FAULTS)):
        raise BadFile(name, found, more=next(faults, None) is not None)


def _shape_faults(error: ValidationError) -> Iterator[Fault]:
    last = None
    for found in error.errors(include_url=False, include_input=False):
        fault = _shape_fault(found["type"], found["loc"], found.get("ctx", {}), found["msg"])
        # An id may be a number or a text; pydantic says twice that it is neither.
        if fault != last:
            yield fault
        last = fault


def _shape_fault(kind: str, place: tuple[int | str, ...], context: dict[str, Any], message: str) -> Fault:
    if kind == "json_invalid":
        return Fault("", "plan_not_json", {"reason": str(context.get("error", message))})
    if place and place[-1] in _TAGS:
        return Fault(_path(place[:-1]), "plan_value_not_id")
    path = _path(place)
    if kind in _BOUNDS:
        code, key = _BOUNDS[kind]
        limit: Datum = context[key]
        return Fault(path, code, {"limit": limit})
    if kind == "literal_error":
        return Fault(path, "plan_value_not_allowed", {"allowed": str(context["expected"])})
    return Fault(path, _CODES.get(kind, "plan_value_wrong"), {} if kind in _CODES else {"reason": message})


def _path(place: tuple[int | str, ...]) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return path.removeprefix(".")

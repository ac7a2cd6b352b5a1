"""How the commands read their files, and show what is wrong with them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from classroom.catalog import text
from classroom.cli.main import language
from scheduler.io.files import BadFile, read_instance, read_solution
from scheduler.planning.consistency import Fault
from scheduler.planning.instance import Instance
from scheduler.planning.solution import Solution

FILE = click.Path(path_type=Path)
OUTPUT = click.option("-o", "--output", type=FILE, required=True, metavar="FILE", help="Where the result is written.")


def read_both(instance: Path, solution: Path) -> tuple[Instance, Solution]:
    """Both files, or the faults of the first that has any and `BadFile`."""
    with faults_listed():
        problem = read_instance(instance)
        return problem, read_solution(solution, problem)


@contextmanager
def faults_listed() -> Iterator[None]:
    """One line for each fault of a file; the error itself says which file, and is left to the caller."""
    try:
        yield
    except BadFile as error:
        for fault in error.faults:
            click.echo(fault_line(fault), err=True)
        raise


def fault_line(fault: Fault) -> str:
    shown = text(fault.code, fault.data, language())
    return f"{fault.path}: {shown.message} {shown.remedy}" if fault.path else f"{shown.message} {shown.remedy}"

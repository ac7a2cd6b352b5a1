"""`qianshou schedule`: timetables from files to files, for whoever has a spreadsheet and no server.

Exit codes: 0 done; 1 a rule is broken, or the thing asked for failed; 2 the command is wrong.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from classroom.catalog import text
from classroom.cli.main import language, say
from classroom.errors import BadInput
from classroom.model.term import PlanRules
from scheduler.io.files import BadFile, read_bytes, read_instance, read_solution, write_instance
from scheduler.planning.check import Violation, check
from scheduler.planning.consistency import Fault
from scheduler.planning.curriculum import Curriculum, with_needs
from scheduler.planning.instance import Instance
from scheduler.planning.of_registry import instance_of
from scheduler.planning.solution import Solution

FILE = click.Path(path_type=Path)


@click.group()
def schedule() -> None:
    """Who lacks what, who can help, and when both bells agree."""


@schedule.command("check")
@click.argument("instance", type=FILE)
@click.argument("solution", type=FILE)
def check_command(instance: Path, solution: Path) -> int:
    """List every rule that SOLUTION breaks in INSTANCE; exit 1 when there is one."""
    problem, answer = read_both(instance, solution)
    violations = check(problem, answer)
    for violation in violations:
        click.echo(line_of(violation))
    click.echo(summary(problem, answer, violations), err=True)
    return 1 if violations else 0


@schedule.command("import")
@click.argument("workbook", type=FILE)
@click.option("-o", "--output", type=FILE, required=True, metavar="FILE", help="Where to write the instance.")
def import_command(workbook: Path, output: Path) -> int:
    """Make an instance of a county's filled-in WORKBOOK (.xlsx); exit 1 and name every wrong cell when there is one."""
    # openpyxl takes longer to load than everything else here
    from scheduler.io.national_plan import national_plan
    from scheduler.io.workbook.work import read_workbook

    read = read_workbook(read_bytes(workbook))
    for fault in read.faults:
        shown = text(fault.code, fault.data, language())
        click.echo(f"{fault.sheet}!{fault.cell or '-'}: {shown.message} {shown.remedy}", err=True)
    if read.registry is None:
        raise BadInput("plan_file_faulty", path=str(workbook), faults=str(read.fault_count))
    registry = with_needs(read.registry, Curriculum(national_plan(), read.registry))
    instance = instance_of(registry, PlanRules())
    write_instance(output, instance)
    click.echo(
        say(
            f"{len(instance.schools)} 所学校，{len(instance.teachers)} 位教师，每周缺 {instance.lessons} 节课",
            f"{len(instance.schools)} schools, {len(instance.teachers)} teachers, {instance.lessons} lessons a week",
        ),
        err=True,
    )
    return 0


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


def line_of(violation: Violation) -> str:
    shown = text(violation.code, violation.data, language())
    return f"{violation.rule}\t{violation.code}\t{shown.message}"


def summary(instance: Instance, solution: Solution, violations: Iterable[Violation]) -> str:
    """One line: how much is covered, and which rules are broken how often."""
    broken = Counter(violation.rule for violation in violations)
    rules = ", ".join(f"{rule} × {count}" for rule, count in sorted(broken.items()))
    covered, lessons = solution.coverage, instance.lessons
    return say(
        f"覆盖 {covered}/{lessons} 节；" + (f"违反：{rules}" if broken else "没有违反规则"),
        f"{covered} of {lessons} lessons covered; " + (f"broken: {rules}" if broken else "no rule is broken"),
    )

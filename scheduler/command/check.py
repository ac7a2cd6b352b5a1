"""`qianshou schedule check`."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click

from classroom.catalog import text
from classroom.cli.main import language, say
from scheduler.command.group import schedule
from scheduler.command.shared import FILE, read_both
from scheduler.planning.check import Violation, check
from scheduler.planning.instance import Instance
from scheduler.planning.solution import Solution


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

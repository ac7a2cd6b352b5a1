"""`qianshou schedule explain`."""

from dataclasses import replace
from pathlib import Path

import click

from classroom.cli.main import language
from classroom.errors import BadSettings
from scheduler.command.group import schedule
from scheduler.command.shared import FILE, read_both
from scheduler.io.files import write_solution
from scheduler.io.texts import said, uncovered_header, with_texts
from scheduler.planning.explain.explain import explain
from scheduler.planning.instance import Id, Instance
from scheduler.planning.lookup import Lookup
from scheduler.planning.names import Names


@schedule.command("explain")
@click.argument("instance", type=FILE)
@click.argument("solution", type=FILE)
@click.option("--need", metavar="ID", help="Only this need.")
@click.option("-o", "--output", type=FILE, metavar="FILE", help="Also write SOLUTION with the reasons.")
def explain_command(instance: Path, solution: Path, need: str | None, output: Path | None) -> None:
    """Say for every need that SOLUTION leaves uncovered why, and what small change would cover it."""
    problem, answer = read_both(instance, solution)
    found = explain(problem, answer, None if need is None else [need_called(problem, need)])
    names = Names(Lookup.of(problem), answer.courses)
    for row in found:
        click.echo(uncovered_header(names, row, language()))
        for reason in row.reasons:
            click.echo(f"  {reason.code}\t{said(names, reason.code, reason.data, language())[0]}")
    if output is not None:
        explained = {row.need: row for row in found}
        uncovered = tuple(explained.get(row.need, row) for row in answer.uncovered)
        write_solution(output, with_texts(problem, replace(answer, uncovered=uncovered)))


def need_called(instance: Instance, written: str) -> Id:
    """Raises `BadSettings("need_unknown")`."""
    found = next((need.id for need in instance.needs if str(need.id) == written), None)
    if found is None:
        raise BadSettings("need_unknown", need=written)
    return found

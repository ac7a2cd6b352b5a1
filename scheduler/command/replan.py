"""`qianshou schedule replan`."""

from dataclasses import replace
from pathlib import Path

import click

from classroom.cli.main import language, say
from scheduler.command.group import schedule
from scheduler.command.shared import FILE, OUTPUT, read_both
from scheduler.io.files import write_solution
from scheduler.io.outages import now_of, outages_of
from scheduler.io.texts import said, with_texts
from scheduler.planning.explain.explain import explain
from scheduler.planning.lookup import Lookup
from scheduler.planning.names import Names
from scheduler.planning.replan.changes import changes
from scheduler.planning.replan.replan import MOVES, replan


@schedule.command("replan")
@click.argument("instance", type=FILE)
@click.argument("solution", type=FILE)
@click.option(
    "--absent",
    multiple=True,
    required=True,
    metavar="WHAT",
    help="teacher=ID, school=ID, room=ID or line=ID, then ,day=D or D-D ,period=P or P-P (or ,from=HH:MM,to=HH:MM) "
    ",rooms=N. Days and periods count from 0; without a day, the whole week. Repeatable.",
)
@click.option("--now", metavar="WHEN", help="day=D,time=HH:MM: what began before stays as it is.")
@click.option("--moves", type=click.IntRange(0, 50), default=MOVES, show_default=True, help="Other courses to move.")
@OUTPUT
def replan_command(
    *, instance: Path, solution: Path, absent: tuple[str, ...], now: str | None, moves: int, output: Path
) -> None:
    """Make good what an outage takes of SOLUTION, with the fewest changes; each is listed."""
    problem, answer = read_both(instance, solution)
    lookup = Lookup.of(problem)
    outages = [outage for each in absent for outage in outages_of(lookup, each)]
    proposal = replan(lookup, answer, outages, now=None if now is None else now_of(problem, now), moves=moves)
    after = replace(proposal.accept(), changes=changes(proposal))
    names = Names(lookup, answer.courses)
    for change in after.changes:
        click.echo(f"{change.code}\t{said(names, change.code, change.data, language())[0]}")
    gone = {lost.need for lost in proposal.gone}
    why = {row.need: row for row in explain(problem, after, gone)} if gone else {}
    after = replace(after, uncovered=tuple(why.get(row.need, row) for row in after.uncovered))
    write_solution(output, with_texts(problem, after))
    lost, missing = len(proposal.week.lost), len(proposal.gone)
    click.echo(
        say(f"停用影响 {lost} 节，补上 {lost - missing} 节。", f"{lost} lessons lost, {lost - missing} made good."),
        err=True,
    )

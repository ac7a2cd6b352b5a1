"""`qianshou schedule import`."""

from pathlib import Path

import click

from classroom.catalog import text
from classroom.cli.main import language, say
from classroom.errors import BadInput
from classroom.model.term import PlanRules
from scheduler.command.group import schedule
from scheduler.command.shared import FILE, OUTPUT
from scheduler.io.files import read_bytes, write_instance
from scheduler.planning.curriculum import Curriculum, with_needs
from scheduler.planning.of_registry import instance_of


@schedule.command("import")
@click.argument("workbook", type=FILE)
@OUTPUT
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

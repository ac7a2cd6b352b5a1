"""`qianshou schedule`: timetables from files to files, for whoever has a spreadsheet and no server.

Exit codes: 0 done; 1 a rule is broken, or the thing asked for failed; 2 the command is wrong; 130 interrupted with
nothing to write.
"""

from scheduler.command.check import check_command
from scheduler.command.explain import explain_command
from scheduler.command.group import schedule
from scheduler.command.import_workbook import import_command
from scheduler.command.replan import replan_command
from scheduler.command.solve import solve_command

__all__ = ["check_command", "explain_command", "import_command", "replan_command", "schedule", "solve_command"]

"""`qianshou`: finds its subcommands, prints their errors as one line, and says by the exit code what went wrong.

Exit codes: 0 done, 1 the thing asked for failed, 2 the command or a setting is wrong, 130 interrupted.
"""

import locale
import os
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import click

from classroom.catalog import text_of
from classroom.errors import BadSettings, ClassroomError

COMMANDS = "classroom.commands"
USAGE = 2


class EntryPointGroup(click.Group):
    """Lists subcommands without importing them, so one that cannot be loaded does not stop the others."""

    def _points(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=COMMANDS)}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self._points()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        built_in = super().get_command(ctx, cmd_name)
        if built_in is not None:
            return built_in
        point = self._points().get(cmd_name)
        if point is None:
            return None
        try:
            command = point.load()
        except (ImportError, AttributeError, OSError) as error:
            raise BadSettings("command_broken", command=cmd_name, problem=str(error)) from error
        if not isinstance(command, click.Command):
            raise BadSettings("command_broken", command=cmd_name, problem=type(command).__name__)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows: list[tuple[str, str]] = []
        for name in self.list_commands(ctx):
            try:
                command = self.get_command(ctx, name)
            except BadSettings as error:
                rows.append((name, str(error.data["problem"])))
                continue
            if command is not None and not command.hidden:
                rows.append((name, command.get_short_help_str(limit=90)))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(cls=EntryPointGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="qianshou", prog_name="qianshou")
def qianshou() -> None:
    """牵手课堂: live classrooms that a county runs itself."""


def language() -> str:
    """The language of this terminal: QIANSHOU_LANGUAGE, else the locale; Chinese unless it is clearly another."""
    chosen = os.environ.get("QIANSHOU_LANGUAGE", "")
    if chosen in {"zh-CN", "en"}:
        return chosen
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value and value not in {"C", "POSIX", "C.UTF-8"}:
            return "zh-CN" if value.startswith("zh") else "en"
    if os.name == "posix":
        return "zh-CN"  # no environment, or one without a language: C.UTF-8 is nobody's English
    system, _ = locale.getlocale()
    return "en" if system and not system.startswith("zh") else "zh-CN"


def say(chinese: str, english: str) -> str:
    """A text of a command in the terminal's language."""
    return chinese if language() == "zh-CN" else english


def one_line(error: ClassroomError) -> str:
    """An error for the terminal: what is wrong, then what to do."""
    text = text_of(error, language())
    return " ".join(f"{text.message} {text.remedy}".split())


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script. Never shows a traceback for anything the user can mend."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        result: Any = qianshou.main(args=arguments, prog_name="qianshou", standalone_mode=False)
    except BadSettings as error:
        return _fail(one_line(error), USAGE)
    except ClassroomError as error:
        return _fail(one_line(error), 1)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx is not None else "qianshou"
        return _fail(f"{command}: {error.format_message()} ({command} --help)", USAGE)
    except click.ClickException as error:
        return _fail(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        # `qianshou admin rooms | head`: the reader has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return result if isinstance(result, int) else 0


def _fail(line: str, code: int) -> int:
    click.echo(" ".join(line.split()), err=True)
    return code

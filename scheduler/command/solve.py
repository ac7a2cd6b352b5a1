"""`qianshou schedule solve`."""

import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from pathlib import Path
from types import FrameType

import click

from classroom.cli.main import say
from classroom.errors import ClassroomError, Unprocessable
from scheduler.command.check import line_of
from scheduler.command.group import schedule
from scheduler.command.shared import FILE, OUTPUT, faults_listed
from scheduler.io.files import read_instance, write_solution
from scheduler.io.solver import Run, Update, solve_instance
from scheduler.planning.explain.explain import impossible_pins
from scheduler.planning.instance import Instance


@schedule.command("solve")
@click.argument("instance", type=FILE)
@click.option("--time-limit", type=click.FloatRange(0.1, 86_400), default=60.0, show_default=True, metavar="SECONDS")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes that search.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True)
@click.option("--progress", is_flag=True, help="Say on standard error whenever there is something better.")
@OUTPUT
def solve_command(*, instance: Path, time_limit: float, workers: int, seed: int, progress: bool, output: Path) -> None:
    """Find a timetable for INSTANCE. Ctrl-C stops early and writes the best so far."""
    with faults_listed():
        problem = read_instance(instance)
    refuse_impossible_pins(problem)
    refuse_unwritable(output)
    with asked_to_stop() as cancelled:
        run = solve_instance(
            problem,
            seconds=time_limit,
            workers=workers,
            seed=seed,
            on_update=tell if progress else None,
            cancelled=cancelled,
        )
    write_solution(output, run.solution)
    click.echo(summary(problem, run), err=True)


def refuse_impossible_pins(instance: Instance) -> None:
    """A pin that breaks a rule leaves no timetable; each rule it breaks is listed. Raises `Unprocessable`."""
    if violations := impossible_pins(instance):
        for violation in violations:
            click.echo(line_of(violation), err=True)
        raise Unprocessable("pins_impossible", violations=len(violations))


def refuse_unwritable(path: Path) -> None:
    """Where the result is to go is tried before an hour is spent on it."""
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise ClassroomError("file_unwritable", path=str(path), reason=error.strerror or str(error)) from error


@contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Ctrl-C and SIGTERM wait to be asked about, instead of interrupting.

    A terminal sends Ctrl-C to the solver processes too. They inherit the blocked signals, so it does not end them
    before they have told what they found; whoever hired them ends them. Here, a thread of a library may not block them
    and take the signal: then the handler hears of it.
    """
    asked: list[int] = []

    def remember(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    stops = (signal.SIGINT, signal.SIGTERM)
    # Started with the first process, the tracker would unblock both signals again.
    resource_tracker.ensure_running()
    handlers = {number: signal.signal(number, remember) for number in stops}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    try:
        yield lambda: bool(asked or signal.sigpending() & set(stops))
    finally:
        # What is still pending is heard now, while the handler is ours.
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def tell(update: Update) -> None:
    """A line that both an eye and `cut` can read: seconds, lessons covered, bound, gap, cost."""
    cells = (f"{update.seconds:.1f}", update.coverage, update.bound_coverage, f"{update.gap:.2%}", update.cost)
    click.echo("\t".join(map(str, cells)), err=True)


def summary(instance: Instance, run: Run) -> str:
    covered, bound, lessons = run.solution.coverage, run.solution.bound_coverage, instance.lessons
    proved = say("，已证明最优", ", proved optimal") if run.proved else ""
    return say(
        f"覆盖 {covered}/{lessons} 节，任何方案最多 {bound} 节{proved}。",
        f"{covered} of {lessons} lessons covered; no timetable covers more than {bound}{proved}.",
    )

"""How times stand in the data of a violation, a reason or a change: as numbers to compute with, as text to read."""

from scheduler.planning.instance import Start
from scheduler.planning.solution import Datum


def clock(minute: int) -> str:
    """605 is 10:05."""
    return f"{minute // 60:02}:{minute % 60:02}"


def when(start: Start) -> dict[str, Datum]:
    """`day` is said as a weekday by the catalog (`words-….toml`), `time` is `minute` to read."""
    day, minute = start
    return {"day": day, "minute": minute, "time": clock(minute)}

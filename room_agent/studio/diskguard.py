"""What to do about a disk that fills up: warn early, then let go of what is safe elsewhere, and of nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_URGENT = 0.2  # of the warning level: below it something must go
_LAST_BYTES = 200_000_000  # less than this and the running lesson cannot be written any more

DiskWarning = Literal["disk_low", "disk_full"]


@dataclass(frozen=True, slots=True)
class KeptLesson:
    """`safe`: all of it that is whole is on the server; `expired`: and for so long that it need not stay here."""

    lesson_id: str
    size_bytes: int
    safe: bool
    expired: bool
    running: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """Lessons to remove now, in this order; `unsafe` are those of them that nobody else has."""

    warning: DiskWarning | None
    remove: tuple[str, ...] = ()
    unsafe: tuple[str, ...] = ()


def judge(free_bytes: int, low_bytes: float, lessons: Sequence[KeptLesson]) -> Verdict:
    """`lessons` from the oldest to the newest."""
    remove = [each for each in lessons if each.safe and each.expired and not each.running]
    free = free_bytes + sum(each.size_bytes for each in remove)
    unsafe: list[KeptLesson] = []
    for each in lessons:
        if free >= low_bytes * _URGENT:
            break
        if each.safe and not each.running and each not in remove:
            remove.append(each)
            free += each.size_bytes
    least = min(_LAST_BYTES, low_bytes * _URGENT)
    running = any(each.running for each in lessons)
    for each in lessons:
        # The lesson that runs now can still be given; one that nobody fetched in all this time goes first.
        if free >= least or not running:
            break
        if not each.safe and not each.running:
            unsafe.append(each)
            free += each.size_bytes
    warning: DiskWarning | None = "disk_full" if unsafe or free < least else "disk_low" if free < low_bytes else None
    removed = (*remove, *unsafe)
    return Verdict(warning, tuple(each.lesson_id for each in removed), tuple(each.lesson_id for each in unsafe))

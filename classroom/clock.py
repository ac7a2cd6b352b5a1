"""Time, passed in: nothing else in the product reads a clock, so tests move time themselves."""

import asyncio
import heapq
import itertools
import time
from datetime import UTC, datetime, timedelta, timezone
from datetime import time as time_of_day
from typing import Protocol

# China has one time zone, without summer time since 1991: "today" on a timetable means today there.
SCHOOL_ZONE = timezone(timedelta(hours=8), "Asia/Shanghai")


def seconds_until(at: time_of_day, now: datetime) -> float:
    """How long until the schools' clocks next say `at`; never 0."""
    local = now.astimezone(SCHOOL_ZONE)
    following = datetime.combine(local.date(), at, SCHOOL_ZONE)
    if following <= local:
        following += timedelta(days=1)
    return (following - local).total_seconds()


class Clock(Protocol):
    """`now` for people and records, `monotonic` for durations, `sleep` for waiting."""

    def now(self) -> datetime:
        """The time of day: aware, UTC."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


DEFAULT_START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)

# How many turns of the loop `run` gives woken tasks at one instant: an awaited chain of queues, tasks and futures
# costs one turn per link, and no chain in the product is near this long.
SETTLE_TURNS = 50


class VirtualClock:
    """A clock that stands still until it is told to move.

    `advance` moves and wakes sleepers, whose tasks then run when the caller next awaits; `run` moves from one
    sleeper's deadline to the next and lets each woken task go on until it sleeps again, as real time would.
    """

    def __init__(self, start: datetime = DEFAULT_START) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock's start must be aware")
        self._start = start.astimezone(UTC)
        self._elapsed_s = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed_s)

    def monotonic(self) -> float:
        return self._elapsed_s

    @property
    def sleeping(self) -> int:
        """How many tasks wait for this clock."""
        return sum(not future.done() for _, _, future in self._sleepers)

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed_s + seconds, next(self._order), future))
        await future

    def advance(self, seconds: float) -> None:
        """Move forward and wake whoever is due."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self._move_to(self._elapsed_s + seconds)

    async def run(self, seconds: float) -> None:
        """Let `seconds` pass, with everything that happens in them."""
        end = self._elapsed_s + seconds
        await self.settle()
        while (deadline := self._next_deadline()) is not None and deadline <= end:
            self._move_to(deadline)
            await self.settle()
        self._move_to(end)
        await self.settle()

    async def settle(self) -> None:
        """Let tasks that can run now do so."""
        for _ in range(SETTLE_TURNS):
            await asyncio.sleep(0)

    def _next_deadline(self) -> float | None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    def _move_to(self, elapsed_s: float) -> None:
        self._elapsed_s = elapsed_s
        while self._sleepers and self._sleepers[0][0] <= elapsed_s:
            future = heapq.heappop(self._sleepers)[2]
            if not future.done():
                future.set_result(None)

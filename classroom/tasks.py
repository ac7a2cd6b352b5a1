"""Supervised tasks: a background failure is logged and counted, never lost; what must go on is begun again."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry, Counter

from classroom.clock import Clock
from classroom.logs import get_logger

log = get_logger(__name__)

T = TypeVar("T")

# A first failure is usually a passing one, so begin again soon; one that stays must not fill the log or the processor.
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0
# Who has run this long was healthy: its next failure is a first one again.
HEALTHY_AFTER_S = 60.0
# A library may lose a cancellation that meets a timeout of its own; time enough to clean up before the next one.
CANCEL_AGAIN_S = 3.0


class Tasks:
    """All background tasks of a process. `rng` spreads restarts, so that many processes do not return at once."""

    def __init__(
        self, clock: Clock, metrics: CollectorRegistry | None = None, rng: random.Random | None = None
    ) -> None:
        self._clock = clock
        self._rng = rng or random.Random()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._attempts: set[asyncio.Task[Any]] = set()  # what `forever` runs
        self._closing = False
        self._failures = Counter(
            "background_task_failures", "Background tasks that ended with an error", ["name"], registry=metrics
        )
        self._failed: dict[str, int] = {}

    @property
    def running(self) -> int:
        """How many tasks have not ended."""
        return len(self._tasks)

    def failures(self, name: str) -> int:
        """How often tasks of this name have failed."""
        return self._failed.get(name, 0)

    def spawn(self, coro: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Run `coro` in the background. Its failure is logged and counted, whether or not the task is awaited."""
        if self._closing:
            coro.close()
            raise RuntimeError(f"task {name} was spawned while closing")
        task = asyncio.get_running_loop().create_task(coro, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def forever(self, factory: Callable[[], Coroutine[Any, Any, None]], name: str) -> asyncio.Task[None]:
        """Run `factory()` again whenever it ends or fails, with growing, jittered pauses. Cancel it to stop."""
        return self.spawn(self._supervise(factory, name), name)

    async def close(self) -> None:
        """Cancel everything until it has ended."""
        self._closing, cancelled = True, self._tasks  # who runs an attempt cancels it: once, at first
        while pending := [task for task in self._tasks | self._attempts if task is not asyncio.current_task()]:
            for task in pending:
                if task in cancelled:
                    task.cancel()
            await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)
            cancelled = self._tasks | self._attempts
            # done callbacks are scheduled, not run, when `wait` returns
            await asyncio.sleep(0)

    async def _supervise(self, factory: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
        delay_s = FIRST_DELAY_S
        while True:
            began = self._clock.monotonic()
            attempt = asyncio.get_running_loop().create_task(factory(), name=name)
            self._attempts.add(attempt)
            attempt.add_done_callback(self._ended)
            try:
                await asyncio.wait([attempt])
            except asyncio.CancelledError:
                attempt.cancel()
                await asyncio.wait([attempt])
                raise
            if self._clock.monotonic() - began >= HEALTHY_AFTER_S:
                delay_s = FIRST_DELAY_S
            # full jitter over the upper half: never at once, never all together
            await self._clock.sleep(delay_s * self._rng.uniform(0.5, 1.0))
            delay_s = min(delay_s * 2, LONGEST_DELAY_S)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        self._attempts.discard(task)
        self._report(task)

    def _report(self, task: asyncio.Task[Any]) -> None:
        if task.cancelled() or (error := task.exception()) is None:
            return
        name = task.get_name()
        self._failed[name] = self._failed.get(name, 0) + 1
        self._failures.labels(name).inc()
        log.error("background task failed", task=name, failures=self._failed[name], exc_info=error)

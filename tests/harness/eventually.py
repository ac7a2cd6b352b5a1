"""Waiting for a condition instead of for time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(check: Callable[[], Awaitable[T]], what: str, within_s: float = 20.0, every_s: float = 0.05) -> T:
    """The first true answer of `check`; fails with `what` and the last answer when none comes in time."""
    deadline = time.monotonic() + within_s
    while True:
        answer = await check()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:g} s: {what} (last answer: {answer!r})")
        await asyncio.sleep(every_s)

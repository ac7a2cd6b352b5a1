"""The receiving end every bus shares: a bounded queue that remembers having lost something."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from classroom.messages.events import BusEvent

# Levels and previews of a hundred rooms for a few seconds; who is further behind must read everything again anyway.
QUEUE_LIMIT = 1024


class Inbox:
    """Events waiting for one subscriber. A full inbox forgets everything and hands out one `None` instead."""

    def __init__(self, limit: int = QUEUE_LIMIT) -> None:
        self._limit = limit
        self._waiting: deque[BusEvent | None] = deque()
        self._arrived = asyncio.Event()
        self._closed = False

    def put(self, event: BusEvent) -> None:
        if len(self._waiting) >= self._limit:
            self.lose()
        else:
            self._waiting.append(event)
            self._arrived.set()

    def lose(self) -> None:
        """Events may have been missed: what waits is worth nothing now, since all of it will be read again."""
        self._waiting.clear()
        self._waiting.append(None)
        self._arrived.set()

    def close(self) -> None:
        self._closed = True
        self._arrived.set()

    async def __aiter__(self) -> AsyncIterator[BusEvent | None]:
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            if self._closed:
                return
            self._arrived.clear()
            await self._arrived.wait()

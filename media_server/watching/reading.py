"""Reading segments for players: what turns out to be broken is noted, so that nobody is offered it again."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from typing import Any, TypeVar

from classroom.errors import NotFound, Unavailable
from media_server.archive.keeper import Keeper
from media_server.watching.shelf import Shelf

_READ_AHEAD = 3  # while the one before them is worked on

T = TypeVar("T")


class SegmentReader:
    """What everything in this package reads segments with."""

    def __init__(self, keeper: Keeper, shelf: Shelf) -> None:
        self._keeper = keeper
        self._shelf = shelf

    async def get(self, digest: str) -> bytes:
        """The whole of it, verified. Raises what `Keeper.read` does."""
        try:
            return await self._keeper.read(digest)
        except (NotFound, Unavailable):
            self._shelf.forget(digest)
            raise


async def in_order(work: Iterable[Coroutine[Any, Any, T]]) -> AsyncIterator[T]:
    """What each comes to, with a few of them begun ahead. Raises what they raise."""
    begun: list[asyncio.Task[T]] = []
    try:
        for each in work:
            begun.append(asyncio.create_task(each))
            if len(begun) > _READ_AHEAD:
                yield await begun.pop(0)
        while begun:
            yield await begun.pop(0)
    finally:
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)

"""Reading segments for players: what turns out to be broken is noted, so that nobody is offered it again."""

from classroom.errors import NotFound, Unavailable
from media_server.archive.keeper import Keeper
from media_server.watching.shelf import Shelf


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

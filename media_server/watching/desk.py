"""What it takes to read recordings as players do: put together once, for whoever works with whole films."""

from dataclasses import dataclass
from typing import Self

from classroom.clock import Clock
from classroom.settings import Settings
from classroom.store.store import Store
from media_server.archive.keeper import Keeper
from media_server.archive.open_store import open_segment_store
from media_server.watching.derived import Derived
from media_server.watching.extras import Extras
from media_server.watching.gallery import Gallery
from media_server.watching.makers import Makers
from media_server.watching.movies import Movies
from media_server.watching.reading import SegmentReader
from media_server.watching.shelf import Shelf
from media_server.watching.workshop import Workshop


@dataclass(frozen=True, slots=True)
class Desk:
    """See the module. Several in one process do no harm: what they make lies in one place."""

    keeper: Keeper
    workshop: Workshop
    derived: Derived
    shelf: Shelf
    reader: SegmentReader
    makers: Makers
    gallery: Gallery
    movies: Movies
    extras: Extras

    @classmethod
    def set_up(cls, settings: Settings, store: Store, clock: Clock, node: str) -> Self:
        """Raises what `open_segment_store` does. `close` it."""
        workshop = Workshop()
        keeper = Keeper(open_segment_store(settings), store, clock)
        derived = Derived(settings.data / "derived", settings.recordings_derived_mb * 1_000_000)
        shelf = Shelf(store, clock)
        reader = SegmentReader(keeper, shelf)
        makers = Makers(reader, derived, workshop)
        gallery = Gallery(reader, derived, workshop, makers)
        extras = Extras(store, clock, shelf, makers, gallery=gallery, node=node)
        return cls(keeper, workshop, derived, shelf, reader, makers, gallery, Movies(reader, makers), extras)

    async def close(self) -> None:
        await self.workshop.close()
        await self.keeper.segments.close()

"""Watching as a service: `/hls/{recording}/…`, the player's view, and what is made in the background."""

from typing import ClassVar

from classroom.access.watching import access_recording_of_lesson
from classroom.errors import ClassroomError
from classroom.logs import get_logger
from classroom.messages.events import LessonMoved
from classroom.model.lesson import RUNNING
from classroom.model.principal import SYSTEM
from classroom.service import Context, ServerRole
from media_server.archive.keeper import Keeper
from media_server.archive.open_store import open_segment_store
from media_server.watching.captions_api import CaptionsApi
from media_server.watching.derived import Derived
from media_server.watching.extras import Extras
from media_server.watching.gallery import Gallery
from media_server.watching.hls_api import HlsApi
from media_server.watching.makers import Makers
from media_server.watching.movie_api import MovieApi
from media_server.watching.movies import Movies
from media_server.watching.player_api import PlayerApi
from media_server.watching.reading import SegmentReader
from media_server.watching.shelf import Shelf
from media_server.watching.workshop import Workshop

_TRIM_EVERY_S = 3600.0

log = get_logger(__name__)


class WatchingService:
    """See the module."""

    name: ClassVar[str] = "watching"
    runs_in: ClassVar[frozenset[ServerRole]] = frozenset({ServerRole.ALL, ServerRole.HUB})

    def __init__(self, context: Context) -> None:
        self._context = context
        self._workshop = Workshop()
        self._keeper: Keeper | None = None
        self._derived: Derived | None = None

    async def start(self) -> None:
        context, settings = self._context, self._context.settings
        keeper = self._keeper = Keeper(open_segment_store(settings), context.store, context.clock)
        derived = self._derived = Derived(settings.data / "derived", settings.recordings_derived_mb * 1_000_000)
        shelf = Shelf(context.store, context.clock)
        reader = SegmentReader(keeper, shelf)
        makers = Makers(reader, derived, self._workshop)
        gallery = Gallery(reader, derived, self._workshop, makers)
        extras = Extras(context.store, context.clock, shelf, makers, gallery=gallery, node=context.node)
        HlsApi(context.store, shelf, reader, makers).add_routes(context.routes)
        MovieApi(context.store, context.clock, shelf, Movies(reader, makers), extras).add_routes(context.routes)
        CaptionsApi(context.store, shelf).add_routes(context.routes)
        player = PlayerApi(context.store, context.clock, shelf, makers=makers, gallery=gallery, extras=extras)
        player.add_routes(context.routes)
        self._extras = extras
        context.tasks.forever(extras.run, "recording extras")
        context.tasks.forever(self._follow_lessons, "recordings of lessons")
        context.tasks.forever(self._trim, "derived media")

    async def stop(self) -> None:
        await self._workshop.close()
        if self._keeper is not None:
            await self._keeper.segments.close()

    async def _follow_lessons(self) -> None:
        """A lesson that has just ended is watched soonest."""
        async with self._context.bus.subscribe(LessonMoved) as events:
            async for event in events:
                if isinstance(event, LessonMoved) and event.state not in RUNNING:
                    try:
                        recording = await access_recording_of_lesson(self._context.store, SYSTEM, event.lesson_id)
                    except ClassroomError as error:
                        log.warning("recording not looked up", code=error.code)
                        continue
                    if recording is not None:
                        self._extras.want(recording.id)

    async def _trim(self) -> None:
        while True:
            if self._derived is not None:
                await self._derived.trim()
            await self._context.clock.sleep(_TRIM_EVERY_S)

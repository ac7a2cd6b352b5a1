"""Watching as a service: `/hls/{recording}/…`, the player's view, and what is made in the background."""

from typing import ClassVar

from classroom.access.unused import access_blobs_known
from classroom.access.watching import access_recording_of_lesson
from classroom.errors import ClassroomError
from classroom.logs import get_logger
from classroom.messages.events import LessonMoved
from classroom.model.lesson import RUNNING
from classroom.model.principal import SYSTEM
from classroom.service import Context, ServerRole
from media_server.watching.captions_api import CaptionsApi
from media_server.watching.derived import Derived
from media_server.watching.desk import Desk
from media_server.watching.hls_api import HlsApi
from media_server.watching.movie_api import MovieApi
from media_server.watching.player_api import PlayerApi

_TRIM_EVERY_S = 3600.0
_LOOKED_UP = 5_000

log = get_logger(__name__)


class WatchingService:
    """See the module."""

    name: ClassVar[str] = "watching"
    runs_in: ClassVar[frozenset[ServerRole]] = frozenset({ServerRole.ALL, ServerRole.HUB})

    def __init__(self, context: Context) -> None:
        self._context = context
        self._desk: Desk | None = None

    async def start(self) -> None:
        context = self._context
        desk = self._desk = Desk.set_up(context.settings, context.store, context.clock, context.node)
        shelf, extras = desk.shelf, desk.extras
        HlsApi(context.store, shelf, desk.reader, desk.makers).add_routes(context.routes)
        MovieApi(context.store, context.clock, shelf, desk.movies, extras).add_routes(context.routes)
        CaptionsApi(context.store, shelf).add_routes(context.routes)
        player = PlayerApi(context.store, context.clock, shelf, makers=desk.makers, gallery=desk.gallery, extras=extras)
        player.add_routes(context.routes)
        context.tasks.forever(extras.run, "recording extras")
        context.tasks.forever(self._follow_lessons, "recordings of lessons")
        context.tasks.forever(self._trim, "derived media")

    async def stop(self) -> None:
        if self._desk is not None:
            await self._desk.close()

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
                    if recording is not None and self._desk is not None:
                        self._desk.extras.want(recording.id)

    async def _trim(self) -> None:
        while True:
            if self._desk is not None:
                await self._desk.derived.trim()
                await self._forget_unmade(self._desk.derived)
            await self._context.clock.sleep(_TRIM_EVERY_S)

    async def _forget_unmade(self, derived: Derived) -> None:
        """Pictures of what was purged go with it, on every server."""
        sources = sorted(await derived.sources())
        for first in range(0, len(sources), _LOOKED_UP):
            some = sources[first : first + _LOOKED_UP]
            await derived.forget(set(some) - await access_blobs_known(self._context.store, SYSTEM, some))

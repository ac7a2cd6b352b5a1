"""The media plane as a service: takes the media port, serves WHIP, WHEP and signalling, and says what it carries."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from classroom.access.lessons import access_lesson_to_see
from classroom.errors import ClassroomError, NotFound
from classroom.logs import get_logger
from classroom.memory import give_back
from classroom.messages.base import Message
from classroom.messages.events import LessonMoved, SourcesChanged, ViewersChanged
from classroom.messages.views import SourceView, ViewerView
from classroom.model.lesson import RUNNING
from classroom.model.principal import SYSTEM
from classroom.service import Context, ServerRole
from media_server.api.exchange import Exchange
from media_server.api.metrics import MediaMetrics
from media_server.api.signalling import Signalling
from media_server.api.statistics import StatisticsApi
from media_server.engine import MediaEngine
from media_server.recording.service import Recording
from media_server.sessions import SubscriberSession

REPORT_EVERY_S = 1.0
PRESENCE_EVERY_S = 5.0
PRESENCE_TTL_S = 15.0
SILENT_AFTER_S = 5.0  # a viewer that reports nothing for so long is shown as lost

log = get_logger(__name__)


class MediaService:
    """See the module."""

    name: ClassVar[str] = "media"
    runs_in: ClassVar[frozenset[ServerRole]] = frozenset({ServerRole.ALL, ServerRole.MEDIA})

    def __init__(self, context: Context) -> None:
        self._context = context
        self._engine: MediaEngine | None = None
        self._recording: Recording | None = None
        self._changed: set[str] = set()
        self._sources: dict[str, list[SourceView]] = {}
        self._viewers: dict[str, list[ViewerView]] = {}
        self._put_at: dict[str, float] = {}

    @property
    def engine(self) -> MediaEngine:
        if self._engine is None:
            raise RuntimeError("the media service is not running")
        return self._engine

    async def start(self) -> None:
        context = self._context
        settings = context.settings
        engine = MediaEngine(context.clock, settings.host, settings.media_port, settings.media_addresses)
        self._engine = engine
        engine.on_room_changed = self._changed.add
        Exchange(engine, context.store).add_routes(context.routes)
        Signalling(engine, context.store, context.sockets)
        StatisticsApi(engine, context.node, context.clock).add_routes(context.routes)
        MediaMetrics(engine, context.metrics)
        if settings.recordings_server != "never":
            self._recording = Recording(context, engine)
            await self._recording.start()
        context.tasks.spawn(engine.run(), "media engine")
        context.tasks.forever(self._follow_lessons, "media lessons")
        context.tasks.forever(self._report, "media presence")
        log.info("media port open", port=engine.network.port, addresses=list(settings.media_addresses))

    async def stop(self) -> None:
        if self._engine is not None:
            self._engine.close()
        if self._recording is not None:
            await self._recording.stop()

    async def _follow_lessons(self) -> None:
        """Lessons that end let everybody go."""
        async with self._context.bus.subscribe(LessonMoved) as events:
            async for event in events:
                if isinstance(event, LessonMoved):
                    if event.state not in RUNNING:
                        self.engine.end(event.lesson_id, "lesson_ended")
                else:
                    await self._check_all()

    async def _check_all(self) -> None:
        """Events may have been missed: look every lesson up."""
        for lesson_id in list(self.engine.rooms):
            try:
                lesson = await access_lesson_to_see(self._context.store, SYSTEM, lesson_id)
            except NotFound:
                self.engine.end(lesson_id, "lesson_ended")
            else:
                if not lesson.running:
                    self.engine.end(lesson_id, "lesson_ended")

    async def _report(self) -> None:
        """Once a second: what each room carries and who watches, when it changed; and presence before it expires."""
        while True:
            self._changed.update(self.engine.rooms, self._put_at)
            while self._changed:
                await self._report_lesson(self._changed.pop())
            await self._context.clock.sleep(REPORT_EVERY_S)

    async def _report_lesson(self, lesson_id: str) -> None:
        bus, node, now = self._context.bus, self._context.node, self._context.clock.monotonic()
        room = self.engine.rooms.get(lesson_id)
        sources = room.views() if room else []
        viewers = [self._viewer(session) for session in self.engine.viewers(lesson_id)]
        keys = f"lesson:{lesson_id}:sources:{node}", f"lesson:{lesson_id}:viewers:{node}"
        try:
            if sources != self._sources.get(lesson_id) or now >= self._put_at.get(lesson_id, now):
                self._put_at[lesson_id] = now + PRESENCE_EVERY_S
                await bus.put(keys[0], _json_list(sources), PRESENCE_TTL_S)
                await bus.put(keys[1], _json_list(viewers), PRESENCE_TTL_S)
            if sources != self._sources.get(lesson_id, []):
                await bus.publish(SourcesChanged(lesson_id=lesson_id, node=node, sources=sources))
            if viewers != self._viewers.get(lesson_id, []):
                await bus.publish(ViewersChanged(lesson_id=lesson_id, node=node, viewers=viewers))
            if room is None:
                for key in keys:
                    await bus.delete(key)
        except ClassroomError as error:  # the bus is away: media goes on, presence is put again when it is back
            log.warning("presence not published", code=error.code)
            self._put_at.pop(lesson_id, None)
            return
        if room is None:
            # OpenSSL's and the histories' memory of a whole crowd is free now, in pieces that nobody else would use.
            if self._viewers.get(lesson_id):
                await asyncio.to_thread(give_back)
            for state in (self._sources, self._viewers, self._put_at):
                state.pop(lesson_id, None)
        else:
            self._sources[lesson_id], self._viewers[lesson_id] = sources, viewers

    def _viewer(self, session: SubscriberSession) -> ViewerView:
        subscriber = session.subscriber
        clock = self._context.clock
        lost = clock.monotonic() - session.peer.heard_at > SILENT_AFTER_S
        pictures = [downlink.current for downlink in subscriber.downlinks.values() if downlink.kind == "video"]
        return ViewerView(
            id=session.id,
            name=session.name,
            quality="lost" if lost else subscriber.quality(),
            # Coarse, so that a calm line makes no news.
            loss_percent=round(subscriber.loss * 100),
            rtt_ms=None if subscriber.rtt_s is None else round(subscriber.rtt_s * 100) * 10,
            encoding=next((encoding.rid for encoding in pictures if encoding), None),
            since=session.since,
        )


def _json_list(views: Sequence[Message]) -> str:
    return "[" + ",".join(view.model_dump_json() for view in views) + "]"

"""The room agent: all sources, the control socket, and a publisher for each source."""

import asyncio
import random
import secrets
from functools import partial

import aiohttp
from yarl import URL

from classroom.clock import Clock
from classroom.errors import BadSettings
from classroom.logs import get_logger
from classroom.messages.api import RoomsView
from classroom.messages.live import AgentLesson, AgentState, Welcome
from classroom.tasks import Tasks
from classroom.webrtc.dtls import DtlsCertificate
from room_agent.capture.frames import SystemBeat
from room_agent.config import RoomConfig
from room_agent.encode.probe import choose_backend
from room_agent.recording.room import RoomRecording
from room_agent.recording.server import RecordingServer
from room_agent.source import RoomSource
from room_agent.studio.backoff import Backoff
from room_agent.studio.serverclock import ServerClock
from room_agent.studio.session import PublishSession
from room_agent.uplink.control import Control
from room_agent.uplink.publication import Publication
from room_agent.uplink.publisher import Publisher
from room_agent.uplink.whip import WhipClient

_STATE_INTERVAL_S = 1.0  # alarms come and go with time alone

log = get_logger(__name__)


class RoomAgent:
    """`run` until cancelled."""

    def __init__(
        self, *, config: RoomConfig, server: URL, room: str, token: str, clock: Clock, tasks: Tasks, language: str
    ) -> None:
        self._config = config
        self._server = server
        self._room = room
        self._token = token
        self._clock = clock
        self._tasks = tasks
        self._language = language
        self._beat = SystemBeat()
        # RFC 3550 § 6.5.1, RFC 7022: the same for all sources of the room, since they share one clock.
        self._cname = secrets.token_urlsafe(12)
        self._certificate = DtlsCertificate()
        self._random = random.Random()
        self._server_clock = ServerClock()
        self._recording: RoomRecording | None = None
        self._sources: list[RoomSource] = []
        self._control: Control | None = None
        self._lesson_id: str | None = None

    async def run(self) -> None:
        """Raises, at the start only, `NotSignedIn` for a refused token and `BadSettings` for one of another room."""
        backend = await asyncio.to_thread(choose_backend)
        async with aiohttp.ClientSession() as http:
            recording = self._make_recording(http)
            control = Control(
                http=http,
                server=self._server,
                token=self._token,
                clock=self._clock,
                backoff=Backoff(self._random.random, longest_s=8.0),
                on_lesson=self._publish,
                server_clock=self._server_clock,
                on_welcome=self._welcome,
                check=partial(self._check_room, http),
            )
            self._control = control
            try:
                resumed = await recording.start() if recording is not None else None
                self._recording = recording
                for name, config in self._config.sources.items():
                    source = RoomSource(
                        name=name,
                        config=config,
                        backend=backend,
                        clock=self._clock,
                        tasks=self._tasks,
                        beat=self._beat,
                        random=self._random.random,
                        language=self._language,
                        on_change=self._report,
                        on_preview=control.preview,
                        on_levels=control.levels,
                        record=recording.recorder.take if recording is not None else None,
                    )
                    source.publisher = self._publisher(source, http)
                    self._sources.append(source)
                    source.encode(resumed is not None)
                    source.start()
                self._tasks.forever(self._report_forever, "report state")
                await control.run()
            finally:
                await self._close()

    def _make_recording(self, http: aiohttp.ClientSession) -> RoomRecording | None:
        if not self._config.recording.enabled:
            return None
        return RoomRecording(
            config=self._config.recording,
            room=self._room,
            server=RecordingServer(http, self._server, self._token),
            server_clock=self._server_clock,
            clock=self._clock,
            tasks=self._tasks,
            random=self._random.random,
            language=self._language,
            on_keyframe=self._best_keyframe,
            traffic=self._traffic,
            on_change=self._report,
        )

    def _best_keyframe(self, name: str) -> None:
        """In the recorder's thread."""
        for source in self._sources:
            if source.name == name:
                source.request_best_keyframe()

    def _traffic(self) -> tuple[int, int]:
        counts = [source.publisher.traffic for source in self._sources if source.publisher is not None]
        return sum(sent for sent, _ in counts), sum(troubled for _, troubled in counts)

    def _publisher(self, source: RoomSource, http: aiohttp.ClientSession) -> Publisher:
        whip = WhipClient(http, self._server, self._token)
        return Publisher(
            source=source.name,
            session=PublishSession(self._random.random),
            clock=self._clock,
            tasks=self._tasks,
            media=lambda: source.media,
            publication=lambda on_lost: Publication(
                whip=whip,
                certificate=self._certificate,
                clock=self._clock,
                tasks=self._tasks,
                beat=self._beat,
                cname=self._cname,
                on_keyframe=source.request_keyframes,
                on_paused=source.pause_encodings,
                on_lost=on_lost,
            ),
            on_change=self._report,
        )

    def _publish(self, message: AgentLesson) -> None:
        """The server names the lesson, or none."""
        if message.lesson_id != self._lesson_id:
            log.info("lesson named", lesson=message.lesson_id)
        self._lesson_id = message.lesson_id
        if self._recording is not None:
            self._recording.lesson(message)
        for source in self._sources:
            source.encode(message.lesson_id is not None)
            if source.publisher is not None:
                source.publisher.want(message.lesson_id)
        self._report()

    def _welcome(self) -> None:
        if self._recording is not None:
            self._recording.server_back()
        for source in self._sources:
            if source.publisher is not None:
                source.publisher.server_back()

    def _report(self) -> None:
        if self._control is None:
            return
        recording = self._recording
        publishing = any(source.publisher is not None and source.publisher.publishing for source in self._sources)
        self._control.state(
            AgentState(
                sources=[source.view() for source in self._sources],
                alarms=[
                    *(alarm for source in self._sources for alarm in source.alarms()),
                    *(recording.alarms() if recording is not None else ()),
                ],
                publishing_lesson_id=self._lesson_id if publishing else None,
                recordings=recording.views() if recording is not None else [],
            )
        )

    async def _report_forever(self) -> None:
        while True:
            self._report()
            await self._clock.sleep(_STATE_INTERVAL_S)

    async def _check_room(self, http: aiohttp.ClientSession, welcome: Welcome) -> None:
        """A token of another room would put this room's teacher into that room's lesson.

        The server greets a device by its room's name, and lists the rooms of its school with their codes.
        """
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            async with http.get(
                self._server / "api" / "v1" / "rooms", headers=headers, timeout=aiohttp.ClientTimeout(total=5)
            ) as response:
                if response.status != 200:
                    return
                rooms = RoomsView.model_validate_json(await response.read()).rooms
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return
        own = [room.code for room in rooms if room.name == welcome.name]
        if own and self._room not in own:
            raise BadSettings("room_token_of_another", room=self._room, found=own)

    async def _close(self) -> None:
        """Publishers, sources and the record, in this order, each even when another could not be closed."""
        publishers = [source.publisher for source in self._sources if source.publisher is not None]
        ends = [
            *await asyncio.gather(*(publisher.close() for publisher in publishers), return_exceptions=True),
            *await asyncio.gather(*(source.close() for source in self._sources), return_exceptions=True),
        ]
        if self._recording is not None:
            await self._recording.close()
        for error in filter(None, ends):
            raise error

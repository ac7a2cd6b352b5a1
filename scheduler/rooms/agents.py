"""Room agents on the sockets of this process: what they say goes to presence, what their room shall do goes to them."""

import asyncio
from dataclasses import dataclass

from classroom.access.lessons import access_lessons_in_states
from classroom.access.rooms import access_room
from classroom.errors import BadInput, Conflict, Forbidden, Unavailable
from classroom.http.sockets import POLICY_VIOLATION, Socket
from classroom.logs import get_logger
from classroom.messages.events import (
    LessonMoved,
    RoomLevelsMeasured,
    RoomPreviewTaken,
    RoomStateChanged,
    RoomWatched,
)
from classroom.messages.live import AgentLesson, AgentLevels, AgentPreview, AgentState, AgentWatched
from classroom.messages.views import RoomView
from classroom.model.lesson import RUNNING
from classroom.model.principal import SYSTEM
from classroom.service import Context
from scheduler.presence import ROOM_TTL_S, room_key

log = get_logger(__name__)

REFRESH_S = 5.0
WATCHED_FOR_S = 15.0  # three times as long as between two sayings
# Base64 of FF D8 FF, how every JPEG begins.
_JPEG_PREFIX = "/9j/"


@dataclass(slots=True)
class _Agent:
    socket: Socket
    room_id: str
    view: RoomView
    # What it was last told to publish; `told` is false until it was told anything.
    told: bool = False
    lesson_id: str | None = None


class Agents:
    """At most one agent per room: a second connection of the same device replaces the first (it is the same program,
    back after a lost network); another device is refused while the first is there."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._agents: dict[str, _Agent] = {}
        self._telling = asyncio.Lock()

    async def take_state(self, socket: Socket, message: AgentState) -> None:
        """Raises `Forbidden("agents_only")`, `Conflict("room_agent_taken")`."""
        room_id = _room_of(socket)
        agent = self._agents.get(room_id)
        if agent is not None and agent.socket is socket:
            agent.view = _with_state(agent.view, message)
            await self._publish(agent)
            return
        details = await access_room(self._context.store, socket.principal, room_id)
        agent = self._agents.get(room_id)
        if agent is not None:
            if agent.socket.principal.id != socket.principal.id:
                raise Conflict("room_agent_taken", room=details.room.code)
            agent.socket.fail(Conflict("room_agent_replaced"))
            agent.socket.close(POLICY_VIOLATION, "room_agent_replaced")
        view = RoomView(
            id=details.room.id,
            code=details.room.code,
            name=details.room.name,
            school_name=details.school.name,
            online=True,
        )
        arrived = _Agent(socket, room_id, _with_state(view, message))
        self._agents[room_id] = arrived
        socket.on_close(lambda: self._left(arrived))
        log.info("room agent connected", room=room_id)
        await self._publish(arrived)
        await self.tell(room_id)

    async def take_preview(self, socket: Socket, message: AgentPreview) -> None:
        """Raises `Forbidden("agents_only")`, `BadInput("preview_not_jpeg")`."""
        room_id = _room_of(socket)
        if not message.jpeg.startswith(_JPEG_PREFIX):
            raise BadInput("preview_not_jpeg", source=message.source[:32])
        await self._context.bus.publish(RoomPreviewTaken(room_id=room_id, source=message.source, jpeg=message.jpeg))

    async def take_levels(self, socket: Socket, message: AgentLevels) -> None:
        """Raises `Forbidden("agents_only")`."""
        await self._context.bus.publish(
            RoomLevelsMeasured(
                room_id=_room_of(socket),
                source=message.source,
                rms_dbfs=message.rms_dbfs,
                peak_dbfs=message.peak_dbfs,
            )
        )

    async def follow(self) -> None:
        """Tell agents about their lessons and who looks at them until cancelled."""
        async with self._context.bus.subscribe(LessonMoved, RoomWatched) as events:
            await self.tell_all()
            async for event in events:
                if event is None:
                    await self.tell_all()
                elif isinstance(event, LessonMoved):
                    await self.tell(event.room_id)
                elif isinstance(event, RoomWatched) and (agent := self._agents.get(event.room_id)):
                    agent.socket.send(AgentWatched(for_s=WATCHED_FOR_S))

    async def refresh(self) -> None:
        """Keep presence of the agents here alive until cancelled, and make sure that each knows its lesson."""
        while True:
            await self._context.clock.sleep(REFRESH_S)
            for agent in list(self._agents.values()):
                await self._put(agent)
            await self.tell_all()

    async def tell_all(self) -> None:
        for room_id in list(self._agents):
            await self.tell(room_id)

    async def tell(self, room_id: str) -> None:
        """Tell the room's agent, if it is here, the lesson that runs in its room, unless it knows."""
        async with self._telling:
            if room_id not in self._agents:
                return
            try:
                running = await access_lessons_in_states(self._context.store, SYSTEM, RUNNING, room_id)
            except Unavailable as error:
                log.warning("agent not told", room=room_id, code=error.code)
                return
            agent = self._agents.get(room_id)
            if agent is None:
                return
            lesson = running[-1] if running else None
            lesson_id = lesson.id if lesson else None
            if agent.told and agent.lesson_id == lesson_id:
                return
            agent.told, agent.lesson_id = True, lesson_id
            if lesson is None:
                agent.socket.send(AgentLesson(lesson_id=None))
            else:
                agent.socket.send(AgentLesson(lesson_id=lesson.id, title=lesson.title, began_at=lesson.started_at))

    async def leave(self) -> None:
        """The server stops: say at once that the rooms are not here any more."""
        for agent in list(self._agents.values()):
            self._agents.pop(agent.room_id, None)
            await self._gone(agent.room_id)

    def _left(self, agent: _Agent) -> None:
        if self._agents.get(agent.room_id) is not agent:
            return
        del self._agents[agent.room_id]
        log.info("room agent disconnected", room=agent.room_id)
        self._context.tasks.spawn(self._gone(agent.room_id), "room agent gone")

    async def _gone(self, room_id: str) -> None:
        if room_id in self._agents:
            return
        try:
            await self._context.bus.delete(room_key(room_id))
            await self._context.bus.publish(RoomStateChanged(room_id=room_id))
        except Unavailable as error:
            log.warning("room not announced", room=room_id, code=error.code)

    async def _publish(self, agent: _Agent) -> None:
        await self._put(agent)
        try:
            await self._context.bus.publish(RoomStateChanged(room_id=agent.room_id))
        except Unavailable as error:
            log.warning("room not announced", room=agent.room_id, code=error.code)

    async def _put(self, agent: _Agent) -> None:
        try:
            await self._context.bus.put(room_key(agent.room_id), agent.view.model_dump_json(), ROOM_TTL_S)
        except Unavailable as error:
            log.warning("room not announced", room=agent.room_id, code=error.code)


def _room_of(socket: Socket) -> str:
    if socket.principal.room_id is None:
        raise Forbidden("agents_only")
    return socket.principal.room_id


def _with_state(view: RoomView, message: AgentState) -> RoomView:
    return view.model_copy(
        update={
            "sources": message.sources,
            "alarms": message.alarms,
            "publishing_lesson_id": message.publishing_lesson_id,
            "recordings": message.recordings,
        }
    )

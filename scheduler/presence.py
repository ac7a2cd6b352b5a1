"""What is true for the next seconds: sources and viewers of lessons, states of rooms.

Media nodes and hubs write it to the bus's presence keys and announce changes as events; this reads both. Events are
quick and may be lost, so everything is read again every few seconds, which is also how a dead node is noticed: its
keys have vanished.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from classroom.bus.interface import Bus
from classroom.clock import Clock
from classroom.errors import Unavailable
from classroom.logs import get_logger
from classroom.messages.events import BusEvent, RoomStateChanged, SourcesChanged, ViewersChanged
from classroom.messages.views import EncodingView, RoomView, SourceView, ViewerView

log = get_logger(__name__)

REREAD_S = 5.0
# Three missed refreshes: one may be late, two may be a busy machine.
ROOM_TTL_S = 15.0

LessonListener = Callable[[str], None]
RoomListener = Callable[[str], None]

V = TypeVar("V", SourceView, ViewerView)

_sources = TypeAdapter(list[SourceView])
_viewers = TypeAdapter(list[ViewerView])


def room_key(room_id: str) -> str:
    return f"room:{room_id}"


class Presence:
    """A picture of all lessons and rooms, kept fresh by `run`. Listeners are told which one changed."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._sources: dict[str, dict[str, list[SourceView]]] = {}
        self._viewers: dict[str, dict[str, list[ViewerView]]] = {}
        self._rooms: dict[str, RoomView] = {}
        self._reading = asyncio.Lock()
        self._lesson_listeners: list[LessonListener] = []
        self._room_listeners: list[RoomListener] = []

    def on_lesson(self, listener: LessonListener) -> None:
        """Call `listener(lesson_id)` when sources or viewers of a lesson change. It must not block."""
        self._lesson_listeners.append(listener)

    def on_room(self, listener: RoomListener) -> None:
        """Call `listener(room_id)` when a room's agent comes, goes or changes. It must not block."""
        self._room_listeners.append(listener)

    def sources(self, lesson_id: str) -> list[SourceView]:
        """All sources of a lesson, by name; one that is on several nodes with what all of them have."""
        merged: dict[str, SourceView] = {}
        for views in self._sources.get(lesson_id, {}).values():
            for view in views:
                known = merged.get(view.name)
                merged[view.name] = view if known is None else _merge(known, view)
        return [merged[name] for name in sorted(merged)]

    def viewers(self, lesson_id: str) -> list[ViewerView]:
        """All viewers of a lesson on all nodes, longest first."""
        nodes = self._viewers.get(lesson_id, {}).values()
        return sorted((view for views in nodes for view in views), key=lambda view: (view.since, view.id))

    def room(self, room_id: str) -> RoomView | None:
        """What the room's agent says, or None while it is away."""
        return self._rooms.get(room_id)

    def room_ready(self, room_id: str) -> bool:
        room = self._rooms.get(room_id)
        return room is not None and room.online and any(source.state == "running" for source in room.sources)

    async def run(self) -> None:
        """Follow the bus until cancelled. Raises `Unavailable` when the bus does; begin again then."""
        async with self._bus.subscribe(SourcesChanged, ViewersChanged, RoomStateChanged) as events:
            await self.reread()
            rereading = asyncio.create_task(self._reread_for_ever(), name="presence reread")
            try:
                async for event in events:
                    await self._take(event)
            finally:
                rereading.cancel()

    async def reread(self) -> None:
        """Read all presence again and tell listeners about the differences."""
        async with self._reading:
            lessons = await self._bus.list("lesson:")
            rooms = await self._bus.list("room:")
            sources: dict[str, dict[str, list[SourceView]]] = {}
            viewers: dict[str, dict[str, list[ViewerView]]] = {}
            for key, value in lessons.items():
                _, lesson_id, kind, node = (*key.split(":", 3), "", "", "")[:4]
                try:
                    if kind == "sources":
                        sources.setdefault(lesson_id, {})[node] = _sources.validate_json(value)
                    elif kind == "viewers":
                        viewers.setdefault(lesson_id, {})[node] = _viewers.validate_json(value)
                except ValidationError:
                    # A node of another version: its lesson shows less, everything else goes on.
                    log.warning("presence not understood", key=key)
            parsed = {key.partition(":")[2]: room for key, value in rooms.items() if (room := _room(value))}
            changed = _differences(self._sources, sources) | _differences(self._viewers, viewers)
            changed_rooms = _differences(self._rooms, parsed)
            self._sources, self._viewers, self._rooms = sources, viewers, parsed
        self._tell(changed, changed_rooms)

    async def _take(self, event: BusEvent | None) -> None:
        if event is None:
            await self.reread()
            return
        # Not while a reading is under way: what it read may be older than this event.
        async with self._reading:
            await self._apply(event)

    async def _apply(self, event: BusEvent) -> None:
        match event:
            case SourcesChanged():
                _put(self._sources, event.lesson_id, event.node, event.sources)
                self._tell({event.lesson_id}, set())
            case ViewersChanged():
                _put(self._viewers, event.lesson_id, event.node, event.viewers)
                self._tell({event.lesson_id}, set())
            case RoomStateChanged():
                value = await self._bus.get(room_key(event.room_id))
                room = None if value is None else _room(value)
                if room is None:
                    self._rooms.pop(event.room_id, None)
                else:
                    self._rooms[event.room_id] = room
                self._tell(set(), {event.room_id})
            case _:
                return

    async def _reread_for_ever(self) -> None:
        while True:
            await self._clock.sleep(REREAD_S)
            try:
                await self.reread()
            except Unavailable as error:
                # What is known stays true until the bus is back; the subscription says so with a None.
                log.warning("presence not read", code=error.code)

    def _tell(self, lesson_ids: set[str], room_ids: set[str]) -> None:
        for lesson_id in sorted(lesson_ids):
            for tell_lesson in self._lesson_listeners:
                tell_lesson(lesson_id)
        for room_id in sorted(room_ids):
            for tell_room in self._room_listeners:
                tell_room(room_id)


def _differences(old: Mapping[str, object], new: Mapping[str, object]) -> set[str]:
    return {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}


def _put(table: dict[str, dict[str, list[V]]], lesson_id: str, node: str, views: list[V]) -> None:
    if views:
        table.setdefault(lesson_id, {})[node] = views
        return
    nodes = table.get(lesson_id, {})
    nodes.pop(node, None)
    if not nodes:
        table.pop(lesson_id, None)


def _merge(one: SourceView, other: SourceView) -> SourceView:
    encodings: dict[str, EncodingView] = {view.rid: view for view in (*one.encodings, *other.encodings)}
    ordered = sorted(encodings.values(), key=lambda view: (-view.height, -view.bitrate_bps, view.rid))
    kinds = [kind for kind in ("audio", "video") if kind in one.kinds or kind in other.kinds]
    return SourceView(name=one.name, kinds=kinds, encodings=ordered)


def _room(value: str) -> RoomView | None:
    try:
        return RoomView.model_validate_json(value)
    except ValidationError:
        log.warning("room presence not understood")
        return None

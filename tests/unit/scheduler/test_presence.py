"""The picture of what media nodes and agents say, from events and from reading again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from classroom.bus.memory import MemoryBus
from classroom.clock import VirtualClock
from classroom.messages.events import RoomStateChanged, SourcesChanged, ViewersChanged
from classroom.messages.views import EncodingView, MediaKind, RoomSourceView, RoomView, SourceView, ViewerView
from scheduler.presence import REREAD_S, Presence, room_key

KINDS: dict[str, MediaKind] = {"a": "audio", "v": "video"}
SINCE = datetime(2026, 9, 1, tzinfo=UTC)


def source(name: str, *rids: str, kinds: str = "av") -> SourceView:
    heights = {"h": 720, "m": 360, "l": 180}
    return SourceView(
        name=name,
        kinds=[kind for letter, kind in KINDS.items() if letter in kinds],
        encodings=[EncodingView(rid=rid, height=heights[rid]) for rid in rids],
    )


def viewer(viewer_id: str) -> ViewerView:
    return ViewerView(id=viewer_id, name="河西", quality="good", loss_percent=0, rtt_ms=20, encoding="h", since=SINCE)


def room(state: str = "running", *, online: bool = True) -> RoomView:
    return RoomView(
        id="r",
        code="qh-101",
        name="101",
        school_name="一小",
        online=online,
        sources=[RoomSourceView.model_validate({"name": "teacher", "kinds": ["video"], "state": state})],
    )


class Stage:
    """A bus, a picture of it, and what its listeners heard."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.bus = MemoryBus(self.clock)
        self.presence = Presence(self.bus, self.clock)
        self.heard: list[str] = []
        self.presence.on_lesson(self.heard.append)
        self.presence.on_room(lambda room_id: self.heard.append(f"room {room_id}"))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    task = asyncio.create_task(made.presence.run())
    await made.clock.settle()
    yield made
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_sources_of_several_nodes_are_one_list(stage: Stage) -> None:
    await stage.bus.publish(
        SourcesChanged(lesson_id="l", node="a", sources=[source("teacher", "l"), source("slides", "h")])
    )
    await stage.bus.publish(SourcesChanged(lesson_id="l", node="b", sources=[source("teacher", "h", "m", kinds="v")]))
    await stage.clock.settle()
    slides, teacher = stage.presence.sources("l")
    assert (slides.name, teacher.name) == ("slides", "teacher")
    assert [encoding.rid for encoding in teacher.encodings] == ["h", "m", "l"]
    assert teacher.kinds == ["audio", "video"]
    await stage.bus.publish(SourcesChanged(lesson_id="l", node="a", sources=[]))
    await stage.bus.publish(SourcesChanged(lesson_id="l", node="b", sources=[]))
    await stage.clock.settle()
    assert stage.presence.sources("l") == []
    assert stage.heard == ["l"] * 4


async def test_viewers_of_all_nodes_count(stage: Stage) -> None:
    await stage.bus.publish(ViewersChanged(lesson_id="l", node="a", viewers=[viewer("2")]))
    await stage.bus.publish(ViewersChanged(lesson_id="l", node="b", viewers=[viewer("1")]))
    await stage.clock.settle()
    assert [view.id for view in stage.presence.viewers("l")] == ["1", "2"]


async def test_a_node_that_died_disappears_with_its_keys(stage: Stage) -> None:
    await stage.bus.put("lesson:l:sources:a", "[" + source("teacher", "h").model_dump_json() + "]", 7.0)
    await stage.bus.put("lesson:l:viewers:a", "[" + viewer("1").model_dump_json() + "]", 7.0)
    await stage.clock.run(REREAD_S)
    assert [view.name for view in stage.presence.sources("l")] == ["teacher"]
    assert len(stage.presence.viewers("l")) == 1
    assert stage.heard == ["l"]
    await stage.clock.run(REREAD_S)
    assert stage.presence.sources("l") == []
    assert stage.presence.viewers("l") == []
    assert stage.heard == ["l", "l"]


async def test_reading_the_same_again_tells_nobody(stage: Stage) -> None:
    await stage.bus.put("lesson:l:sources:a", "[" + source("teacher", "h").model_dump_json() + "]", 60.0)
    await stage.clock.run(REREAD_S * 4)
    assert stage.heard == ["l"]


async def test_rooms_come_go_and_are_ready_when_something_runs(stage: Stage) -> None:
    assert not stage.presence.room_ready("r")
    await stage.bus.put(room_key("r"), room("starting").model_dump_json(), 60.0)
    await stage.bus.publish(RoomStateChanged(room_id="r"))
    await stage.clock.settle()
    assert stage.presence.room("r") is not None
    assert not stage.presence.room_ready("r")
    await stage.bus.put(room_key("r"), room("running").model_dump_json(), 60.0)
    await stage.bus.publish(RoomStateChanged(room_id="r"))
    await stage.clock.settle()
    assert stage.presence.room_ready("r")
    await stage.bus.delete(room_key("r"))
    await stage.bus.publish(RoomStateChanged(room_id="r"))
    await stage.clock.settle()
    assert stage.presence.room("r") is None
    assert stage.heard == ["room r"] * 3


async def test_presence_of_another_version_hides_nothing_else(stage: Stage) -> None:
    await stage.bus.put("lesson:l:sources:a", '[{"surprise": 1}]', 60.0)
    await stage.bus.put("lesson:l", "[]", 60.0)
    await stage.bus.put(room_key("x"), "{", 60.0)
    await stage.bus.put("lesson:l:sources:b", "[" + source("teacher", "h").model_dump_json() + "]", 60.0)
    await stage.clock.run(REREAD_S)
    assert [view.name for view in stage.presence.sources("l")] == ["teacher"]
    assert stage.presence.room("x") is None


async def test_events_that_may_have_been_missed_are_made_good_by_reading(stage: Stage) -> None:
    small = MemoryBus(stage.clock, queue_limit=1)
    presence = Presence(small, stage.clock)
    task = asyncio.create_task(presence.run())
    await stage.clock.settle()
    await small.put("lesson:l:sources:a", "[" + source("teacher", "h").model_dump_json() + "]", 60.0)
    for _ in range(10):
        await small.publish(RoomStateChanged(room_id="r"))
    await small.publish(SourcesChanged(lesson_id="l", node="a", sources=[source("teacher", "h")]))
    await stage.clock.settle()
    assert [view.name for view in presence.sources("l")] == ["teacher"]
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task

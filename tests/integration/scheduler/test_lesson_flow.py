"""A lesson from plan to end over the real server: people press, agents and media nodes come and go, pages are told."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from classroom.messages.events import SourcesChanged, ViewersChanged
from classroom.messages.live import (
    AgentLesson,
    AgentState,
    AgentWatched,
    Failure,
    LessonChanged,
    LessonList,
    RoomChanged,
    WatchLesson,
    WatchLessons,
    WatchRoom,
)
from classroom.messages.views import EncodingView, LessonView, RoomSourceView, SourceView, ViewerView
from classroom.model.lesson import LessonState
from classroom.server import Server
from scheduler.live.room_feed import SAY_WATCHED_EVERY_S
from scheduler.service import SchedulerService
from tests.fakes.county import NOW
from tests.fakes.hub import Hub, LiveSocket, hub_settings, running_hub

TEACHER = SourceView(name="teacher", kinds=["audio", "video"], encodings=[EncodingView(rid="h", height=720)])
VIEWER = ViewerView(id="v1", name="河西", quality="good", loss_percent=0.5, rtt_ms=20, encoding="h", since=NOW)
RUNNING = AgentState(
    sources=[RoomSourceView(name="teacher", kinds=["audio", "video"], state="running")],
    alarms=[],
    publishing_lesson_id=None,
)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with running_hub(tmp_path) as running:
        yield running


async def step(hub: Hub, who: str, name: str) -> tuple[int, str]:
    """Press a button: the status, and the lesson's state or the problem's code."""
    status, body = await hub.call(who, "POST", f"/api/v1/lessons/{hub.county.lesson.id}/{name}")
    return status, body["state"] if status == 200 else body["code"]


async def state(hub: Hub) -> LessonState:
    _, body = await hub.call("admin", "GET", f"/api/v1/lessons/{hub.county.lesson.id}")
    return LessonState(body["state"])


async def publish(hub: Hub, *sources: SourceView, node: str = "n") -> None:
    """What a media node does: presence, then the news."""
    bus, lesson_id = hub.server.context.bus, hub.county.lesson.id
    key = f"lesson:{lesson_id}:sources:{node}"
    if sources:
        await bus.put(key, "[" + ",".join(source.model_dump_json() for source in sources) + "]", 15)
    else:
        await bus.delete(key)
    await bus.publish(SourcesChanged(lesson_id=lesson_id, node=node, sources=list(sources)))
    await hub.clock.settle()


async def lesson_until(hub: Hub, live: LiveSocket, wanted: LessonState) -> LessonView:
    """Snapshots until the lesson is in this state."""
    while True:
        message = await hub.next(live)
        assert isinstance(message, LessonChanged), message
        if message.lesson.state is wanted:
            return message.lesson


async def test_start_stop_and_what_comes_between(hub: Hub) -> None:
    assert await step(hub, "teacher", "stop") == (409, "lesson_step_illegal")
    assert await step(hub, "teacher", "start") == (200, "live")
    assert await step(hub, "teacher", "start") == (409, "lesson_step_illegal")
    assert await step(hub, "teacher", "cancel") == (409, "lesson_step_illegal")
    assert await step(hub, "room_device", "stop") == (200, "ended")
    assert await step(hub, "admin", "start") == (409, "lesson_step_illegal")


async def test_a_cancelled_lesson_is_over(hub: Hub) -> None:
    assert await step(hub, "county_coordinator", "cancel") == (200, "cancelled")
    status, problem = await hub.call("teacher", "POST", f"/api/v1/join/{hub.county.lesson.code}", json={"name": "一"})
    assert (status, problem["code"]) == (409, "lesson_over")


async def test_one_lesson_at_a_time_in_a_room(hub: Hub) -> None:
    assert await step(hub, "teacher", "start") == (200, "live")
    status, problem = await hub.call("teacher", "POST", f"/api/v1/lessons/{hub.county.open_lesson.id}/start")
    assert (status, problem["code"]) == (409, "room_busy")


def told(hub: Hub) -> AgentLesson:
    """What the room's agent hears of a lesson that was just started."""
    return AgentLesson(lesson_id=hub.county.lesson.id, title="古诗两首", began_at=NOW - timedelta(minutes=5))


async def test_a_lesson_gets_ready_with_its_room_and_is_planned_again_without_it(hub: Hub) -> None:
    async with hub.socket("teacher") as page:
        await page.send(WatchLesson(id=1, lesson_id=hub.county.lesson.id))
        assert (await lesson_until(hub, page, LessonState.PLANNED)).room_name == "qh-101"
        async with hub.socket("room_device") as agent:
            await agent.send(RUNNING)
            assert await agent.receive() == AgentLesson(lesson_id=None)
            await lesson_until(hub, page, LessonState.READY)
        await lesson_until(hub, page, LessonState.PLANNED)


async def test_a_room_without_a_working_source_makes_no_lesson_ready(hub: Hub) -> None:
    async with hub.socket("room_device") as agent:
        await agent.send(RUNNING.model_copy(update={"sources": []}))
        await agent.receive()
        await hub.run(30)
        assert await state(hub) is LessonState.PLANNED


async def test_the_agent_is_told_what_to_publish_and_when_to_stop(hub: Hub) -> None:
    async with hub.socket("room_device") as agent:
        await agent.send(RUNNING)
        assert await agent.receive() == AgentLesson(lesson_id=None)
        await step(hub, "teacher", "start")
        assert await agent.receive() == told(hub)
        await step(hub, "teacher", "stop")
        assert await agent.receive() == AgentLesson(lesson_id=None)


async def test_an_agent_that_comes_back_is_told_the_running_lesson(hub: Hub) -> None:
    await step(hub, "teacher", "start")
    for _ in range(2):
        async with hub.socket("room_device") as agent:
            await agent.send(RUNNING)
            assert await agent.receive() == told(hub)


async def test_an_agent_of_the_same_device_replaces_the_one_whose_network_died(hub: Hub) -> None:
    async with hub.socket("room_device") as old, hub.socket("room_device") as new:
        await old.send(RUNNING)
        assert await old.receive() == AgentLesson(lesson_id=None)
        await new.send(RUNNING)
        refused = await old.receive()
        assert isinstance(refused, Failure)
        assert refused.code == "room_agent_replaced"
        await old.closed()
        assert await new.receive() == AgentLesson(lesson_id=None)
        await step(hub, "teacher", "start")
        assert await new.receive() == told(hub)
        _, room = await hub.call("teacher", "GET", f"/api/v1/rooms/{hub.county.room.id}")
        assert room["online"]


async def test_a_live_lesson_is_interrupted_when_all_sources_are_gone_and_resumes_with_the_first(hub: Hub) -> None:
    await step(hub, "teacher", "start")
    await publish(hub, TEACHER)
    async with hub.socket("point_teacher") as page:
        await page.send(WatchLesson(id=1, lesson_id=hub.county.lesson.id))
        assert (await lesson_until(hub, page, LessonState.LIVE)).sources == [TEACHER]
        await publish(hub)
        assert (await lesson_until(hub, page, LessonState.LIVE)).sources == []
        await hub.run(8)
        assert await state(hub) is LessonState.LIVE
        await hub.run(4)
        await lesson_until(hub, page, LessonState.INTERRUPTED)
        await publish(hub, TEACHER)
        resumed = await lesson_until(hub, page, LessonState.LIVE)
        assert resumed.sources == [TEACHER]


async def test_a_media_node_that_dies_without_a_word_interrupts_too(hub: Hub) -> None:
    await step(hub, "teacher", "start")
    await publish(hub, TEACHER)
    await hub.run(13)
    assert await state(hub) is LessonState.LIVE
    async with hub.socket("teacher") as page:
        await page.send(WatchLesson(id=1, lesson_id=hub.county.lesson.id))
        await lesson_until(hub, page, LessonState.INTERRUPTED)


async def test_a_restart_of_the_server_keeps_the_lesson_live(tmp_path: Path) -> None:
    async with running_hub(tmp_path) as hub:
        await step(hub, "teacher", "start")
        county, clock = hub.county, hub.clock
        headers = await hub.headers_of("room_device")
    again = Server(hub_settings(tmp_path), clock=clock, services=[SchedulerService])
    async with again, Hub(again, clock, county) as hub:
        await hub.run(5)
        async with hub.http.ws_connect("/ws", headers=headers) as ws:
            agent = LiveSocket(ws)
            await agent.send({"type": "hello"})
            await agent.receive()
            await agent.send(RUNNING)
            assert await agent.receive() == told(hub)
        await publish(hub, TEACHER)
        await hub.run(14)
        assert await state(hub) is LessonState.LIVE


async def test_only_staff_see_who_watches_and_everybody_sees_how_many(hub: Hub) -> None:
    await step(hub, "teacher", "start")
    seen: dict[str, LessonView] = {}
    for who in ("teacher", "county_supervisor", "room_device", "pupil", "colleague", "guest"):
        async with hub.socket(who) as page:
            await page.send(WatchLesson(id=1, lesson_id=hub.county.lesson.id))
            await page.receive()
            bus = hub.server.context.bus
            await bus.publish(ViewersChanged(lesson_id=hub.county.lesson.id, node="n", viewers=[]))
            await hub.run(1)
            await bus.publish(ViewersChanged(lesson_id=hub.county.lesson.id, node="n", viewers=[VIEWER]))
            await hub.run(1)
            message = await hub.next(page)
            assert isinstance(message, LessonChanged)
            while message.lesson.viewer_count != 1:
                message = await hub.next(page)
                assert isinstance(message, LessonChanged)
            seen[who] = message.lesson
            path = f"/api/v1/lessons/{hub.county.lesson.id}"
            _, body = await hub.call(who, "GET", path)
            assert (body["viewers"] is None) == (message.lesson.viewers is None)
    assert {who for who, view in seen.items() if view.viewers == [VIEWER]} == {
        "teacher", "county_supervisor", "room_device",
    }  # fmt: skip
    assert {who for who, view in seen.items() if view.viewers is None} == {"pupil", "colleague", "guest"}


async def test_a_burst_of_changes_is_few_snapshots_and_the_last_one_is_the_truth(hub: Hub) -> None:
    await step(hub, "teacher", "start")
    async with hub.socket("teacher") as page:
        await page.send(WatchLesson(id=1, lesson_id=hub.county.lesson.id))
        await page.receive()
        await hub.run(1)
        for count in range(1, 101):
            viewers = [VIEWER.model_copy(update={"id": f"v{number}"}) for number in range(count)]
            event = ViewersChanged(lesson_id=hub.county.lesson.id, node="n", viewers=viewers)
            await hub.server.context.bus.publish(event)
            await hub.run(0.01)
        await hub.run(1)
        counts: list[int] = []
        while not counts or counts[-1] != 100:
            message = await hub.next(page)
            assert isinstance(message, LessonChanged)
            counts.append(message.lesson.viewer_count)
        # One second of changes, four snapshots a second, one at once and one for the rest.
        assert len(counts) <= 7


async def test_a_snapshot_received_equals_one_asked_for(hub: Hub) -> None:
    async with hub.socket("teacher") as page:
        await page.send(WatchLesson(id=1, lesson_id=hub.county.lesson.id))
        await page.receive()
        await step(hub, "teacher", "start")
        await publish(hub, TEACHER)
        await hub.run(2)
        message = await hub.next(page)
        assert isinstance(message, LessonChanged)
        while not message.lesson.sources:
            message = await hub.next(page)
            assert isinstance(message, LessonChanged)
        async with hub.socket("teacher") as fresh:
            await fresh.send(WatchLesson(id=2, lesson_id=hub.county.lesson.id))
            asked = await fresh.receive()
            assert isinstance(asked, LessonChanged)
            assert asked.id == 2
            assert asked.lesson == message.lesson


async def test_the_list_of_a_day_follows_its_lessons(hub: Hub) -> None:
    async with hub.socket("county_coordinator") as console:
        await console.send(WatchLessons(id=5, day=NOW.date()))
        first = await hub.next(console)
        assert isinstance(first, LessonList)
        assert first.id == 5
        assert [view.title for view in first.lessons] == ["古诗两首", "科学实验"]
        assert all(view.viewers is None for view in first.lessons)
        await step(hub, "teacher", "start")
        await hub.run(2)
        changed = await hub.next(console)
        assert isinstance(changed, LessonList)
        assert changed.lessons[0].state is LessonState.LIVE
        at = NOW + timedelta(hours=4)
        body = {
            "title": "加课", "subject": "音乐", "grade": 2, "mode": "master", "room_id": hub.county.room.id,
            "teacher_id": hub.county["teacher"].id, "starts_at": at.isoformat(),
            "ends_at": (at + timedelta(minutes=40)).isoformat(),
        }  # fmt: skip
        status, _ = await hub.call("county_coordinator", "POST", "/api/v1/lessons", json=body)
        assert status == 201
        await hub.run(2)
        longer = await hub.next(console)
        assert isinstance(longer, LessonList)
        assert [view.title for view in longer.lessons] == ["古诗两首", "科学实验", "加课"]


async def test_a_list_of_a_room_holds_only_its_lessons(hub: Hub) -> None:
    async with hub.socket("admin") as console:
        await console.send(WatchLessons(id=1, day=NOW.date(), room_id=hub.county.second_room.id))
        empty = await hub.next(console)
        assert isinstance(empty, LessonList)
        assert empty.lessons == []


async def test_a_room_is_seen_with_pictures_levels_and_problems_in_the_watchers_language(hub: Hub) -> None:
    async with hub.socket("teacher", "zh-CN") as panel, hub.socket("room_device") as agent:
        await panel.send(WatchRoom(id=9, room_id=hub.county.room.id))
        away = await panel.receive()
        assert isinstance(away, RoomChanged)
        assert (away.id, away.room.online) == (9, False)
        broken = RoomSourceView(
            name="slides", kinds=["video"], state="failed", problem="camera_missing", problem_data={"device": "2"}
        )
        await agent.send(RUNNING.model_copy(update={"sources": [*RUNNING.sources, broken]}))
        await agent.receive()
        there = await hub.next(panel)
        assert isinstance(there, RoomChanged)
        assert there.room.online
        assert there.room.sources[1].problem_text is not None
        assert "摄像头" in there.room.sources[1].problem_text
        await agent.send({"type": "agent_preview", "source": "teacher", "jpeg": "/9j/AAAA"})
        preview = await panel.receive()
        assert preview.type == "room_preview"
        assert (preview.room_id, preview.source, preview.jpeg) == (hub.county.room.id, "teacher", "/9j/AAAA")
        await agent.send({"type": "agent_levels", "source": "teacher", "rms_dbfs": -23.5, "peak_dbfs": -9.0})
        levels = await panel.receive()
        assert levels.type == "room_levels"
        assert levels.rms_dbfs == -23.5
        await agent.send({"type": "agent_preview", "source": "teacher", "jpeg": "PHN2Zz4="})
        refused = await agent.receive()
        assert isinstance(refused, Failure)
        assert refused.code == "preview_not_jpeg"


async def test_a_room_whose_agent_leaves_is_away(hub: Hub) -> None:
    async with hub.socket("teacher") as panel:
        async with hub.socket("room_device") as agent:
            await agent.send(RUNNING)
            await agent.receive()
        await panel.send(WatchRoom(id=1, room_id=hub.county.room.id))
        message = await panel.receive()
        assert isinstance(message, RoomChanged)
        while message.room.online:
            message = await hub.next(panel)
            assert isinstance(message, RoomChanged)


@pytest.mark.parametrize("who", ["pupil", "guest", "other_teacher"])
async def test_who_may_not_see_a_room_is_not_shown_it(hub: Hub, who: str) -> None:
    async with hub.socket(who) as page:
        await page.send(WatchRoom(id=1, room_id=hub.county.room.id))
        refused = await page.receive()
        assert isinstance(refused, Failure)
        assert (refused.id, refused.code) == (1, "room_forbidden")


async def test_an_agent_stays_present_as_long_as_it_is_connected(hub: Hub) -> None:
    async with hub.socket("room_device") as agent:
        await agent.send(RUNNING)
        await agent.receive()
        for _ in range(4):
            await hub.run(10)
        _, room = await hub.call("teacher", "GET", f"/api/v1/rooms/{hub.county.room.id}")
        assert room["online"]


async def test_a_child_joins_with_a_code_and_a_name(hub: Hub) -> None:
    code = hub.county.open_lesson.code
    status, info = await hub.call("nobody", "GET", f"/api/v1/join/{code.upper()}")
    assert status == 200
    assert (info["title"], info["needs_account"], info["school_name"]) == ("科学实验", False, "一小")
    status, token = await hub.call("nobody", "POST", f"/api/v1/join/{code}", json={"name": "河西 5 班"})
    assert status == 201
    bearer = {"Authorization": f"Bearer {token['token']}"}
    status, lesson = await hub.call("nobody", "GET", f"/api/v1/lessons/{token['lesson_id']}", headers=bearer)
    assert status == 200
    assert lesson["viewers"] is None
    status, _ = await hub.call("nobody", "GET", f"/api/v1/lessons/{hub.county.lesson.id}", headers=bearer)
    assert status == 403


async def test_a_lesson_for_invited_people_needs_an_account(hub: Hub) -> None:
    path = f"/api/v1/join/{hub.county.lesson.code}"
    assert (await hub.call("nobody", "GET", path))[1]["needs_account"] is True
    status, problem = await hub.call("nobody", "POST", path, json={"name": "谁"})
    assert (status, problem["code"]) == (401, "account_needed")
    status, problem = await hub.call("other_pupil", "POST", path, json={"name": "谁"})
    assert status == 403
    assert (await hub.call("point_pupil", "POST", path, json={"name": "谁"}))[0] == 201


async def test_who_is_known_keeps_the_schools_name_for_it(hub: Hub) -> None:
    path = f"/api/v1/join/{hub.county.open_lesson.code}"
    _, token = await hub.call("pupil", "POST", path, json={"name": "校长"})
    assert hub.server.context.tokens.read(token["token"]).name == hub.county["pupil"].name


async def test_guessing_codes_is_slowed_down(hub: Hub) -> None:
    statuses = [(await hub.call("nobody", "GET", f"/api/v1/join/zzzz{number}"))[0] for number in range(21)]
    assert statuses == [404] * 20 + [429]
    hub.clock.advance(7)
    assert (await hub.call("nobody", "GET", "/api/v1/join/zzzzz"))[0] == 404


async def test_tokens_for_others_open_one_lesson_and_one_source(hub: Hub) -> None:
    path = f"/api/v1/lessons/{hub.county.lesson.id}/tokens"
    status, token = await hub.call("teacher", "POST", path, json={"kind": "publish", "source": "slides"})
    assert status == 201
    principal = hub.server.context.tokens.read(token["token"])
    assert (principal.lesson_id, principal.publish_source) == (hub.county.lesson.id, "slides")
    status, problem = await hub.call("teacher", "POST", path, json={"kind": "publish"})
    assert (status, problem["code"]) == (400, "source_needed")
    status, problem = await hub.call("teacher", "POST", path, json={"kind": "publish", "source": "../x"})
    assert (status, problem["code"]) == (400, "field_invalid")
    status, token = await hub.call("teacher", "POST", path, json={"kind": "join"})
    assert hub.server.context.tokens.read(token["token"]).lesson_id == hub.county.lesson.id


async def test_teachers_to_plan_for_are_those_of_the_rooms_school(hub: Hub) -> None:
    path = f"/api/v1/rooms/{hub.county.room.id}/teachers"
    _, all_of_school = await hub.call("county_coordinator", "GET", path)
    assert {view["id"] for view in all_of_school["teachers"]} == {
        hub.county["teacher"].id,
        hub.county["colleague"].id,
    }
    _, own = await hub.call("teacher", "GET", path)
    assert [view["id"] for view in own["teachers"]] == [hub.county["teacher"].id]


async def test_an_agent_is_told_while_somebody_looks_into_its_room(hub: Hub) -> None:
    async with hub.socket("room_device") as agent:
        await agent.send(RUNNING)
        assert await agent.receive() == AgentLesson(lesson_id=None)
        async with hub.socket("teacher") as panel:
            await panel.send(WatchRoom(id=1, room_id=hub.county.room.id))
            await panel.receive()
            told = await agent.receive()
            assert isinstance(told, AgentWatched)
            await hub.run(SAY_WATCHED_EVERY_S)
            assert await agent.receive() == told
            assert told.for_s > 2 * SAY_WATCHED_EVERY_S
        await hub.run(2 * SAY_WATCHED_EVERY_S)
        await agent.send({"type": "ping", "id": 7})
        assert (await agent.receive()).type == "pong"

"""Calendar feeds, read back by a parser that is not the one that wrote them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from ical.calendar import Calendar
from ical.calendar_stream import IcsCalendarStream
from ical.event import EventStatus

from classroom.access.lessons import access_step
from classroom.model.lesson import LessonStep
from classroom.model.principal import SYSTEM
from tests.fakes.hub import Hub, running_hub


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with running_hub(tmp_path) as running:
        yield running


async def subscribe(hub: Hub, who: str, kind: str, subject: str) -> Any:
    status, feed = await hub.call(who, "POST", "/api/v1/feeds", json={"kind": kind, "subject_id": subject})
    assert status == 201, feed
    return feed


async def read(hub: Hub, path: str, etag: str = "") -> tuple[int, str, bytes]:
    headers = {"If-None-Match": etag} if etag else {}
    async with hub.http.get(path, headers=headers) as response:
        return response.status, response.headers.get("ETag", ""), await response.read()


def parsed(content: bytes) -> Calendar:
    # RFC 5545 § 3.1: CRLF, and no line longer than 75 octets
    assert content.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    return IcsCalendarStream.calendar_from_ics(content.decode())


async def test_a_teachers_calendar_follows_what_happens_to_the_lessons(hub: Hub) -> None:
    county = hub.county
    feed = await subscribe(hub, "teacher", "teacher", county["teacher"].id)
    status, etag, content = await read(hub, feed["path"])
    assert status == 200
    first = {event.uid: event for event in parsed(content).events}
    event = first[f"{county.lesson.id}@qianshou"]
    assert (event.dtstart, event.dtend) == (county.lesson.starts_at, county.lesson.ends_at)
    assert (event.summary, event.location) == ("古诗两首 姓名 teacher", "一小 qh-101")
    assert event.description == "河西教学点、三(2)班"
    assert str(event.url).endswith(f"/join/{county.lesson.code}")
    assert len(first) == 2
    # nothing has changed: nothing is sent again
    assert await read(hub, feed["path"], etag) == (304, etag, b"")
    assert (await read(hub, feed["path"], f'"other", W/{etag}'))[0] == 304
    # the county was planned five minutes after the hub's clock begins
    hub.clock.advance(600)
    await access_step(county.store, SYSTEM, county.lesson.id, LessonStep.CANCEL, hub.clock.now())
    status, later, content = await read(hub, feed["path"], etag)
    assert (status, later != etag) == (200, True)
    again = {event.uid: event for event in parsed(content).events}
    assert again.keys() == first.keys()
    gone = again[event.uid]
    assert gone.status is EventStatus.CANCELLED
    assert (gone.sequence or 0) > (event.sequence or 0)
    assert gone.dtstamp > event.dtstamp


async def test_rooms_and_points_have_calendars_and_outsiders_get_none(hub: Hub) -> None:
    county = hub.county
    for who, kind, subject, lessons in (
        ("colleague", "room", county.room.id, 2),
        ("point_teacher", "school", county.point.id, 1),
        ("county_coordinator", "school", county.host.id, 2),
        ("county_coordinator", "teacher", county["teacher"].id, 2),
    ):
        feed = await subscribe(hub, who, kind, subject)
        _, _, content = await read(hub, feed["path"])
        assert len(parsed(content).events) == lessons, (who, kind)
    for who, kind, subject, status in (
        ("other_teacher", "teacher", county["teacher"].id, 403),
        ("pupil", "school", county.host.id, 403),
        ("other_teacher", "room", county.room.id, 403),
        ("county_coordinator", "room", "nothing", 404),
        ("guest", "school", county.host.id, 401),
    ):
        body = {"kind": kind, "subject_id": subject}
        assert (await hub.call(who, "POST", "/api/v1/feeds", json=body))[0] == status, (who, kind)


async def test_a_revoked_address_opens_nothing_and_the_store_does_not_know_it(hub: Hub) -> None:
    feed = await subscribe(hub, "teacher", "teacher", hub.county["teacher"].id)
    _, listed = await hub.call("teacher", "GET", "/api/v1/feeds")
    assert [(found["id"], found["path"], found["name"]) for found in listed["feeds"]] == [
        (feed["id"], None, "姓名 teacher")
    ]
    assert (await hub.call("colleague", "DELETE", f"/api/v1/feeds/{feed['id']}"))[0] == 404
    assert (await read(hub, feed["path"]))[0] == 200
    assert (await hub.call("teacher", "DELETE", f"/api/v1/feeds/{feed['id']}"))[0] == 204
    assert (await read(hub, feed["path"]))[0] == 404
    assert (await read(hub, "/feeds/guessed.ics"))[0] == 404
    assert (await hub.call("teacher", "GET", "/api/v1/feeds"))[1]["feeds"] == []

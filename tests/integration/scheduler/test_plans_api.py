"""From needs to published lessons through HTTP: the solver runs, people move lessons, everybody sees them."""

import io
import multiprocessing
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from classroom.access.registry_import import access_registry_import
from classroom.access.terms import access_new_term
from classroom.messages.live import WatchRun
from classroom.messages.planning import TermEdit
from classroom.model.principal import SYSTEM
from classroom.store.plan_tables import TermLessonRow
from scheduler.io.workbook.work import read_workbook
from tests.fakes.county import NOW
from tests.fakes.hub import Hub, running_hub
from tests.fakes.workbooks import content_of, right_book
from tests.harness.eventually import eventually

HERE = "/api/v1/planning"
WHO = "county_coordinator"


@dataclass
class Desk:
    """A county that has been imported, with a term and its needs."""

    hub: Hub
    term: str

    async def call(self, method: str, path: str, body: Any = None, who: str = WHO) -> Any:
        sent = {} if body is None else {"json": body}
        status, answer = await self.hub.call(who, method, f"{HERE}/{path}", **sent)
        assert status < 300, (path, status, answer)
        return answer

    async def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        sent = {} if body is None else {"json": body}
        status, answer = await self.hub.call(WHO, method, f"{HERE}/{path}", **sent)
        return status, answer["code"]

    async def solved(self, **options: Any) -> Any:
        run = await self.call("POST", f"terms/{self.term}/runs", {"seconds": 1, "workers": 1, **options})

        async def over() -> Any:
            found = await self.call("GET", f"runs/{run['id']}")
            return found if found["state"] in {"done", "failed", "cancelled"} else None

        return await eventually(over, "the run is over", within_s=100)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with running_hub(tmp_path) as hub:
        store, region = hub.county.store, hub.county.county.id
        edit = TermEdit(name="秋", first_day=date(2026, 8, 31), last_day=date(2027, 1, 15))
        term = await access_new_term(store, SYSTEM, region, edit, days=[], now=NOW)
        book = right_book()
        # its bell is ten minutes behind: now a lesson may start with either
        book["学校"]["F3"] = 10
        registry = read_workbook(content_of(book)).registry
        assert registry is not None
        await access_registry_import(store, SYSTEM, region, registry, term_id=term.id, now=NOW)
        await hub.call(WHO, "POST", f"{HERE}/terms/{term.id}/needs/compute")
        yield Desk(hub, term.id)
    # whatever was being computed when the server stopped
    assert not multiprocessing.active_children()


async def test_from_needs_to_lessons(desk: Desk) -> None:
    run = await desk.solved(name="第一稿")
    assert (run["state"], run["problem"]) == ("done", None)
    assert run["points"][-1]["coverage"] <= run["points"][-1]["bound"]
    proposal = f"proposals/{run['proposal_id']}"
    shown = await desk.call("GET", proposal)
    # two lessons of music; nobody teaches calligraphy
    assert (shown["head"]["name"], shown["head"]["coverage"], shown["head"]["wanted"]) == ("第一稿", 2, 3)
    assert (shown["broken"], shown["gone"]) == ([], 0)
    (course,) = shown["courses"]
    assert (course["teacher_name"], course["attending"][0]["school_name"]) == ("周立群", "沙湾教学点")
    lacking = (await desk.call("GET", f"{proposal}/uncovered"))["uncovered"]
    assert [(row["subject"], row["missing"]) for row in lacking] == [("书法", 1)]
    assert lacking[0]["reasons"]

    # somebody moves a lesson to where it may be
    targets = await desk.call("GET", f"{proposal}/targets?course={course['key']}&lesson=0")
    legal = [target["start"] for target in targets["targets"] if not target["reasons"]]
    assert course["lessons"][0] in legal
    illegal = next(target for target in targets["targets"] if target["reasons"])
    assert targets["reasons"][illegal["reasons"][0]]["message"]
    move = {"kind": "move", "course": course["key"], "lesson": 0, "to": illegal["start"]}
    revision = shown["head"]["revision"]
    status, _ = await desk.refused("POST", f"{proposal}/edits", {"revision": revision, "edit": move})
    assert status == 409
    to = next(start for start in legal if start not in course["lessons"])
    moved = await desk.call("POST", f"{proposal}/edits", {"revision": revision, "edit": move | {"to": to}})
    assert to in moved["courses"][0]["lessons"]
    assert (moved["head"]["undo"], moved["head"]["redo"]) == (1, 0)
    stale = await desk.refused("POST", f"{proposal}/edits", {"revision": revision, "edit": {"kind": "undo"}})
    assert stale == (409, "proposal_changed")
    copy = await desk.call("POST", f"terms/{desk.term}/proposals", {"name": "另一种", "copy_of": moved["head"]["id"]})
    edit = {"revision": moved["head"]["revision"], "edit": {"kind": "undo"}}
    undone = await desk.call("POST", f"{proposal}/edits", edit)
    assert undone["courses"] == shown["courses"]
    compared = await desk.call("GET", f"{proposal}/comparison?with={copy['id']}")
    assert (compared["same"], len(compared["changes"])) == (0, 1)
    assert to in compared["changes"][0]["after"]["lessons"]

    # the only recording room, before and after it is published
    rooms = await desk.call("GET", f"{proposal}/rooms")
    assert [room["name"] for room in rooms["rooms"]] == ["音乐录播教室"]
    assert [lesson["rooms"] for lesson in rooms["lessons"]] == [[rooms["rooms"][0]["id"]]] * 2

    # published, the lessons are everybody's
    tried = await desk.call("POST", f"{proposal}/publish", {"dry_run": True})
    assert (tried["version"], tried["clashes"]) == (None, [])
    done = await desk.call("POST", f"{proposal}/publish", {})
    assert (done["version"], done["created"]) == (1, tried["created"])
    assert (await desk.call("POST", f"{proposal}/publish", {}))["version"] is None
    lessons = (await desk.call("GET", f"terms/{desk.term}/lessons?from=2026-09-07&to=2026-09-13"))["lessons"]
    assert [(lesson["title"], lesson["points"]) for lesson in lessons] == [("音乐 三年级", ["沙湾教学点"])] * 2
    coverage = await desk.call("GET", f"terms/{desk.term}/coverage")
    assert (coverage["wanted"], coverage["given"]) == (3, 2)
    assert [version["number"] for version in (await desk.call("GET", f"terms/{desk.term}/versions"))["versions"]] == [1]
    (pair,) = (await desk.call("GET", f"terms/{desk.term}/pairings"))["pairings"]
    assert (pair["id"], pair["planned"], pair["held"]) == (None, done["created"], 0)
    schools = {"strong_id": pair["strong_id"], "helped_id": pair["helped_id"]}
    await desk.call("PUT", f"terms/{desk.term}/pairings", schools | {"lessons": 2, "goal": "开齐音乐课"})
    (pair,) = (await desk.call("GET", f"terms/{desk.term}/pairings"))["pairings"]
    assert (pair["lessons"], pair["goal"], pair["planned"]) == (2, "开齐音乐课", done["created"])
    backwards = {"strong_id": pair["helped_id"], "helped_id": pair["strong_id"], "lessons": 1}
    assert await desk.refused("PUT", f"terms/{desk.term}/pairings", backwards) == (422, "pairing_wrong")
    await desk.call("DELETE", f"pairings/{pair['id']}")
    assert [pair["id"] for pair in (await desk.call("GET", f"terms/{desk.term}/pairings"))["pairings"]] == [None]
    headers = await desk.hub.headers_of(WHO)
    async with desk.hub.http.get(f"{HERE}/{proposal}/workbook", headers=headers) as response:
        book = load_workbook(io.BytesIO(await response.read()))
    assert book.sheetnames == ["按时间", "按教师", "按教室", "按受援校"]
    assert [row[7].value for row in book["按教室"].iter_rows(min_row=2)] == ["音乐录播教室"] * 2
    assert await desk.call("GET", f"{proposal}/rooms") == rooms
    assert [row[5].value for row in book["按教师"].iter_rows(min_row=2)] == ["周立群", "周立群"]


async def test_pins_are_kept_by_the_next_run_and_watchers_see_it_go_on(desk: Desk) -> None:
    first = await desk.solved()
    proposal = f"proposals/{first['proposal_id']}"
    shown = await desk.call("GET", proposal)
    key = shown["courses"][0]["key"]
    pin = {"kind": "pin", "courses": [key], "pinned": True}
    pinned = await desk.call("POST", f"{proposal}/edits", {"revision": 1, "edit": pin})
    away = {"kind": "move", "course": key, "lesson": 0, "to": None}
    edit = {"revision": pinned["head"]["revision"], "edit": away}
    assert await desk.refused("POST", f"{proposal}/edits", edit) == (409, "why_pinned")
    run = await desk.call(
        "POST", f"terms/{desk.term}/runs", {"seconds": 600, "workers": 1, "start_id": first["proposal_id"]}
    )
    assert await desk.refused("POST", f"terms/{desk.term}/runs", {}) == (409, "run_running")
    async with desk.hub.socket(WHO) as live:
        await live.send(WatchRun(id=1, run_id=run["id"]))
        assert (await live.receive()).type == "run"
        cancelled = await desk.call("POST", f"runs/{run['id']}/cancel")
        assert cancelled["state"] == "cancelled"
        told = await desk.hub.next(live)
        assert told.type == "run"
        assert told.run.state == "cancelled"

    async def kept() -> Any:
        return (await desk.call("GET", f"runs/{run['id']}"))["proposal_id"]

    again = await desk.call("GET", f"proposals/{await eventually(kept, 'the best plan is kept', within_s=100)}")
    assert [(course["key"], course["pinned"]) for course in again["courses"]] == [(key, True)]
    assert again["courses"][0]["lessons"] == shown["courses"][0]["lessons"]
    # and one that the end of the server finds at work
    await desk.call("POST", f"terms/{desk.term}/runs", {"seconds": 600, "workers": 1})


async def test_a_teacher_is_ill_for_a_day_and_the_next_publication_leaves_it_at_that(desk: Desk) -> None:
    run = await desk.solved()
    publish = f"proposals/{run['proposal_id']}/publish"
    await desk.call("POST", publish, {})
    week = f"terms/{desk.term}/lessons?from=2026-09-14&to=2026-09-18"
    lessons = (await desk.call("GET", week))["lessons"]
    (course,) = (await desk.call("GET", f"proposals/{run['proposal_id']}"))["courses"]
    day = course["lessons"][0][0]
    ill = [{"kind": "teacher", "id": course["teacher_id"], "day": day}]
    ask = {"week_of": "2026-09-16", "outages": ill}
    seen = await desk.call("POST", f"terms/{desk.term}/replan", ask)
    # nobody else teaches music here, and the only other day has its lesson
    assert (seen["lost"], seen["applied"]) == (1, False)
    assert seen["changes"][0]["message"]
    stale = ask | {"accept": {"digest": "another"}}
    assert await desk.refused("POST", f"terms/{desk.term}/replan", stale) == (409, "replan_changed")
    done = await desk.call("POST", f"terms/{desk.term}/replan", ask | {"accept": {"digest": seen["digest"]}})
    assert done["applied"]
    after = (await desk.call("GET", week))["lessons"]
    given = 2 - done["gone"]
    assert len(after) == given
    again = await desk.call("POST", publish, {})
    assert (again["version"], again["created"], again["moved"], again["cancelled"]) == (None, 0, 0, 0)
    assert (await desk.call("GET", week))["lessons"] == after
    assert len(lessons) == 2
    past = ask | {"week_of": "2026-08-24"}
    assert await desk.refused("POST", f"terms/{desk.term}/replan", past) == (400, "week_is_past")


async def test_a_term_without_needs_has_nothing_to_solve(desk: Desk) -> None:
    days = {"name": "空", "first_day": "2027-02-22", "last_day": "2027-07-02"}
    term = await desk.call("POST", "terms", {"region_id": desk.hub.county.county.id, "term": days})
    assert await desk.refused("POST", f"terms/{term['id']}/runs", {}) == (422, "nothing_to_plan")


async def test_a_school_asks_for_a_lesson_and_gets_one_that_fits(desk: Desk) -> None:
    run = await desk.solved()
    # the teacher is free on two days a week, and so is one of them
    (course,) = (await desk.call("GET", f"proposals/{run['proposal_id']}"))["courses"]
    away = {"kind": "move", "course": course["key"], "lesson": 0, "to": None}
    await desk.call("POST", f"proposals/{run['proposal_id']}/edits", {"revision": 1, "edit": away})
    await desk.call("POST", f"proposals/{run['proposal_id']}/publish", {})
    registry = await desk.call("GET", f"registry?region={desk.hub.county.county.id}")
    (group,) = registry["classes"]
    wish = {"class_id": group["id"], "subject": "音乐", "wish": "元旦合唱", "first_day": "2026-09-14"}
    ask = f"terms/{desk.term}/bookings"
    assert await desk.refused("POST", ask, wish | {"last_day": "2026-09-01"}) == (400, "booking_days_wrong")
    booking = await desk.call("POST", ask, wish | {"last_day": "2026-09-25"})
    assert (booking["state"], booking["school_name"], booking["grade"]) == ("asked", "沙湾教学点", 3)
    options = (await desk.call("GET", f"bookings/{booking['id']}/options"))["options"]
    taken = {
        (lesson["teacher_name"], lesson["starts_at"])
        for lesson in (await desk.call("GET", f"terms/{desk.term}/lessons?from=2026-09-14&to=2026-09-25"))["lessons"]
    }
    assert options
    assert not taken & {(option["teacher_name"], option["starts_at"]) for option in options}
    decide = f"bookings/{booking['id']}/decide"
    choice = {"teacher_id": options[0]["teacher_id"], "starts_at": options[0]["starts_at"], "answer": "好的"}
    elsewhere = choice | {"starts_at": "2026-09-14T20:00:00+08:00"}
    assert await desk.refused("POST", decide, elsewhere) == (409, "booking_option_gone")
    done = await desk.call("POST", decide, choice)
    assert (done["state"], done["answer"], done["starts_at"]) == ("approved", "好的", options[0]["starts_at"])
    lessons = (await desk.call("GET", f"terms/{desk.term}/lessons?from=2026-09-14&to=2026-09-25"))["lessons"]
    (made,) = [lesson for lesson in lessons if lesson["id"] == done["lesson_id"]]
    assert (made["points"], made["teacher_name"]) == (["沙湾教学点"], "周立群")
    assert await desk.refused("POST", decide, choice) == (409, "booking_decided")
    # the next publication leaves it, and nobody else can have its time
    again = await desk.call("POST", f"proposals/{run['proposal_id']}/publish", {})
    assert (again["version"], again["cancelled"]) == (None, 0)
    second = await desk.call("POST", ask, wish | {"last_day": "2026-09-25"})
    left = (await desk.call("GET", f"bookings/{second['id']}/options"))["options"]
    assert options[0]["starts_at"] not in {option["starts_at"] for option in left}
    refused = await desk.call("POST", f"bookings/{second['id']}/decide", {"answer": "下周再说"})
    assert (refused["state"], refused["lesson_id"]) == ("refused", None)
    third = await desk.call("POST", ask, wish | {"last_day": "2026-09-25"})
    assert (await desk.call("POST", f"bookings/{third['id']}/withdraw"))["state"] == "withdrawn"
    states = [each["state"] for each in (await desk.call("GET", ask))["bookings"]]
    assert sorted(states) == ["approved", "refused", "withdrawn"]
    # a lesson that was made for the class alone ends with it
    assert (await desk.call("POST", f"bookings/{booking['id']}/withdraw"))["state"] == "withdrawn"
    lessons = (await desk.call("GET", f"terms/{desk.term}/lessons?from=2026-09-14&to=2026-09-25"))["lessons"]
    assert [lesson["state"] for lesson in lessons if lesson["id"] == done["lesson_id"]] in ([], ["cancelled"])
    assert await desk.refused("POST", f"bookings/{booking['id']}/withdraw") == (409, "booking_decided")
    # whoever coordinates a school sees what it may ask for
    shown = await desk.call("GET", "bookings", who="school_coordinator")
    assert ([term["name"] for term in shown["terms"]], shown["bookings"]) == (["秋"], [])


async def test_a_class_joins_a_lesson_that_takes_place_anyway_and_leaves_it_again(desk: Desk) -> None:
    run = await desk.solved()
    publish = f"proposals/{run['proposal_id']}/publish"
    await desk.call("POST", publish, {})
    region = desk.hub.county.county.id
    school = next(
        one for one in (await desk.call("GET", f"registry?region={region}"))["schools"] if one["name"] == "沙湾教学点"
    )
    group = {"name": "三(2)班", "grade": 3, "size": 9}
    second = await desk.call("POST", "classes", {"school_id": school["id"], "group": group})
    wish = {"class_id": second["id"], "subject": "音乐", "first_day": "2026-09-14", "last_day": "2026-09-18"}
    booking = await desk.call("POST", f"terms/{desk.term}/bookings", wish)
    options, decide = f"bookings/{booking['id']}/options", f"bookings/{booking['id']}/decide"
    # it would be in the point's only receiving room at the same time
    assert {one["lesson_id"] for one in (await desk.call("GET", options))["options"]} <= {None}
    receiving = {"code": "shawan-2", "name": "第二接收教室", "kind": "receiving", "school_id": school["id"]}
    await desk.call("POST", "rooms", receiving)
    # … and, with another room, on the same line
    assert {one["lesson_id"] for one in (await desk.call("GET", options))["options"]} <= {None}
    line = {"name": school["name"], "kind": "point", "bell": school["bell"], "up_mbps": 20, "down_mbps": 50}
    await desk.call("PUT", f"schools/{school['id']}", line | {"tolerance_min": school["tolerance_min"]})
    found = (await desk.call("GET", options))["options"]
    week = f"terms/{desk.term}/lessons?from=2026-09-14&to=2026-09-18"
    before = {lesson["id"]: lesson for lesson in (await desk.call("GET", week))["lessons"]}
    assert [one["lesson_id"] for one in found[: len(before)]] == list(before)
    assert found[0]["others"] == ["沙湾教学点"]
    subscription = {"kind": "school", "subject_id": school["id"]}
    _, feed = await desk.hub.call(WHO, "POST", "/api/v1/feeds", json=subscription)

    async def calendar() -> str:
        async with desk.hub.http.get(feed["path"]) as response:
            return (await response.text()).replace("\r\n ", "")

    assert "三(2)班" not in await calendar()
    choice = {key: found[0][key] for key in ("lesson_id", "teacher_id", "starts_at")}
    moved = choice | {"starts_at": found[1]["starts_at"]}
    assert await desk.refused("POST", decide, moved) == (409, "booking_option_gone")
    done = await desk.call("POST", decide, choice)
    assert (done["state"], done["lesson_id"], done["joined"]) == ("approved", found[0]["lesson_id"], True)
    joined = {lesson["id"]: lesson for lesson in (await desk.call("GET", week))["lessons"]}[done["lesson_id"]]
    assert joined["points"] == ["沙湾教学点 三(1)班", "沙湾教学点 三(2)班"]
    assert joined["room_name"] == before[done["lesson_id"]]["room_name"]
    # the point's calendar says so, of the same event
    event = (await calendar()).partition(f"UID:{done['lesson_id']}@")[2].partition("END:VEVENT")[0]
    assert "DESCRIPTION:沙湾教学点 三(1)班、沙湾教学点 三(2)班" in event
    assert "SEQUENCE:1" in event
    # the next publication leaves it so, also one that has the course at another time
    assert (await desk.call("POST", publish, {}))["version"] is None
    withdrawn = await desk.call("POST", f"bookings/{booking['id']}/withdraw")
    assert withdrawn["state"] == "withdrawn"
    after = {lesson["id"]: lesson for lesson in (await desk.call("GET", week))["lessons"]}
    assert after == before
    # it is the plan's again, and follows the plan
    async with desk.hub.county.store.reading() as db:
        assert not (await db.get_one(TermLessonRow, done["lesson_id"])).fixed

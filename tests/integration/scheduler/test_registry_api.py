"""The registry, terms and needs through HTTP, as the console uses them."""

import io
from pathlib import Path
from typing import Any

import pytest

from scheduler.registry.workbook_api import XLSX
from tests.fakes.hub import Hub, running_hub
from tests.fakes.workbooks import content_of, right_book

HERE = "/api/v1/planning"
WHO = "county_coordinator"


async def upload(hub: Hub, content: bytes, query: str = "") -> tuple[int, Any]:
    path = f"{HERE}/workbook?region={hub.county.county.id}{query}"
    return await hub.call(WHO, "POST", path, data=io.BytesIO(content), headers={"Content-Type": XLSX})


@pytest.fixture
async def hub(tmp_path: Path) -> Any:
    async with running_hub(tmp_path) as running:
        yield running


async def test_from_a_workbook_to_the_needs_of_a_term(hub: Hub) -> None:
    region = hub.county.county.id
    status, term = await hub.call(
        WHO,
        "POST",
        f"{HERE}/terms",
        json={"region_id": region, "term": {"name": "秋", "first_day": "2026-08-31", "last_day": "2027-01-15"}},
    )
    assert status == 201
    assert (term["weeks"], term["undecided"]) == (20, ["2026-09-20", "2026-10-10"])
    assert term["holidays_unknown_from"] == "2027-01-01"
    status, tried = await upload(hub, content_of(right_book()), "&dry_run=1")
    assert (status, tried["applied"], tried["fault_count"]) == (200, False, 0)
    status, done = await upload(hub, content_of(right_book()), f"&term={term['id']}")
    assert (status, done["applied"]) == (200, True)
    assert {count["what"]: count["added"] for count in done["counts"]}["teachers"] == 1
    # computed at once, the one whose textbook nobody has said anything about for any
    status, imported = await hub.call(WHO, "GET", f"{HERE}/terms/{term['id']}/needs")
    assert {need["edition"] for need in imported["needs"]} == {"*"}
    status, needs = await hub.call(WHO, "POST", f"{HERE}/terms/{term['id']}/needs/compute")
    assert needs == imported
    assert [(need["subject"], need["computed"], need["lessons"], need["grade"]) for need in needs["needs"]] == [
        ("书法", 0, 1, 3),
        ("音乐", 2, 2, 3),
    ]
    status, coverage = await hub.call(WHO, "GET", f"{HERE}/terms/{term['id']}/coverage")
    cells = {cell["subject"]: cell for cell in coverage["cells"]}
    assert (cells["音乐"]["required"], cells["音乐"]["own"], cells["音乐"]["wanted"]) == (2, 0, 2)
    assert (coverage["wanted"], coverage["given"]) == (3, 0)
    status, registry = await hub.call(WHO, "GET", f"{HERE}/registry?region={region}")
    assert [school["name"] for school in registry["schools"] if school["bell"]] == ["实验小学", "沙湾教学点"]
    assert {"grade": 3, "subject": "书法", "lessons": 1, "national": 0} in registry["curriculum"]
    # and back: what is downloaded can be uploaded again
    headers = await hub.headers_of(WHO)
    async with hub.http.get(f"{HERE}/workbook?region={region}", headers=headers) as response:
        assert (response.status, response.content_type) == (200, XLSX)
        content = await response.read()
    status, again = await upload(hub, content, "&dry_run=1")
    # the county of this test has schools without a bell
    assert {fault["code"] for fault in again["faults"]} <= {"cell_school_without_bell"}


async def test_a_wrong_workbook_changes_nothing_and_says_where(hub: Hub) -> None:
    book = right_book()
    book["作息"]["C3"] = "8:50"
    book["教室"]["A2"] = "音乐教室"
    status, tried = await upload(hub, content_of(book), "&dry_run=1")
    assert status == 200
    assert [(fault["sheet"], fault["cell"]) for fault in tried["faults"]] == [("作息", "C3"), ("教室", "A2")]
    assert tried["faults"][1]["message"] == "“音乐教室”不能作为教室代码。"
    status, refused = await upload(hub, content_of(book))
    assert (status, refused["code"], refused["data"]["count"]) == (422, "workbook_faulty", 2)
    # and what only the store knows
    book = right_book()
    book["学校"]["G1"], book["学校"]["G3"] = "所属区域", "白石县"
    status, tried = await upload(hub, content_of(book), "&dry_run=1")
    assert [(fault["sheet"], fault["cell"], fault["code"]) for fault in tried["faults"]] == [
        ("学校", "G3", "cell_region_unknown")
    ]
    status, registry = await hub.call(WHO, "GET", f"{HERE}/registry?region={hub.county.county.id}")
    assert [school["name"] for school in registry["schools"]] == ["一小", "二小"]


async def test_files_that_are_no_workbook_are_refused(hub: Hub) -> None:
    for content, status, code in (
        ("学校标识码,名称\n".encode(), 415, "workbook_is_text"),
        (bytes(9 * 1024 * 1024), 413, "body_too_large"),
    ):
        assert (await upload(hub, content))[0] == status, code
    path = f"{HERE}/workbook?region={hub.county.county.id}"
    status, problem = await hub.call(WHO, "POST", path, json={})
    assert (status, problem["code"]) == (415, "content_type_wrong")


async def test_forms_are_checked_and_change_the_registry(hub: Hub) -> None:
    region, host = hub.county.county.id, hub.county.host.id
    new = {"code": "2137990077", "name": "三小", "kind": "point", "region_id": region}
    status, made = await hub.call(WHO, "POST", f"{HERE}/schools", json=new)
    assert status == 201
    form = {"name": "三小", "kind": "point", "bell": [[480, 520], [530, 570]], "up_mbps": 4, "down_mbps": 10}
    assert (await hub.call(WHO, "PUT", f"{HERE}/schools/{made['id']}", json=form))[0] == 204
    for field, value, code in (
        ("bell", [[480, 520], [500, 570]], "bell_wrong"),
        ("up_mbps", -1, "field_invalid"),
        ("beds", 3, "field_unknown"),
    ):
        status, problem = await hub.call(WHO, "PUT", f"{HERE}/schools/{host}", json=form | {field: value})
        assert (status, problem["code"]) == (400, code)
    for code, wrong in (("school_code_province_unknown", "2199990077"), ("school_code_wrong", "123")):
        status, problem = await hub.call(WHO, "POST", f"{HERE}/schools", json=new | {"code": wrong})
        assert (status, problem["code"]) == (400, code)
    offer = {"subject": "音乐", "grades": [3], "free": [[0, 1]], "max_week": 4, "max_day": 2}
    assert (await hub.call(WHO, "PUT", f"{HERE}/teachers/{hub.county['teacher'].id}", json=offer))[0] == 204
    group = {"name": "三班", "grade": 3, "own_teaching": [{"subject": "音乐", "lessons": 0}]}
    status, added = await hub.call(WHO, "POST", f"{HERE}/classes", json={"school_id": made["id"], "group": group})
    status, registry = await hub.call(WHO, "GET", f"{HERE}/registry?region={region}")
    assert [group["id"] for group in registry["classes"]] == [added["id"]]
    assert registry["classes"][0]["screen_cap_min"] == 40
    assert [teacher["subject"] for teacher in registry["teachers"]] == ["音乐"]

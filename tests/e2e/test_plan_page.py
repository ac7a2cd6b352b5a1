"""The coordinator's page in real Chromium, always accessible: a term is made, a faulty workbook refused, a timetable
solved, moved by keyboard, compared and published."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from playwright.async_api import FilePayload, expect

from classroom.access.registry_import import access_registry_import
from classroom.access.terms import access_new_term
from classroom.messages.planning import TermEdit
from classroom.model.principal import SYSTEM
from scheduler.io.workbook.work import read_workbook
from scheduler.registry.needs import compute_needs
from scheduler.service import SchedulerService
from tests.fakes.county import NOW, PASSWORD
from tests.fakes.hub import Hub, running_hub
from tests.fakes.workbooks import content_of, right_book
from tests.harness.browser import chromium
from tests.harness.pages import built_pages, with_development_tools
from tests.harness.visitor import Visitor
from web_ui.service import WebService

# What the server computes first comes as late as a busy machine makes it.
COMPUTED_MS = 30_000


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    built_pages()
    async with running_hub(tmp_path, services=[SchedulerService, WebService]) as running:
        yield running


async def test_a_coordinator_begins_a_term(hub: Hub) -> None:
    axe = (with_development_tools() / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
    url = str(hub.server.url).rstrip("/")
    async with chromium() as browser:
        visitor = await Visitor.at(browser, url, axe, "panel", language="zh-CN")
        page = visitor.page
        await page.emulate_media(reduced_motion="reduce")
        await visitor.go("/console/plan")
        await expect(page.get_by_role("link", name="去登录")).to_be_visible()
        await visitor.approve("nobody signed in")
        credentials = {"username": "county_coordinator", "password": PASSWORD}
        assert (await page.context.request.post(f"{url}/api/v1/session", data=credentials)).ok
        await visitor.go("/console/plan")
        await expect(page.get_by_text("还没有学期")).to_be_visible()
        await visitor.approve("no term")
        await page.get_by_role("button", name="新建学期").first.click()
        await visitor.approve("naming a term")
        await page.get_by_label("学期名称").fill("2026—2027 学年第一学期")
        await page.get_by_label("第一天").fill("2026-09-01")
        await page.get_by_label("最后一天").fill("2027-01-20")
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator("select").nth(1)).to_have_text("2026—2027 学年第一学期")
        await page.get_by_role("button", name="重新计算缺课").click()
        await expect(page.get_by_role("status")).to_contain_text("算出 0 项缺课")
        for view, shows in (
            ("排课", "还没有排课方案"),
            ("临时调课", "教师请假"),
            ("点播申请", "还没有点播申请"),
            ("学校结对", "还没有结对"),
            ("打印与订阅", "这一周没有已发布的课"),
            ("学期与校历", "从 2027年1月1日 起的法定节假日"),
            ("教室", "qh-101"),
            ("教材", "还没有登记教材版本"),
            ("学校", "学校标识码"),
            ("教师", "还没有教师登记可以上的课"),
            ("班级", "还没有班级"),
            ("课程方案", "每周合计"),
        ):
            await page.get_by_role("radio", name=view, exact=True).check(force=True)
            await expect(page.get_by_text(shows).first).to_be_visible()
            await visitor.approve(view)
        await page.get_by_role("radio", name="表格导入").check(force=True)
        broken = FilePayload(name="缺课.xlsx", mimeType="application/octet-stream", buffer=b"PK\x03\x04 no workbook")
        await page.get_by_label("选择表格").set_input_files([broken])
        await page.get_by_role("button", name="先检查").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        await visitor.approve("a file that is no workbook")


async def test_a_timetable_is_made_moved_compared_and_published(hub: Hub) -> None:
    store, region = hub.county.store, hub.county.county.id
    edit = TermEdit(name="秋", first_day=date(2026, 8, 31), last_day=date(2027, 1, 15))
    term = await access_new_term(store, SYSTEM, region, edit, days=[], now=NOW)
    book = right_book()
    # its bell is ten minutes behind: now a lesson may start with either
    book["学校"]["F3"] = 10
    registry = read_workbook(content_of(book)).registry
    assert registry is not None
    await access_registry_import(store, SYSTEM, region, registry, term_id=term.id, now=NOW)
    await compute_needs(store, SYSTEM, term.id, NOW)
    axe = (with_development_tools() / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
    async with chromium() as browser:
        url = str(hub.server.url).rstrip("/")
        visitor = await Visitor.at(browser, url, axe, "panel")
        credentials = {"username": "county_coordinator", "password": PASSWORD}
        assert (await visitor.page.context.request.post(f"{url}/api/v1/session", data=credentials)).ok
        page = visitor.page
        await page.emulate_media(reduced_motion="reduce")
        await visitor.go("/console/plan")
        await page.get_by_role("radio", name="排课", exact=True).check(force=True)
        await page.get_by_role("button", name="自动排课").click()
        lesson = page.locator(".timetable__lesson")
        # what the run says comes over the socket, as the server's clock goes on
        async with asyncio.timeout(90):
            while await lesson.count() < 2:
                hub.clock.advance(0.5)
        await visitor.approve("a timetable")
        # the lesson goes to another time by keyboard alone, and the focus with it
        await lesson.first.focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="移到这里").first).to_be_visible(timeout=COMPUTED_MS)
        await visitor.approve("a lesson and where it may go")
        before = await page.locator("[data-lesson]").evaluate_all("all => all.map(one => one.dataset.lesson)")
        await page.get_by_role("button", name="复制一份试排").focus()
        await page.get_by_role("button", name="移到这里").first.press("Enter")
        await expect(page.get_by_role("button", name="撤销")).to_be_enabled(timeout=COMPUTED_MS)
        after = await page.locator("[data-lesson]").evaluate_all("all => all.map(one => one.dataset.lesson)")
        assert sorted(before) != sorted(after)
        assert await page.evaluate("document.activeElement.dataset.lesson") in set(after) - set(before)
        # and by mouse to yet another one
        await lesson.first.hover()
        await page.mouse.down()
        await page.mouse.move(5, 5)
        legal = page.locator(".timetable__cell--legal").last
        await expect(legal).to_be_visible(timeout=COMPUTED_MS)
        await legal.hover()
        await page.mouse.up()
        await expect(page.locator(".timetable--moving")).to_have_count(0, timeout=COMPUTED_MS)
        dragged = await page.locator("[data-lesson]").evaluate_all("all => all.map(one => one.dataset.lesson)")
        assert len(set(dragged) - set(after)) == 1
        await page.get_by_role("button", name="复制一份试排").click()
        await expect(page.get_by_label("与另一方案比较")).to_be_visible(timeout=COMPUTED_MS)
        await page.get_by_label("与另一方案比较").select_option(index=1)
        await expect(page.get_by_text("两个方案完全一样")).to_be_visible(timeout=COMPUTED_MS)
        await visitor.approve("a comparison")
        await page.get_by_role("button", name="准备发布").click()
        await page.get_by_role("button", name="发布", exact=True).click()
        await expect(page.get_by_text("已发布第 1 版")).to_be_visible(timeout=COMPUTED_MS)
        await page.get_by_role("button", name="为什么没排上").click()
        await expect(page.get_by_role("heading", name="有 1 项缺课没有排满")).to_be_visible(timeout=COMPUTED_MS)
        await visitor.approve("why not")
        # on paper, and what the timetable makes of two schools
        await page.get_by_role("radio", name="打印与订阅").check(force=True)
        await page.get_by_label("下一周").click()
        await expect(page.get_by_role("heading", name="周立群 · 实验小学")).to_be_visible(timeout=COMPUTED_MS)
        await visitor.approve("a timetable to print")
        await page.get_by_role("radio", name="学校结对").check(force=True)
        await page.get_by_role("button", name="补签协议").click(timeout=COMPUTED_MS)
        await visitor.approve("an agreement")

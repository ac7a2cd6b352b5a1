"""The page before the timetable in real Chromium: a term is made, a faulty workbook refused; always accessible."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import FilePayload, expect

from scheduler.service import SchedulerService
from tests.fakes.county import PASSWORD
from tests.fakes.hub import Hub, running_hub
from tests.harness.browser import chromium
from tests.harness.pages import built_pages, with_development_tools
from tests.harness.visitor import Visitor
from web_ui.service import WebService


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
            ("学校", "学校标识码"),
            ("教师", "还没有教师登记可以上的课"),
            ("班级", "还没有班级"),
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

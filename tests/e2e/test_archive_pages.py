"""The archive and the library in real Chromium: a review from the queue to the library, accessible in every state."""

import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from classroom.model.catalogue import Audience, Consent
from classroom.model.recording import RecordingState
from media_server.archive.library.service import LibraryService
from media_server.exchange.service import ExchangeService
from tests.fakes.county import PASSWORD
from tests.fakes.hub import Hub, running_hub
from tests.fakes.library import a_recording
from tests.harness.browser import chromium
from tests.harness.pages import built_pages, with_development_tools
from tests.harness.visitor import Visitor
from web_ui.service import WebService

LONG = "青禾县柳河镇石桥村第二完全小学附属教学点（含学前班及复式教学班）三年级全体同学的一堂公开课"
BOOK = "学科,年级,版本,册次,单元,知识点\n语文,三年级,人教版,上册,第二单元,山行\n,,,,,夜书所见\n"


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    built_pages()
    async with running_hub(tmp_path, services=[ExchangeService, LibraryService, WebService]) as running:
        c = running.county
        teacher = c["teacher"]
        await a_recording(
            c.store, c.host, id="poems", title="古诗两首", state=RecordingState.SUBMITTED, consent=Consent.GIVEN,
            audience=Audience.COUNTY, subject="语文", grade=3, teacher_id=teacher.id, teacher_name=teacher.name,
        )  # fmt: skip
        for number in range(25):
            await a_recording(c.store, c.host, title=f"{LONG} {number}", subject="科学", grade=number % 9 + 1)
        yield running


async def test_a_recording_goes_from_the_queue_into_the_library(hub: Hub, tmp_path: Path) -> None:
    axe = (with_development_tools() / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
    url = str(hub.server.url).rstrip("/")

    async with chromium() as browser:

        async def visit(screen: str, who: str | None, language: str = "zh-CN") -> Visitor:
            visitor = await Visitor.at(browser, url, axe, screen, language=language)
            # a colour on its way to another one is no colour to judge
            await visitor.page.emulate_media(reduced_motion="reduce")
            if who is not None:
                credentials = {"username": who, "password": PASSWORD}
                assert (await visitor.page.context.request.post(f"{url}/api/v1/session", data=credentials)).ok
            return visitor

        archivist = await visit("panel", "county_archivist")
        page = archivist.page
        await archivist.go("/archive")
        await expect(page.locator("tbody tr")).to_have_count(20)
        await archivist.approve("archive")
        await page.get_by_label("待审核").check(force=True)
        await expect(page.locator("tbody tr")).to_have_count(1)
        await page.get_by_label("选择：古诗两首").check(force=True)
        await page.get_by_role("button", name="退回").press("Enter")
        await archivist.approve("asking for a reason")
        await page.keyboard.press("Escape")
        await page.get_by_role("link", name="古诗两首").press("Enter")
        await page.get_by_role("button", name="通过").click()
        await page.get_by_role("button", name="发布").click()
        await expect(page.locator(".archive__head .chip")).to_have_text("已发布")
        await archivist.approve("a published recording")
        await page.get_by_role("button", name="推荐", exact=True).click()
        await page.get_by_role("button", name="生成材料").click()
        await expect(page.get_by_role("link", name="下载材料")).to_be_visible()
        await expect(page.get_by_role("heading", name="听评课")).to_be_visible()
        await page.get_by_label("在 00:00 处评论").fill("导入自然，问题有层次")
        await page.get_by_role("button", name="评论", exact=True).press("Enter")
        await expect(page.get_by_role("button", name="跳到这里")).to_be_visible()
        await archivist.approve("comments and a nomination")
        await page.get_by_role("button", name="修改").click()
        await archivist.approve("editing its entry")
        await page.get_by_role("button", name="淘汰").click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        await page.keyboard.press("Escape")

        colleague = await visit("panel", "colleague")
        await colleague.go("/archive?item=poems")
        await colleague.page.get_by_label("4 星").check(force=True)
        await colleague.page.get_by_role("button", name="评分").click()
        await expect(colleague.page.get_by_text("已记下您的评分")).to_be_visible()
        await colleague.approve("a rating")

        await archivist.go("/archive?view=coverage")
        table = tmp_path / "points.csv"
        table.write_text(BOOK, "utf-8")
        await page.set_input_files("input[type=file]", table)
        await page.get_by_role("button", name="检查").click()
        await expect(page.get_by_text("将新增 2 个")).to_be_visible()
        await page.get_by_role("button", name="导入").click()
        await expect(page.get_by_text("夜书所见")).to_be_visible()
        await archivist.approve("coverage")
        await archivist.go("/archive?view=retention")
        await expect(page.get_by_role("heading", name="保存规则")).to_be_visible()
        await archivist.approve("retention")
        await archivist.go("/archive?text=gsls")
        await page.get_by_role("button", name="导出全部").press("Enter")
        await archivist.approve("asking what to export")
        await page.get_by_role("dialog").get_by_role("button", name="导出").press("Enter")
        newest = page.locator(".jobs > li").first
        await newest.get_by_text("1 个录像有问题").press("Enter")
        await expect(newest.get_by_text("古诗两首：")).to_be_visible()
        await archivist.approve("an export")
        async with page.expect_download() as fetching:
            await newest.get_by_role("link", name="下载", exact=True).press("Enter")
        assert zipfile.is_zipfile(await (await fetching.value).path())
        await archivist.go("/archive?item=none")
        await expect(page.get_by_role("alert")).to_be_visible()
        await archivist.approve("an unknown recording")

        pupil = await visit("phone", "pupil", "en")
        await pupil.go("/library?text=gsls")
        await expect(pupil.page.get_by_role("link", name="古诗两首")).to_be_visible()
        await pupil.approve("library")
        await pupil.page.get_by_role("searchbox").fill("xyzzy")
        await expect(pupil.page.get_by_text("No recording found")).to_be_visible()
        await pupil.approve("library, nothing found")
        nobody = await visit("pc", None)
        await nobody.go("/archive")
        await expect(nobody.page.get_by_role("link", name="去登录")).to_be_visible()
        await nobody.approve("archive without a session")

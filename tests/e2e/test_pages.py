"""Every page in every state: accessible to axe and to the keyboard, in both languages, asking nobody but our server."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, expect

from classroom.messages.api import TeacherView
from classroom.messages.views import AlarmView, EncodingView, RoomSourceView, RoomView, SourceView, ViewerView
from classroom.model.lesson import LessonState
from tests.fakes.staged_hub import PASSWORD, Stage, a_lesson, staged_server
from tests.harness.browser import chromium
from tests.harness.pages import built_pages, with_development_tools
from tests.harness.visitor import Visitor

LONG: Final = "青禾县柳河镇石桥村第二完全小学附属教学点（含学前班及复式教学班）三年级全体同学"
NOW: Final = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def axe() -> str:
    return (with_development_tools() / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
async def staged(tmp_path: Path) -> AsyncIterator[tuple[str, Stage]]:
    built_pages()
    async with staged_server(tmp_path) as made:
        yield made


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as opened:
        yield opened


def a_room(**fields: object) -> RoomView:
    whole: dict[str, object] = {
        "id": "room-1",
        "code": "r1",
        "name": "一号录播教室",
        "school_name": "青山县实验小学",
        "online": True,
        "sources": [
            RoomSourceView(name="teacher", kinds=["audio", "video"], state="running", width=1280, height=720, fps=25),
            RoomSourceView(name="slides", kinds=["video"], state="running", width=1280, height=720, fps=10),
        ],
        **fields,
    }
    return RoomView.model_validate(whole)


def some_viewers() -> list[ViewerView]:
    measured = (
        ("石桥教学点", "good", 0.1, 18),
        (LONG, "poor", 9.3, 430),
        ("王小明", "audio_only", 1.0, 90),
        ("张丽", "lost", 0.0, None),
    )
    return [
        ViewerView.model_validate(
            {
                "id": name,
                "name": name,
                "quality": quality,
                "loss_percent": loss,
                "rtt_ms": rtt,
                "encoding": None,
                "since": NOW,
            }
        )
        for name, quality, loss, rtt in measured
    ]


@pytest.mark.parametrize(("screen", "language"), [("pc", "zh-CN"), ("phone", "en")])
async def test_signing_in(staged: tuple[str, Stage], browser: Browser, axe: str, screen: str, language: str) -> None:
    url, stage = staged
    stage.put(a_room())
    visitor = await Visitor.at(browser, url, axe, screen, language=language)
    page = visitor.page
    await visitor.go("/")
    await visitor.approve("sign-in")
    assert await visitor.smallest_target() >= 44
    await page.click(".door__submit")
    await expect(page.locator("#username")).to_be_focused()
    await visitor.approve("sign-in, nothing typed")
    await page.fill("#username", "teacher")
    await page.fill("#password", "not the password")
    await page.press("#password", "Enter")
    await expect(page.get_by_role("alert")).to_be_visible()
    await visitor.approve("sign-in refused")
    await page.fill("#password", PASSWORD)
    await page.press("#password", "Enter")
    await page.wait_for_url("**/panel")
    await visitor.go("/")
    await expect(page.locator("#staff-heading")).to_contain_text("李晓燕")
    await visitor.approve("signed in already")


async def test_everybody_is_led_to_the_page_of_their_role(
    staged: tuple[str, Stage], browser: Browser, axe: str
) -> None:
    url, stage = staged
    stage.put(a_room(), a_lesson())
    for username, search, arrival in (
        ("coordinator", "", "/console"),
        ("student", "?next=/join/k7m2qz", "/join/k7m2qz"),
        ("student", "?next=//elsewhere.example/", "/"),
    ):
        visitor = await Visitor.at(browser, url, axe, "pc")
        await visitor.go(f"/{search}")
        await visitor.page.fill("#username", username)
        await visitor.page.fill("#password", PASSWORD)
        await visitor.page.press("#password", "Enter")
        await visitor.page.wait_for_function(
            "path => location.pathname === path && !document.querySelector('#password')", arg=arrival
        )
        assert visitor.troubles == []


@pytest.mark.parametrize(("screen", "language"), [("pc", "zh-CN"), ("phone", "zh-CN"), ("phone", "en")])
async def test_joining_through_all_states_of_a_lesson(
    staged: tuple[str, Stage], browser: Browser, axe: str, screen: str, language: str
) -> None:
    url, stage = staged
    lesson = a_lesson()
    stage.put(lesson)
    visitor = await Visitor.at(browser, url, axe, screen, language=language)
    page = visitor.page
    await visitor.go("/join/k7m2qz")
    await expect(page.locator("#name")).to_be_focused()
    await visitor.approve("entry")
    assert await visitor.smallest_target() >= 44
    await page.keyboard.press("Enter")
    await expect(page.locator("#name")).to_have_attribute("aria-invalid", "true")
    await visitor.approve("entry without a name")
    await page.keyboard.type("石桥教学点")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("timer")).to_be_visible()
    await visitor.approve("waiting")
    stage.change(lesson.id, state=LessonState.LIVE, started_at=NOW, viewer_count=2)
    await expect(page.locator(".stage")).to_be_visible()
    await visitor.approve("live, without sources")
    rids = [EncodingView(rid=rid) for rid in ("h", "m", "l")]
    sources = [
        SourceView(name="teacher", kinds=["audio", "video"], encodings=rids),
        SourceView(name="slides", kinds=["video"]),
    ]
    stage.change(lesson.id, viewer_count=12, sources=sources)
    await expect(page.locator(".tile--large")).to_have_attribute("data-source", "teacher")
    await visitor.approve("live")
    assert await visitor.smallest_target() >= 44
    await page.get_by_role("button", name="课件" if language == "zh-CN" else "Slides").press("Enter")
    await expect(page.locator(".tile--large")).to_have_attribute("data-source", "slides")
    await expect(page.locator(".tile--large")).to_be_focused()
    stage.change(lesson.id, state=LessonState.INTERRUPTED)
    await expect(page.locator(".stage__pill")).to_be_visible()
    await visitor.approve("interrupted")
    stage.change(lesson.id, state=LessonState.ENDED)
    await expect(page.locator(".waiting__sign")).to_be_visible()
    await visitor.approve("ended")


async def test_a_name_is_asked_once_and_a_reload_goes_back_inside(
    staged: tuple[str, Stage], browser: Browser, axe: str
) -> None:
    url, stage = staged
    stage.put(a_lesson(), a_lesson("m9hjxw"))
    visitor = await Visitor.at(browser, url, axe, "pc")
    await visitor.go("/join/k7m2qz")
    await visitor.page.fill("#name", "石桥教学点")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.page.get_by_role("timer")).to_be_visible()
    await visitor.page.reload()
    await expect(visitor.page.get_by_role("timer")).to_be_visible()
    await visitor.go("/join/m9hjxw")
    await expect(visitor.page.locator("#name")).to_have_value("石桥教学点")


async def test_lessons_that_cannot_be_joined(staged: tuple[str, Stage], browser: Browser, axe: str) -> None:
    url, stage = staged
    long = a_lesson("longlo", title=LONG, teacher_name="欧阳娜仁花·阿依古丽", school_name=LONG)
    stage.put(long, a_lesson("cancel", state=LessonState.CANCELLED), a_lesson("closed", open_join=False))
    for path in ("/join/zzzzzz", "/join/cancel", "/join/closed", "/join/longlo"):
        visitor = await Visitor.at(browser, url, axe, "phone")
        await visitor.go(path)
        await expect(visitor.page.locator("h1")).not_to_contain_text("……")
        await visitor.approve(path)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_the_panel_through_a_lesson(staged: tuple[str, Stage], browser: Browser, axe: str, language: str) -> None:
    url, stage = staged

    def state() -> LessonState:
        return stage.lessons["lesson-k7m2qz"].state

    stage.put(a_room())
    visitor = await Visitor.at(browser, url, axe, "panel", language=language, username="teacher")
    page = visitor.page
    await visitor.go("/panel")
    await expect(page.locator(".lessons .empty")).to_be_visible()
    await visitor.approve("panel without lessons")
    stage.put(
        a_lesson("a23456", state=LessonState.ENDED, title=LONG, starts_at=NOW - timedelta(hours=1), ended_at=NOW),
        a_lesson(state=LessonState.READY),
    )
    await page.reload()
    await expect(page.locator(".lesson-card__digits")).to_contain_text("k7m2qz")
    await expect(page.get_by_role("meter")).to_be_visible()
    await visitor.approve("panel, ready")
    assert await visitor.smallest_target() >= 60
    await page.click(".lesson-card__act")
    await expect(page.locator(".lesson-card--running")).to_be_visible()
    await expect(page.locator(".alarms .notice")).to_have_count(1)
    stage.put(a_room(publishing_lesson_id="lesson-k7m2qz"))
    stage.change("lesson-k7m2qz", viewer_count=4, viewers=some_viewers())
    await expect(page.locator(".viewers__item--poor")).to_be_visible()
    await expect(page.locator(".alarms .notice")).to_have_count(0)
    await visitor.approve("panel, live")
    alarms = [
        AlarmView(code="silence", source="teacher", since=NOW),
        AlarmView(code="no_signal", source="slides", since=NOW),
    ]
    stage.put(a_room(publishing_lesson_id="lesson-k7m2qz", alarms=alarms))
    await expect(page.locator(".alarms .notice")).to_have_count(2)
    await visitor.approve("panel with alarms")
    stage.put(a_room(online=False))
    await expect(page.locator(".panel__health--bad")).to_be_visible()
    await visitor.approve("panel, room away")
    await page.click(".lesson-card__act")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await visitor.approve("panel, asking whether to stop")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert state() is LessonState.LIVE
    await page.click(".lesson-card__act")
    await page.get_by_role("dialog").locator(".button--danger").click()
    await expect(page.locator(".lesson-card__over")).to_be_visible()
    assert state() is LessonState.ENDED
    await visitor.approve("panel, ended")


async def test_a_page_of_staff_without_a_session(staged: tuple[str, Stage], browser: Browser, axe: str) -> None:
    url, _ = staged
    for path in ("/panel", "/console"):
        visitor = await Visitor.at(browser, url, axe, "panel")
        await visitor.go(path)
        await expect(visitor.page.get_by_role("link", name="去登录")).to_be_visible()
        await visitor.approve(path)


@pytest.mark.parametrize(("screen", "language"), [("pc", "zh-CN"), ("panel", "en"), ("phone", "zh-CN")])
async def test_the_console(staged: tuple[str, Stage], browser: Browser, axe: str, screen: str, language: str) -> None:
    url, stage = staged
    stage.put(a_room())
    stage.teachers = [TeacherView(id="t1", name="李晓燕"), TeacherView(id="t2", name="陈志强")]
    visitor = await Visitor.at(browser, url, axe, screen, language=language, username="coordinator")
    page = visitor.page
    await visitor.go("/console")
    await expect(page.locator(".empty")).to_be_visible()
    await visitor.approve("console, empty")
    stage.put(
        a_lesson("longlo", title=LONG, school_name=LONG, state=LessonState.LIVE, started_at=NOW, viewer_count=3),
        a_lesson(state=LessonState.READY, points=[f"教学点{index}" for index in range(12)]),
        a_lesson("ended2", state=LessonState.ENDED),
    )
    await page.reload()
    await expect(page.locator(".sheet__row")).to_have_count(3)
    await visitor.approve("console")
    assert await visitor.smallest_target() >= 44
    await page.get_by_role("radio").nth(1).check()
    await expect(page.locator(".sheet__row")).to_have_count(1)
    await page.get_by_role("radio").nth(0).check()
    await page.click(".console__new")
    await expect(page.locator("#f-title")).to_be_focused()
    await page.click("dialog [type=submit]")
    await expect(page.locator("#f-title")).to_have_attribute("aria-invalid", "true")
    await visitor.approve("new lesson, nothing filled in")
    await page.fill("#f-title", "认识分数")
    await page.fill("#f-subject", "数学")
    await page.select_option("#f-teacher", "t2")
    await page.fill("#f-points", "石桥教学点\n柳林教学点")
    await page.click("dialog [type=submit]")
    await expect(page.locator(".console__created")).to_contain_text("认识分数")
    made = next(lesson for lesson in stage.lessons.values() if lesson.title == "认识分数")
    assert made.teacher_name == "陈志强"
    assert made.points == ["石桥教学点", "柳林教学点"]
    await visitor.approve("console, lesson created")


async def test_the_language_is_one_click_and_stays(staged: tuple[str, Stage], browser: Browser, axe: str) -> None:
    url, stage = staged
    stage.put(a_lesson())
    visitor = await Visitor.at(browser, url, axe, "pc")
    await visitor.go("/join/k7m2qz")
    await visitor.page.get_by_role("button", name="English").click()
    await expect(visitor.page.locator("html")).to_have_attribute("lang", "en")
    await expect(visitor.page.locator("label[for=name]")).to_have_text("Your name")
    await visitor.go("/")
    await expect(visitor.page.locator("#code-heading")).to_have_text("Attend a lesson")


async def test_nothing_is_cut_off_at_four_hundred_percent(
    staged: tuple[str, Stage], browser: Browser, axe: str
) -> None:
    """WCAG 2.2 § 1.4.10: 1280 px at 400 % are 320."""
    url, stage = staged
    stage.put(a_room(), a_lesson(), a_lesson("longlo", title=LONG, school_name=LONG, state=LessonState.LIVE))
    for path, username, ready in (
        ("/", None, "#username"),
        ("/join/longlo", None, "#name"),
        ("/panel", "teacher", ".screen"),
        ("/console", "coordinator", ".sheet__row"),
    ):
        for language in ("zh-CN", "en"):
            visitor = await Visitor.at(browser, url, axe, "narrow", language=language, username=username)
            await visitor.go(path)
            await visitor.page.locator(ready).first.wait_for()
            await visitor.approve(f"{path} in {language}")

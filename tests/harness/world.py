"""A whole installation on free ports: a seeded server, the demo room's agent, browsers that watch."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from playwright.async_api import Browser, Page

from classroom.auth.secret import load_secret
from classroom.auth.tokens import Tokens
from classroom.clock import SystemClock
from classroom.demo.client import DemoClient
from classroom.demo.county import DEMO_ROOM, DEMO_TEACHER
from classroom.demo.passwords import demo_password
from classroom.demo.seed import SeededCounty, seed_county, seed_day
from classroom.model.lesson import Lesson
from classroom.store.store import Store
from tests.harness.browser import chromium, new_context
from tests.harness.eventually import eventually
from tests.harness.frames import ShownFrame, shown_frames
from tests.harness.processes import HOST, RoomAgent, Server

# One source with sound and picture; a second one would only take processor time from the browsers under test.
SOURCES: Final = ("teacher=synthetic:teacher",)
FPS: Final = 25


class Viewer:
    """Somebody on the join page of a lesson, in a browser profile of its own."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = name

    async def open(self, address: str) -> None:
        """Load the page and fill in the name; the click is still to come."""
        await self.page.goto(address)
        await self.page.fill("#name", self.name)

    async def click(self) -> None:
        """The one click that joins."""
        await self.page.click("button[type=submit]")

    async def probe(self) -> dict[str, Any]:
        """What the page says of itself (`window.qianshou`)."""
        probe: dict[str, Any] = await self.page.evaluate("() => ({...window.qianshou})")
        return probe

    async def frames(self, source: str = "teacher") -> list[ShownFrame]:
        return await shown_frames(self.page, source)

    async def sees(self, more: int = 1, source: str = "teacher", within_s: float = 30.0) -> list[int]:
        """Wait until so many more numbered frames were shown than now; their counters."""
        before = len(await self.counters(source))

        async def shown() -> list[int]:
            counters = (await self.counters(source))[before:]
            return counters if len(counters) >= more else []

        return await eventually(shown, f"{self.name} sees {more} more frames of {source}", within_s)

    async def counters(self, source: str = "teacher") -> list[int]:
        """The numbers of all frames shown so far of a source."""
        return [frame.counter for frame in await self.frames(source) if frame.counter is not None]

    async def received(self) -> dict[str, float]:
        """The browser's own `inbound-rtp` counts of all pictures (W3C webrtc-stats), summed."""
        counts: dict[str, float] = await self.page.evaluate("() => window.frameCodes.received()")
        return counts

    async def packets(self, kind: str) -> int:
        """How many packets of sound or picture the page says it has received."""
        return sum(track["packets"] for track in (await self.probe())["tracks"] if track["kind"] == kind)

    async def shows(self, phase: str, within_s: float = 30.0) -> None:
        """Wait until the page says that the lesson is in this phase."""

        async def in_phase() -> bool:
            return bool((await self.probe())["phase"] == phase)

        await eventually(in_phase, f"{self.name} sees the lesson {phase}", within_s)


@dataclass(slots=True)
class World:
    """Made by `World.create`; everything it started ends with the block."""

    folder: Path
    server: Server
    county: SeededCounty
    lesson: Lesson
    secret: bytes
    _stack: AsyncExitStack
    _browser: Browser | None = None

    @classmethod
    @asynccontextmanager
    async def create(
        cls,
        folder: Path,
        *,
        host: str = HOST,
        media_address: str = HOST,
        environment: Mapping[str, str] | None = None,
    ) -> AsyncIterator[Self]:
        """Seed a data folder and start a server on it."""
        server = Server(folder, host=host, media_address=media_address, environment=environment)
        secret = load_secret(server.data / "secret.key")
        store = await Store.open(f"sqlite:///{server.data / 'qianshou.db'}")
        try:
            now = SystemClock().now()
            county = await seed_county(store, secret, now)
            lesson = await seed_day(store, county, now)
        finally:
            await store.close()
        async with AsyncExitStack() as stack:
            stack.push_async_callback(server.stop)
            await server.start()
            yield cls(folder, server, county, lesson, secret, stack)

    @property
    def tokens(self) -> Tokens:
        """Signs with this installation's key, as its server does."""
        return Tokens(self.secret, SystemClock())

    @property
    def join_address(self) -> str:
        return f"{self.server.url}/join/{self.lesson.code}"

    async def agent(self, sources: Sequence[str] = SOURCES, arguments: Sequence[str] = ()) -> RoomAgent:
        """Start the demo room's agent."""
        token = self.tokens.issue_device(self.county.rooms[DEMO_ROOM], self.county.device_id)
        chosen = [word for source in sources for word in ("--source", source)]
        agent = RoomAgent(self.server, DEMO_ROOM, token, self.folder, [*chosen, *arguments])
        self._stack.push_async_callback(agent.stop)
        await agent.start()
        return agent

    async def teacher(self) -> DemoClient:
        """The lesson's teacher, signed in to the API."""
        teacher = await self._stack.enter_async_context(DemoClient(self.server.url))
        await teacher.sign_in(DEMO_TEACHER, self.password(DEMO_TEACHER))
        return teacher

    async def live(self, source: str = "teacher") -> DemoClient:
        """Start the lesson and wait until the agent's source has reached the server."""
        teacher = await self.teacher()
        await teacher.start(self.lesson.id)
        await self.published(teacher, source)
        return teacher

    async def published(self, teacher: DemoClient, source: str = "teacher", within_s: float = 30.0) -> None:
        async def carried() -> bool:
            return any(view.name == source for view in (await teacher.lesson(self.lesson.id)).sources)

        await eventually(carried, f"{source} has reached the server", within_s)

    def password(self, username: str) -> str:
        return demo_password(self.secret, username)

    async def page(self) -> Page:
        """A page in a fresh browser profile."""
        if self._browser is None:
            self._browser = await self._stack.enter_async_context(chromium())
        context = await new_context(self._browser)
        self._stack.push_async_callback(context.close)
        return await context.new_page()

    async def viewer(self, name: str) -> Viewer:
        """Somebody who has opened the join page, typed a name and clicked."""
        viewer = Viewer(await self.page(), name)
        await viewer.open(self.join_address)
        await viewer.click()
        return viewer

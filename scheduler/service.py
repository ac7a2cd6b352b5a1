"""The service: puts the parts together and gives them to the server."""

from collections.abc import Callable
from typing import ClassVar

from classroom.messages.live import AgentLevels, AgentPreview, AgentState, WatchRun
from classroom.service import Context, ServerRole
from scheduler.io.aside import Aside
from scheduler.join import JoinApi
from scheduler.lessons.api import LessonsApi
from scheduler.lessons.controller import Controller
from scheduler.lessons.steps import Steps
from scheduler.live.live import Live
from scheduler.plans.bookings_api import BookingsApi
from scheduler.plans.feeds_api import FeedsApi
from scheduler.plans.pairings_api import PairingsApi
from scheduler.plans.proposals_api import ProposalsApi
from scheduler.plans.publishing_api import PublishingApi
from scheduler.plans.replan_api import ReplanApi
from scheduler.plans.runs import Runs
from scheduler.plans.runs_api import RunFeed, RunsApi
from scheduler.presence import Presence
from scheduler.registry.api import RegistryApi
from scheduler.registry.terms_api import TermsApi
from scheduler.registry.workbook_api import WorkbookApi
from scheduler.rooms.agents import Agents
from scheduler.rooms.api import RoomsApi


class SchedulerService:
    """Lessons, rooms and what pages are told about them."""

    name: ClassVar[str] = "scheduler"
    runs_in: ClassVar[frozenset[ServerRole]] = frozenset({ServerRole.ALL, ServerRole.HUB})

    def __init__(self, context: Context) -> None:
        self._context = context
        self._presence = Presence(context.bus, context.clock)
        steps = Steps(context)
        self._controller = Controller(context, self._presence, steps)
        self._agents = Agents(context)
        self._live = Live(context, self._presence)
        self._aside = Aside()
        self._runs = Runs(context)
        self._run_feed = RunFeed(context)
        self._apis = (
            LessonsApi(context, self._presence, steps),
            RoomsApi(context, self._presence),
            JoinApi(context),
            RegistryApi(context),
            TermsApi(context),
            WorkbookApi(context),
            ProposalsApi(context, self._aside),
            PublishingApi(context),
            RunsApi(context, self._runs),
            FeedsApi(context),
            PairingsApi(context),
            ReplanApi(context, self._aside),
            BookingsApi(context),
        )
        self._unregister: list[Callable[[], None]] = []

    async def start(self) -> None:
        """Add routes and socket handlers, and begin to follow lessons and rooms."""
        context = self._context
        for api in self._apis:
            api.add_routes(context.routes)
        self._unregister += self._live.start()
        self._unregister += [
            context.sockets.on(AgentState, self._agents.take_state),
            context.sockets.on(AgentPreview, self._agents.take_preview),
            context.sockets.on(AgentLevels, self._agents.take_levels),
            context.sockets.on(WatchRun, self._run_feed.watch),
        ]
        context.tasks.forever(self._presence.run, "presence")
        context.tasks.forever(self._controller.run, "lesson lifecycle")
        context.tasks.forever(self._agents.follow, "agents follow lessons")
        context.tasks.forever(self._agents.refresh, "agents stay present")
        context.tasks.forever(self._runs.follow, "solver runs")
        context.tasks.forever(self._run_feed.follow, "run views")
        context.tasks.forever(self._run_feed.coalescer.run, "run snapshots")

    async def stop(self) -> None:
        for unregister in self._unregister:
            unregister()
        self._unregister.clear()
        await self._aside.close()
        await self._runs.close()
        await self._agents.leave()

"""`/api/v1/planning/…/runs`, and `watch_run` on the socket."""

from classroom.access.proposals import access_run, access_runs
from classroom.catalog import text
from classroom.errors import Forbidden, NotFound, NotSignedIn
from classroom.http.call import Call
from classroom.http.routes import Routes
from classroom.http.sockets import Socket
from classroom.messages.events import PlanRunMoved
from classroom.messages.live import RunChanged, WatchRun
from classroom.messages.plans import NewRun, ReasonView, RunPointView, RunsView, RunView
from classroom.model.plan import Run, RunState
from classroom.service import Context
from scheduler.live.coalescer import Coalescer
from scheduler.live.watchers import Watchers
from scheduler.plans.runs import Runs
from scheduler.registry.api import PLANNING
from scheduler.registry.terms_api import TERM

RUN = PLANNING + "/runs/{id}"


class RunsApi:
    """Handlers; who may do what is decided by `classroom.access`."""

    def __init__(self, context: Context, runs: Runs) -> None:
        self._store = context.store
        self._runs = runs

    def add_routes(self, routes: Routes) -> None:
        add = routes.json
        add("GET", f"{TERM}/runs", self._list, summary="Runs of the solver, the latest first", returns=RunsView)
        add("POST", f"{TERM}/runs", self._start, summary="Start the solver", body=NewRun, returns=RunView, status=201)
        add("GET", RUN, self._show, summary="A run with its chart", returns=RunView)
        add("POST", f"{RUN}/cancel", self._cancel, summary="Stop a run; its best plan is kept", returns=RunView)

    async def _list(self, call: Call) -> RunsView:
        found = await access_runs(self._store, call.principal, call.path["id"])
        return RunsView(runs=[run_view(run, call.language) for run in found])

    async def _start(self, call: Call) -> RunView:
        return run_view(await self._runs.start(call.principal, call.path["id"], call.parsed(NewRun)), call.language)

    async def _show(self, call: Call) -> RunView:
        return run_view(await access_run(self._store, call.principal, call.path["id"]), call.language)

    async def _cancel(self, call: Call) -> RunView:
        return run_view(await self._runs.cancel(call.principal, call.path["id"]), call.language)


class RunFeed:
    """`watch_run`: how a run is now, and whenever that changes."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._watchers: Watchers[str, None] = Watchers()
        self.coalescer: Coalescer[str] = Coalescer(context.clock, self._flush)

    async def watch(self, socket: Socket, message: WatchRun) -> None:
        """Raises as `access_run`, or `TooMany("too_many_watches")`."""
        await access_run(self._context.store, socket.principal, message.run_id)
        # Registered before it is read: a change in between is flushed afterwards and not lost.
        self._watchers.add(message.run_id, socket, None)
        run = await access_run(self._context.store, socket.principal, message.run_id)
        socket.send(RunChanged(id=message.id, run=run_view(run, socket.language)))

    async def follow(self) -> None:
        """Until cancelled."""
        async with self._context.bus.subscribe(PlanRunMoved) as events:
            async for event in events:
                for run_id in self._watchers.watched():
                    if event is None or (isinstance(event, PlanRunMoved) and event.run_id == run_id):
                        self.coalescer.mark(run_id)

    async def _flush(self, run_ids: set[str]) -> None:
        for run_id in sorted(run_ids):
            over = False
            for socket, _ in self._watchers.of(run_id):
                try:
                    run = await access_run(self._context.store, socket.principal, run_id)
                except (Forbidden, NotFound, NotSignedIn) as error:
                    socket.fail(error)
                    continue
                socket.send(RunChanged(run=run_view(run, socket.language)))
                # one that was stopped has yet to hand in its plan
                over = run.proposal_id is not None or run.state is RunState.FAILED
            if over:
                self._watchers.drop(run_id)


def run_view(run: Run, language: str) -> RunView:
    problem = None
    if run.error is not None:
        said = text(run.error, {}, language)
        problem = ReasonView(code=run.error, message=said.message, remedy=said.remedy)
    return RunView(
        id=run.id,
        term_id=run.term_id,
        state=run.state,
        seconds=run.seconds,
        seed=run.seed,
        start_id=run.start_id,
        points=[
            RunPointView(seconds=point.seconds, coverage=point.coverage, bound=point.bound, cost=point.cost)
            for point in run.points
        ],
        proposal_id=run.proposal_id,
        problem=problem,
        created_at=run.created_at,
        ended_at=run.ended_at,
    )

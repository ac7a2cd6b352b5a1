"""One server process: builds the context, finds the services of its role, serves them, stops them."""

import asyncio
import errno
import os
import signal
import socket
from contextlib import AsyncExitStack
from importlib.metadata import entry_points
from types import TracebackType
from typing import Self

from aiohttp import web
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from classroom.audit import Audit
from classroom.auth.secret import load_secret
from classroom.auth.tokens import Tokens
from classroom.bus.open import open_bus
from classroom.clock import Clock, SystemClock
from classroom.errors import BadSettings, Unavailable
from classroom.http.app import Edge, create_app
from classroom.http.callers import Callers
from classroom.http.health import Health
from classroom.http.limits import HttpLimits
from classroom.http.routes import Routes
from classroom.http.session_api import SessionApi
from classroom.http.socket_endpoint import SocketEndpoint
from classroom.http.sockets import SERVICE_RESTART, Sockets
from classroom.logs import get_logger
from classroom.memory import spare_the_collector
from classroom.service import Context, Service, ServiceFactory
from classroom.settings import ServerRole, Settings
from classroom.store.store import Store
from classroom.tasks import Tasks

log = get_logger(__name__)

SERVICES = "classroom.services"
# Sockets get this long to hear that we go (they reconnect at once to whoever comes next).
_STOP_S = 2.0
_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 -- compared with, not bound to


def find_services(role: ServerRole) -> list[ServiceFactory]:
    """Factories of the services that run in `role`, by name.

    Raises `BadSettings("service_broken")` naming the one that cannot be imported.
    """
    factories: list[ServiceFactory] = []
    for point in sorted(entry_points(group=SERVICES), key=lambda point: point.name):
        try:
            factory = point.load()
        except (ImportError, AttributeError) as error:
            raise BadSettings("service_broken", service=point.name, problem=str(error)) from error
        if role in factory.runs_in:
            factories.append(factory)
    return factories


class Server:
    """`async with Server(settings)`: everything runs inside the block.

    `services` are those of the settings' role unless given. Entering raises `BadSettings` or `Unavailable`, each
    naming what to do; nothing is left running then.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        services: list[ServiceFactory] | None = None,
        limits: HttpLimits | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._factories = services
        self._limits = limits or HttpLimits()
        self._undo = AsyncExitStack()
        self._context: Context | None = None
        self._port = 0

    @property
    def context(self) -> Context:
        if self._context is None:
            raise RuntimeError("the server is not running")
        return self._context

    @property
    def port(self) -> int:
        """The TCP port in use (settings may have said 0: any)."""
        return self._port

    @property
    def url(self) -> str:
        """Where this machine's own browser finds the pages."""
        host = self._settings.host
        return f"http://{'127.0.0.1' if host in _EVERYWHERE else host}:{self._port}"

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._undo.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._undo.aclose()
        self._context = None

    async def _start(self) -> None:
        settings = self._settings
        # Take the port first: "port in use" must not cost a database migration.
        listening = listen(settings.host, settings.port)
        self._undo.callback(listening.close)
        self._port = listening.getsockname()[1]
        metrics = CollectorRegistry()
        ProcessCollector(registry=metrics)
        PlatformCollector(registry=metrics)
        GCCollector(registry=metrics)
        store = await Store.open(settings.store_url)
        self._undo.push_async_callback(store.close)
        bus = open_bus(settings, self._clock)
        await bus.start()
        self._undo.push_async_callback(bus.close)
        tasks = Tasks(self._clock, metrics)
        self._undo.push_async_callback(tasks.close)
        context = Context(
            node=f"{socket.gethostname()}-{os.getpid()}-{self._port}",
            settings=settings,
            clock=self._clock,
            tasks=tasks,
            store=store,
            bus=bus,
            audit=Audit(self._clock),
            tokens=Tokens(load_secret(settings.secret_path), self._clock),
            metrics=metrics,
            routes=Routes(),
            sockets=Sockets(),
        )
        callers = Callers(settings, store, context.tokens, self._clock)
        endpoint = SocketEndpoint(context.sockets, callers, self._clock, self._limits, settings.public_url)
        context.routes.raw("GET", "/ws", endpoint.serve, summary="Live socket (classroom.messages.live)")
        tasks.forever(endpoint.recheck, "sockets recheck")
        health = Health(context)
        health.add_routes(context.routes)
        if settings.role is not ServerRole.MEDIA:
            SessionApi(context).add_routes(context.routes)
        for factory in find_services(settings.role) if self._factories is None else self._factories:
            service: Service = factory(context)
            self._undo.push_async_callback(service.stop)
            await service.start()
            log.info("service started", service=service.name)
        edge = Edge(callers, self._clock, self._limits, settings.public_url, metrics)
        app = create_app(context.routes, edge, self._limits)
        # Handlers run to their end when the caller hangs up: a step that is in the store must also be announced.
        runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=_STOP_S)
        await runner.setup()
        self._undo.push_async_callback(runner.cleanup)
        await web.SockSite(runner, listening, backlog=1024).start()
        self._undo.callback(context.sockets.close_all, SERVICE_RESTART, "server_stopping")
        self._undo.callback(health.leave)
        self._context = context
        spare_the_collector()
        health.enter()


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket; "::" takes IPv4 too. Raises `Unavailable` when the port or the address cannot be had."""
    try:
        [family, kind, protocol, _, address] = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise BadSettings("host_unknown", host=host, problem=error.strerror or str(error)) from error
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and host == "::":
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listening.bind(address)
        # Listening now keeps the port ours; until the services are up, callers wait in the queue instead of failing.
        listening.listen(1024)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise Unavailable("port_in_use", port=port, host=host) from error
        if error.errno == errno.EACCES:
            raise BadSettings("port_forbidden", port=port) from error
        raise BadSettings("host_unknown", host=host, problem=error.strerror or str(error)) from error
    listening.setblocking(False)
    return listening


async def serve(settings: Settings) -> None:
    """Run until SIGINT or SIGTERM; the second one stops at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with Server(settings) as server:
        log.info("serving", url=server.url, role=settings.role.value)
        await stop.wait()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        log.info("stopping")

"""For operators and their tools: is it alive, can it serve, what does it count."""

import asyncio

from aiohttp import web
from prometheus_client import Gauge
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from classroom.errors import Unavailable
from classroom.http.call import Call
from classroom.http.routes import Routes
from classroom.service import Context

NO_STORE = {"Cache-Control": "no-store"}


class Health:
    """`/healthz`, `/readyz` and `/metrics`. None of them says anything about people."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ready = False
        Gauge("sockets_open", "Open /ws connections", registry=context.metrics).set_function(
            lambda: len(context.sockets)
        )
        Gauge("asyncio_tasks", "Tasks of the event loop", registry=context.metrics).set_function(
            lambda: len(asyncio.all_tasks())
        )

    def add_routes(self, routes: Routes) -> None:
        routes.raw("GET", "/healthz", self._healthz, summary="200 while the process answers", anonymous=True)
        routes.raw("GET", "/readyz", self._readyz, summary="200 when requests can be served, else 503", anonymous=True)
        routes.raw("GET", "/metrics", self._metrics, summary="Prometheus metrics", anonymous=True)

    def enter(self) -> None:
        """Everything is up."""
        self._ready = True

    def leave(self) -> None:
        """The server is about to stop: a load balancer should send nobody here any more."""
        self._ready = False

    async def _healthz(self, call: Call) -> web.Response:
        return web.Response(text="ok\n", headers=NO_STORE)

    async def _readyz(self, call: Call) -> web.Response:
        if not self._ready:
            raise Unavailable("not_ready", part="server")
        await self._context.store.check()
        await self._context.bus.get("readyz")
        return web.Response(text="ready\n", headers=NO_STORE)

    async def _metrics(self, call: Call) -> web.Response:
        text = generate_latest(self._context.metrics)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST, **NO_STORE})

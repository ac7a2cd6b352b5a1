"""The aiohttp application: all routes behind the same edge (headers, problems, origin, limits, who is calling)."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from functools import cache

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Middleware
from prometheus_client import CollectorRegistry, Histogram
from pydantic import ValidationError

from classroom.clock import Clock
from classroom.errors import BadInput, ClassroomError, Unsupported
from classroom.http.call import Call, read_body
from classroom.http.callers import Callers
from classroom.http.headers import add_security_headers
from classroom.http.limits import HttpLimits
from classroom.http.openapi import openapi
from classroom.http.origin import check_origin
from classroom.http.problems import of_http_exception, of_validation_error, problem_response
from classroom.http.routes import Route, Routes
from classroom.messages.base import Message
from classroom.model.principal import NOBODY

NONCE = web.RequestKey("nonce", str)
_NONCE_BYTES = 16

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Edge:
    """What stands between the wire and every handler."""

    def __init__(
        self, callers: Callers, clock: Clock, limits: HttpLimits, public_url: str, metrics: CollectorRegistry
    ) -> None:
        self._callers = callers
        self._clock = clock
        self._limits = limits
        self._public_url = public_url
        self._seconds = Histogram(
            "http_request_seconds",
            "Time to answer an HTTP request",
            ["method", "route", "status"],
            buckets=(0.005, 0.025, 0.1, 0.5, 2.5, 10),
            registry=metrics,
        )

    @property
    def middlewares(self) -> tuple[Middleware, ...]:
        """The outermost first."""

        @web.middleware
        async def measure(request: web.Request, handler: Next) -> web.StreamResponse:
            return await self._measure(request, handler)

        @web.middleware
        async def secure(request: web.Request, handler: Next) -> web.StreamResponse:
            return await self._secure(request, handler)

        @web.middleware
        async def refuse(request: web.Request, handler: Next) -> web.StreamResponse:
            return await self._refuse(request, handler)

        return (measure, secure, refuse)

    async def _measure(self, request: web.Request, handler: Next) -> web.StreamResponse:
        began_s = self._clock.monotonic()
        response = await handler(request)
        resource = request.match_info.route.resource
        # The pattern, never the path: a path holds join codes, and would make a series for each.
        route = resource.canonical if resource is not None else "none"
        if not isinstance(response, web.WebSocketResponse):
            method = request.method if request.method in _METHODS else "other"
            self._seconds.labels(method, route, str(response.status)).observe(self._clock.monotonic() - began_s)
        return response

    async def _secure(self, request: web.Request, handler: Next) -> web.StreamResponse:
        nonce = secrets.token_urlsafe(_NONCE_BYTES)
        request[NONCE] = nonce
        response = await handler(request)
        if not response.prepared:
            add_security_headers(
                request,
                response,
                nonce=nonce,
                secure=self._callers.secure(request),
                hsts=self._public_url.startswith("https://"),
            )
        return response

    async def _refuse(self, request: web.Request, handler: Next) -> web.StreamResponse:
        language = self._callers.language(request)
        try:
            check_origin(request.method, request.headers, request.host, self._public_url)
            return await handler(request)
        except ClassroomError as error:
            return problem_response(error, language)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            response = problem_response(of_http_exception(error, request.path[:200]), language)
            if "Allow" in error.headers:
                response.headers["Allow"] = error.headers["Allow"]
            return response

    def handler(self, route: Route) -> Next:
        """The aiohttp handler of a route."""

        async def handle(request: web.Request) -> web.StreamResponse:
            principal = NOBODY if route.anonymous else await self._callers.principal(request)
            call = Call(
                request=request,
                principal=principal,
                language=self._callers.language(request),
                remote=self._callers.remote(request),
                secure=self._callers.secure(request),
                nonce=request[NONCE],
                limits=self._limits,
                body=await self._body(route, request) if route.json else None,
            )
            result = await route.handler(call)
            if isinstance(result, web.StreamResponse):
                return result
            if result is None:
                return web.Response(status=204)
            return json_response(result, route.status)

        return handle

    async def _body(self, route: Route, request: web.Request) -> Message | None:
        allowed = {parameter.name for parameter in route.query}
        for name in request.query:
            if name not in allowed:
                raise BadInput("query_unknown", name=name[:100], allowed=", ".join(sorted(allowed)) or "—")
        for parameter in route.query:
            if parameter.required and parameter.name not in request.query:
                raise BadInput("query_missing", name=parameter.name)
        expected = route.takes if route.body is None else "application/json"
        if expected is not None and request.content_type != expected:
            raise Unsupported("content_type_wrong", found=request.content_type[:100], expected=expected)
        if route.body is None:
            return None
        body = await read_body(request, self._limits.json_body_bytes, self._limits.body_timeout_s)
        try:
            return route.body.model_validate_json(body)
        except ValidationError as error:
            raise of_validation_error(error) from None


def _is_our_affair(record: logging.LogRecord) -> bool:
    """Bytes that are not HTTP are answered 400; a port scanner must not fill the log with tracebacks of it."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def json_response(message: Message, status: int = 200) -> web.Response:
    """Answers of the API are about one caller at one moment: nobody may keep them."""
    return web.Response(
        text=message.model_dump_json(),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def create_app(routes: Routes, edge: Edge, limits: HttpLimits) -> web.Application:
    """All routes, and the OpenAPI document drawn from them, behind `edge`."""
    app = web.Application(
        middlewares=edge.middlewares, client_max_size=limits.any_body_bytes, handler_args={"max_line_size": 8190}
    )
    logging.getLogger("aiohttp.server").addFilter(_is_our_affair)

    @cache
    def document() -> str:
        return openapi(routes)

    async def serve_openapi(call: Call) -> web.StreamResponse:
        # Drawn when it is first asked for, beside the loop: it takes a fifth of a second.
        return web.Response(text=await asyncio.to_thread(document), content_type="application/json")

    routes.raw("GET", "/api/openapi.json", serve_openapi, summary="This document", anonymous=True)
    for route in routes:
        app.router.add_route(route.method, route.path, edge.handler(route))
        if route.method == "GET":
            app.router.add_route("HEAD", route.path, edge.handler(route))
    return app

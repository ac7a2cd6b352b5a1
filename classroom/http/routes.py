"""The table of HTTP endpoints: services add theirs in `start`, the server mounts all of them."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from aiohttp import web

from classroom.http.call import Call
from classroom.messages.base import Message

Handler = Callable[[Call], Awaitable[Message | web.StreamResponse | None]]


@dataclass(frozen=True, slots=True)
class QueryParameter:
    """One query parameter of a JSON route; parameters a route does not name are refused."""

    name: str
    description: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint. `json` routes parse `body` and answer `returns`; the others see the request as it is."""

    method: str
    path: str
    handler: Handler
    summary: str
    json: bool
    body: type[Message] | None = None
    returns: type[Message] | None = None
    status: int = 200
    query: tuple[QueryParameter, ...] = ()
    anonymous: bool = False
    # the media type of a body that is no JSON: the handler reads it itself
    takes: str | None = None


class Routes:
    """Endpoints by method and path (aiohttp path syntax, `/lessons/{id}`)."""

    def __init__(self) -> None:
        self._routes: dict[tuple[str, str], Route] = {}

    def json(
        self,
        method: str,
        path: str,
        handler: Handler,
        *,
        summary: str,
        body: type[Message] | None = None,
        returns: type[Message] | None = None,
        status: int = 200,
        query: tuple[QueryParameter, ...] = (),
        takes: str | None = None,
    ) -> None:
        """Add an endpoint of the JSON API.

        `body`: the model a request body must match (415 without `application/json`, 400 naming the wrong field).
        `takes`: the media type of a body that is a file (415 for another one); the handler reads it.
        `returns`: what the handler returns, answered with `status`; a handler returning None answers 204.
        Raises `ValueError` when the method and path are taken.
        """
        self._add(Route(method, path, handler, summary, True, body, returns, status, query, takes=takes))

    def raw(self, method: str, path: str, handler: Handler, *, summary: str, anonymous: bool = False) -> None:
        """Add an endpoint that speaks something else (SDP, pages, metrics): the handler returns a `StreamResponse`.

        `anonymous` routes never ask who is calling (static files): no store access, `call.principal` is NOBODY.
        A GET also answers HEAD. Raises `ValueError` when the method and path are taken.
        """
        self._add(Route(method, path, handler, summary, False, anonymous=anonymous))

    def _add(self, route: Route) -> None:
        key = (route.method, route.path)
        if key in self._routes:
            raise ValueError(f"{route.method} {route.path} is served twice")
        self._routes[key] = route

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes.values())

    def __len__(self) -> int:
        return len(self._routes)

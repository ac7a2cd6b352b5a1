"""One HTTP request as a handler sees it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web

from classroom.errors import BadInput, TooLarge
from classroom.http.limits import HttpLimits
from classroom.messages.base import Message
from classroom.model.principal import Principal

B = TypeVar("B", bound=Message)


@dataclass(frozen=True, slots=True)
class Call:
    """`remote` is the client's address (through trusted proxies); `secure` whether the client speaks https;
    `nonce` goes into `<script nonce=…>` of a page; `body` is the parsed body of a JSON route."""

    request: web.Request
    principal: Principal
    language: str
    remote: str
    secure: bool
    nonce: str
    limits: HttpLimits
    body: Message | None = None

    @property
    def path(self) -> Mapping[str, str]:
        """Values of the `{…}` parts of the route's path."""
        return self.request.match_info

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query

    def parsed(self, model: type[B]) -> B:
        """The body, typed. The route must have been added with `body=model`."""
        if not isinstance(self.body, model):
            raise TypeError(f"{self.request.method} {self.request.path} is not routed with body={model.__name__}")
        return self.body

    async def read(self, limit_bytes: int) -> bytes:
        """The request body.

        Raises `TooLarge("body_too_large")` beyond `limit_bytes` without reading further, and
        `BadInput("body_too_slow")` when it does not arrive in time.
        """
        return await read_body(self.request, limit_bytes, self.limits.body_timeout_s)


async def read_body(request: web.Request, limit_bytes: int, timeout_s: float) -> bytes:
    """See `Call.read`."""
    if (request.content_length or 0) > limit_bytes:
        raise TooLarge("body_too_large", limit_bytes=limit_bytes)
    body = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > limit_bytes:
                    raise TooLarge("body_too_large", limit_bytes=limit_bytes)
    except TimeoutError:
        raise BadInput("body_too_slow", timeout_s=timeout_s) from None
    except (web.RequestPayloadError, web.PayloadAccessError) as error:
        raise BadInput("body_broken") from error
    return bytes(body)

"""Byte ranges and validators of what never changes under its name (RFC 9110 § 13, § 14)."""

from dataclasses import dataclass

from aiohttp import web

from classroom.errors import ClassroomError

FOREVER = "private, max-age=31536000, immutable"


class RangeNotSatisfiable(ClassroomError):
    status = 416


@dataclass(frozen=True, slots=True)
class Answer:
    """Which bytes to send, from `start` to before `stop`; none with 304."""

    status: int
    start: int
    stop: int
    headers: dict[str, str]


def asked_for(request: web.Request, size: int, etag: str, caching: str) -> Answer:
    """What a GET or HEAD of `size` bytes is answered. `etag` without quotes.

    More than one range is answered with all of it, as § 14.2 allows.
    Raises `RangeNotSatisfiable("range_unsatisfiable")`.
    """
    quoted = f'"{etag}"'
    headers = {"ETag": quoted, "Cache-Control": caching, "Accept-Ranges": "bytes"}
    if _named(request.headers.get("If-None-Match", ""), quoted):
        return Answer(304, 0, 0, headers)
    try:
        wanted = request.http_range
    except ValueError:
        wanted = slice(None)
    # § 13.1.5: a range of something else than the caller has the beginning of is no use
    same = request.headers.get("If-Range", quoted) == quoted
    if not same or (wanted.start is None and wanted.stop is None):
        return Answer(200, 0, size, headers)
    start = wanted.start or 0
    start = max(0, size + start) if start < 0 else start
    stop = size if wanted.stop is None else min(size, wanted.stop)
    if start >= stop:
        raise RangeNotSatisfiable("range_unsatisfiable", size=size)
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return Answer(206, start, stop, headers)


def _named(header: str, quoted: str) -> bool:
    return header.strip() == "*" or quoted in {tag.strip().removeprefix("W/") for tag in header.split(",")}


def whole_body(request: web.Request, body: bytes, etag: str, content_type: str, caching: str = FOREVER) -> web.Response:
    """A body at hand, or the part of it that was asked for."""
    answer = asked_for(request, len(body), etag, caching)
    if answer.status == 304:
        return web.Response(status=304, headers=answer.headers)
    part = body if answer.status == 200 else body[answer.start : answer.stop]
    return web.Response(status=answer.status, body=part, headers={**answer.headers, "Content-Type": content_type})

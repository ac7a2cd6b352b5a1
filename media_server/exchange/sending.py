"""Sending files and bytes in a row as one, or the range of it that is asked for."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from classroom.logs import get_logger
from media_server.watching.ranges import asked_for

log = get_logger(__name__)

_READ_BYTES = 1 << 20
_CACHING = "private, no-cache"


@dataclass(frozen=True, slots=True)
class Piece:
    """The bytes from `first` to before `last` of a file, or of bytes at hand."""

    source: Path | bytes
    first: int
    last: int


async def send(
    request: web.Request, pieces: Sequence[Piece], *, etag: str, name: str, content_type: str
) -> web.StreamResponse:
    """All pieces, as a file called `name`. A file that is not as long as it should be breaks the connection off, so
    that nobody takes it for whole. Raises `RangeNotSatisfiable`.
    """
    size = sum(piece.last - piece.first for piece in pieces)
    answer = asked_for(request, size, etag, _CACHING)
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    if answer.status != 304:
        response.content_type = content_type
        response.content_length = answer.stop - answer.start
        # RFC 6266 § 5; nosniff: what people wrote is never a page of ours
        response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
        response.headers["X-Content-Type-Options"] = "nosniff"
    await response.prepare(request)
    if answer.status == 304 or request.method == "HEAD":
        return response
    try:
        async for data in _read(pieces, answer.start, answer.stop):
            await response.write(data)
    except OSError as error:
        if isinstance(error, ConnectionError):
            return response  # the caller has gone
        log.warning("file broken off", reason=error.strerror or type(error).__name__)
        if request.transport is not None:
            request.transport.abort()
    else:
        await response.write_eof()
    return response


async def _read(pieces: Sequence[Piece], start: int, stop: int) -> AsyncIterator[bytes]:
    """What of the pieces lies between these bytes of them all."""
    at = 0
    for piece in pieces:
        length = piece.last - piece.first
        first, last = max(start - at, 0), min(stop - at, length)
        at += length
        if first >= last:
            continue
        if isinstance(piece.source, bytes):
            yield piece.source[piece.first + first : piece.first + last]
            continue
        file = await asyncio.to_thread(piece.source.open, "rb")
        try:
            await asyncio.to_thread(file.seek, piece.first + first)
            left = last - first
            while left:
                data = await asyncio.to_thread(file.read, min(left, _READ_BYTES))
                if not data:
                    raise OSError("the file is shorter than it was")
                left -= len(data)
                yield data
        finally:
            await asyncio.to_thread(file.close)

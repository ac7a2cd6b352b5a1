"""What the upload asks of the server: registering tracks, announcing lines, bringing bytes."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import aiohttp
from pydantic import ValidationError
from yarl import URL

from classroom.errors import ClassroomError
from classroom.messages.base import Message
from classroom.messages.recording import (
    MAX_LINES,
    NewTrackBody,
    SegmentLine,
    SegmentLines,
    TrackEnd,
    TrackOpened,
    TrackStockView,
    UploadView,
)

_TIMEOUT = aiohttp.ClientTimeout(total=20)
# A segment on the thinnest line we serve takes minutes; what counts is that something moves.
_UPLOAD_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60)
PIECE_BYTES = 16_384
# Asking again will not help; all else is of the moment.
_FINAL = frozenset(
    {
        "lesson_unknown",
        "lesson_not_started",
        "recording_closed",
        "recording_not_yours",
        "recording_unknown",
        "segment_differs",
        "track_closed",
        "track_differs",
    }
)

M = TypeVar("M", bound=Message)


class UploadRefused(ClassroomError):
    """It was not brought: `upload_refused` with the server's problem as `reason`, `server_unreachable`, or
    `recording_unreadable` here.

    `reason` is the server's own code; `final` when asking again will not help.
    """

    status = 503

    def __init__(self, code: str, *, final: bool = False, **data: str) -> None:
        super().__init__(code, **data)
        self.final = final

    @property
    def reason(self) -> str:
        return str(self.data.get("reason", ""))


class RecordingServer:
    """One per agent. Every method raises `UploadRefused`."""

    def __init__(self, http: aiohttp.ClientSession, server: URL, token: str) -> None:
        self._http = http
        self._server = server
        self._api = server / "api" / "v1"
        self._headers = {"Authorization": f"Bearer {token}"}

    async def register(self, lesson_id: str, track: NewTrackBody) -> TrackOpened:
        return await self._json("POST", self._api / "lessons" / lesson_id / "tracks", TrackOpened, track)

    async def stock(self, track_id: str) -> TrackStockView:
        return await self._json("GET", self._api / "tracks" / track_id, TrackStockView)

    async def announce(self, track_id: str, lines: list[SegmentLine]) -> TrackStockView:
        """The first `MAX_LINES` of them."""
        url = self._api / "tracks" / track_id / "segments"
        return await self._json("POST", url, TrackStockView, SegmentLines(segments=lines[:MAX_LINES]))

    async def complete(
        self, track_id: str, segments: int, *, given_up: bool = False, lost: list[str] | None = None
    ) -> TrackStockView:
        """What the server has not of it will never come, if `given_up`; of those it misses, the `lost` never."""
        url = self._api / "tracks" / track_id / "complete"
        end = TrackEnd(segments=segments, given_up=given_up, lost=lost or [])
        return await self._json("POST", url, TrackStockView, end)

    async def received(self, digest: str) -> UploadView:
        return await self._json("GET", self._api / "segments" / digest, UploadView)

    async def bring(self, digest: str, data: bytes, begin: int, pace: Callable[[int], Awaitable[None]]) -> UploadView:
        """The bytes from `begin` on; `pace` is awaited before each piece is sent."""

        async def pieces() -> AsyncIterator[bytes]:
            for position in range(begin, len(data), PIECE_BYTES):
                piece = data[position : position + PIECE_BYTES]
                await pace(len(piece))
                yield piece

        headers = {"Content-Length": str(len(data) - begin)}
        if begin:
            headers["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
        url = self._api / "segments" / digest
        return await self._call("PUT", url, UploadView, timeout=_UPLOAD_TIMEOUT, data=pieces(), headers=headers)

    async def _json(self, method: str, url: URL, returns: type[M], body: Message | None = None) -> M:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        data = body.model_dump_json() if body is not None else None
        return await self._call(method, url, returns, timeout=_TIMEOUT, data=data, headers=headers)

    async def _call(
        self,
        method: str,
        url: URL,
        returns: type[M],
        *,
        timeout: aiohttp.ClientTimeout,
        data: str | AsyncIterator[bytes] | None,
        headers: dict[str, str],
    ) -> M:
        try:
            async with self._http.request(
                method, url, data=data, headers=self._headers | headers, timeout=timeout
            ) as response:
                body = await response.read()
                if response.status >= 400:
                    raise _refusal(response.status, body)
                return returns.model_validate_json(body)
        except ValidationError as error:
            raise UploadRefused("upload_refused", reason="an answer we do not understand") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
            raise UploadRefused("server_unreachable", url=str(self._server), reason=reason) from error


def _refusal(status: int, body: bytes) -> UploadRefused:
    reason = f"HTTP {status}"
    try:
        problem = json.loads(body)
    except ValueError:
        problem = None
    if isinstance(problem, dict) and isinstance(problem.get("code"), str):
        reason = problem["code"]
    return UploadRefused("upload_refused", final=reason in _FINAL, reason=reason)

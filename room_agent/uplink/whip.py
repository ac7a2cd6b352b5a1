"""WHIP (RFC 9725) as a client: POST an offer, keep the session's URL, DELETE it."""

from dataclasses import dataclass
from urllib.parse import quote

import aiohttp
from yarl import URL

from classroom.errors import ClassroomError

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_MAX_ANSWER_BYTES = 100_000


class WhipRefused(ClassroomError):
    """The server did not take the publication: `publish_refused` (with its own `reason`) or `server_unreachable`.

    `retry_after_s` is what it asked for, or 0.
    """

    status = 503

    def __init__(self, code: str, *, retry_after_s: float = 0.0, **data: str) -> None:
        super().__init__(code, **data)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class WhipSession:
    url: URL
    answer: str


class WhipClient:
    """One per agent; `server` is the server's base URL."""

    def __init__(self, http: aiohttp.ClientSession, server: URL, token: str) -> None:
        self._http = http
        self._server = server
        self._headers = {"Authorization": f"Bearer {token}"}

    async def open(self, lesson_id: str, source: str, offer: str) -> WhipSession:
        """Raises `WhipRefused`."""
        url = (self._server / "whip" / quote(lesson_id, safe="")).with_query(source=source)
        headers = {**self._headers, "Content-Type": "application/sdp"}
        try:
            async with self._http.post(url, data=offer, headers=headers, timeout=_TIMEOUT) as response:
                if response.status != 201:
                    raise await _refusal(response)
                location = response.headers.get("Location", "")
                if not location:  # § 4.2: "MUST"
                    raise WhipRefused("publish_refused", reason="no Location")
                answer = (await response.content.read(_MAX_ANSWER_BYTES)).decode(errors="replace")
                return WhipSession(response.url.join(URL(location)), answer)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise WhipRefused("server_unreachable", url=str(self._server), reason=_reason(error)) from error

    async def close(self, session: WhipSession) -> None:
        """Best effort: a session nobody deletes ends when its ICE consent expires."""
        try:
            async with self._http.delete(session.url, headers=self._headers, timeout=aiohttp.ClientTimeout(total=2)):
                pass
        except (aiohttp.ClientError, TimeoutError):
            return


async def _refusal(response: aiohttp.ClientResponse) -> WhipRefused:
    text = response.headers.get("Retry-After", "")
    retry_after_s = float(text) if text.isdecimal() else 0.0
    reason = f"HTTP {response.status}"
    if "json" in response.content_type:
        try:
            problem = await response.json()
        except ValueError:
            problem = None
        if isinstance(problem, dict) and isinstance(problem.get("code"), str):
            reason = problem["code"]
    return WhipRefused("publish_refused", reason=reason, retry_after_s=retry_after_s)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__

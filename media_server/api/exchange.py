"""WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep): one SDP exchange over HTTP, then a session resource.

The two differ in who sends; the resource, its PATCH (trickle, ICE restart) and DELETE are the same.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from classroom.access.lessons import access_lesson_to_publish, access_lesson_to_watch
from classroom.errors import (
    BadInput,
    Conflict,
    Forbidden,
    NotFound,
    NotSignedIn,
    PreconditionFailed,
    PreconditionRequired,
    Unsupported,
)
from classroom.http.call import Call
from classroom.http.routes import Routes
from classroom.model.lesson import Lesson
from classroom.model.principal import Role
from classroom.store.store import Store
from media_server.engine import MediaEngine
from media_server.sessions import AnySession, PublisherSession
from media_server.sfu.negotiation import Transport

SDP_TYPE = "application/sdp"
FRAGMENT_TYPE = "application/trickle-ice-sdpfrag"
MAX_SDP_BYTES = 100_000
DEFAULT_SOURCE = "teacher"
_SOURCE = re.compile(r"[a-z][a-z0-9_-]{0,31}")

Open = Callable[[Call, Lesson, str, str], tuple[AnySession, str]]
Access = Callable[[Call, str, str], Awaitable[Lesson]]


@dataclass(frozen=True, slots=True)
class _Kind:
    """What tells WHIP and WHEP apart."""

    path: str
    access: Access
    open: Open


class Exchange:
    """The endpoints `/whip/{lesson}` and `/whep/{lesson}` and their session resources."""

    def __init__(self, engine: MediaEngine, store: Store) -> None:
        self._engine = engine
        self._store = store

    def add_routes(self, routes: Routes) -> None:
        whip = _Kind("whip", self._access_to_publish, self._publish)
        whep = _Kind("whep", self._access_to_watch, self._watch)
        for kind in (whip, whep):
            verb = "Publish a source into" if kind is whip else "Receive a source of"
            endpoint, resource = f"/{kind.path}/{{lesson}}", f"/{kind.path}/{{lesson}}/{{session}}"
            routes.raw("POST", endpoint, self._poster(kind), summary=f"{verb} a lesson: SDP offer in, answer out")
            routes.raw("OPTIONS", endpoint, self._options, summary="What this endpoint accepts", anonymous=True)
            routes.raw("PATCH", resource, self._patch, summary="Trickle candidates, or restart ICE")
            routes.raw("DELETE", resource, self._delete, summary="End the session")

    # -- what differs ------------------------------------------------------------------------------------------------

    async def _access_to_publish(self, call: Call, lesson_id: str, source: str) -> Lesson:
        return await access_lesson_to_publish(self._store, call.principal, lesson_id, source)

    async def _access_to_watch(self, call: Call, lesson_id: str, source: str) -> Lesson:
        return await access_lesson_to_watch(self._store, call.principal, lesson_id)

    def _publish(self, call: Call, lesson: Lesson, source: str, sdp: str) -> tuple[AnySession, str]:
        principal = call.principal
        return self._engine.publish(lesson.id, source, principal.id, sdp, from_agent=principal.has(Role.DEVICE))

    def _watch(self, call: Call, lesson: Lesson, source: str, sdp: str) -> tuple[AnySession, str]:
        return self._engine.subscribe(lesson.id, call.principal, sdp, source)

    # -- the exchange ------------------------------------------------------------------------------------------------

    def _poster(self, kind: _Kind) -> Callable[[Call], Awaitable[web.Response]]:
        async def post(call: Call) -> web.Response:
            _require_type(call, SDP_TYPE)
            lesson_id, source = call.path["lesson"], _source(call)
            lesson = await kind.access(call, lesson_id, source)
            sdp = _decode(await call.read(MAX_SDP_BYTES))
            if not lesson.running:
                raise Conflict("lesson_not_live", lesson=lesson.title, state=lesson.state.value)
            session, answer = kind.open(call, lesson, source, sdp)
            headers = {
                "Location": f"/{kind.path}/{lesson_id}/{session.id}",
                "ETag": _etag(session),
                "Accept-Patch": FRAGMENT_TYPE,
            }
            return web.Response(status=201, body=answer.encode(), content_type=SDP_TYPE, headers=headers)

        return post

    async def _options(self, call: Call) -> web.Response:
        return web.Response(status=204, headers={"Accept-Post": SDP_TYPE, "Allow": "OPTIONS, POST"})

    async def _patch(self, call: Call) -> web.Response:
        """RFC 9725 § 4.3: candidates are taken note of (we are lite and need none); new credentials restart ICE."""
        session = self._session(call)
        _require_type(call, FRAGMENT_TYPE)
        fragment = _attributes(_decode(await call.read(MAX_SDP_BYTES)))
        ufrag = fragment.get("ice-ufrag", "")
        if not ufrag or "ice-pwd" not in fragment:
            raise BadInput("sdp_malformed", reason="the fragment has no a=ice-ufrag and a=ice-pwd", line=0)
        restart = ufrag != session.peer.remote_ufrag
        condition = call.request.headers.get("If-Match")
        if condition is None:
            raise PreconditionRequired("etag_missing")
        # § 4.3.3: a restart comes with "*", candidates with the tag of the ICE session they belong to.
        if condition != "*" and condition != _etag(session):
            raise PreconditionFailed("etag_stale")
        if not restart:
            return web.Response(status=204)
        transport = self._engine.restart_ice(session, ufrag)
        mid = fragment.get("mid", "0")
        body = _fragment(transport, mid)
        return web.Response(body=body.encode(), content_type=FRAGMENT_TYPE, headers={"ETag": _etag(session)})

    async def _delete(self, call: Call) -> web.Response:
        self._engine.close_session(self._session(call), "closed_by_peer")
        return web.Response(status=200)

    def _session(self, call: Call) -> AnySession:
        if not call.principal.id:
            raise NotSignedIn("sign_in_needed")
        session = self._engine.sessions.get(call.path["session"])
        publishing = call.request.path.startswith("/whip/")
        if (
            session is None
            or session.room.lesson_id != call.path["lesson"]
            or isinstance(session, PublisherSession) is not publishing
        ):
            raise NotFound("media_session_unknown")
        if session.principal_id != call.principal.id:
            raise Forbidden("media_session_forbidden")
        return session


def _source(call: Call) -> str:
    source = call.query.get("source") or call.principal.publish_source or DEFAULT_SOURCE
    if not _SOURCE.fullmatch(source):
        raise BadInput("source_name_wrong", source=source[:64])
    return source


def _require_type(call: Call, needed: str) -> None:
    if call.request.content_type != needed:
        raise Unsupported("content_type_wrong", expected=needed, found=call.request.content_type[:100])


def _decode(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise BadInput("sdp_malformed", reason="not UTF-8", line=0) from None


def _attributes(fragment: str) -> dict[str, str]:
    """The first value of each `a=` line of an SDP fragment (RFC 8840 § 9)."""
    attributes: dict[str, str] = {}
    for line in fragment.splitlines():
        if line.startswith("a="):
            name, _, value = line[2:].partition(":")
            attributes.setdefault(name.strip(), value.strip())
    return attributes


def _fragment(transport: Transport, mid: str) -> str:
    lines = [
        "a=ice-lite",
        f"a=ice-ufrag:{transport.ufrag}",
        f"a=ice-pwd:{transport.password}",
        "m=audio 9 UDP/TLS/RTP/SAVPF 0",
        f"a=mid:{mid}",
        *(f"a=candidate:{candidate}" for candidate in transport.candidates),
        "a=end-of-candidates",
    ]
    return "\r\n".join(lines) + "\r\n"


def _etag(session: AnySession) -> str:
    """The ICE session: it changes with every restart."""
    return f'"{session.peer.local.ufrag}"'

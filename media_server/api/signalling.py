"""The pages' media over `/ws`: the page offers, we answer; one connection per socket."""

from functools import partial

from classroom.access.lessons import access_lesson_to_watch
from classroom.errors import Conflict
from classroom.http.sockets import Socket, Sockets
from classroom.messages.live import MediaAnswer, MediaClose, MediaLost, MediaOffer, MediaPrefer, MediaTrackState
from classroom.store.store import Store
from media_server.engine import MediaEngine
from media_server.sessions import SubscriberSession
from media_server.sfu.room import TrackChanged


class Signalling:
    """Handles the `media_…` messages and tells pages what their sections carry."""

    def __init__(self, engine: MediaEngine, store: Store, sockets: Sockets) -> None:
        self._engine = engine
        self._store = store
        self._sessions: dict[str, SubscriberSession] = {}
        self._sockets: dict[str, Socket] = {}
        engine.on_track_changed = self._track_changed
        sockets.on(MediaOffer, self._offer)
        sockets.on(MediaPrefer, self._prefer)
        sockets.on(MediaClose, self._close)

    async def _offer(self, socket: Socket, message: MediaOffer) -> None:
        lesson = await access_lesson_to_watch(self._store, socket.principal, message.lesson_id)
        if not lesson.running:
            raise Conflict("lesson_not_live", lesson=lesson.title, state=lesson.state.value)
        session = self._sessions.get(socket.client_id)
        if session is not None and session.room.lesson_id != lesson.id:
            self._drop(socket)
            session = None
        if session is not None:
            answer = self._engine.renegotiate(session, message.sdp, message.tracks)
        else:
            session, answer = self._engine.subscribe(lesson.id, socket.principal, message.sdp, message.tracks)
            session.on_lost = partial(self._lost, socket)
            self._sessions[socket.client_id] = session
            self._sockets[session.id] = socket
            socket.on_close(partial(self._drop, socket))
        socket.send(MediaAnswer(id=message.id, sdp=answer))

    async def _prefer(self, socket: Socket, message: MediaPrefer) -> None:
        session = self._sessions.get(socket.client_id)
        if session is not None:
            self._engine.prefer(session, message.mid, message.encoding)

    async def _close(self, socket: Socket, message: MediaClose) -> None:
        self._drop(socket)

    def _drop(self, socket: Socket) -> None:
        session = self._sessions.get(socket.client_id)
        if session is not None:
            self._engine.close_session(session, "closed_by_peer")

    def _lost(self, socket: Socket, reason: str) -> None:
        session = self._sessions.pop(socket.client_id)
        del self._sockets[session.id]
        socket.send(MediaLost(reason=reason))

    def _track_changed(self, session_id: str, change: TrackChanged) -> None:
        socket = self._sockets.get(session_id)
        if socket is not None:
            state = change.state
            socket.send(MediaTrackState(mid=state.mid, rid=state.rid, reason=state.reason))

"""The media engine: datagrams to peers, packets through rooms, and back onto the wire.

One turn: read a burst, open every packet, hand it to its room, then flush the rooms once, so that each subscriber gets
a burst's packets in one system call. The packets of a picture that is still arriving wait up to 2 ms for each other,
for the same reason. Nothing is scheduled per packet, and a process is woken as seldom as it can be: what time brings is
looked at after a burst; by the clock only while something is missing, and now and then.
"""

import asyncio
import random
import secrets
from collections.abc import Callable, Iterator, Sequence
from functools import partial, reduce
from math import ceil

from classroom.clock import Clock
from classroom.errors import Conflict, Unavailable
from classroom.logs import get_logger
from classroom.messages.live import WantedTrack
from classroom.model.principal import Principal
from classroom.rtp.sdp import parse_sdp
from classroom.webrtc.dtls import DtlsCertificate, DtlsRole
from media_server.fan_out import FanOuts
from media_server.paths import Paths
from media_server.residence import Residence
from media_server.room_channel import RoomChannel
from media_server.sessions import AnySession, PublisherSession, SubscriberSession, nobody
from media_server.sfu.negotiation import (
    Offer,
    Transport,
    answer_publisher,
    answer_subscriber,
    read_publisher_offer,
    read_subscriber_offer,
    wanted_tracks,
)
from media_server.sfu.room import FanOut, Room, TrackChanged
from media_server.transport.egress import abs_send_time
from media_server.transport.network import Address, Network, Received
from media_server.transport.peer import NoOwner, Peer, PeerCounts

TICK_S = 0.02  # between two looks at what time brings, while packets come or are missing
QUIET_TICK_S = 0.1  # the same, while nothing happens
VIEWERS_ROUND_S = 0.2  # how often a viewer's turn comes: its reports and timeouts can wait for so long
GATHER_S = 0.002  # how long the packets of one picture wait for each other
DECIDE_EVERY_S = 0.2  # how often what viewers get is looked at again when nothing happens
MAX_SESSIONS = 2_000

log = get_logger(__name__)


class MediaEngine:
    """All peers and rooms of this node. Methods are called from the event loop's thread."""

    def __init__(self, clock: Clock, host: str, port: int, addresses: Sequence[str]) -> None:
        """Takes the port, see `Network`. Raises `BadSettings` when it is in use."""
        self.rooms: dict[str, Room] = {}
        self.sessions: dict[str, AnySession] = {}
        self.on_room_changed: Callable[[str], None] = lambda lesson_id: None
        self.on_track_changed: Callable[[str, TrackChanged], None] = lambda session_id, change: None
        self.datagrams_ignored = 0
        self.packets_received = 0
        self._clock = clock
        self._certificate = DtlsCertificate(clock.now())
        self._random = random.SystemRandom()
        self._by_subscriber: dict[str, SubscriberSession] = {}
        self._publishing: dict[str, PublisherSession] = {}
        self._decide_at = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None  # once it runs
        self._ticked_at = 0.0
        self._hurrying = False  # a tick is due by the clock
        self._turns: list[str] = []  # subscribers whose turn has not come in this round; some may be gone
        self._gathering: dict[str, Room] = {}
        self._gathered: asyncio.TimerHandle | None = None  # when the longest has waited long enough
        self._waiting_since: dict[str, float] = {}  # by lesson: when the first packet of what is gathered came
        self.residence = Residence()
        # Of sessions that are gone; the properties add the living.
        self._keyframe_requests_ended = 0
        self._counts_ended = PeerCounts()
        self.ended: dict[str, int] = {}  # sessions, by reason
        self._network = Network(host, port, addresses, receive=self.receive, on_closed=self._path_closed, clock=clock)
        self._fan_outs = FanOuts(self._network, self._by_subscriber)
        self._paths = Paths(self._network, moved=self._fan_outs.path_changed)

    @property
    def network(self) -> Network:
        return self._network

    @property
    def keyframe_requests(self) -> int:
        """PLIs sent to publishers since the start."""
        return self._keyframe_requests_ended + sum(session.keyframe_requests for session in self._publishing.values())

    @property
    def peer_counts(self) -> PeerCounts:
        """Of all peers since the start."""
        return reduce(PeerCounts.plus, (session.peer.counts for session in self.sessions.values()), self._counts_ended)

    async def run(self) -> None:
        """Serve until cancelled; `close` afterwards."""
        self._loop = asyncio.get_running_loop()
        await self._network.open()
        while True:
            await self._clock.sleep(QUIET_TICK_S)
            self._tick_if_due(QUIET_TICK_S)

    def close(self) -> None:
        """Say goodbye to everybody and give the port back."""
        for session in list(self.sessions.values()):
            session.peer.close("server_stopping", self._clock.monotonic())
        self._network.close()

    # -- sessions ----------------------------------------------------------------------------------------------------

    def publish(
        self, lesson_id: str, source_name: str, principal_id: str, sdp: str, *, from_agent: bool = False
    ) -> tuple[PublisherSession, str]:
        """Open a publisher's session; returns it with our answer. The same principal may replace its own publication.
        `from_agent`: it is a room's agent.

        Raises `Conflict("source_taken")`, `MalformedSdp`, `Unprocessable`, `Unavailable("media_node_full")`.
        """
        offer = read_publisher_offer(parse_sdp(sdp))
        now = self._clock.monotonic()
        room = self._room(lesson_id)
        for other in list(self._publishing.values()):
            if other.room is room and other.source.name == source_name:
                if other.principal_id != principal_id:
                    raise Conflict("source_taken", source=source_name)
                other.peer.close("replaced", now)
        room = self._room(lesson_id)
        id_ = secrets.token_urlsafe(12)
        session = PublisherSession(id_, room, principal_id, source_name, offer, from_agent=from_agent)
        session.peer = self._peer(offer, session)
        session.on_end = partial(self._forget, session)
        room.publish(session.source)
        self._open_channels(session, offer)
        self._add(session)
        self._publishing[session.id] = session
        return session, answer_publisher(offer, self._transport(session))

    def subscribe(
        self,
        lesson_id: str,
        principal: Principal,
        sdp: str,
        wanted: Sequence[WantedTrack] | str,
    ) -> tuple[SubscriberSession, str]:
        """Open a viewer's session; `wanted` says what each section shall carry, or names one source for all (WHEP).

        Raises `MalformedSdp`, `Unprocessable`, `Unavailable("media_node_full")`.
        """
        offer = read_subscriber_offer(parse_sdp(sdp))
        room = self._room(lesson_id)
        session = SubscriberSession(secrets.token_urlsafe(12), room, self._network, principal, self._clock.now())
        session.peer = self._peer(offer, session)
        session.on_end = partial(self._forget, session)
        tracks = wanted_tracks(offer, wanted) if isinstance(wanted, str) else wanted
        streams = session.negotiate(offer, tracks, self._random)
        self._open_channels(session, offer)
        self._add(session)
        self._by_subscriber[session.subscriber.id] = session
        self.on_room_changed(lesson_id)
        return session, answer_subscriber(offer, streams, self._transport(session))

    def renegotiate(self, session: SubscriberSession, sdp: str, wanted: Sequence[WantedTrack]) -> str:
        """A viewer's later offer: more or other sections, or an ICE restart. Raises as `subscribe`."""
        offer = read_subscriber_offer(parse_sdp(sdp))
        streams = session.negotiate(offer, wanted, self._random)
        self._open_channels(session, offer)
        if session.peer.remote_ufrag != offer.ufrag:
            self.restart_ice(session, offer.ufrag)
        session.renegotiated(self._clock.monotonic())
        self._flush(session.room, self._clock.monotonic())
        return answer_subscriber(offer, streams, self._transport(session))

    def restart_ice(self, session: AnySession, remote_ufrag: str) -> Transport:
        """Fresh credentials for a peer that lost its way; its media goes on."""
        session.peer.remote_ufrag = remote_ufrag
        self._paths.restart(session)
        return self._transport(session)

    def prefer(self, session: SubscriberSession, mid: str, encoding: str) -> None:
        """Pin, free or pause a picture of a viewer; see `Room.prefer`."""
        now = self._clock.monotonic()
        session.room.prefer(session.subscriber, mid, encoding, now)
        self._flush(session.room, now)

    def close_session(self, session: AnySession, reason: str) -> None:
        session.peer.close(reason, self._clock.monotonic())

    def end(self, lesson_id: str, reason: str) -> None:
        """The lesson is over: let everybody in its room go."""
        now = self._clock.monotonic()
        for session in [each for each in self.sessions.values() if each.room.lesson_id == lesson_id]:
            session.peer.close(reason, now)

    def viewers(self, lesson_id: str) -> Iterator[SubscriberSession]:
        return (each for each in self._by_subscriber.values() if each.room.lesson_id == lesson_id)

    # -- packets -----------------------------------------------------------------------------------------------------

    def receive(self, burst: Received) -> bool:
        """A burst from a socket: RFC 7983 tells the protocols apart by the first byte. Returns whether the rest of a
        picture is expected right behind it."""
        now = self._clock.monotonic()
        touched: dict[str, Room] = {}
        by_address = self._paths.by_address
        for data, address in burst:
            first = data[0] if data else 0xFF
            if 128 <= first <= 191:
                session = by_address.get(address)
                if session is not None:
                    session.peer.media(data, now)
                    touched[session.room.lesson_id] = session.room
                    continue
            elif 20 <= first <= 63:
                session = by_address.get(address)
                if session is not None:
                    session.peer.dtls(data, now)
                    touched[session.room.lesson_id] = session.room
                    continue
            elif first <= 3 and self._paths.check(data, address, now):
                continue
            self.datagrams_ignored += 1
        self.packets_received += len(burst)
        for room in touched.values():
            self._flush(room, now, everything=False)
            if room.gathering:
                self._gathering[room.lesson_id] = room
            else:
                self._gathering.pop(room.lesson_id, None)
        if self._gathering and self._gathered is None and self._loop is not None:
            self._gathered = self._loop.call_later(GATHER_S, self._flush_gathered)
        elif self._gathered is not None and not self._gathering:
            self._gathered.cancel()
            self._gathered = None
        self._tick_if_due(TICK_S)
        return bool(self._gathering)

    def _flush_gathered(self) -> None:
        gathering, self._gathering, self._gathered = self._gathering, {}, None
        now = self._clock.monotonic()
        for room in gathering.values():
            self._flush(room, now)

    def _tick_if_due(self, interval_s: float) -> None:
        if self._clock.monotonic() - self._ticked_at >= interval_s:
            self.tick()

    def _tick_soon(self) -> None:
        """By the clock: the packets that would bring a tick along may be the ones that are missing."""
        if not self._hurrying and self._loop is not None:
            self._hurrying = True
            self._loop.call_later(TICK_S, self._tick_now)

    def _tick_now(self) -> None:
        self._hurrying = False
        self.tick()

    def tick(self) -> None:
        """What time brings: repeated requests, reports, timeouts, second thoughts about quality."""
        now = self._clock.monotonic()
        turn = self._turn(now - self._ticked_at)
        self._ticked_at = now
        self._network.tick(now)
        for session in [*self._publishing.values(), *turn]:
            session.peer.tick(now)
            if not session.peer.closed:
                session.tick(now)
        if now >= self._decide_at:
            self._decide_at = now + DECIDE_EVERY_S
            self._paths.forgive()
            for room in list(self.rooms.values()):
                room.reconsider(now)
                self._flush(room, now)
        if any(room.asks for room in self.rooms.values()):
            self._tick_soon()

    def _turn(self, elapsed_s: float) -> list[AnySession]:
        """The viewers whose turn it is: all of them within `VIEWERS_ROUND_S`."""
        if not self._turns:
            self._turns = list(self._by_subscriber)
        count = ceil(len(self._by_subscriber) * elapsed_s / VIEWERS_ROUND_S)
        turn, self._turns = self._turns[:count], self._turns[count:]
        return [session for each in turn if (session := self._by_subscriber.get(each)) is not None]

    def _path_closed(self, address: Address) -> None:
        """A TCP connection ended; what is to be told does not exist yet when the ports are opened."""
        self._paths.closed(address)

    def _flush(self, room: Room, now: float, *, everything: bool = True) -> None:
        began, sent = self._waiting_since.pop(room.lesson_id, now), self._network.sent
        if room.gained:
            room.gained = False
            room.decide(now)
            self.on_room_changed(room.lesson_id)
        stamp = abs_send_time(now)
        for sending in room.flush(now, everything=everything):
            if isinstance(sending, FanOut):
                self._fan_outs.send(sending, stamp, now)
            else:
                self._by_subscriber[sending.subscriber.id].send(sending, now)
        self._network.flush(stamp)
        if self._network.sent > sent:
            ended = self._clock.monotonic()
            self.residence.note(ended - began, self._network.sent - sent, ended)
        if room.gathering:
            self._waiting_since[room.lesson_id] = began
        for change in room.take_changes():
            self.on_track_changed(change.subscriber.id, change)
        if room.asks:
            self._tick_soon()

    # -- bookkeeping -------------------------------------------------------------------------------------------------

    def _room(self, lesson_id: str) -> Room:
        if len(self.sessions) >= MAX_SESSIONS:
            raise Unavailable("media_node_full", limit=MAX_SESSIONS)
        return self.rooms.setdefault(lesson_id, Room(lesson_id))

    def _peer(self, offer: Offer, session: AnySession) -> Peer:
        role: DtlsRole = "client" if offer.dtls_role == "client" else "server"
        now = self._clock.monotonic()
        peer = Peer(
            certificate=self._certificate,
            role=role,
            fingerprints=offer.fingerprints,
            owner=session,
            send=self._network.send,
            now=now,
        )
        peer.remote_ufrag = offer.ufrag
        return peer

    def _open_channels(self, session: AnySession, offer: Offer) -> None:
        """Data channels, where the offer asks for them: what the peer says on them goes to the others in its room."""
        peer, now = session.peer, self._clock.monotonic()
        if offer.data is None or peer.channels is not None:
            return
        name = session.source.name if isinstance(session, PublisherSession) else session.name
        channel = RoomChannel(session.id, name, now)

        def said(label: str, text: str) -> None:
            others = (
                each.peer.channels
                for each in self.sessions.values()
                if each.room is session.room and each is not session and each.peer.channels is not None
            )
            channel.post(label, text, others, self._clock.monotonic())

        peer.open_channels(offer.data.sctp_port, said, now)

    def _transport(self, session: AnySession) -> Transport:
        local = session.peer.local
        return Transport(
            local.ufrag,
            local.password,
            self._certificate.fingerprint,
            self._network.candidates,
            str(abs(hash(session.id))),
        )

    def _add(self, session: AnySession) -> None:
        self.sessions[session.id] = session
        self._paths.add(session)

    def _forget(self, session: AnySession, reason: str) -> None:
        """A peer ended, whoever ended it."""
        now = self._clock.monotonic()
        del self.sessions[session.id]
        self._paths.forget(session)
        self._counts_ended = self._counts_ended.plus(session.peer.counts)
        self.ended[reason] = self.ended.get(reason, 0) + 1
        room = session.room
        if isinstance(session, PublisherSession):
            self._keyframe_requests_ended += session.keyframe_requests
            del self._publishing[session.id]
            room.unpublish(session.source, now)
        else:
            self._by_subscriber.pop(session.subscriber.id, None)
            room.unsubscribe(session.subscriber)
        if room.empty and not any(each.room is room for each in self.sessions.values()):
            self.rooms.pop(room.lesson_id, None)
            self._waiting_since.pop(room.lesson_id, None)
        self.on_room_changed(room.lesson_id)
        on_lost = session.on_lost
        # Break the circles, so that the memory of a connection (OpenSSL's, mostly) goes with it and not with the
        # next full collection.
        session.on_end = session.on_lost = nobody
        session.peer.owner = NoOwner()
        session.peer.channels = None
        on_lost(reason)

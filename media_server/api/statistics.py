"""`GET /api/v1/media/peers`: what webrtc-internals shows of one end, for every connection of this node."""

from classroom.access.media import access_media_statistics
from classroom.clock import Clock
from classroom.http.call import Call
from classroom.http.routes import QueryParameter, Routes
from classroom.messages.statistics import (
    ForwardingStatistics,
    InboundStatistics,
    OutboundStatistics,
    PeerStatistics,
    PeersView,
    TransportStatistics,
)
from media_server.engine import MediaEngine
from media_server.sessions import AnySession, PublisherSession, SubscriberSession
from media_server.sfu.downlink import Downlink
from media_server.sfu.encoding import Encoding
from media_server.transport.peer import Peer
from media_server.transport.tcp import TcpAddress


class StatisticsApi:
    """Reads sessions as they are; nothing is measured for its sake."""

    def __init__(self, engine: MediaEngine, node: str, clock: Clock) -> None:
        self._engine = engine
        self._node = node
        self._clock = clock

    def add_routes(self, routes: Routes) -> None:
        routes.json(
            "GET",
            "/api/v1/media/peers",
            self._list,
            summary="Statistics of every media connection of this node",
            returns=PeersView,
            query=(QueryParameter("lesson", "Only those of this lesson"),),
        )

    async def _list(self, call: Call) -> PeersView:
        access_media_statistics(call.principal)
        lesson_id, now = call.query.get("lesson"), self._clock.monotonic()
        sessions = [each for each in self._engine.sessions.values() if lesson_id in (None, each.room.lesson_id)]
        recent = self._engine.residence.recent(now)
        forwarding = ForwardingStatistics(
            packets_sent=recent.packets,
            residence_ms_p50=round(recent.p50_s * 1000, 2),
            residence_ms_p99=round(recent.p99_s * 1000, 2),
        )
        peers = [peer_statistics(session, now) for session in sessions]
        return PeersView(node=self._node, forwarding=forwarding, peers=peers)


def peer_statistics(session: AnySession, now: float) -> PeerStatistics:
    """Everything known of one connection."""
    common = PeerStatistics(
        id=session.id,
        kind="publisher" if isinstance(session, PublisherSession) else "viewer",
        lesson_id=session.room.lesson_id,
        name=session.source.name if isinstance(session, PublisherSession) else session.name,
        since=None if isinstance(session, PublisherSession) else session.since,
        transport=_transport(session.peer, _packets_sent(session), now),
    )
    if isinstance(session, PublisherSession):
        streams = [_inbound(encoding, now) for encoding in session.source.encodings]
        return common.model_copy(update={"inbound": streams})
    subscriber = session.subscriber
    limit = subscriber.governor.limit_bps
    update = {
        "outbound": [_outbound(session, downlink) for downlink in subscriber.downlinks.values()],
        "loss_percent": round(subscriber.loss * 100, 1),
        "round_trip_ms": None if subscriber.rtt_s is None else round(subscriber.rtt_s * 1000),
        "picture_limit_bps": None if limit is None else round(limit),
    }
    return common.model_copy(update=update)


def _packets_sent(session: AnySession) -> int:
    """Of the streams that it has now, repetitions included; a publisher is sent none."""
    if isinstance(session, PublisherSession):
        return 0
    return sum(each.packets_sent + each.packets_resent for each in session.subscriber.downlinks.values())


def _transport(peer: Peer, sent: int, now: float) -> TransportStatistics:
    address = peer.address
    return TransportStatistics(
        protocol="none" if address is None else "tcp" if isinstance(address, TcpAddress) else "udp",
        remote_address=address[0] if address else "",
        remote_port=address[1] if address else 0,
        validated_addresses=len(peer.addresses),
        dtls_state=peer.dtls_state.value,
        dtls_cipher=peer.dtls_cipher,
        srtp_cipher=peer.srtp_profile,
        ice_restarts=peer.ice_restarts,
        connect_ms=None if peer.connected_after_s is None else round(peer.connected_after_s * 1000),
        silent_ms=round((now - peer.heard_at) * 1000),
        packets_sent=sent,
        packets_received=peer.packets_received,
        bytes_received=peer.bytes_received,
        packets_rejected=peer.rejected,
        packets_over_limit=peer.over_limit,
    )


def _inbound(encoding: Encoding, now: float) -> InboundStatistics:
    heard = encoding.packets > 0
    return InboundStatistics(
        ssrc=encoding.ssrc,
        kind="video" if encoding.video else "audio",
        rid=encoding.rid,
        packets_received=encoding.packets,
        packets_repaired=encoding.repaired,
        packets_given_up=encoding.nacks.given_up,
        bitrate_bps=encoding.bitrate_bps if encoding.sending(now) else 0,
        frame_width=encoding.size[0],
        frame_height=encoding.size[1],
        jitter_ms=round(encoding.jitter_s * 1000, 1),
        silent_ms=round((now - encoding.last_packet_at) * 1000) if heard else None,
    )


def _outbound(session: SubscriberSession, downlink: Downlink) -> OutboundStatistics:
    return OutboundStatistics(
        ssrc=downlink.ssrc,
        mid=downlink.mid,
        kind=downlink.kind,
        source=downlink.source,
        preference=downlink.preference,
        rid=downlink.current.rid if downlink.current else None,
        target_rid=downlink.wanted.rid if downlink.wanted else None,
        quality_limitation_reason=session.subscriber.reasons.get(downlink.mid) or "none",
        packets_sent=downlink.packets_sent,
        bytes_sent=downlink.octets_sent,
        retransmitted_packets_sent=downlink.packets_resent,
    )

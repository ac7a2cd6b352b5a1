"""What an administrator is shown of the media connections of a node; names follow W3C webrtc-stats."""

from datetime import datetime
from typing import Literal

from classroom.messages.base import Message
from classroom.messages.views import MediaKind


class TransportStatistics(Message):
    """The path and its security. Addresses are personal data: they are shown, never stored or logged."""

    protocol: Literal["udp", "tcp", "none"]
    remote_address: str
    remote_port: int
    validated_addresses: int
    dtls_state: Literal["handshaking", "connected", "closed"]
    dtls_cipher: str
    srtp_cipher: str
    ice_restarts: int
    connect_ms: int | None
    silent_ms: int
    packets_sent: int
    packets_received: int
    bytes_received: int
    packets_rejected: int
    packets_over_limit: int


class InboundStatistics(Message):
    """One RTP stream a publisher sends. `packets_given_up` were asked for in vain."""

    ssrc: int
    kind: MediaKind
    rid: str
    packets_received: int
    packets_repaired: int
    packets_given_up: int
    bitrate_bps: int
    frame_width: int
    frame_height: int
    jitter_ms: float
    silent_ms: int | None


class OutboundStatistics(Message):
    """One RTP stream a viewer gets: `rid` is what it carries now, `target_rid` what it shall carry."""

    ssrc: int
    mid: str
    kind: MediaKind
    source: str
    preference: str
    rid: str | None
    target_rid: str | None
    quality_limitation_reason: Literal["none", "bandwidth", "no_source", "off", "codec"]
    packets_sent: int
    bytes_sent: int
    retransmitted_packets_sent: int


class PeerStatistics(Message):
    """One connection. What is not of its kind is empty or null."""

    id: str
    kind: Literal["publisher", "viewer"]
    lesson_id: str
    name: str
    since: datetime | None
    transport: TransportStatistics
    inbound: list[InboundStatistics] = []
    outbound: list[OutboundStatistics] = []
    loss_percent: float | None = None
    round_trip_ms: int | None = None
    picture_limit_bps: int | None = None


class ForwardingStatistics(Message):
    """How long packets were inside the server in the last minute or two, from the burst they were read in to the system
    call that sent them on; upper bounds."""

    packets_sent: int
    residence_ms_p50: float
    residence_ms_p99: float


class PeersView(Message):
    """All connections of the node that answers."""

    node: str
    forwarding: ForwardingStatistics
    peers: list[PeerStatistics]

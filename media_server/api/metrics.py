"""What operators see of the media plane. The names are a promise (docs/operations.md)."""

from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from media_server.engine import MediaEngine
from media_server.residence import BUCKETS_S
from media_server.sessions import PublisherSession
from media_server.transport.tcp import TcpAddress


class MediaMetrics(Collector):
    """Reads the engine's own counters when scraped: nothing is counted twice."""

    def __init__(self, engine: MediaEngine, registry: CollectorRegistry) -> None:
        self._engine = engine
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        engine, network = self._engine, self._engine.network
        publishers = sum(isinstance(session, PublisherSession) for session in engine.sessions.values())
        yield CounterMetricFamily("media_packets_received", "Datagrams received", engine.packets_received)
        yield CounterMetricFamily("media_packets_forwarded", "Datagrams sent", network.sent)
        yield CounterMetricFamily("media_bytes_forwarded", "Bytes of datagrams sent", network.sent_bytes)
        dropped = CounterMetricFamily("media_packets_dropped", "Packets dropped", labels=["reason"])
        for reason, count in network.dropped.items():
            dropped.add_metric([reason], count)
        dropped.add_metric(["not_for_us"], engine.datagrams_ignored)
        dropped.add_metric(["not_authentic"], engine.peer_counts.rejected)
        dropped.add_metric(["over_limit"], engine.peer_counts.over_limit)
        yield dropped
        yield CounterMetricFamily(
            "media_keyframe_requests", "Keyframes asked of publishers (PLI)", engine.keyframe_requests
        )
        yield self._residence()
        yield from self._connections()
        yield GaugeMetricFamily("media_rooms", "Lessons with media on this node", len(engine.rooms))
        yield GaugeMetricFamily("media_publishers", "Sources being published", publishers)
        yield GaugeMetricFamily("media_subscribers", "Viewers connected", len(engine.sessions) - publishers)

    def _residence(self) -> Metric:
        residence = self._engine.residence
        reached = list(accumulate(residence.counts))
        ends = [*(str(end) for end in BUCKETS_S), "+Inf"]
        return HistogramMetricFamily(
            "media_residence_seconds",
            "From the burst a packet was read in to the system call that sent it on",
            buckets=list(zip(ends, reached, strict=True)),
            sum_value=residence.sum_s,
        )

    def _connections(self) -> Iterator[Metric]:
        """How peers reach us, and why they left."""
        engine, network = self._engine, self._engine.network
        paths: Counter[tuple[str, str]] = Counter()
        qualities: Counter[str] = Counter()
        for session in engine.sessions.values():
            if not isinstance(session, PublisherSession):
                qualities[session.subscriber.quality()] += 1
            if session.peer.connected and (address := session.peer.address) is not None:
                protocol = "tcp" if isinstance(address, TcpAddress) else "udp"
                paths[protocol, "6" if ":" in address[0] else "4"] += 1
        peers = GaugeMetricFamily("media_peers", "Connected peers by path", labels=["protocol", "ip_version"])
        for path, count in paths.items():
            peers.add_metric(path, count)
        yield peers
        viewers = GaugeMetricFamily("media_viewers", "Viewers by what their reports say", labels=["quality"])
        for quality, count in qualities.items():
            viewers.add_metric([quality], count)
        yield viewers
        ended = CounterMetricFamily("media_sessions_ended", "Sessions that ended", labels=["reason"])
        for reason, count in engine.ended.items():
            ended.add_metric([reason], count)
        yield ended
        yield CounterMetricFamily("media_ice_restarts", "ICE restarts", engine.peer_counts.ice_restarts)
        yield GaugeMetricFamily("media_tcp_connections", "Open ICE-TCP connections", network.connections)
        yield CounterMetricFamily(
            "media_tcp_connections_refused",
            "ICE-TCP connections over a limit or without proof",
            network.connections_refused,
        )

"""What operators see of the media plane. The names are a promise (docs/operations.md)."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from media_server.engine import MediaEngine
from media_server.sessions import PublisherSession


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
        dropped.add_metric(["not_authentic"], engine.rejected)
        yield dropped
        yield CounterMetricFamily(
            "media_keyframe_requests", "Keyframes asked of publishers (PLI)", engine.keyframe_requests
        )
        yield GaugeMetricFamily("media_rooms", "Lessons with media on this node", len(engine.rooms))
        yield GaugeMetricFamily("media_publishers", "Sources being published", publishers)
        yield GaugeMetricFamily("media_subscribers", "Viewers connected", len(engine.sessions) - publishers)

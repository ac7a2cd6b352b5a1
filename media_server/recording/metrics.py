"""What operators see of recording. The names are a promise (docs/operations.md)."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from media_server.recording.handover import Handover
from media_server.recording.recorder import Recorder
from media_server.recording.spool import Spool


class RecordingMetrics(Collector):
    """Reads the counters of those who do the work when scraped."""

    def __init__(self, recorder: Recorder, handover: Handover, spool: Spool, registry: CollectorRegistry) -> None:
        self._recorder = recorder
        self._handover = handover
        self._spool = spool
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        recorder, handover = self._recorder, self._handover
        yield GaugeMetricFamily("recording_lessons", "Lessons this server records", len(recorder.lessons))
        yield GaugeMetricFamily("recording_spooled", "Segments on this server's disk only", handover.waiting)
        yield CounterMetricFamily("recording_handed_over", "Segments handed over to the store", handover.handed_over)
        refused = CounterMetricFamily("recording_refused", "Recorded and not kept", labels=["reason"])
        refused.add_metric(["disk"], self._spool.refused)
        refused.add_metric(["recording_closed"], handover.refused)
        yield refused
        counts = recorder.counts()
        packets = CounterMetricFamily("recording_packets_missing", "Packets missing from recordings", labels=["reason"])
        packets.add_metric(["lost"], counts.lost)
        packets.add_metric(["dropped"], counts.dropped)
        yield packets
        yield CounterMetricFamily("recording_malformed", "Pictures and sounds that could not be read", counts.malformed)
        yield CounterMetricFamily("recording_silence_seconds", "Silence in place of lost sound", counts.concealed_s)

"""What operators see of the archive. The names are a promise (docs/operations.md)."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from media_server.archive.keeper import Keeper
from media_server.archive.scrub import Scrub
from media_server.archive.sweep import Sweep


@dataclass(slots=True)
class Stock:
    """Read by the service now and then, since a scrape cannot wait for the database. None: not known."""

    damaged: int | None = None
    free_bytes: int | None = None
    unused_bytes: int | None = None


class ArchiveMetrics(Collector):
    def __init__(
        self, keeper: Keeper, scrub: Scrub, sweep: Sweep, *, stock: Stock, registry: CollectorRegistry
    ) -> None:
        self._keeper = keeper
        self._scrub = scrub
        self._sweep = sweep
        self._stock = stock
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        keeper = self._keeper
        yield CounterMetricFamily("archive_segments_kept", "Segments and headers taken in", keeper.kept)
        yield CounterMetricFamily("archive_bytes_kept", "Bytes of them", keeper.kept_bytes)
        yield CounterMetricFamily("archive_segments_scrubbed", "Kept segments read again", self._scrub.scrubbed)
        yield CounterMetricFamily("archive_damage_found", "Kept segments found damaged or gone", keeper.damage_found)
        sweep = self._sweep
        yield CounterMetricFamily("archive_segments_removed", "Segments removed that no manifest named", sweep.removed)
        yield CounterMetricFamily("archive_bytes_removed", "Bytes of them", sweep.removed_bytes)
        damaged, free_bytes = self._stock.damaged, self._stock.free_bytes
        if damaged is not None:
            help_text = "Kept segments that wait for another copy; alert above 0"
            yield GaugeMetricFamily("archive_segments_damaged", help_text, damaged)
        if self._stock.unused_bytes is not None:
            help_text = "Bytes that no manifest names and that will be removed"
            yield GaugeMetricFamily("archive_unused_bytes", help_text, self._stock.unused_bytes)
        if free_bytes is not None:
            yield GaugeMetricFamily("archive_free_bytes", "Room left for segments", free_bytes)

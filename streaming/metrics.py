"""The metrics that the streaming application measures in its own process."""

import threading
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.utils import floatToGoString

from infra import metrics

STAGES = ("settle", "land")
JOBS = ("derive", "maintenance")


class StreamMetrics:
    """The metrics of this process. ``landed``, ``quarantined`` and ``derived`` have a value for each realm."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._batch_seconds = metrics.BATCH_SECONDS.create(self.registry)
        self._batch_records = metrics.BATCH_RECORDS.create(self.registry)
        self.ack_to_settled = BatchHistogram(metrics.ACK_TO_SETTLED_SECONDS)
        self.landed = RealmGauge(metrics.LANDED_OFFSET)
        self.quarantined = RealmGauge(metrics.QUARANTINED)
        self.derived = RealmGauge(metrics.DERIVED_OFFSET)
        for collector in (self.ack_to_settled, self.landed, self.quarantined, self.derived):
            self.registry.register(collector)
        self.voids_appended = metrics.VOIDS_APPENDED.create(self.registry)
        self.fences_appended = metrics.FENCES_APPENDED.create(self.registry)
        self.query_restarts = metrics.QUERY_RESTARTS.create(self.registry)
        self.log_lines_lost = metrics.LOG_LINES_LOST.create(self.registry)
        self._job_seconds = metrics.JOB_SECONDS.create(self.registry)
        self.job_failures = metrics.JOB_FAILURES.create(self.registry)
        self.maintenance_ended = metrics.MAINTENANCE_ENDED.create(self.registry)
        self.table_files = metrics.TABLE_FILES.create(self.registry)
        self.partition_files = metrics.PARTITION_FILES.create(self.registry)
        for stage in STAGES:
            self.query_restarts.labels(stage)
        for job in JOBS:
            self.job_failures.labels(job)

    @contextmanager
    def batch(self, stage: str) -> Iterator[None]:
        """Measure the time to process a micro-batch. A failed micro-batch is not counted, because Spark repeats it."""
        begun = time.perf_counter()
        yield
        self._batch_seconds.labels(stage).observe(time.perf_counter() - begun)

    @contextmanager
    def job(self, name: str) -> Iterator[None]:
        """Measure the duration of one run of a job. A failed run is not counted here, but in ``job_failures``."""
        begun = time.perf_counter()
        yield
        self._job_seconds.labels(name).observe(time.perf_counter() - begun)

    def records(self, stage: str, count: int) -> None:
        """Record the number of records in a micro-batch."""
        self._batch_records.labels(stage).observe(count)


@cache
def stream_metrics() -> StreamMetrics:
    """Return the metrics of this process."""
    return StreamMetrics()


class RealmGauge:
    """A gauge with a value for each realm."""

    def __init__(self, metric: metrics.GaugeMetric) -> None:
        self._metric = metric
        self._values: dict[int, int] = {}
        self._lock = threading.Lock()

    def update(self, values: Mapping[int, int]) -> None:
        """Set the values of the given realms and keep the values of all others."""
        with self._lock:
            self._values.update(values)

    def values(self) -> dict[int, int]:
        """Return the values by realm. A realm without a value is left out."""
        with self._lock:
            return dict(self._values)

    def describe(self) -> list[Family]:
        """Return the family without values.

        With this method a client can request a single gauge (``/metrics?name[]=...``).
        """
        return [self._metric.family()]

    def collect(self) -> Iterator[Family]:
        """Yield the family with the current values."""
        family = self._metric.family()
        for realm, value in sorted(self.values().items()):
            family.add_metric([str(realm)], value)
        yield family


class BatchHistogram:
    """A histogram that observes a whole batch of values in one call.

    The histogram of the Prometheus library observes one value at a time. During a backlog that takes twice as long for
    each record.
    """

    def __init__(self, metric: metrics.HistogramMetric) -> None:
        self._metric = metric
        self._counts = [0] * (len(metric.buckets) + 1)
        self._sum = 0.0
        self._lock = threading.Lock()

    def observe(self, times_ms: Sequence[int], now: float) -> None:
        """Observe the age of each time at ``now``.

        ``times_ms`` are epoch milliseconds, oldest first. ``now`` is in epoch seconds.
        """
        count = len(times_ms)
        younger = [count - bisect_left(times_ms, (now - bound) * 1000) for bound in self._metric.buckets] + [count]
        with self._lock:
            self._counts = [known + new for known, new in zip(self._counts, younger, strict=True)]
            self._sum += now * count - sum(times_ms) / 1000

    def describe(self) -> list[Family]:
        """Return the family without values."""
        return [self._metric.family()]

    def collect(self) -> Iterator[Family]:
        """Yield the family with the current counts."""
        bounds = [*map(floatToGoString, self._metric.buckets), "+Inf"]
        family = self._metric.family()
        with self._lock:
            family.add_metric([], list(zip(bounds, map(float, self._counts), strict=True)), self._sum)
        yield family

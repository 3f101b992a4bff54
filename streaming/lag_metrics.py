"""Measures, at each scrape by Prometheus, how far the streams are behind the log.

The settled offsets come from Redis and the end of the log from Kafka, not from the queries. So a query that hangs
cannot hide its lag. If a server is unreachable, only the values that need this server are missing.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import redis
from kafka import TopicPartition
from kafka.errors import KafkaError
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family

from infra import metrics
from infra.kafka.clients import open_consumer
from infra.settings import Settings
from state.ledger import Ledger
from state.results import Overview
from streaming.metrics import RealmGauge

OUTCOMES = ("settled", "voided", "stale", "rejected", "duplicate", "malformed", "telemetry")

# Timeouts for Kafka. Even if each request takes this long, a scrape ends within the 10 s that Prometheus waits. So a
# broker that hangs does not cost the other values.
CONNECT_MS = 2000
RESPONSE_MS = 2000

# Maximum size of a fetch for each realm. One record is enough to read its time. The broker always sends at least one
# batch, even if the batch is larger.
FETCH_BYTES = 64 * 1024

_LATEST = 1  # number of latest events to request in the ledger's overview: the minimum, because no metric uses them


class LagCollector:
    """Compares the landed offsets and the offsets in the ledger with the end of the log.

    The end of the log is read last. Otherwise a record that arrives in the meantime could make a stream look as if it
    were ahead of the log.
    """

    def __init__(self, ledger: Ledger, settings: Settings, landed: RealmGauge) -> None:
        self._ledger, self._realms, self._landed = ledger, range(settings.realms), landed
        self._log = LogReader(settings)

    def describe(self) -> list[Family]:
        """Return an empty list, so that registering this collector does not call ``collect`` and the servers."""
        return []

    def collect(self) -> Iterator[Family]:
        """Yield the metric families for one scrape."""
        up = metrics.SOURCE_UP.family()
        stage_offsets: dict[str, dict[int, int]] = {"land": self._landed.values()}
        try:
            overviews = {realm: self._ledger.overview(realm, _LATEST) for realm in self._realms}
            stage_offsets["settle"] = {realm: found.offset for realm, found in overviews.items()}
            yield from _ledger_families(overviews)
            up.add_metric(["redis"], 1)
        except redis.RedisError:
            up.add_metric(["redis"], 0)
        try:
            yield from self._log_families(stage_offsets)
            up.add_metric(["kafka"], 1)
        except KafkaError:
            up.add_metric(["kafka"], 0)
        yield up

    def _log_families(self, stage_offsets: Mapping[str, Mapping[int, int]]) -> list[Family]:
        end, events, seconds = (m.family() for m in (metrics.LOG_END_OFFSET, metrics.LAG_EVENTS, metrics.LAG_SECONDS))
        ends = self._log.ends()
        for realm, offset in ends.items():
            end.add_metric([str(realm)], offset)
        for stage, offsets in stage_offsets.items():
            behind = {realm: max(0, ends[realm] - 1 - offset) for realm, offset in offsets.items() if realm in ends}
            due = {realm: offsets[realm] + 1 for realm, count in behind.items() if count}
            ages = self._log.ages(due)
            for realm, count in behind.items():
                events.add_metric([str(realm), stage], count)
                if realm in ages or not count:
                    seconds.add_metric([str(realm), stage], ages.get(realm, 0.0))
        return [end, events, seconds]


def _ledger_families(overviews: Mapping[int, Overview]) -> list[Family]:
    offset, halted, recovering = (
        m.family() for m in (metrics.SETTLED_OFFSET, metrics.REALM_HALTED, metrics.REALM_RECOVERING)
    )
    records = metrics.RECORDS.family()
    for realm, found in overviews.items():
        _add(offset, realm, found.offset)
        _add(halted, realm, bool(found.halted))
        _add(recovering, realm, found.recovering)
        for outcome, count in (dict.fromkeys(OUTCOMES, 0) | dict(found.totals)).items():
            _add(records, realm, count, outcome)
    return [offset, halted, recovering, records]


def _add(family: GaugeMetricFamily | CounterMetricFamily, realm: int, value: float, *labels: str) -> None:
    family.add_metric([str(realm), *labels], float(value))


class LogReader:
    """Reads offsets and record times from Kafka.

    The reader keeps its connection open, because opening a connection costs more than a request. Its methods are
    thread-safe. Every method may raise kafka.errors.KafkaError; the next call then opens a new connection.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._open: Any = None

    def ends(self) -> dict[int, int]:
        """Return, by realm, the offset that the next record will get."""
        partitions = [TopicPartition(self._settings.topic, realm) for realm in range(self._settings.realms)]
        with self._lock:
            try:
                found = self._consumer().end_offsets(partitions, timeout_ms=RESPONSE_MS)
            except KafkaError:
                self._abandon()
                raise
        return {partition.partition: int(offset) for partition, offset in found.items()}

    def ages(self, offsets: Mapping[int, int]) -> dict[int, float]:
        """Return, by realm, the age in seconds of the record at the given offset.

        If the log has no record at that offset, the first later record counts. The age starts when the broker appended
        the record. A realm is left out if its record does not arrive in time.
        """
        if not offsets:
            return {}
        with self._lock:
            try:
                times = self._times(self._consumer(), offsets)
            except KafkaError:
                self._abandon()
                raise
        now = time.time()
        return {realm: max(0.0, now - at_ms / 1000) for realm, at_ms in times.items()}

    def _times(self, consumer: Any, offsets: Mapping[int, int]) -> dict[int, int]:
        partitions = {TopicPartition(self._settings.topic, realm): offset for realm, offset in offsets.items()}
        consumer.assign(list(partitions))
        for partition, offset in partitions.items():
            consumer.seek(partition, offset)
        times: dict[int, int] = {}
        deadline = time.monotonic() + RESPONSE_MS / 1000
        while len(times) < len(offsets) and time.monotonic() < deadline:
            for partition, records in consumer.poll(timeout_ms=RESPONSE_MS / 10).items():
                times.setdefault(partition.partition, records[0].timestamp)
                consumer.pause(partition)
        consumer.unsubscribe()
        return times

    def _consumer(self) -> Any:
        if self._open is None:
            self._open = open_consumer(
                self._settings,
                bootstrap_timeout_ms=CONNECT_MS,
                reconnect_backoff_max_ms=1000,
                auto_offset_reset="earliest",
                max_partition_fetch_bytes=FETCH_BYTES,
                fetch_max_wait_ms=10,
            )
        return self._open

    def _abandon(self) -> None:
        consumer, self._open = self._open, None
        if consumer is not None:
            consumer.close(autocommit=False, timeout_ms=0)

"""The metrics of the product: each one declared once, with its name, its meaning, its labels and who serves it.

What a process counts itself is made with ``create``; what it reads from a server when it is asked is made anew each
time with ``family``. Names follow Prometheus: ``guildhall_``, the unit, ``_total`` for what only grows. ``python -m
infra.metrics`` prints the table of docs/metrics.md.
"""

from dataclasses import dataclass
from enum import StrEnum

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

# They would double the number of series to say when each counter began, which no rule of ours asks.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]


class Server(StrEnum):
    """A process that serves metrics."""

    API = "api"
    STREAMING = "streaming"


@dataclass(frozen=True, slots=True)
class Metric:
    """The declaration of a metric. ``unit`` is what its values count, in the plural."""

    name: str
    help: str
    unit: str
    served_by: tuple[Server, ...]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CounterMetric(Metric):
    """Only grows, until its process starts anew."""

    def create(self, registry: CollectorRegistry) -> Counter:
        """One that this process counts."""
        return Counter(self.name, self.help, self.labels, registry=registry)

    def family(self) -> CounterMetricFamily:
        """One that is read elsewhere, without values yet."""
        return CounterMetricFamily(self.name, self.help, labels=self.labels)


@dataclass(frozen=True, slots=True)
class GaugeMetric(Metric):
    """Goes up and down."""

    def create(self, registry: CollectorRegistry) -> Gauge:
        """One that this process sets."""
        return Gauge(self.name, self.help, self.labels, registry=registry)

    def family(self) -> GaugeMetricFamily:
        """One that is read elsewhere, without values yet."""
        return GaugeMetricFamily(self.name, self.help, labels=self.labels)


@dataclass(frozen=True, slots=True)
class HistogramMetric(Metric):
    """How many values lie below each of some bounds."""

    buckets: tuple[float, ...] = ()

    def create(self, registry: CollectorRegistry) -> Histogram:
        """One that this process fills."""
        return Histogram(self.name, self.help, self.labels, registry=registry, buckets=self.buckets)

    def family(self) -> HistogramMetricFamily:
        """One whose buckets are counted elsewhere, without values yet."""
        return HistogramMetricFamily(self.name, self.help, labels=self.labels)


_API, _STREAMING, _BOTH = (Server.API,), (Server.STREAMING,), (Server.API, Server.STREAMING)

# From a lookup to the longest wait that a request may ask for.
_REQUEST_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
# From one acknowledgement of an idle broker to the time at which the producer gives up.
_APPEND_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 30.0)
# Fine around a second, because that is what players feel; coarse up to a repair of the streams.
_SETTLED_SECONDS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
_BATCH_SECONDS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
_BATCH_RECORDS = (1.0, 10.0, 100.0, 1000.0, 5000.0, 10_000.0, 25_000.0)
_COMMIT_BATCH = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)

REQUESTS = CounterMetric(
    "guildhall_requests_total",
    "HTTP requests that were answered, by the template of the route (unmatched for none).",
    "requests",
    _API,
    ("method", "route", "status"),
)
REQUEST_SECONDS = HistogramMetric(
    "guildhall_request_seconds",
    "From a request to its answer, with the time that it asked to wait for settling.",
    "seconds",
    _API,
    ("method", "route"),
    _REQUEST_SECONDS,
)
REFUSALS = CounterMetric(
    "guildhall_refusals_total",
    "Answers that are problems, by the code in their type.",
    "answers",
    _API,
    ("reason",),
)
COMMITS = CounterMetric(
    "guildhall_commits_total",
    "Actions that were handed to the ledger and the log, by how that ended.",
    "actions",
    _API,
    ("outcome",),
)
HOLDS_TAKEN = CounterMetric("guildhall_holds_taken_total", "Holds that were taken for new events.", "holds", _API)
HOLDS_OPEN = GaugeMetric(
    "guildhall_holds_open", "Holds whose event is not settled or voided yet.", "holds", _API, ("realm",)
)
APPEND_SECONDS = HistogramMetric(
    "guildhall_append_seconds",
    "From handing an event to the producer to the broker's acknowledgement.",
    "seconds",
    _API,
    (),
    _APPEND_SECONDS,
)
APPENDS_FAILED = CounterMetric(
    "guildhall_appends_failed_total",
    "Events without an acknowledgement: refused are certainly not in the log, of unknown nobody can say.",
    "events",
    _API,
    ("outcome",),
)
COMMIT_BATCH = HistogramMetric(
    "guildhall_commit_batch_requests",
    "How many requests shared a round trip to the ledger, to take their holds or to confirm them.",
    "requests",
    _API,
    ("step",),
    _COMMIT_BATCH,
)
VOIDS_APPENDED = CounterMetric(
    "guildhall_voids_appended_total",
    "Voids appended for holds past their deadline. One hold may get more than one; only the first one does anything.",
    "events",
    _BOTH,
)
SOURCE_UP = GaugeMetric(
    "guildhall_source_up",
    "Whether the server that the figures of this answer come from could be read; without it they are missing.",
    "",
    _BOTH,
    ("source",),
)
LOG_LINES_LOST = CounterMetric(
    "guildhall_log_lines_lost_total",
    "Lines that were not logged because whoever reads the log was too slow: nobody waits for a log.",
    "lines",
    _BOTH,
)
LOG_END_OFFSET = GaugeMetric(
    "guildhall_log_end_offset", "The offset that the next record of the realm will get.", "", _STREAMING, ("realm",)
)
SETTLED_OFFSET = GaugeMetric(
    "guildhall_settled_offset", "The offset of the last settled record, -1 for none.", "", _STREAMING, ("realm",)
)
LANDED_OFFSET = GaugeMetric(
    "guildhall_landed_offset",
    "The highest offset that landing is past, -1 for none; missing until landing has read its tables.",
    "",
    _STREAMING,
    ("realm",),
)
LAG_EVENTS = GaugeMetric(
    "guildhall_lag_events",
    "Records in the log that the stage (settle, land) is not past.",
    "events",
    _STREAMING,
    ("realm", "stage"),
)
LAG_SECONDS = GaugeMetric(
    "guildhall_lag_seconds",
    "How long ago the broker appended the oldest record that the stage is not past, 0 for none. Broker and streams "
    "read the clock of one machine.",
    "seconds",
    _STREAMING,
    ("realm", "stage"),
)
RECORDS = CounterMetric(
    "guildhall_records_total",
    "Settled records by outcome, as the ledger counts them. Goes back with a Redis that does.",
    "records",
    _STREAMING,
    ("realm", "outcome"),
)
QUARANTINED = GaugeMetric(
    "guildhall_quarantined_rows",
    "Rows of the quarantine table: records that are no events.",
    "rows",
    _STREAMING,
    ("realm",),
)
ACK_TO_SETTLED_SECONDS = HistogramMetric(
    "guildhall_ack_to_settled_seconds",
    "From the broker's time of a record to the end of the settle call of its realm's part of the batch. Both are read "
    "from the clock of one machine.",
    "seconds",
    _STREAMING,
    (),
    _SETTLED_SECONDS,
)
BATCH_SECONDS = HistogramMetric(
    "guildhall_batch_seconds",
    "How long a stage (settle, land) worked on a micro-batch, without the wait of landing for settling.",
    "seconds",
    _STREAMING,
    ("stage",),
    _BATCH_SECONDS,
)
BATCH_RECORDS = HistogramMetric(
    "guildhall_batch_records",
    "How many records a micro-batch of a stage had.",
    "records",
    _STREAMING,
    ("stage",),
    _BATCH_RECORDS,
)
FENCES_APPENDED = CounterMetric(
    "guildhall_fences_appended_total", "Fences appended for realms whose Redis was restarted.", "events", _STREAMING
)
QUERY_RESTARTS = CounterMetric(
    "guildhall_query_restarts_total", "Starts of a stage's query after its first one.", "starts", _STREAMING, ("stage",)
)
REALM_HALTED = GaugeMetric(
    "guildhall_realm_halted", "Whether settling has stopped for the realm: status says why.", "", _STREAMING, ("realm",)
)
REALM_RECOVERING = GaugeMetric(
    "guildhall_realm_recovering",
    "Whether the realm takes no holds because its fence is not settled yet.",
    "",
    _STREAMING,
    ("realm",),
)
DERIVED_OFFSET = GaugeMetric(
    "guildhall_derived_offset",
    "The highest offset that the tables for analysts are past, -1 for none; missing until they are read.",
    "",
    _STREAMING,
    ("realm",),
)
JOB_SECONDS = HistogramMetric(
    "guildhall_job_seconds",
    "How long a round of a job (derive, maintenance) took.",
    "seconds",
    _STREAMING,
    ("name",),
    _BATCH_SECONDS,
)
JOB_FAILURES = CounterMetric(
    "guildhall_job_failures_total",
    "Rounds of a job that failed; it comes again when it is due.",
    "rounds",
    _STREAMING,
    ("name",),
)
MAINTENANCE_ENDED = GaugeMetric(
    "guildhall_maintenance_timestamp_seconds",
    "When the last round of maintenance ended well, in seconds since 1970; 0 before the first one.",
    "seconds",
    _STREAMING,
)
TABLE_FILES = GaugeMetric(
    "guildhall_table_files", "Data files of the table when maintenance last ended.", "files", _STREAMING, ("table",)
)
PARTITION_FILES = GaugeMetric(
    "guildhall_partition_files",
    "Data files in the partition of the table that had most of them when maintenance last ended.",
    "files",
    _STREAMING,
    ("table",),
)

ALL: tuple[Metric, ...] = tuple(found for found in list(globals().values()) if isinstance(found, Metric))


def table() -> str:
    """The metrics as a table in Markdown."""
    rows = ["| metric | kind | labels | served by | what |", "|---|---|---|---|---|"]
    for metric in ALL:
        kind = type(metric).__name__.removesuffix("Metric").lower()
        labels, servers = ", ".join(metric.labels), ", ".join(metric.served_by)
        rows.append(f"| `{metric.name}` | {kind} | {labels} | {servers} | {metric.help} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(table(), end="")

"""All metrics of the product. Each is declared once, with its name, meaning, labels and the processes that serve it.

Names follow the conventions of Prometheus. They start with ``guildhall_`` and contain the unit, and the names of
counters end in ``_total``.
"""

from infra.metrics.types import CounterMetric, GaugeMetric, HistogramMetric, Metric, Server

_API, _STREAMING, _BOTH = (Server.API,), (Server.STREAMING,), (Server.API, Server.STREAMING)

# Upper bounds of the buckets, from the time of a lookup to the longest wait that a request may ask for.
_REQUEST_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
# From the time in which an idle broker acknowledges a record to the time after which the producer gives up.
_APPEND_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 30.0)
# The buckets are fine around one second, because players notice such delays. They are coarse above, up to the time that
# a repair of the streams takes.
_SETTLED_SECONDS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
_BATCH_SECONDS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
_BATCH_RECORDS = (1.0, 10.0, 100.0, 1000.0, 5000.0, 10_000.0, 25_000.0)
_COMMIT_BATCH = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)

REQUESTS = CounterMetric(
    "guildhall_requests_total",
    "HTTP responses, by the template of the route (unmatched if no route matches).",
    "requests",
    _API,
    ("method", "route", "status"),
)
REQUEST_SECONDS = HistogramMetric(
    "guildhall_request_seconds",
    "Time from a request to its response, including a wait for settling that the client asked for.",
    "seconds",
    _API,
    ("method", "route"),
    _REQUEST_SECONDS,
)
REFUSALS = CounterMetric(
    "guildhall_refusals_total",
    "Responses that are problem details, by the code in their type.",
    "responses",
    _API,
    ("reason",),
)
COMMITS = CounterMetric(
    "guildhall_commits_total",
    "Actions handed to the ledger and the log, by outcome.",
    "actions",
    _API,
    ("outcome",),
)
HOLDS_TAKEN = CounterMetric("guildhall_holds_taken_total", "Holds taken for new events.", "holds", _API)
HOLDS_OPEN = GaugeMetric(
    "guildhall_holds_open", "Holds whose event is not yet settled or voided.", "holds", _API, ("realm",)
)
APPEND_SECONDS = HistogramMetric(
    "guildhall_append_seconds",
    "Time from handing an event to the producer to the acknowledgement of the broker.",
    "seconds",
    _API,
    (),
    _APPEND_SECONDS,
)
APPENDS_FAILED = CounterMetric(
    "guildhall_appends_failed_total",
    "Events without an acknowledgement: refused ones are certainly not in the log, unknown ones may be.",
    "events",
    _API,
    ("outcome",),
)
COMMIT_BATCH = HistogramMetric(
    "guildhall_commit_batch_requests",
    "Requests that shared a round trip to the ledger, to take their holds or to confirm them.",
    "requests",
    _API,
    ("step",),
    _COMMIT_BATCH,
)
VOIDS_APPENDED = CounterMetric(
    "guildhall_voids_appended_total",
    "Voids appended for expired holds. A hold may get more than one; only the first one has an effect.",
    "events",
    _BOTH,
)
SOURCE_UP = GaugeMetric(
    "guildhall_source_up",
    "Whether the server behind some values of this page could be read; if not, these values are missing.",
    "",
    _BOTH,
    ("source",),
)
LOG_LINES_LOST = CounterMetric(
    "guildhall_log_lines_lost_total",
    "Log lines dropped because the reader of the log was too slow: no request waits for the log.",
    "lines",
    _BOTH,
)
LOG_END_OFFSET = GaugeMetric(
    "guildhall_log_end_offset", "Offset that the next record of the realm will get.", "", _STREAMING, ("realm",)
)
SETTLED_OFFSET = GaugeMetric(
    "guildhall_settled_offset", "Offset of the last settled record, -1 for none.", "", _STREAMING, ("realm",)
)
LANDED_OFFSET = GaugeMetric(
    "guildhall_landed_offset",
    "Highest landed offset, -1 for none; missing until landing has read its tables.",
    "",
    _STREAMING,
    ("realm",),
)
LAG_EVENTS = GaugeMetric(
    "guildhall_lag_events",
    "Records in the log that the stage (settle, land) has not processed.",
    "events",
    _STREAMING,
    ("realm", "stage"),
)
LAG_SECONDS = GaugeMetric(
    "guildhall_lag_seconds",
    "Age of the oldest record that the stage has not processed, since the broker appended it; 0 for none. Broker and "
    "streams read the clock of one machine.",
    "seconds",
    _STREAMING,
    ("realm", "stage"),
)
RECORDS = CounterMetric(
    "guildhall_records_total",
    "Settled records by outcome, as the ledger counts them. Decreases when Redis is rolled back.",
    "records",
    _STREAMING,
    ("realm", "outcome"),
)
QUARANTINED = GaugeMetric(
    "guildhall_quarantined_rows",
    "Rows of the quarantine table, each a malformed record.",
    "rows",
    _STREAMING,
    ("realm",),
)
ACK_TO_SETTLED_SECONDS = HistogramMetric(
    "guildhall_ack_to_settled_seconds",
    "Time from the broker's timestamp of a record to the end of the settle call for its realm's part of the batch. "
    "Both are read from the clock of one machine.",
    "seconds",
    _STREAMING,
    (),
    _SETTLED_SECONDS,
)
BATCH_SECONDS = HistogramMetric(
    "guildhall_batch_seconds",
    "Time that a stage (settle, land) worked on a micro-batch, without the wait of landing for settling.",
    "seconds",
    _STREAMING,
    ("stage",),
    _BATCH_SECONDS,
)
BATCH_RECORDS = HistogramMetric(
    "guildhall_batch_records",
    "Records in a micro-batch of a stage.",
    "records",
    _STREAMING,
    ("stage",),
    _BATCH_RECORDS,
)
FENCES_APPENDED = CounterMetric(
    "guildhall_fences_appended_total", "Fences appended for realms whose Redis was restarted.", "events", _STREAMING
)
QUERY_RESTARTS = CounterMetric(
    "guildhall_query_restarts_total", "Restarts of a stage's query.", "starts", _STREAMING, ("stage",)
)
REALM_HALTED = GaugeMetric(
    "guildhall_realm_halted",
    "Whether settling has stopped for the realm; ./guildhall status shows the reason.",
    "",
    _STREAMING,
    ("realm",),
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
    "Highest offset in the tables for analysts, -1 for none; missing until they have been read.",
    "",
    _STREAMING,
    ("realm",),
)
JOB_SECONDS = HistogramMetric(
    "guildhall_job_seconds",
    "Duration of a round of a job (derive, maintenance).",
    "seconds",
    _STREAMING,
    ("name",),
    _BATCH_SECONDS,
)
JOB_FAILURES = CounterMetric(
    "guildhall_job_failures_total",
    "Rounds of a job that failed; the job runs again when it is next due.",
    "rounds",
    _STREAMING,
    ("name",),
)
MAINTENANCE_ENDED = GaugeMetric(
    "guildhall_maintenance_timestamp_seconds",
    "End of the last successful round of maintenance, in seconds since 1970; 0 before the first one.",
    "seconds",
    _STREAMING,
)
TABLE_FILES = GaugeMetric(
    "guildhall_table_files",
    "Data files of the table at the end of the last maintenance.",
    "files",
    _STREAMING,
    ("table",),
)
PARTITION_FILES = GaugeMetric(
    "guildhall_partition_files",
    "Data files in the largest partition of the table at the end of the last maintenance.",
    "files",
    _STREAMING,
    ("table",),
)

ALL: tuple[Metric, ...] = tuple(declared for declared in list(globals().values()) if isinstance(declared, Metric))


def table() -> str:
    """Return the metrics as a Markdown table."""
    rows = ["| metric | kind | labels | served by | what |", "|---|---|---|---|---|"]
    for metric in ALL:
        kind = type(metric).__name__.removesuffix("Metric").lower()
        labels, servers = ", ".join(metric.labels), ", ".join(metric.served_by)
        rows.append(f"| `{metric.name}` | {kind} | {labels} | {servers} | {metric.help} |")
    return "\n".join(rows) + "\n"

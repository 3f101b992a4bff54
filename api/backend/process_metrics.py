"""Count requests and their results in every process of the API, with Prometheus counters and histograms.

The API runs in several processes, and a scrape by Prometheus reaches only one of these processes. The environment
variable ``PROMETHEUS_MULTIPROC_DIR`` therefore names a folder in which each process keeps its counts in files. The
process that is scraped adds up the counts of all files. When a process dies, its files stay, so that counters never
decrease. There are no gauges, because the gauge of a dead process would have to be removed. Without the variable, a
process reports only its own counts.
"""

import os
from functools import cache
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from infra import metrics

# Size of the file in which one process keeps one kind of metric (counters or histograms). This is several times the
# space that the counts of all routes and outcomes need.
FILE_BYTES = 1024 * 1024

OUTCOMES = (
    "accepted",
    "not_accepted",
    "unknown",
    "insufficient_balance",
    "condition_failed",
    "precondition_failed",
    "already_exists",
    "attempt_in_progress",
    "not_retryable",
    "unknown_event",
    "recovering",
)


class ApiMetrics:
    """The counters and histograms of this process.

    If all values of a label are known, its counters exist from the start with the value 0. Otherwise Prometheus would
    not see the first count as an increase.
    """

    def __init__(self) -> None:
        own = CollectorRegistry()
        self._own = own
        self.requests = metrics.REQUESTS.create(own)
        self.request_seconds = metrics.REQUEST_SECONDS.create(own)
        self.refusals = metrics.REFUSALS.create(own)
        self.commits = metrics.COMMITS.create(own)
        self.holds_taken = metrics.HOLDS_TAKEN.create(own)
        self.append_seconds = metrics.APPEND_SECONDS.create(own)
        self.appends_failed = metrics.APPENDS_FAILED.create(own)
        self.commit_batch = metrics.COMMIT_BATCH.create(own)
        self.voids_appended = metrics.VOIDS_APPENDED.create(own)
        self.log_lines_lost = metrics.LOG_LINES_LOST.create(own)
        for outcome in OUTCOMES:
            self.commits.labels(outcome)
        for outcome in ("refused", "unknown"):
            self.appends_failed.labels(outcome)

    def registry(self) -> CollectorRegistry:
        """Return a registry with the current counts of all processes of this API."""
        registry = CollectorRegistry()
        if _folder():
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        else:
            registry.register(self._own)
        return registry


@cache
def api_metrics() -> ApiMetrics:
    """Return the metrics of this process.

    They are created at first use. That is after the server's fork, so that each process has its own files.
    """
    if folder := _folder():
        for kind in ("counter", "histogram"):
            _reserve(Path(folder) / f"{kind}_{os.getpid()}.db")
    return ApiMetrics()


def _folder() -> str | None:
    return os.environ.get("PROMETHEUS_MULTIPROC_DIR")


def _reserve(file: Path) -> None:
    # The library maps a sparse file into memory. When the disk is full, the kernel kills a process that writes into a
    # part of the file that has no disk space yet. But the API must survive a full disk and respond with 503. So its
    # files get their disk space before the first request.
    if not file.exists():
        file.write_bytes(bytes(FILE_BYTES))

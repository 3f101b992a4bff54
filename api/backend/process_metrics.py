"""The counters and histograms of the API's processes.

The API runs in several processes, and a scrape reaches one of them. So with ``PROMETHEUS_MULTIPROC_DIR`` in the
environment, each process keeps its counts in files of that folder, and the scraped process adds all of them up. The
counts of a process that died stay in its files, so that counters never decrease. There are no gauges, because those
would have to be removed when a process dies. Without the variable, a process reports only its own counts.
"""

import os
from functools import cache
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from infra import metrics

# Of one process, for each kind of metric: several times the space that all routes and outcomes need.
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

    Labels with a few known values exist from the start, with 0: otherwise the first count would not look like an
    increase.
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
        """Return the present counts of all processes of this API."""
        registry = CollectorRegistry()
        if _folder():
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        else:
            registry.register(self._own)
        return registry


@cache
def api_metrics() -> ApiMetrics:
    """Return the metrics of this process, made at first use: after the fork, because each process has its own files."""
    if folder := _folder():
        for kind in ("counter", "histogram"):
            _reserve(Path(folder) / f"{kind}_{os.getpid()}.db")
    return ApiMetrics()


def _folder() -> str | None:
    return os.environ.get("PROMETHEUS_MULTIPROC_DIR")


def _reserve(file: Path) -> None:
    # The library maps a sparse file into memory, and the kernel kills a process that writes into a hole of it when the
    # disk is full. The API must respond with 503 then, so its counts get their space before the first request.
    if not file.exists():
        file.write_bytes(bytes(FILE_BYTES))

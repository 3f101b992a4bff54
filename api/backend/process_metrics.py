"""What a process of the API counts.

The API runs in several processes, and a scrape reaches one of them. So with ``PROMETHEUS_MULTIPROC_DIR`` in the
environment each keeps its counts in files of that folder, and the one that is asked adds all of them up. The counts of
a process that died stay in its files, so that no counter goes back. There is no gauge among them: nothing has to be
taken away when a process dies. Without the variable the counts are this process's alone.
"""

import os
from functools import cache
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from infra import metrics

# Of a process, for each kind of metric: several times what all routes and outcomes take.
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
    """The counters and histograms of this process. What is always one of a few values is there from the start, with 0:
    otherwise the first one would look like no increase."""

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
        """The counts of all processes of this API, as they are now."""
        registry = CollectorRegistry()
        if _folder():
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        else:
            registry.register(self._own)
        return registry


@cache
def api_metrics() -> ApiMetrics:
    """The measures of this process, made at first use: after the server's fork, as the files are named by process."""
    if folder := _folder():
        for kind in ("counter", "histogram"):
            _reserve(Path(folder) / f"{kind}_{os.getpid()}.db")
    return ApiMetrics()


def _folder() -> str | None:
    return os.environ.get("PROMETHEUS_MULTIPROC_DIR")


def _reserve(file: Path) -> None:
    # The library maps a file with holes into memory, and the kernel kills a process that writes into a hole of a full
    # disk. An API must be able to say 503 then, so its counts get their space before it takes a request.
    if not file.exists():
        file.write_bytes(bytes(FILE_BYTES))

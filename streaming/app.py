"""The streaming application: one Spark driver that runs the settle and land queries, the recovery and the jobs.

A query that ends is restarted in the same driver. Settling continues from the offsets in Redis, and landing continues
from the offsets in its table. So after a restart of Redis, Kafka or HDFS, the streams lose a second or two. Starting a
new JVM would take longer.
"""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import redis
from kafka.errors import KafkaError
from prometheus_client import start_http_server
from py4j.protocol import Py4JError, Py4JNetworkError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from infra import json_logging
from infra.kafka.event_log import KafkaLog
from infra.settings import Settings
from state.connection import connect
from state.ledger import Ledger
from state.library import install_library
from streaming.jobs.derive import IncrementalDerivation, create_derived_tables
from streaming.jobs.maintenance import TableMaintenance
from streaming.jobs.scheduler import BackgroundJob, JobScheduler
from streaming.jobs.summaries import create_summary_tables, summarise
from streaming.lag_metrics import LagCollector
from streaming.metrics import stream_metrics
from streaming.queries.land import create_tables, start_landing
from streaming.queries.progress import Progress
from streaming.queries.recovery import RecoveryManager
from streaming.queries.settle import SettleQuery
from streaming.session import create_session

_log = json_logging.get_logger("streaming")

TICK_SECONDS = 0.5  # time between two checks; a recovering realm waits at most this long until its fence is appended
FIRST_PAUSE_SECONDS = 0.1  # the pause before a query is restarted starts from this value and doubles with each failure
MAX_PAUSE_SECONDS = 10.0
MAX_DOUBLINGS = 7  # already reaches the longest pause; without a limit, hours of failures would overflow the float


class RestartingQuery:
    """A query that is restarted when it ends, with growing pauses if it keeps failing."""

    def __init__(self, name: str, start: Callable[[str], StreamingQuery], checkpoints: Path) -> None:
        self._name, self._start, self._checkpoints = name, start, checkpoints
        self._query: StreamingQuery | None = None
        self._starts = self._failures = 0
        self._started_at = self._restart_at = 0.0

    def ensure_running(self) -> bool:
        """Start the query if it is not active and its pause is over. Returns whether the query is active.

        Raises Py4JNetworkError if the JVM has ended.
        """
        if self._query is not None and self._query.isActive:
            return True
        now = time.monotonic()
        if self._query is not None:
            _log.error("query ended", stage=self._name, reason=_last_line(self._query.exception()))
            self._query = None
            if now - self._started_at > MAX_PAUSE_SECONDS:
                self._failures = 0
            self._pause(now)
        if now >= self._restart_at:
            self._try_to_start(now)
        return self._query is not None

    def restart(self) -> None:
        """Stop the query when its current batch is done. The next call of ``ensure_running`` starts it again."""
        if self._query is not None:
            self._query.stop()
            self._query, self._restart_at = None, 0.0

    def _try_to_start(self, now: float) -> None:
        # Use a new checkpoint for each start, because an old checkpoint would override the offsets that the query
        # itself finds in Redis or in its table.
        self._starts += 1
        try:
            self._query = self._start(f"file://{self._checkpoints}/{self._name}-{self._starts}")
            self._started_at = now
            if self._starts > 1:
                stream_metrics().query_restarts.labels(self._name).inc()
        except Py4JNetworkError:
            raise
        except (redis.RedisError, KafkaError, PySparkException, Py4JError) as error:
            _log.error("query cannot start", stage=self._name, reason=_last_line(error))
            self._pause(now)

    def _pause(self, now: float) -> None:
        self._failures = min(self._failures + 1, MAX_DOUBLINGS)
        self._restart_at = now + min(FIRST_PAUSE_SECONDS * 2**self._failures, MAX_PAUSE_SECONDS)


def _last_line(error: object) -> str:
    # Spark puts the stack trace around a Python error. The message of the error is the last line of text in it.
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and not line.strip().startswith("at ")]
    return next((line for line in reversed(lines) if "Error" in line or "Exception" in line or "realm" in line), "")


def main() -> None:
    """Run until the driver's JVM ends."""
    json_logging.configure(stream_metrics().log_lines_lost.inc)
    settings = Settings()
    connection = connect(settings, attach=True)
    install_library(connect(settings))
    _serve_metrics(settings)
    spark = create_session(settings)
    create_tables(spark)
    create_derived_tables(spark)
    create_summary_tables(spark)
    if settings.scratch:
        Path(settings.scratch).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.scratch or None, prefix="checkpoints-") as checkpoints:
        run(spark, settings, Ledger(connection, settings), Path(checkpoints))


def _serve_metrics(settings: Settings) -> None:
    # This connection does not attach to the realms, because a scrape must not change them.
    stream_metrics().registry.register(LagCollector(Ledger(connect(settings)), settings, stream_metrics().landed))
    try:
        start_http_server(settings.streaming_metrics_port, "127.0.0.1", stream_metrics().registry)
    except OSError as error:
        # Continue without metrics, because settling is more important.
        _log.warning("no metrics", port=settings.streaming_metrics_port, reason=str(error))


def run(spark: SparkSession, settings: Settings, ledger: Ledger, checkpoints: Path) -> None:
    """Keep both queries running and the realms open. Never returns. Raises Py4JNetworkError when the JVM ends."""
    progress = Progress(settings.realms, ledger.halt)
    settling = RestartingQuery("settle", SettleQuery(spark, settings, ledger, progress).start, checkpoints)
    landing = RestartingQuery("land", lambda at: start_landing(spark, settings, at, ledger, progress), checkpoints)
    recovery = RecoveryManager(ledger, KafkaLog(settings), settings.realms, lambda: install_library(connect(settings)))
    create_scheduler(spark, settings, ledger, progress).start(spark)
    announced = False
    while True:
        active = [query.ensure_running() for query in (settling, landing)]
        try:
            recovery.tick()
            if progress.halt_cleared():
                settling.restart()
        except (redis.RedisError, KafkaError) as error:
            _log.warning("recovery has to wait", reason=str(error))
        if all(active) and not announced:
            announced = True
            _log.info("settling and landing", realms=settings.realms)
            _write_ready_file()
        time.sleep(TICK_SECONDS)


def create_scheduler(spark: SparkSession, settings: Settings, ledger: Ledger, progress: Progress) -> JobScheduler:
    """Create the scheduler for the background jobs, which run at the same time as the queries."""
    # The jobs get a new session. It shares the JVM and the catalog with the queries, but has its own Spark settings.
    session = spark.newSession()
    derivation = IncrementalDerivation(session, settings, ledger, progress)
    maintenance = TableMaintenance(session, settings)
    is_first = True

    def derive() -> None:
        nonlocal is_first
        # Summarise after the first derivation even if it found nothing new, because the previous process may have ended
        # after it derived and before it summarised.
        if derivation.run() or is_first:
            summarise(session)
            is_first = False

    begin = time.monotonic() + settings.maintenance_seconds  # later, so that it does not slow the start down
    return JobScheduler(
        [
            BackgroundJob("derive", settings.derive_seconds, derive),
            BackgroundJob("maintenance", settings.maintenance_seconds, maintenance.run, begin),
        ],
        progress,
    )


def _write_ready_file() -> None:
    ready = os.environ.get("GUILDHALL_READY_FILE")
    if ready:
        Path(ready).write_text(f"{os.getpid()}\n")


if __name__ == "__main__":
    main()

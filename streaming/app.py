"""The streaming application: both queries, the keeper and the jobs in one driver.

A query that ends is started again in the same driver: settling from Redis's offsets, landing from the table's. So a
restart of Redis, Kafka or HDFS costs a second or two and not the start of a JVM.
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

TICK_SECONDS = 0.5  # about what a recovery waits for its fence
# A query that fails again and again is tried again ever more slowly, up to this.
LONGEST_PAUSE_SECONDS = 10.0
MOST_DOUBLINGS = 7  # of 0.1 s: more than the longest pause


class RestartingQuery:
    """A query that is started again when it ends."""

    def __init__(self, name: str, start: Callable[[str], StreamingQuery], checkpoints: Path) -> None:
        self._name, self._start, self._checkpoints = name, start, checkpoints
        self._query: StreamingQuery | None = None
        self._starts = self._failures = 0
        self._began = self._again = 0.0

    def ensure_running(self) -> bool:
        """Start the query if it is not active and its pause is over; answers whether it is active. Raises
        Py4JNetworkError when the JVM is gone."""
        if self._query is not None and self._query.isActive:
            return True
        now = time.monotonic()
        if self._query is not None:
            _log.error("the query ended", stage=self._name, reason=_last_line(self._query.exception()))
            self._query = None
            if now - self._began > LONGEST_PAUSE_SECONDS:
                self._failures = 0
            self._pause(now)
        if now >= self._again:
            self._try_to_start(now)
        return self._query is not None

    def restart(self) -> None:
        """End the query after its batch and start it at the next look."""
        if self._query is not None:
            self._query.stop()
            self._query, self._again = None, 0.0

    def _try_to_start(self, now: float) -> None:
        # A new checkpoint each time: the query knows where to start without it, and an old one would override that.
        self._starts += 1
        try:
            self._query = self._start(f"file://{self._checkpoints}/{self._name}-{self._starts}")
            self._began = now
            if self._starts > 1:
                stream_metrics().query_restarts.labels(self._name).inc()
        except Py4JNetworkError:
            raise
        except (redis.RedisError, KafkaError, PySparkException, Py4JError) as error:
            reason = _last_line(error)
            _log.error("the query cannot start", stage=self._name, reason=reason)
            self._pause(now)

    def _pause(self, now: float) -> None:
        # No further than the longest pause: after hours of failures the power would be no float any more.
        self._failures = min(self._failures + 1, MOST_DOUBLINGS)
        self._again = now + min(0.1 * 2**self._failures, LONGEST_PAUSE_SECONDS)


def _last_line(error: object) -> str:
    # Spark wraps a Python error in its stack trace; the error itself is the last line that says something.
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and not line.strip().startswith("at ")]
    return next((line for line in reversed(lines) if "Error" in line or "Exception" in line or "realm" in line), "")


def main() -> None:
    """Run until the driver's JVM is gone."""
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
    # Looking never changes the realms: this connection does not attach.
    stream_metrics().registry.register(LagCollector(Ledger(connect(settings)), settings, stream_metrics().landed))
    try:
        start_http_server(settings.streaming_metrics_port, "127.0.0.1", stream_metrics().registry)
    except OSError as error:
        _log.warning("no metrics", port=settings.streaming_metrics_port, reason=str(error))  # nobody stops settling


def run(spark: SparkSession, settings: Settings, ledger: Ledger, checkpoints: Path) -> None:
    """Keep both queries and the realms. Returns never; raises Py4JNetworkError when the JVM is gone."""
    progress = Progress(settings.realms, ledger.halt)
    settling = RestartingQuery("settle", SettleQuery(spark, settings, ledger, progress).start, checkpoints)
    landing = RestartingQuery("land", lambda at: start_landing(spark, settings, at, ledger, progress), checkpoints)
    keeper = RecoveryManager(ledger, KafkaLog(settings), settings.realms, lambda: install_library(connect(settings)))
    jobs(spark, settings, ledger, progress).start(spark)
    announced = False
    while True:
        active = [query.ensure_running() for query in (settling, landing)]
        try:
            keeper.tick()
            if progress.halt_cleared():
                settling.restart()
        except (redis.RedisError, KafkaError) as error:
            _log.warning("the keeper has to wait", reason=str(error))
        if all(active) and not announced:
            announced = True
            _log.info("settling and landing", realms=settings.realms)
            _announce()
        time.sleep(TICK_SECONDS)


def jobs(spark: SparkSession, settings: Settings, ledger: Ledger, progress: Progress) -> JobScheduler:
    """What is done beside the queries."""
    # A session of its own shares the JVM and its catalog, and none of the settings of the queries.
    session = spark.newSession()
    derivation, maintenance = (
        IncrementalDerivation(session, settings, ledger, progress),
        TableMaintenance(session, settings),
    )
    is_first = True

    def derive() -> None:
        nonlocal is_first
        # Once at least: the last process may have ended between the two.
        if derivation.run() or is_first:
            summarise(session)
            is_first = False

    begin = time.monotonic() + settings.maintenance_seconds  # a start has enough to do
    return JobScheduler(
        [
            BackgroundJob("derive", settings.derive_seconds, derive),
            BackgroundJob("maintenance", settings.maintenance_seconds, maintenance.run, begin),
        ],
        progress,
    )


def _announce() -> None:
    ready = os.environ.get("GUILDHALL_READY_FILE")
    if ready:
        Path(ready).write_text(f"{os.getpid()}\n")


if __name__ == "__main__":
    main()

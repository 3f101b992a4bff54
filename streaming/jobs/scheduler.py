"""Runs the background jobs in one thread, one job after the other, while the two queries run.

Settling goes first. A job starts only when settling has caught up, or after a minute of waiting. After a run, the job
pauses for twice the duration of the run, but at most for two minutes. If a job fails, the failure is logged and counted
and the job runs again when it is next due. A failure does not affect the queries or the other jobs.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import redis
from py4j.protocol import Py4JError, Py4JJavaError, Py4JNetworkError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from infra import json_logging
from streaming.metrics import stream_metrics
from streaming.queries.progress import Progress

_log = json_logging.get_logger("jobs")

TICK_SECONDS = 0.5

# A job waits at most this long for settling. Players wait for settling and analysts for the jobs, so settling goes
# first, but a long backlog must not stop the jobs.
YIELD_TO_SETTLING_SECONDS = 60

IDLE_FACTOR = 2  # a job pauses for twice its last duration, so that it takes at most a third of the time
MAX_IDLE_SECONDS = 120.0  # limits the pause after a long run, so that the tables for analysts do not stay stale

# The jobs have a separate pool in Spark's fair scheduler, so that a task of a query need not wait for all tasks of a
# job.
_POOL = "jobs"


@dataclass
class BackgroundJob:
    """Work to do every ``seconds`` seconds. ``due`` is the next start, as a value of time.monotonic()."""

    name: str
    seconds: float
    run: Callable[[], object]
    due: float = 0.0


class JobScheduler:
    """Runs jobs until the JVM of the Spark session ends."""

    def __init__(
        self,
        jobs: Sequence[BackgroundJob],
        progress: Progress,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs, self._progress, self._monotonic = jobs, progress, monotonic

    def start(self, spark: SparkSession) -> None:
        """Start running the jobs in a thread that ends with the process."""
        threading.Thread(target=self._run_until_jvm_ends, args=(spark,), name="jobs", daemon=True).start()

    def _run_until_jvm_ends(self, spark: SparkSession) -> None:
        spark.sparkContext.setLocalProperty("spark.scheduler.pool", _POOL)
        try:
            while True:
                self.tick()
                time.sleep(TICK_SECONDS)
        except Py4JNetworkError:
            return  # the JVM has ended, so the whole application ends too

    def tick(self) -> None:
        """Run every job that is due. Raises Py4JNetworkError when the JVM has ended."""
        for job in self._jobs:
            if self._monotonic() >= job.due:
                self._progress.wait_for_settling(YIELD_TO_SETTLING_SECONDS)
                self._run_job(job)

    def _run_job(self, job: BackgroundJob) -> None:
        begun = self._monotonic()
        try:
            with stream_metrics().job(job.name):
                job.run()
        except Py4JNetworkError:
            raise
        except (redis.RedisError, PySparkException, Py4JError, OSError) as error:
            stream_metrics().job_failures.labels(job.name).inc()
            _log.error("job failed", job=job.name, reason=reason_of(error))
        ended = self._monotonic()
        job.due = max(begun + job.seconds, ended + min(IDLE_FACTOR * (ended - begun), MAX_IDLE_SECONDS))


def reason_of(error: Exception) -> str:
    """Return the first line of an error from Spark or Redis, without the stack trace from the JVM."""
    # Ask the Java exception for its text, because the text from Py4J begins with the name of the called object.
    text = error.java_exception.toString() if isinstance(error, Py4JJavaError) else str(error)
    return next((line.strip() for line in text.splitlines() if line.strip()), type(error).__name__)

"""What the streaming application does beside its two queries, in one thread, one job after the other.

Settling goes first: a job begins when settling has caught up, and rests after it for twice as long as it took, up to
two minutes. A job that fails is logged and counted, and comes again when it is due; nothing else notices.
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
YIELD_TO_SETTLING_SECONDS = 60  # players wait for settling and analysts for these jobs; but not for ever
IDLE_FACTOR = 2  # times as long as a job took: as a rule it has at most a third of the time
MAX_IDLE_SECONDS = 120.0  # after a backlog: who asks for figures does not wait as long again as it took

# In Spark's fair scheduler a pool of its own: a task of the queries need not wait for all tasks of a job.
_POOL = "jobs"


@dataclass
class BackgroundJob:
    """Something to do every so many seconds; ``due`` is on the clock of time.monotonic."""

    name: str
    seconds: float
    run: Callable[[], object]
    due: float = 0.0


class JobScheduler:
    """Does jobs for as long as the JVM of the session lives."""

    def __init__(
        self,
        jobs: Sequence[BackgroundJob],
        progress: Progress,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs, self._progress, self._monotonic = jobs, progress, monotonic

    def start(self, spark: SparkSession) -> None:
        """Begin, in a thread that ends with the process."""
        threading.Thread(target=self._work, args=(spark,), name="jobs", daemon=True).start()

    def _work(self, spark: SparkSession) -> None:
        spark.sparkContext.setLocalProperty("spark.scheduler.pool", _POOL)
        try:
            while True:
                self.tick()
                time.sleep(TICK_SECONDS)
        except Py4JNetworkError:
            return  # the JVM is gone, and with it the application

    def tick(self) -> None:
        """Do every job that is due. Raises Py4JNetworkError when the JVM is gone."""
        for job in self._jobs:
            if self._monotonic() >= job.due:
                self._progress.wait_for_settling(YIELD_TO_SETTLING_SECONDS)
                self._do(job)

    def _do(self, job: BackgroundJob) -> None:
        begun = self._monotonic()
        try:
            with stream_metrics().job(job.name):
                job.run()
        except Py4JNetworkError:
            raise
        except (redis.RedisError, PySparkException, Py4JError, OSError) as error:
            stream_metrics().job_failures.labels(job.name).inc()
            _log.error("the job failed", job=job.name, reason=reason_of(error))
        ended = self._monotonic()
        job.due = max(begun + job.seconds, ended + min(IDLE_FACTOR * (ended - begun), MAX_IDLE_SECONDS))


def reason_of(error: Exception) -> str:
    """What an error of Spark or Redis says, without the stack of the JVM."""
    # Py4J's own text begins with which of its objects was called.
    text = error.java_exception.toString() if isinstance(error, Py4JJavaError) else str(error)
    return next((line.strip() for line in text.splitlines() if line.strip()), type(error).__name__)

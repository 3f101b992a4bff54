"""What the streaming application does beside its two queries, in one thread, one chore after the other.

Settling goes first: a chore begins when settling has caught up, and rests after it for twice as long as it took, up to
two minutes. A chore that fails is logged and counted, and comes again when it is due; nothing else notices.
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
from streaming.metrics import measures
from streaming.queries.progress import Progress

_log = json_logging.get("chores")

TICK_SECONDS = 0.5
YIELD_SECONDS = 60  # players wait for settling and analysts for these chores; but not for ever
REST = 2  # times as long as a chore took: as a rule it has at most a third of the time
LONGEST_REST_SECONDS = 120.0  # after a backlog: who asks for figures does not wait as long again as it took

# In Spark's fair scheduler a pool of its own: a task of the queries need not wait for all tasks of a chore.
_POOL = "chores"


@dataclass
class Chore:
    """Something to do every so many seconds; ``due`` is on the clock of time.monotonic."""

    name: str
    seconds: float
    run: Callable[[], object]
    due: float = 0.0


class Chores:
    """Does chores for as long as the JVM of the session lives."""

    def __init__(
        self,
        chores: Sequence[Chore],
        progress: Progress,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._chores, self._progress, self._monotonic = chores, progress, monotonic

    def start(self, spark: SparkSession) -> None:
        """Begin, in a thread that ends with the process."""
        threading.Thread(target=self._work, args=(spark,), name="chores", daemon=True).start()

    def _work(self, spark: SparkSession) -> None:
        spark.sparkContext.setLocalProperty("spark.scheduler.pool", _POOL)
        try:
            while True:
                self.tick()
                time.sleep(TICK_SECONDS)
        except Py4JNetworkError:
            return  # the JVM is gone, and with it the application

    def tick(self) -> None:
        """Do every chore that is due. Raises Py4JNetworkError when the JVM is gone."""
        for chore in self._chores:
            if self._monotonic() >= chore.due:
                self._progress.wait_for_settling(YIELD_SECONDS)
                self._do(chore)

    def _do(self, chore: Chore) -> None:
        begun = self._monotonic()
        try:
            with measures().chore(chore.name):
                chore.run()
        except Py4JNetworkError:
            raise
        except (redis.RedisError, PySparkException, Py4JError, OSError) as error:
            measures().chore_failures.labels(chore.name).inc()
            _log.error("the chore failed", chore=chore.name, reason=reason_of(error))
        ended = self._monotonic()
        chore.due = max(begun + chore.seconds, ended + min(REST * (ended - begun), LONGEST_REST_SECONDS))


def reason_of(error: Exception) -> str:
    """What an error of Spark or Redis says, without the stack of the JVM."""
    # Py4J's own text begins with which of its objects was called.
    text = error.java_exception.toString() if isinstance(error, Py4JJavaError) else str(error)
    return next((line.strip() for line in text.splitlines() if line.strip()), type(error).__name__)

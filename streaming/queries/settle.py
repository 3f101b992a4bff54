"""The settle query passes the records of each realm to the ledger, in offset order.

The query starts from the offsets in Redis and does not keep its checkpoint. So it also repairs the state in Redis after
Redis was killed, rolled back or wiped. Two settle queries at the same time do no harm, because the ledger skips records
that it has already settled.

This is the way of a record from Kafka to Redis:

1. ``streaming.app.RestartingQuery.ensure_running`` calls ``SettleQuery.start``.
2. ``streaming.queries.source.read_topic`` reads the topic, with one Spark task for each realm.
3. ``SettleQuery.settle_batch`` gets a micro-batch; ``collect_rows`` brings it into the driver.
4. ``by_realm`` splits it by realm, and ``SettleQuery.settle_realm`` works on each realm in a separate thread.
5. ``settle_rows`` cuts the rows into chunks; ``to_settle_record`` decodes each value (``game.events.decode``) and
   encodes it for the ledger (``state.ledger.encode_settle_record``).
6. ``state.ledger.Ledger.settle`` calls the Redis Function ``settle`` of ``state/ledger.lua``: ``new_records`` checks
   the chunk, ``settle_one`` decides each record, ``apply`` writes the balances.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby
from operator import attrgetter

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.streaming.query import StreamingQuery

from game.events import MAX_BYTES, Malformed, decode
from infra.kafka.topic import offset_bounds
from infra.settings import Settings
from state.ledger import (
    Ledger,
    LogTruncated,
    Rebuilding,
    SettlementHalted,
    TooManyMalformed,
    encode_malformed_record,
    encode_settle_record,
)
from streaming.metrics import stream_metrics
from streaming.queries.land import QUARANTINE, landed_offsets
from streaming.queries.progress import Halt, Progress
from streaming.queries.source import LATEST, read_topic

# Maximum number of records in one call of the ledger. A call takes about 20 ms, and Redis serves no other client
# meanwhile.
CHUNK = 500

# Maximum number of records in a micro-batch. The driver holds all of them in memory, which takes 10 MB for ordinary
# events and 640 MB for the largest possible events.
MAX_RECORDS_A_BATCH = 10_000


class SettleQuery:
    """Starts the settle query and settles its batches. ``start`` may be called again after the query has ended."""

    def __init__(self, spark: SparkSession, settings: Settings, ledger: Ledger, progress: Progress) -> None:
        self._spark, self._settings, self._ledger, self._progress = spark, settings, ledger, progress
        self._pool = ThreadPoolExecutor(settings.realms, thread_name_prefix="settle")

    def start(self, checkpoint: str) -> StreamingQuery:
        """Start the query from the ledger's offsets.

        A realm that cannot be settled is left out, and ``progress`` gets the reason.
        Raises redis.RedisError or kafka.errors.KafkaError if a server is unreachable.
        """
        starts, halted = start_offsets(self._ledger, self._settings)
        self._progress.begin(halted)
        return (
            read_topic(self._spark, self._settings, starts, MAX_RECORDS_A_BATCH)
            .writeStream.queryName("settle")
            .foreachBatch(self.settle_batch)
            .option("checkpointLocation", checkpoint)
            .start()
        )

    def settle_batch(self, batch: DataFrame, _batch_id: int) -> None:
        """Settle a micro-batch, with all realms in parallel.

        The work runs in the driver and not in Spark tasks. For each task of each batch, Spark would have to start a
        Python worker, which takes four times as long as the work itself.
        """
        with stream_metrics().batch("settle"):
            rows = collect_rows(batch)
            stream_metrics().records("settle", len(rows))
            with self._progress.batch(full=len(rows) == MAX_RECORDS_A_BATCH):
                list(self._pool.map(lambda part: self.settle_realm(*part), by_realm(rows)))

    def settle_realm(self, realm: int, rows: Sequence[Row]) -> None:
        """Settle the rows of one realm, or halt the realm if the ledger refuses the rows. Skips a halted realm."""
        if self._progress.is_halted(realm):
            return
        try:
            settle_rows(partial(self._ledger.settle, realm, malformed_limit=self._settings.malformed_limit), rows)
        except Rebuilding as error:
            self._progress.halt(realm, Halt(str(error), lambda: not self._ledger.is_rebuilding(realm)))
        except TooManyMalformed as error:
            self._accept_or_halt(realm, rows, str(error), error.offset)
        else:
            stream_metrics().ack_to_settled.observe([row.at_ms for row in rows], time.time())

    def _accept_or_halt(self, realm: int, rows: Sequence[Row], reason: str, offset: int) -> None:
        # If the records are in quarantine, they were accepted earlier. After Redis was wiped, the ledger no longer
        # knows this.
        accepted = self._quarantined_offset(realm)
        if accepted >= offset:
            self._ledger.allow_malformed(realm, accepted)
            self.settle_realm(realm, rows)
        else:
            self._progress.halt(realm, Halt(reason, lambda: self._ledger.malformed_allowed(realm) >= offset))

    def _quarantined_offset(self, realm: int) -> int:
        """Return the realm's highest offset in quarantine, or -1 if it has none or HDFS is unreachable."""
        try:
            return landed_offsets(self._spark, QUARANTINE, self._settings.realms)[realm]
        except (PySparkException, Py4JError):
            return -1


def collect_rows(batch: DataFrame) -> list[Row]:
    """Bring a micro-batch into the driver, as rows with the columns partition, offset, at_ms and value."""
    # Use epoch milliseconds, because converting each time to datetime and back would double the cost of a row.
    at_ms = f.unix_millis("timestamp").alias("at_ms")
    # Keep at most one byte more than the limit. That byte shows that the value is too long, and the others would only
    # use memory.
    value = f.left("value", f.lit(MAX_BYTES + 1)).alias("value")
    return batch.select("partition", "offset", at_ms, value).collect()


def start_offsets(ledger: Ledger, settings: Settings) -> tuple[dict[int, int], dict[int, Halt]]:
    """Return, by realm, the offset to start from, and a Halt for each realm that cannot be settled."""
    begins, ends = offset_bounds(settings)
    starts, halted = {}, {}
    for realm, offset in ledger.offsets(range(settings.realms)).items():
        starts[realm] = offset + 1
        reason = _halt_reason(ledger, realm, offset + 1, begins[realm], ends[realm])
        if reason:
            starts[realm] = LATEST
            halted[realm] = Halt(str(reason), partial(_can_settle, ledger, settings, realm))
    return starts, halted


def _can_settle(ledger: Ledger, settings: Settings, realm: int) -> bool:
    return realm not in start_offsets(ledger, settings)[1]


def _halt_reason(ledger: Ledger, realm: int, offset: int, begin: int, end: int) -> SettlementHalted | None:
    if ledger.is_rebuilding(realm):
        return Rebuilding(realm)
    return None if begin <= offset <= end else LogTruncated(realm, offset, begin, end)


def by_realm(rows: Iterable[Row]) -> Iterator[tuple[int, list[Row]]]:
    """Split rows by realm.

    The rows of a realm must follow each other in offset order. They do, because Spark collects one partition after the
    other.
    """
    for realm, realm_rows in groupby(rows, attrgetter("partition")):
        yield realm, list(realm_rows)


def settle_rows(settle: Callable[[list[str]], int], rows: Sequence[Row]) -> None:
    """Pass a realm's rows to ``settle``, in calls of at most CHUNK records."""
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        settle([to_settle_record(row.value, row.partition, row.offset, row.at_ms) for row in chunk])


def to_settle_record(value: bytes | None, realm: int, offset: int, at_ms: int) -> str:
    """Encode a Kafka record for the ledger. If the record is malformed, the ledger will only advance its offset."""
    try:
        event = decode(value, realm)
    except Malformed:
        return encode_malformed_record(offset)
    return encode_settle_record(event, offset, at_ms)

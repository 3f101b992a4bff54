"""The settle query: passes each realm's events, in offset order, to the ledger.

It starts from the offsets in Redis and its checkpoint is thrown away, so that Redis may be killed, rolled back or wiped
and is repaired. Running it twice at once does no harm: the ledger skips what it has.
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

# Records in one call of the ledger. Redis answers nobody else meanwhile, so it is about 20 ms of work.
CHUNK = 500

# A micro-batch is held in the driver: with the largest of events these are 640 MB, with usual ones 10.
MAX_RECORDS_A_BATCH = 10_000


def start_settling(
    spark: SparkSession, settings: Settings, checkpoint: str, ledger: Ledger, progress: Progress
) -> StreamingQuery:
    """Start the query where the ledger is. A realm that cannot be settled is left out and named in ``progress``.
    Raises redis.RedisError or kafka.errors.KafkaError if a server does not answer."""
    starts, halted = start_offsets(ledger, settings)
    progress.begin(halted)
    stream = read_topic(spark, settings, starts, MAX_RECORDS_A_BATCH)
    pool = ThreadPoolExecutor(settings.realms)

    def settle_realm(realm: int, rows: Sequence[Row]) -> None:
        if progress.is_halted(realm):
            return
        try:
            settle_rows(lambda records: ledger.settle(realm, records, settings.malformed_limit), rows)
            stream_metrics().ack_to_settled.observe([at_ms for _realm, _offset, at_ms, _value in rows], time.time())
        except Rebuilding as error:
            progress.halt(realm, Halt(str(error), lambda: not ledger.is_rebuilding(realm)))
        except TooManyMalformed as error:
            # What lies in quarantine was accepted before; a Redis that was wiped has forgotten that.
            offset, known = error.offset, quarantined(spark, settings, realm)
            if known >= offset:
                ledger.allow_malformed(realm, known)
                settle_realm(realm, rows)
            else:
                progress.halt(realm, Halt(str(error), lambda: ledger.malformed_allowed(realm) >= offset))

    def settle_batch(batch: DataFrame, _batch_id: int) -> None:
        # In the driver, not in tasks: a Python worker for each task and batch takes four times as long as the work.
        # One byte too many shows that a value is too long; the others of its bytes need no memory.
        value = f.left("value", f.lit(MAX_BYTES + 1)).alias("value")
        with stream_metrics().batch("settle"):
            # As a number, because a date of Python's takes as long to make and to take apart as the rest of a row.
            at = f.unix_millis("timestamp").alias("at_ms")
            rows = batch.select("partition", "offset", at, value).collect()
            stream_metrics().records("settle", len(rows))
            with progress.batch(full=len(rows) == MAX_RECORDS_A_BATCH):
                list(pool.map(lambda realm: settle_realm(*realm), by_realm(rows)))

    return (
        stream.writeStream.queryName("settle")
        .foreachBatch(settle_batch)
        .option("checkpointLocation", checkpoint)
        .start()
    )


def quarantined(spark: SparkSession, settings: Settings, realm: int) -> int:
    """The highest offset of the realm in quarantine, -1 for none or if HDFS does not answer."""
    try:
        return landed_offsets(spark, QUARANTINE, settings.realms)[realm]
    except (PySparkException, Py4JError):
        return -1


def start_offsets(ledger: Ledger, settings: Settings) -> tuple[dict[int, int], dict[int, Halt]]:
    """Realm -> the offset to go on from, and realm -> why it cannot be settled."""
    begins, ends = offset_bounds(settings)
    starts, halted = {}, {}
    for realm, offset in ledger.offsets(range(settings.realms)).items():
        starts[realm] = offset + 1
        why = _halt_reason(ledger, realm, offset + 1, begins[realm], ends[realm])
        if why:
            starts[realm] = LATEST
            halted[realm] = Halt(str(why), partial(_is_due, ledger, settings, realm))
    return starts, halted


def _is_due(ledger: Ledger, settings: Settings, realm: int) -> bool:
    return realm not in start_offsets(ledger, settings)[1]


def _halt_reason(ledger: Ledger, realm: int, offset: int, begin: int, end: int) -> SettlementHalted | None:
    if ledger.is_rebuilding(realm):
        return Rebuilding(realm)
    return None if begin <= offset <= end else LogTruncated(realm, offset, begin, end)


def by_realm(rows: Iterable[Row]) -> Iterator[tuple[int, list[Row]]]:
    """Each realm with its rows in offset order. Spark collects partition after partition, each in offset order."""
    for realm, of_realm in groupby(rows, attrgetter("partition")):
        yield realm, list(of_realm)


def settle_rows(settle: Callable[[list[str]], int], rows: Sequence[Row]) -> None:
    """Pass a realm's rows to ``settle``, in calls of at most CHUNK records."""
    for start in range(0, len(rows), CHUNK):
        settle([to_record(row) for row in rows[start : start + CHUNK]])


def to_record(row: Row) -> str:
    """One Kafka record, as Spark gives it, as ``settle`` takes it."""
    return judged_record(row.value, row.partition, row.offset, row.at_ms)


def judged_record(value: bytes | None, realm: int, offset: int, at_ms: int) -> str:
    """One Kafka record as ``settle`` takes it; what is no event only moves the offset."""
    try:
        event = decode(value, realm)
    except Malformed:
        return encode_malformed_record(offset)
    return encode_settle_record(event, offset, at_ms)

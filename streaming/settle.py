"""The settle query: passes each realm's events, in offset order, to the ledger.

It starts from the offsets in Redis and its checkpoint is thrown away, so that Redis may be killed, rolled back or wiped
and is repaired. Running it twice at once does no harm: the ledger skips what it has.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from operator import attrgetter
from threading import Event

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.streaming.query import StreamingQuery

from game.events import MAX_BYTES, Malformed, decode
from state.connection import connect
from state.ledger import Ledger, malformed_record, settle_record
from state.settings import Settings
from streaming.source import read_topic

# Records in one call of the ledger. Redis answers nobody else meanwhile, so it is about 20 ms of work.
CHUNK = 500

# A micro-batch is held in the driver: with the largest of events these are 640 MB, with usual ones 10.
MAX_RECORDS_A_BATCH = 10_000


def start_settling(spark: SparkSession, settings: Settings, checkpoint: str, caught_up: Event) -> StreamingQuery:
    """Start the query. ``caught_up`` is set except while batches are full. Raises redis.RedisError if the ledger does
    not answer."""
    ledger = Ledger(connect(settings))
    offsets = ledger.offsets(range(settings.realms))
    stream = read_topic(spark, settings, {realm: offset + 1 for realm, offset in offsets.items()}, MAX_RECORDS_A_BATCH)
    pool = ThreadPoolExecutor(settings.realms)

    def settle_batch(batch: DataFrame, _batch_id: int) -> None:
        # In the driver, not in tasks: a Python worker for each task and batch takes four times as long as the work.
        # One byte too many shows that a value is too long; the others of its bytes need no memory.
        value = f.left("value", f.lit(MAX_BYTES + 1)).alias("value")
        rows = batch.select("partition", "offset", "timestamp", value).collect()
        if len(rows) == MAX_RECORDS_A_BATCH:
            caught_up.clear()
        else:
            caught_up.set()
        list(pool.map(lambda realm: settle_rows(ledger, *realm), by_realm(rows)))

    return (
        stream.writeStream.queryName("settle")
        .foreachBatch(settle_batch)
        .option("checkpointLocation", checkpoint)
        .start()
    )


def by_realm(rows: Iterable[Row]) -> Iterator[tuple[int, list[Row]]]:
    """Each realm with its rows in offset order. Spark collects partition after partition, each in offset order."""
    for realm, of_realm in groupby(rows, attrgetter("partition")):
        yield realm, list(of_realm)


def settle_rows(ledger: Ledger, realm: int, rows: Sequence[Row]) -> None:
    """Pass a realm's rows to the ledger, in calls of at most CHUNK records."""
    for start in range(0, len(rows), CHUNK):
        ledger.settle(realm, [to_record(row) for row in rows[start : start + CHUNK]])


def to_record(row: Row) -> str:
    """One Kafka record as ``settle`` takes it; what is no event only moves the offset."""
    try:
        event = decode(row.value, row.partition)
    except Malformed:
        return malformed_record(row.offset)
    return settle_record(event, row.offset, int(row.timestamp.timestamp() * 1000))

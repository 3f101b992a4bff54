"""The settle query: passes each realm's events, in offset order, to the ledger.

It starts from the offsets in Redis and its checkpoint is thrown away, so that Redis may be killed, rolled back or wiped
and is repaired. Running it twice at once does no harm: the ledger skips what it has.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from game.events import Malformed, decode
from state.connection import connect
from state.ledger import Ledger, malformed_record, settle_record
from state.settings import Settings
from streaming.source import read_topic

# Records in one call of the ledger. Redis answers nobody else meanwhile, so it is about 20 ms of work.
CHUNK = 500


def start_settling(spark: SparkSession, settings: Settings, checkpoint: str) -> StreamingQuery:
    """Start the query. Raises redis.RedisError if the ledger does not answer."""
    offsets = Ledger(connect(settings)).offsets(range(settings.realms))
    stream = read_topic(spark, settings, {realm: offset + 1 for realm, offset in offsets.items()})
    settle_rows = settler(settings)

    def settle_batch(batch: DataFrame, _batch_id: int) -> None:
        spark.sparkContext.setLocalProperty("spark.scheduler.pool", "settle")
        batch.select("partition", "offset", "timestamp", "value").foreachPartition(settle_rows)

    return (
        stream.writeStream.queryName("settle")
        .foreachBatch(settle_batch)
        .option("checkpointLocation", checkpoint)
        .start()
    )


def settler(settings: Settings) -> Callable[[Iterable[Row]], None]:
    """What a task does with the rows of its realms, which are in offset order within each realm."""

    def settle_rows(rows: Iterable[Row]) -> None:
        ledger = Ledger(connect(settings))
        for realm, records in chunks(rows):
            ledger.settle(realm, records)

    return settle_rows


def chunks(rows: Iterable[Row]) -> Iterator[tuple[int, list[str]]]:
    """Rows as calls of the ledger: (realm, records) with at most CHUNK records, all of one realm."""
    rows = iter(rows)
    while taken := list(islice(rows, CHUNK)):
        by_realm: dict[int, list[str]] = {}
        for row in taken:
            by_realm.setdefault(row.partition, []).append(to_record(row))
        yield from by_realm.items()


def to_record(row: Row) -> str:
    """One Kafka record as ``settle`` takes it; what is no event only moves the offset."""
    try:
        event = decode(row.value, row.partition)
    except Malformed:
        return malformed_record(row.offset)
    return settle_record(event, row.offset, int(row.timestamp.timestamp() * 1000))

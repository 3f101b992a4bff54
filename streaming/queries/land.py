"""The land query: keeps every record of the log on HDFS, in Iceberg tables that Presto reads.

Exactly once: the tables themselves say how far they are (the highest offset of each realm), a batch becomes visible in
one atomic Iceberg commit, and the query starts after what is there. So its checkpoint may be lost at any time.
"""

from collections.abc import Callable, Iterable, Mapping

from pyspark.sql import Column, DataFrame, Row, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.streaming.query import StreamingQuery
from pyspark.sql.types import StringType, StructField, StructType

from game.events import Event, Malformed, decode, encode
from infra.settings import Settings
from state.ledger import Ledger, TooManyMalformed
from streaming.metrics import stream_metrics
from streaming.queries.progress import Progress
from streaming.queries.schema import struct_of
from streaming.queries.source import read_topic
from streaming.session import NAMESPACE

EVENTS = f"{NAMESPACE}.events"
QUARANTINE = f"{NAMESPACE}.quarantine"

# Bounds a micro-batch while catching up: a few seconds of work, so that progress is seen and a restart repeats little.
MAX_RECORDS_A_BATCH = 25_000

# While settling catches up it has the machine to itself, as players wait for it and analysts do not; but not for ever.
YIELD_SECONDS = 60

# What a rebuild from the archive needs and the map of details does not tell: which of its values are numbers.
_LATER_COLUMNS = ("details_json string", "request string")

_PARSED = StructType([StructField(name, StringType()) for name in ("event", "event_type", "reason")])


def create_tables(spark: SparkSession) -> None:
    """Create the tables that do not exist. Partitioned by realm, so that each Spark task writes one file; and by day,
    because analysts ask for days."""
    spark.sql(f"create namespace if not exists {NAMESPACE}")
    layout = "using iceberg partitioned by (realm, days(kafka_time)) tblproperties ('format-version' = '2', {})".format(
        # A task's rows are one realm in offset order already: no shuffle before writing.
        "'write.distribution-mode' = 'none', 'write.spark.fanout.enabled' = 'true', "
        # Each commit writes a metadata file; readers need only the last, and history lives in snapshots.
        "'write.metadata.delete-after-commit.enabled' = 'true', 'write.metadata.previous-versions-max' = '20'"
    )
    spark.sql(
        f"create table if not exists {EVENTS} (realm int not null, offset bigint not null, "
        "kafka_time timestamp_ntz not null, event_id string not null, event_type string not null, "
        "version int not null, player string, event_time timestamp_ntz not null, generation bigint not null, "
        "details map<string, string>, "
        f"transfers array<struct<debit: string, credit: string, amount: bigint>>, {', '.join(_LATER_COLUMNS)}) {layout}"
    )
    known = {field.name for field in spark.table(EVENTS).schema}
    for column in _LATER_COLUMNS:
        if column.partition(" ")[0] not in known:
            spark.sql(f"alter table {EVENTS} add column {column}")
    spark.sql(
        f"create table if not exists {QUARANTINE} (realm int not null, offset bigint not null, "
        f"kafka_time timestamp_ntz not null, value binary, reason string not null) {layout}"
    )


def landed_offsets(spark: SparkSession, table: str, realms: int) -> dict[int, int]:
    """Realm -> the highest offset in the table, -1 for none; read from Iceberg's metadata, not from the data."""
    rows = spark.sql(
        f"select partition.realm as realm, max(readable_metrics.offset.upper_bound) as offset "  # noqa: S608 - our names
        f"from {table}.files group by 1"
    ).collect()
    found = {row.realm: row.offset for row in rows}
    return {realm: found.get(realm, -1) for realm in range(realms)}


def quarantined_rows(spark: SparkSession, realms: int) -> dict[int, int]:
    """Realm -> the number of its rows in quarantine, read from Iceberg's metadata."""
    rows = spark.sql(
        f"select partition.realm as realm, sum(record_count) as n from {QUARANTINE}.files group by 1"  # noqa: S608 - ours
    ).collect()
    found = {row.realm: row.n for row in rows}
    return {realm: found.get(realm, 0) for realm in range(realms)}


def start_landing(
    spark: SparkSession, settings: Settings, checkpoint: str, ledger: Ledger, progress: Progress
) -> StreamingQuery:
    """Start the query; the tables must exist. Each batch waits, within limits, until settling has caught up."""
    runs = ConsecutiveMalformedLimit(settings.malformed_limit, ledger.malformed_allowed)
    landed = landed_offsets(spark, EVENTS, settings.realms)
    stream = read_topic(spark, settings, {realm: offset + 1 for realm, offset in landed.items()}, MAX_RECORDS_A_BATCH)
    malformed_last = landed_offsets(spark, QUARANTINE, settings.realms)
    stream_metrics().landed.update({realm: max(offset, malformed_last[realm]) for realm, offset in landed.items()})
    stream_metrics().quarantined.update(quarantined_rows(spark, settings.realms))

    def land_batch(batch: DataFrame, _batch_id: int) -> None:
        progress.wait_for_settling(YIELD_SECONDS)
        with stream_metrics().batch("land"):
            parsed = parse(batch).persist()
            try:
                last = land(parsed)
            finally:
                parsed.unpersist()
        stream_metrics().landed.update(last)

    def land(parsed: DataFrame) -> dict[int, int]:
        counts = count(parsed, settings.land_types)
        stream_metrics().records("land", sum(row.records for row in counts))
        # Quarantine first: a crash between the two commits repeats the batch, and only this one filters repeats.
        if any(row.malformed for row in counts):
            quarantine(spark, parsed, settings.realms, runs)
            stream_metrics().quarantined.update(quarantined_rows(spark, settings.realms))
        if any(row.wanted for row in counts):
            events_of(parsed, settings.land_types).writeTo(EVENTS).append()
        return {row.realm: row.last for row in counts}

    return (
        stream.writeStream.queryName("land")
        .foreachBatch(land_batch)
        .option("checkpointLocation", checkpoint)
        .trigger(processingTime=f"{settings.land_seconds} seconds")
        .start()
    )


def parse(batch: DataFrame) -> DataFrame:
    """Kafka's columns and either ``event``, as canonical JSON, or the ``reason`` why it is none.

    The same Python function judges records here and in the settle query; Spark's own parser is more lenient, and then
    a record could count in Redis and not on HDFS.
    """
    # Said to be no Arrow function: else PySpark looks for type hints in _judge, and warns of what it does not find.
    judge = f.udf(_judge, _PARSED, useArrow=False)
    return batch.select(
        f.col("partition").alias("realm"),
        "offset",
        # Cut to milliseconds: Presto shows no more, and would miss equal values that differ below it.
        f.date_trunc("millisecond", f.col("timestamp")).cast("timestamp_ntz").alias("kafka_time"),
        "value",
        judge("value", "partition").alias("parsed"),
    ).select("realm", "offset", "kafka_time", "value", "parsed.*")


def _judge(value: bytes | bytearray | None, realm: int) -> tuple[str | None, str | None, str | None]:
    try:
        event = decode(bytes(value) if value is not None else None, realm)
    except Malformed as error:
        return None, None, str(error)
    return encode(event).decode(), event.type, None


def count(parsed: DataFrame, types: str) -> list[Row]:
    """For each realm its ``last`` offset, the number of its ``records``, and how many rows the two tables get: events
    of the ``wanted`` types, and ``malformed`` records."""
    return (
        parsed.groupBy("realm")
        .agg(
            f.max("offset").alias("last"),
            f.count("*").alias("records"),
            f.count_if(_wanted(types)).alias("wanted"),
            f.count("reason").alias("malformed"),
        )
        .collect()
    )


def _wanted(types: str) -> Column:
    if types.strip() == "*":
        return f.col("event").isNotNull()
    return f.col("event_type").isin([name.strip() for name in types.split(",")])


def quarantine(spark: SparkSession, parsed: DataFrame, realms: int, runs: "ConsecutiveMalformedLimit") -> None:
    """Keep what is no event, with its bytes and the reason; skips what is there from a batch that is repeated. Raises
    TooManyMalformed, and then keeps nothing."""
    known = landed_offsets(spark, QUARANTINE, realms)
    malformed = parsed.where("reason is not null")
    runs.check(sorted(malformed.select("realm", "offset").collect()), known)
    fresh = malformed.where(_after(known))
    fresh.select("realm", "offset", "kafka_time", "value", "reason").writeTo(QUARANTINE).append()


class ConsecutiveMalformedLimit:
    """Counts malformed records in a row, and refuses them when they are more than ``limit`` (0: any number) and beyond
    the offset that ``allowed`` answers for the realm.

    It lives as long as the query. A query that starts again begins after the last event that has landed, so that it
    sees the whole run again.
    """

    def __init__(self, limit: int, allowed: Callable[[int], int]) -> None:
        self._limit = limit
        self._allowed = allowed
        self._runs: dict[int, tuple[int, int]] = {}  # realm -> the last malformed offset, and how many led up to it

    def check(self, malformed: Iterable[tuple[int, int]], known: Mapping[int, int]) -> None:
        """Go on by a batch's malformed records, as (realm, offset) in order. What is in quarantine up to the offset
        ``known`` of its realm is counted and not refused. Raises TooManyMalformed."""
        runs = dict(self._runs)
        allowed: dict[int, int] = {}
        for realm, offset in malformed:
            last, length = runs.get(realm, (-1, 0))
            runs[realm] = (offset, length + 1 if offset == last + 1 else 1)
            if not self._limit or runs[realm][1] <= self._limit:
                continue
            if realm not in allowed:
                allowed[realm] = max(self._allowed(realm), known.get(realm, -1))
            if offset > allowed[realm]:
                raise TooManyMalformed(realm, runs[realm][1], offset)
        self._runs = runs


def _after(offsets: Mapping[int, int]) -> Column:
    after = f.create_map(*(f.lit(part) for item in offsets.items() for part in item))
    return f.col("offset") > f.coalesce(after[f.col("realm")], f.lit(-1))


def events_of(parsed: DataFrame, types: str) -> DataFrame:
    """The events of the wanted types (``*`` or names separated by commas), in the columns of the table."""
    return (
        parsed.where(_wanted(types))
        .withColumn("e", f.from_json("event", struct_of(Event)))
        .select(
            "realm",
            "offset",
            "kafka_time",
            f.col("e.id").alias("event_id"),
            "event_type",
            f.col("e.version").cast("int").alias("version"),
            f.col("e.player").alias("player"),
            f.to_timestamp_ntz(f.substring("e.time", 1, 23), f.lit("yyyy-MM-dd'T'HH:mm:ss.SSS")).alias("event_time"),
            f.col("e.generation").alias("generation"),
            f.col("e.details").alias("details"),
            f.col("e.transfers").alias("transfers"),
            f.get_json_object("event", "$.details").alias("details_json"),
            f.col("e.request").alias("request"),
        )
    )

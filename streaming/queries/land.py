"""The land query writes every record of the log to HDFS, into Iceberg tables that Presto reads.

Each event lands exactly once. The tables themselves hold the progress, which is the highest offset of each realm. The
events of a batch become visible in one atomic Iceberg commit. The query starts after the landed offsets, so its
checkpoint may be lost at any time.
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

# Maximum number of records in a micro-batch. During a backlog, a batch of this size takes a few seconds. So the
# progress is visible, and after a restart little work is repeated.
MAX_RECORDS_A_BATCH = 25_000

# Each batch waits at most this long for settling. Settling goes first, because players wait for it.
YIELD_SECONDS = 60

# Columns that a later version added, for a rebuild from the archive. ``details_json`` keeps which values are numbers;
# the map ``details`` makes all of them strings.
_LATER_COLUMNS = ("details_json string", "request string")

_PARSED = StructType([StructField(name, StringType()) for name in ("event", "event_type", "reason")])


def create_tables(spark: SparkSession) -> None:
    """Create the tables if they do not exist.

    The tables are partitioned by realm and by day. So each Spark task writes one file, because it has the records of
    one realm. Analysts filter by day.
    """
    spark.sql(f"create namespace if not exists {NAMESPACE}")
    layout = "using iceberg partitioned by (realm, days(kafka_time)) tblproperties ('format-version' = '2', {})".format(
        # Each task already has the rows of one realm in offset order, so Spark need not shuffle them.
        "'write.distribution-mode' = 'none', 'write.spark.fanout.enabled' = 'true', "
        # Delete old metadata files. Each commit writes a new one, readers need only the last one, and the snapshots
        # keep the history.
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
    """Return, by realm, the highest offset in the table, or -1 if the realm has no row.

    The function reads Iceberg's metadata and not the rows.
    """
    rows = spark.sql(
        f"select partition.realm as realm, max(readable_metrics.offset.upper_bound) as offset "  # noqa: S608 - our names
        f"from {table}.files group by 1"
    ).collect()
    found = {row.realm: row.offset for row in rows}
    return {realm: found.get(realm, -1) for realm in range(realms)}


def quarantined_rows(spark: SparkSession, realms: int) -> dict[int, int]:
    """Return, by realm, the number of rows in quarantine. The numbers come from Iceberg's metadata."""
    rows = spark.sql(
        f"select partition.realm as realm, sum(record_count) as n from {QUARANTINE}.files group by 1"  # noqa: S608 - ours
    ).collect()
    found = {row.realm: row.n for row in rows}
    return {realm: found.get(realm, 0) for realm in range(realms)}


def start_landing(
    spark: SparkSession, settings: Settings, checkpoint: str, ledger: Ledger, progress: Progress
) -> StreamingQuery:
    """Start the query. The tables must exist.

    Each batch first waits until settling has caught up, but only for a limited time.
    """
    limit = ConsecutiveMalformedLimit(settings.malformed_limit, ledger.malformed_allowed)
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
        # Write to quarantine first. After a crash between the two commits, the batch is repeated. Then ``quarantine``
        # skips the records that it has, while the append to EVENTS would write its rows twice.
        if any(row.malformed for row in counts):
            quarantine(spark, parsed, settings.realms, limit)
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
    """Decode the records of a batch.

    Returns Kafka's columns and either the ``event`` as canonical JSON or the ``reason`` why the record is malformed.
    The same Python function decodes records here and in the settle query. Spark's JSON parser accepts more texts. With
    that parser, a record could be malformed for the ledger and still be an event on HDFS.
    """
    # Set useArrow=False; otherwise PySpark looks for type hints in the function and warns if it finds none.
    decode_column = f.udf(_decode, _PARSED, useArrow=False)
    return batch.select(
        f.col("partition").alias("realm"),
        "offset",
        # Truncate the time to milliseconds, because Presto shows only milliseconds. Otherwise two times could look
        # equal in Presto and still differ.
        f.date_trunc("millisecond", f.col("timestamp")).cast("timestamp_ntz").alias("kafka_time"),
        "value",
        decode_column("value", "partition").alias("parsed"),
    ).select("realm", "offset", "kafka_time", "value", "parsed.*")


def _decode(value: bytes | bytearray | None, realm: int) -> tuple[str | None, str | None, str | None]:
    try:
        event = decode(bytes(value) if value is not None else None, realm)
    except Malformed as error:
        return None, None, str(error)
    return encode(event).decode(), event.type, None


def count(parsed: DataFrame, types: str) -> list[Row]:
    """Return a row for each realm: its ``last`` offset and its numbers of records.

    ``records`` counts all records, ``wanted`` the events of the types to land, and ``malformed`` the malformed records.
    """
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


def quarantine(spark: SparkSession, parsed: DataFrame, realms: int, limit: "ConsecutiveMalformedLimit") -> None:
    """Write the malformed records to quarantine, with their bytes and reasons.

    Records that are in quarantine already, because the batch is repeated, are skipped. Raises TooManyMalformed if the
    limit is exceeded, and then writes nothing.
    """
    known = landed_offsets(spark, QUARANTINE, realms)
    malformed = parsed.where("reason is not null")
    limit.check(sorted(malformed.select("realm", "offset").collect()), known)
    fresh = malformed.where(_after(known))
    fresh.select("realm", "offset", "kafka_time", "value", "reason").writeTo(QUARANTINE).append()


class ConsecutiveMalformedLimit:
    """A limit for the number of consecutive malformed records in a realm. A limit of 0 means that there is no limit.

    Records up to the offset ``allowed(realm)`` are never refused. An instance of this class lives as long as its query.
    A restarted query starts after the last landed event, so it reads the malformed records after that event again.
    """

    def __init__(self, limit: int, allowed: Callable[[int], int]) -> None:
        self._limit = limit
        self._allowed = allowed
        self._runs: dict[int, tuple[int, int]] = {}  # realm -> (last malformed offset, length of its run)

    def check(self, malformed: Iterable[tuple[int, int]], known: Mapping[int, int]) -> None:
        """Count the malformed records of a batch, given as pairs (realm, offset) in ascending order.

        ``known`` has, by realm, the highest offset in quarantine. Records up to this offset count towards the limit,
        but are not refused. Raises TooManyMalformed if the limit is exceeded.
        """
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
    """Return the events of the wanted types, with the columns of the table ``events``.

    ``types`` is ``*`` for all types, or names separated by commas.
    """
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

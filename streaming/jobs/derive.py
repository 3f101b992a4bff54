"""Derives the tables for analysts from the landed events.

``actions`` has a row for each effective event, and ``transfers`` a row for each of its transfers.

Each event is derived exactly once, for three reasons. Each table stores its own progress, which is the highest offset
of each realm in it. The rows of a step become visible in one atomic commit to each table. The next step adds to each
table only records beyond that table's offsets. So if the process crashes between the two commits, the next step
completes the table that is behind. An event without effect leaves no row, so the next step may read it again; that
changes nothing.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f

from game.catalogue import ITEMS
from game.events import FENCE
from infra import json_logging
from infra.settings import Settings
from infra.waiting import wait_until
from state.ledger import Ledger
from streaming.jobs.deduplication import ID_LIFETIME, effective_events, generations, superseded
from streaming.metrics import stream_metrics
from streaming.queries.land import EVENTS, MAX_RECORDS_A_BATCH, landed_offsets
from streaming.queries.progress import Progress
from streaming.session import NAMESPACE

_log = json_logging.get_logger("derive")

ACTIONS = f"{NAMESPACE}.actions"
TRANSFERS = f"{NAMESPACE}.transfers"

# Older versions used this name for the table ``transfers``; see :func:`adopt_former_transfers`.
FORMER_TRANSFERS = f"{NAMESPACE}.moves"

# Maximum number of records in one step when there is a backlog. A step of this size takes some seconds. Before each
# step, derivation waits until settling and landing have caught up.
MAX_RECORDS_A_STEP = 250_000

# A step waits at most this long for settling, and then at most this long for landing. Settling and landing go first
# because players wait for settled events and analysts need landed events.
YIELD_SECONDS = 60
POLL_SECONDS = 1.0  # pause between two checks of landing, which takes seconds to catch up

# The tables are partitioned by the day of the event, because reports filter by day and a backfill writes past days.
# They are not partitioned by realm, because four realms would make four times as many files of a quarter of the size.
# The rows in a file are sorted by the columns that reports filter by.
_LAYOUT = (
    "using iceberg partitioned by (days(event_time)) tblproperties ('format-version' = '2', "
    # All rows of a day go to one task, so that a step writes one file for each day.
    "'write.distribution-mode' = 'hash', "
    # A reader skips a row group if the group's minimum and maximum show that no row matches. With the default of 128
    # MB, even a day of a million events would be a single row group. Spark counts bytes before compression, so 16 MB
    # are about 80,000 rows, which take 1 MB on the disk. Groups of a sixteenth of this size were too small: there were
    # thousands of them, and Presto spent 4 ms on each.
    "'write.parquet.row-group-size-bytes' = '16777216', "
    "'write.metadata.delete-after-commit.enabled' = 'true', 'write.metadata.previous-versions-max' = '20')"
)

Offsets = Mapping[int, int]  # realm -> offset, or -1 if there is none


def create_derived_tables(spark: SparkSession) -> None:
    """Create the tables if they do not exist."""
    _create(
        spark,
        ACTIONS,
        "realm int not null, offset bigint not null, kafka_time timestamp_ntz not null, event_time timestamp_ntz "
        "not null, event_type string not null, player string, generated bigint, item string, item_kind string, "
        "price bigint, on_sale boolean, quantity bigint, gold bigint, guild string, other string, damage bigint, "
        "details map<string, string>",
        "event_type, player",
    )
    _create(
        spark,
        TRANSFERS,
        "realm int not null, offset bigint not null, event_time timestamp_ntz not null, event_type string not null, "
        "player string, generated bigint, debit string, credit string, amount bigint, debit_owner string, "
        "debit_name string, credit_owner string, credit_name string",
        "debit_name, credit_name",
    )


def _create(spark: SparkSession, table: str, columns: str, order: str) -> None:
    spark.sql(f"create table if not exists {table} ({columns}) {_LAYOUT}")
    known = {row.key for row in spark.sql(f"show tblproperties {table}").collect()}
    # CREATE TABLE cannot set the sort order. Check the order at each start, because an earlier process may have ended
    # between the two statements.
    if "sort-order" not in known:
        spark.sql(f"alter table {table} write distributed by partition locally ordered by {order}")


def actions_of(events: DataFrame) -> DataFrame:
    """Return a row for each event, with columns for the details that reports use most."""
    text, number = _text, _number
    item = f.coalesce(text("item"), text("sword"), text("potion"), text("give_item"), text("want_item"))
    quantity = f.coalesce(number("quantity"), number("give_quantity"), number("want_quantity"))
    paid = f.try_multiply(number("price"), f.coalesce(number("quantity"), f.lit(1)))
    gold = f.coalesce(number("gold"), paid, number("bounty"), number("give_gold"), number("want_gold"))
    return events.select(
        "realm",
        "offset",
        "kafka_time",
        "event_time",
        "event_type",
        "player",
        number("generated").alias("generated"),
        item.alias("item"),
        f.coalesce(text("kind"), _kinds()[item]).alias("item_kind"),
        number("price").alias("price"),
        f.when(number("price").isNotNull(), text("sale").isNotNull()).alias("on_sale"),
        quantity.alias("quantity"),
        gold.alias("gold"),
        text("guild").alias("guild"),
        f.coalesce(text("target"), text("to"), text("with"), text("leader")).alias("other"),
        number("damage").alias("damage"),
        "details",
    )


def transfers_of(events: DataFrame) -> DataFrame:
    """Return a row for each transfer of each event."""
    return (
        events.withColumn("generated", _number("generated"))
        .select("realm", "offset", "event_time", "event_type", "player", "generated", f.inline("transfers"))
        .withColumn("debit_owner", _owner("debit"))
        .withColumn("debit_name", f.expr("substring(debit, length(debit_owner) + 2)"))
        .withColumn("credit_owner", _owner("credit"))
        .withColumn("credit_name", f.expr("substring(credit, length(credit_owner) + 2)"))
    )


def _text(name: str) -> Column:
    return f.col("details")[name]


def _number(name: str) -> Column:
    # Use try_cast, because an event that was written by hand may have a price such as "cheap".
    return _text(name).try_cast("bigint")


def _kinds() -> Column:
    return f.create_map(*(f.lit(part) for name, item in ITEMS.items() for part in (name, item.kind)))


def _owner(account: str) -> Column:
    house = f.col(account).startswith("house:")
    return f.when(house, "house").otherwise(f.substring_index(account, ":", 2))


def adopt_former_transfers(spark: SparkSession) -> None:
    """Copy the rows of an instance's table ``moves`` into ``transfers``, and drop ``moves``.

    Iceberg's Hadoop catalog cannot rename a table. Deriving all events again would take longer than a copy, and
    analysts would see only a part of the table meanwhile. The offsets in the rows record how far derivation is, so the
    copy keeps this progress. The copy is one atomic commit. If the process crashes before the commit, ``transfers`` is
    empty and the next call copies again. If the process crashes after the commit, the next call only drops ``moves``.
    """
    if not spark.catalog.tableExists(FORMER_TRANSFERS):
        return
    if spark.table(TRANSFERS).isEmpty():
        spark.table(FORMER_TRANSFERS).writeTo(TRANSFERS).append()
    spark.sql(f"drop table {FORMER_TRANSFERS}")  # the Hadoop catalog also deletes the files
    _log.info("former table copied", old=FORMER_TRANSFERS, new=TRANSFERS)


class IncrementalDerivation:
    """Adds the events that have settled and landed since the last run to ``actions`` and ``transfers``.

    Only one process may derive at a time, because two processes would write duplicate rows.
    """

    def __init__(self, spark: SparkSession, settings: Settings, ledger: Ledger, progress: Progress) -> None:
        self._spark, self._realms, self._ledger, self._progress = spark, range(settings.realms), ledger, progress
        self._table_offsets: dict[str, dict[int, int]] = {}  # table -> highest offset by realm; empty until read
        self._fences: dict[int, list[int]] | None = None

    def run(self) -> int:
        """Derive all due records, step by step. Returns the number of log records that the steps covered.

        Raises the exceptions of Spark and Redis. After an exception, the next run reads the offsets from the tables and
        continues from there.
        """
        done, more = 0, True
        try:
            while more:
                records, more = self._step()
                done += records
        except Exception:
            # Forget the offsets in memory, because the last commit may have succeeded in spite of the exception.
            self._table_offsets, self._fences = {}, None
            raise
        return done

    def _step(self) -> tuple[int, bool]:
        """Derive one step. Returns the number of log records in the step, and whether more records were due.

        Records that arrive during the step are left to the next run. While people play, new records always arrive.
        Without this rule, a run would never end and the other jobs would never get their turn.
        """
        self._progress.wait_for_settling(YIELD_SECONDS)
        self._wait_for_landing()
        if not self._table_offsets:
            adopt_former_transfers(self._spark)
            self._table_offsets = {
                table: max_offsets(self._spark, table, self._realms) for table in (ACTIONS, TRANSFERS)
            }
        low = {realm: min(offsets[realm] for offsets in self._table_offsets.values()) for realm in self._realms}
        settled = dict(self._settled())
        landed = landed_offsets(self._spark, EVENTS, len(self._realms))
        due = {realm: min(offset, landed[realm]) for realm, (offset, _) in settled.items()}
        high = next_step_bounds(low, due, MAX_RECORDS_A_STEP)
        records = sum(high[realm] - low[realm] for realm in self._realms)
        behind = sum(max(0, due[realm] - high[realm]) for realm in due)
        if records:
            all_rejected = ((realm, offset) for realm, (_, offsets) in settled.items() for offset in offsets)
            rejected = [(realm, offset) for realm, offset in all_rejected if low[realm] < offset <= high[realm]]
            self._derive(low, high, rejected)
            _log.info("derived", records=records, behind=behind)
        stream_metrics().derived.update(high)
        return records, behind > 0

    def _wait_for_landing(self) -> None:
        with suppress(TimeoutError):
            wait_until(self._has_landed, YIELD_SECONDS, "landing", poll_seconds=POLL_SECONDS)

    def _has_landed(self) -> bool:
        landed = stream_metrics().landed.values()
        settled = self._ledger.offsets(landed)
        # Less than a full batch counts as landed, because in ordinary traffic landing is always some records behind.
        return sum(settled[realm] - offset for realm, offset in landed.items()) < MAX_RECORDS_A_BATCH

    def _settled(self) -> Iterator[tuple[int, tuple[int, list[int]]]]:
        for realm in self._realms:
            found = self._ledger.settled_and_rejected(realm)
            if found:
                yield realm, found

    def _derive(self, low: Offsets, high: Offsets, rejected: list[tuple[int, int]]) -> None:
        events = self._spark.table(EVENTS)
        part = events.where(_between(low, high))
        found = part.agg(f.min("kafka_time").alias("begin"), f.count_if(f.col("event_type") == FENCE).alias("fences"))
        begin, fences = found.collect()[0]
        if self._fences is None or fences:
            self._fences = generations(events.where(_between(dict.fromkeys(high, -1), high)))
        if begin is not None:
            since = f.lit(begin.isoformat()).cast("timestamp_ntz") - f.expr(ID_LIFETIME)
            earlier = events.where(_between(dict.fromkeys(low, -1), low) & (f.col("kafka_time") >= since))
            # Do not use persist() here. Whenever any query commits to a table, Spark plans the cached results from that
            # table again, and unpersist() then does not find the cached plan. A local checkpoint does not depend on the
            # table, and Spark frees it when Python drops its reference.
            losers = superseded(part, earlier, self._fences).localCheckpoint()
            for table, rows in ((ACTIONS, actions_of), (TRANSFERS, transfers_of)):
                beyond = events.where(_between(self._table_offsets[table], high))
                rows(effective_events(beyond, losers, rejected)).writeTo(table).append()
        # After a crash, one table may already be beyond this step. Its offset must not go back.
        self._table_offsets = {
            table: {realm: max(offset, high[realm]) for realm, offset in offsets.items()}
            for table, offsets in self._table_offsets.items()
        }


def max_offsets(spark: SparkSession, table: str, realms: range) -> dict[int, int]:
    """Return, by realm, the highest offset in the table, or -1 if the realm has no row.

    The query reads the rows; a process usually needs it only once. Iceberg's metadata cannot tell the highest offset of
    a realm, because each file contains a day of all realms.
    """
    rows = spark.table(table).groupBy("realm").agg(f.max("offset").alias("last")).collect()
    found = {row.realm: row.last for row in rows}
    return {realm: found.get(realm, -1) for realm in realms}


def next_step_bounds(low: Offsets, due: Offsets, max_records: int) -> dict[int, int]:
    """Return, by realm, the last offset of the next step.

    The step covers all due records, or about ``max_records`` of them if there are more. Realms with due records get
    equal shares. The result is never below ``low``, even if the offset in Redis has gone back below ``low``.
    """
    behind = [realm for realm in low if due.get(realm, -1) > low[realm]]
    share = max_records // max(1, len(behind))
    return {realm: min(due[realm], low[realm] + share) if realm in behind else low[realm] for realm in low}


def _between(low: Offsets, high: Offsets) -> Column:
    # Write one offset range for each realm, so that Iceberg can skip files without matching rows.
    ranges = [
        (f.col("realm") == realm) & (f.col("offset") > low[realm]) & (f.col("offset") <= high[realm])
        for realm in high
        if high[realm] > low[realm]
    ]
    return reduce(or_, ranges) if ranges else f.lit(False)

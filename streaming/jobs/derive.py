"""Tables for analysts, derived from the landed events: ``actions``, a row for each effective event, and
``transfers``, a row for each of its transfers.

Exactly once: each table itself says how far it is (the highest offset of each realm), a step becomes visible in one
atomic commit a table, and the next step takes for each table only what lies beyond its own offsets. So a crash between
the two commits is repaired by the next step. What does not count leaves no row; looking at it again changes nothing.
"""

import time
from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f

from game.catalogue import ITEMS
from game.events import FENCE
from infra import json_logging
from infra.settings import Settings
from state.ledger import Ledger
from streaming.jobs.deduplication import REMEMBERED, effective_events, generations, superseded
from streaming.metrics import stream_metrics
from streaming.queries.land import EVENTS, MAX_RECORDS_A_BATCH, landed_offsets
from streaming.queries.progress import Progress
from streaming.session import NAMESPACE

_log = json_logging.get_logger("derive")

ACTIONS = f"{NAMESPACE}.actions"
TRANSFERS = f"{NAMESPACE}.transfers"

# Bounds a step of a backlog: so many records are some seconds of work, after which others are let go first.
MAX_RECORDS_A_STEP = 250_000

# Players wait for settling, and analysts cannot have what has not landed: both go first, but not for ever.
YIELD_SECONDS = 60
LOOK_SECONDS = 1.0

# By day of the event, because reports ask for days and a backfill tells of past ones; not by realm too, which would
# make four times as many files of a quarter of the size. Files are sorted by what reports filter by.
_LAYOUT = (
    "using iceberg partitioned by (days(event_time)) tblproperties ('format-version' = '2', "
    # All rows of a day go to one task, so that a step writes a file a day.
    "'write.distribution-mode' = 'hash', "
    # Readers leave a row group out by its minima and maxima. Of 128 MB, the default, even a day of a million events
    # would be one group with everything in it. Spark counts before it compresses: 16 MB are about 80,000 rows, and
    # 1 MB on the disk. Groups of a sixteenth of that made Presto spend 4 ms on each of thousands.
    "'write.parquet.row-group-size-bytes' = '16777216', "
    "'write.metadata.delete-after-commit.enabled' = 'true', 'write.metadata.previous-versions-max' = '20')"
)

Offsets = Mapping[int, int]  # realm -> offset, -1 for none


def create_derived_tables(spark: SparkSession) -> None:
    """Create the tables that do not exist."""
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
    # A second statement, as there is no word for it in the first: a process may have ended between them.
    if "sort-order" not in known:
        spark.sql(f"alter table {table} write distributed by partition locally ordered by {order}")


def actions_of(events: DataFrame) -> DataFrame:
    """A row for each event, with the most asked-for details as columns."""
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
    """A row for each transfer of each event."""
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
    # Who writes to the topic by hand may call a price "cheap".
    return _text(name).try_cast("bigint")


def _kinds() -> Column:
    return f.create_map(*(f.lit(part) for name, item in ITEMS.items() for part in (name, item.kind)))


def _owner(account: str) -> Column:
    house = f.col(account).startswith("house:")
    return f.when(house, "house").otherwise(f.substring_index(account, ":", 2))


class IncrementalDerivation:
    """Extends ``actions`` and ``transfers`` by what has settled and landed since. Only one process may derive at a
    time; two would write duplicate events."""

    def __init__(self, spark: SparkSession, settings: Settings, ledger: Ledger, progress: Progress) -> None:
        self._spark, self._realms, self._ledger, self._progress = spark, range(settings.realms), ledger, progress
        self._at: dict[str, dict[int, int]] = {}  # table -> how far it is; empty: it must be asked
        self._fences: dict[int, list[int]] | None = None

    def run(self) -> int:
        """Derive what is due, step by step, and answer how many records of the log that were. Raises what Spark and
        Redis raise; then the next run goes on where the tables are."""
        done, more = 0, True
        try:
            while more:
                records, more = self._step()
                done += records
        except Exception:
            # Whether the last commit took place is not known.
            self._at, self._fences = {}, None
            raise
        return done

    def _step(self) -> tuple[int, bool]:
        """How many records that were, and whether more were due than a step takes. What has come meanwhile is for the
        next run: while people play, something always has, and the other jobs would never have their turn."""
        self._progress.wait_for_settling(YIELD_SECONDS)
        self._wait_for_landing()
        if not self._at:
            self._at = {table: max_offsets(self._spark, table, self._realms) for table in (ACTIONS, TRANSFERS)}
        low = {realm: min(at[realm] for at in self._at.values()) for realm in self._realms}
        settled = dict(self._settled())
        landed = landed_offsets(self._spark, EVENTS, len(self._realms))
        due = {realm: min(offset, landed[realm]) for realm, (offset, _) in settled.items()}
        high = next_step_bounds(low, due, MAX_RECORDS_A_STEP)
        records = sum(high[realm] - low[realm] for realm in self._realms)
        behind = sum(max(0, due[realm] - high[realm]) for realm in due)
        if records:
            found = ((realm, offset) for realm, (_, offsets) in settled.items() for offset in offsets)
            rejected = [(realm, offset) for realm, offset in found if low[realm] < offset <= high[realm]]
            self._derive(low, high, rejected)
            _log.info("derived", records=records, behind=behind)
        stream_metrics().derived.update(high)
        return records, behind > 0

    def _wait_for_landing(self) -> None:
        give_up = time.monotonic() + YIELD_SECONDS
        while time.monotonic() < give_up:
            landed = stream_metrics().landed.values()
            settled = self._ledger.offsets(landed)
            # Less than a full batch is what comes all the time.
            if sum(settled[realm] - offset for realm, offset in landed.items()) < MAX_RECORDS_A_BATCH:
                return
            time.sleep(LOOK_SECONDS)

    def _settled(self) -> Iterator[tuple[int, tuple[int, list[int]]]]:
        for realm in self._realms:
            judged = self._ledger.settled_and_rejected(realm)
            if judged:
                yield realm, judged

    def _derive(self, low: Offsets, high: Offsets, rejected: list[tuple[int, int]]) -> None:
        events = self._spark.table(EVENTS)
        part = events.where(_between(low, high))
        found = part.agg(f.min("kafka_time").alias("begin"), f.count_if(f.col("event_type") == FENCE).alias("fences"))
        begin, fences = found.collect()[0]
        if self._fences is None or fences:
            self._fences = effective_fences(events, high)
        if begin is not None:
            since = f.lit(begin.isoformat()).cast("timestamp_ntz") - f.expr(REMEMBERED)
            earlier = events.where(_between(dict.fromkeys(low, -1), low) & (f.col("kafka_time") >= since))
            # Not persist(): what Spark caches of a table it plans anew in each commit to it, by any query, and then
            # unpersist() does not find it again. A checkpoint knows nothing of the table, and goes when nobody has it.
            losers = superseded(part, earlier, self._fences).localCheckpoint()
            for table, rows in ((ACTIONS, actions_of), (TRANSFERS, transfers_of)):
                beyond = events.where(_between(self._at[table], high))
                rows(effective_events(beyond, losers, rejected)).writeTo(table).append()
        self._at = {table: dict(high) for table in self._at}


def max_offsets(spark: SparkSession, table: str, realms: range) -> dict[int, int]:
    """Realm -> the highest offset in the table, -1 for none. Read from its rows, once in a process: a file of a day has
    rows of all realms, so that Iceberg's metadata cannot say it."""
    rows = spark.table(table).groupBy("realm").agg(f.max("offset").alias("last")).collect()
    found = {row.realm: row.last for row in rows}
    return {realm: found.get(realm, -1) for realm in realms}


def next_step_bounds(low: Offsets, due: Offsets, most: int) -> dict[int, int]:
    """Realm -> up to which offset the next step goes: all that is due, or about ``most`` records, the same for each
    realm that has something due. Never back behind ``low``, though Redis may be."""
    behind = [realm for realm in low if due.get(realm, -1) > low[realm]]
    share = most // max(1, len(behind))
    return {realm: min(due[realm], low[realm] + share) if realm in behind else low[realm] for realm in low}


def effective_fences(events: DataFrame, high: Offsets) -> dict[int, list[int]]:
    """Realm -> the offsets of the fences that opened a generation, up to ``high``."""
    past = events.where(_between(dict.fromkeys(high, -1), high)).select(
        "realm", "offset", "event_id", "event_type", "generation"
    )
    ids = past.where(f.col("event_type") == FENCE).select("realm", "event_id")
    return generations(past.join(f.broadcast(ids), ["realm", "event_id"], "left_semi").collect())


def _between(low: Offsets, high: Offsets) -> Column:
    # A range of each realm, so that Iceberg leaves out the files that have nothing of it.
    ranges = [
        (f.col("realm") == realm) & (f.col("offset") > low[realm]) & (f.col("offset") <= high[realm])
        for realm in high
        if high[realm] > low[realm]
    ]
    return reduce(or_, ranges) if ranges else f.lit(False)

"""Provide Iceberg tables in a folder."""

from collections.abc import Iterable

from pyspark.sql import SparkSession

from game.events import Event, encode
from infra.settings import Settings
from streaming.jobs import maintenance
from streaming.jobs.derive import (
    ACTIONS,
    TRANSFERS,
    IncrementalDerivation,
    create_derived_tables,
)
from streaming.jobs.maintenance import MaintainedTable
from streaming.jobs.summaries import PLAYERS, SESSIONS, create_summary_tables
from streaming.queries.land import EVENTS, QUARANTINE, create_tables, events_of, parse
from streaming.queries.progress import Progress
from tests.support.spark_rows import START

REALMS = 2

_KAFKA = "partition int, offset bigint, timestamp timestamp, value binary"


class Books:
    """A stand-in for the ledger. It has only the part that the derive job reads."""

    def __init__(self) -> None:
        self.settled = dict.fromkeys(range(REALMS), 10**6)
        self.rejected: dict[int, list[int]] = {}
        self.closed: set[int] = set()

    def offsets(self, realms: Iterable[int]) -> dict[int, int]:
        return {realm: self.settled[realm] for realm in realms}

    def settled_and_rejected(self, realm: int) -> tuple[int, list[int]] | None:
        return None if realm in self.closed else (self.settled[realm], self.rejected.get(realm, []))


class Lake:
    """Iceberg tables in a folder. A test can land records in them."""

    def __init__(self, spark: SparkSession, settings: Settings) -> None:
        self.spark, self.settings, self.books = spark, settings, Books()
        for table in (EVENTS, QUARANTINE, ACTIONS, TRANSFERS, PLAYERS, SESSIONS):
            spark.sql(f"drop table if exists {table} purge")
        create_tables(spark)
        create_derived_tables(spark)
        create_summary_tables(spark)
        self.derivation = self.new_derivation()
        self._ends = dict.fromkeys(range(REALMS), 0)

    def new_derivation(self) -> IncrementalDerivation:
        """Return a derivation in the state that it has when its process starts."""
        progress = Progress(REALMS, lambda _realm, _reason: None)
        progress.begin({})
        return IncrementalDerivation(self.spark, self.settings, self.books, progress)  # type: ignore[arg-type]

    def land(self, *events: Event | bytes, realm: int = 0) -> None:
        """Land these records in one commit. Bytes stand for a malformed record."""
        first = self._ends[realm]
        self._ends[realm] += len(events)
        values = [encode(one) if isinstance(one, Event) else one for one in events]
        rows = [(realm, first + n, START, bytearray(value)) for n, value in enumerate(values)]
        parsed = parse(self.spark.createDataFrame(rows, _KAFKA).coalesce(1))
        events_of(parsed, "*").writeTo(EVENTS).append()
        if not all(isinstance(one, Event) for one in events):
            bad = parsed.where("reason is not null").select("realm", "offset", "kafka_time", "value", "reason")
            bad.writeTo(QUARANTINE).append()

    def offsets(self, table: str) -> list[tuple[int, int]]:
        rows = self.spark.table(table).select("realm", "offset").collect()
        return sorted((row.realm, row.offset) for row in rows)

    def files(self, table: str) -> int:
        return self.spark.table(f"{table}.files").count()


def kept(*names: str) -> list[MaintainedTable]:
    """Return the maintained tables with these names.

    A test maintains only the tables that it needs, because a round takes seconds for each table.
    """
    return [table for table in maintenance.TABLES if table.name in names]

"""Maintains the Iceberg tables: compacts small files, and deletes expired snapshots and orphan files.

Maintenance runs while the queries write to the same tables. Iceberg's commits are optimistic: if two processes commit
at the same time, Iceberg retries the second commit. An append never conflicts with a compaction. This module sets the
properties ``commit.retry.*`` of each table.

Maintenance only moves rows between files and never deletes a row, so the archive stays complete for a rebuild. Landing
reads its offsets from the column metrics of the data files. A compaction writes these metrics for the new files too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from infra import json_logging
from infra.settings import Settings
from streaming.jobs.derive import ACTIONS, TRANSFERS
from streaming.jobs.scheduler import reason_of
from streaming.jobs.summaries import PLAYERS, SESSIONS
from streaming.metrics import stream_metrics
from streaming.queries.land import EVENTS, QUARANTINE
from streaming.session import CATALOG

_log = json_logging.get_logger("maintenance")

# A compaction joins at least five small files of a partition into one file. It ignores files of 16 MB or more.
# Otherwise it would rewrite the file of the current day again and again until that file has 64 MB. At 100 events a
# second, a day makes eight files of 16 MB in each realm.
_COMPACTION = {
    "min-input-files": 5,
    "target-file-size-bytes": 64 * 1024**2,
    "min-file-size-bytes": 16 * 1024**2,
    "max-file-group-size-bytes": 256 * 1024**2,
    # Commit several times during a compaction, so that a failure loses little work. Rewrite one group of files at a
    # time, so that some cores stay free for the queries.
    "partial-progress.enabled": "true",
    "partial-progress.max-commits": 10,
    "max-concurrent-file-group-rewrites": 1,
}

# A commit may lose against a query that commits every second, so Iceberg retries it up to 30 times. The wait doubles
# with each retry, up to the maximum.
_RETRIES = {
    "commit.retry.num-retries": "30",
    "commit.retry.min-wait-ms": "50",
    "commit.retry.max-wait-ms": "2000",
    "commit.retry.total-timeout-ms": "120000",
}

# Manifests are merged when a table has more than this number. Each commit adds a manifest, and a reader opens all of
# them. Iceberg itself merges manifests only when there are 100.
MAX_MANIFESTS = 20

MIN_SNAPSHOTS = 5  # never expire, however old, so that an operator can look into the last few commits

ORPHAN_INTERVAL = timedelta(days=1)  # long, because a search for orphan files lists every file of the table


@dataclass(frozen=True)
class MaintainedTable:
    """A table and the strategy by which Iceberg compacts its files.

    With ``sort``, Iceberg sorts the rows by the sort order of the table. With ``binpack``, it joins files without
    sorting. With an empty strategy, the table is not compacted.
    """

    name: str
    strategy: str = ""


# The files of ``events`` are written in log order, so ``binpack`` joins files with neighbouring offsets. A rebuild from
# the archive reads ranges of offsets, and therefore reads few files. The summary tables need no compaction, because
# each summary rewrites the whole table.
TABLES = (
    MaintainedTable(EVENTS, "binpack"),
    MaintainedTable(QUARANTINE, "binpack"),
    MaintainedTable(ACTIONS, "sort"),
    MaintainedTable(TRANSFERS, "sort"),
    MaintainedTable(PLAYERS),
    MaintainedTable(SESSIONS),
)


class TableMaintenance:
    """Maintains tables. Each call of ``run`` is one round over all tables."""

    def __init__(self, spark: SparkSession, settings: Settings, tables: Sequence[MaintainedTable] = TABLES) -> None:
        self._spark, self._settings, self._tables = spark, settings, tables
        self._orphans_removed_at: datetime | None = None

    def run(self) -> None:
        """Maintain every table, even if another table fails. Then raises the first exception from Spark, if any."""
        now = datetime.now(UTC)
        with_orphans = self._orphans_removed_at is None or now - self._orphans_removed_at > ORPHAN_INTERVAL
        failures = [error for table in self._tables if (error := self._maintain(table, now, with_orphans))]
        if failures:
            raise failures[0]
        if with_orphans:
            self._orphans_removed_at = now
        stream_metrics().maintenance_ended.set(datetime.now(UTC).timestamp())

    def _maintain(self, table: MaintainedTable, now: datetime, with_orphans: bool) -> Exception | None:
        try:
            self._set_retries(table)
            self._compact(table)
            self._expire_snapshots(table, now)
            self._merge_manifests(table)
            if with_orphans:
                self._remove_orphans(table, now)
            self._count_files(table)
        except (PySparkException, Py4JJavaError) as error:
            _log.warning("maintenance of a table failed", table=_short(table), reason=reason_of(error))
            return error
        return None

    def _set_retries(self, table: MaintainedTable) -> None:
        known = {row.key: row.value for row in self._spark.sql(f"show tblproperties {table.name}").collect()}
        missing = {name: value for name, value in _RETRIES.items() if known.get(name) != value}
        if missing:
            pairs = ", ".join(f"'{name}' = '{value}'" for name, value in missing.items())
            self._spark.sql(f"alter table {table.name} set tblproperties ({pairs})")

    def _compact(self, table: MaintainedTable) -> None:
        if not table.strategy:
            return
        options = ", ".join(f"'{name}', '{value}'" for name, value in _COMPACTION.items())
        done = self._call("rewrite_data_files", table, f"strategy => '{table.strategy}', options => map({options})")
        _log_change(
            "compacted",
            table,
            files=done.rewritten_data_files_count,
            into=done.added_data_files_count,
            failed=done.failed_data_files_count,
        )

    def _expire_snapshots(self, table: MaintainedTable, now: datetime) -> None:
        oldest = now - timedelta(seconds=self._settings.snapshot_seconds)
        done = self._call(
            "expire_snapshots",
            table,
            f"older_than => {_literal(oldest)}, retain_last => {MIN_SNAPSHOTS}, stream_results => true",
        )
        _log_change(
            "snapshots expired",
            table,
            snapshots=done.deleted_manifest_lists_count,
            files=done.deleted_data_files_count,
        )

    def _merge_manifests(self, table: MaintainedTable) -> None:
        count = f"select count(*) as n from {table.name}.manifests"  # noqa: S608 - our names
        if self._one(count).n > MAX_MANIFESTS:
            done = self._call("rewrite_manifests", table, "use_caching => false")
            _log_change(
                "manifests merged", table, files=done.rewritten_manifests_count, into=done.added_manifests_count
            )

    def _remove_orphans(self, table: MaintainedTable, now: datetime) -> None:
        oldest = now - timedelta(seconds=self._settings.orphan_seconds)
        arguments = f"older_than => {_literal(oldest)}"
        removed = self._spark.sql(_procedure("remove_orphan_files", table, arguments)).count()
        _log_change("orphans removed", table, files=removed)

    def _count_files(self, table: MaintainedTable) -> None:
        partitioned = "partition" in self._spark.table(f"{table.name}.files").columns
        group = "group by partition" if partitioned else ""
        sizes = f"select count(*) as n from {table.name}.files {group}"  # noqa: S608 - our names
        found = self._one(f"select coalesce(sum(n), 0) as files, coalesce(max(n), 0) as largest from ({sizes})")  # noqa: S608
        stream_metrics().table_files.labels(_short(table)).set(found.files)
        stream_metrics().partition_files.labels(_short(table)).set(found.largest)

    def _call(self, procedure: str, table: MaintainedTable, arguments: str) -> Any:
        return self._one(_procedure(procedure, table, arguments))

    def _one(self, text: str) -> Any:
        return self._spark.sql(text).collect()[0]


def _log_change(event: str, table: MaintainedTable, **counts: int) -> None:
    if any(counts.values()):
        _log.info(event, table=_short(table), **counts)


def _procedure(name: str, table: MaintainedTable, arguments: str) -> str:
    return f"call {CATALOG}.system.{name}(table => '{table.name}', {arguments})"


def _literal(moment: datetime) -> str:
    # The session's time zone is UTC.
    return f"timestamp '{moment:%Y-%m-%d %H:%M:%S.%f}'"


def _short(table: MaintainedTable) -> str:
    return table.name.rpartition(".")[2]

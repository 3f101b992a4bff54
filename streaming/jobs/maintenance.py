"""Maintenance of the Iceberg tables: small files become large ones, and what no reader needs any more goes.

It works beside the queries that write. Iceberg commits are optimistic: an append never conflicts with a compaction, and
who comes second tries again (``commit.retry.*``, which is Iceberg's own and is set on each table here). Rows are only
ever moved from file to file: none is deleted, so that the archive stays whole for a rebuild, and the metrics of the
files, from which landing reads its offsets, are written anew with the files.
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

# Five small files of a partition become one. What has grown to 16 MB is left alone: otherwise the file of the day would
# be written again and again until it has 64, and a day of 100 events a second has eight such files a realm.
_COMPACTION = {
    "min-input-files": 5,
    "target-file-size-bytes": 64 * 1024**2,
    "min-file-size-bytes": 16 * 1024**2,
    "max-file-group-size-bytes": 256 * 1024**2,
    # Commits after some groups, so that work is not lost when a later one fails; one at a time leaves cores to others.
    "partial-progress.enabled": "true",
    "partial-progress.max-commits": 10,
    "max-concurrent-file-group-rewrites": 1,
}

# Enough to outlast a query that commits every second; the waits between two tries double up to the longest.
_RETRIES = {
    "commit.retry.num-retries": "30",
    "commit.retry.min-wait-ms": "50",
    "commit.retry.max-wait-ms": "2000",
    "commit.retry.total-timeout-ms": "120000",
}

MOST_MANIFESTS = 20  # a reader opens all of them; a commit adds one, and Iceberg itself merges at a hundred
KEPT_SNAPSHOTS = 5  # whatever their age

ORPHANS_EVERY = timedelta(days=1)  # it lists every file of the table


@dataclass(frozen=True)
class MaintainedTable:
    """A table, and Iceberg's strategy for its files: ``sort`` by the table's order, ``binpack`` as they come, empty for
    none."""

    name: str
    strategy: str = ""


# The files of a realm come in the order of the log, so that those which are put together are neighbours already: a
# range of offsets, as a rebuild from the archive reads it, lies in few files. What is written as a whole each time
# needs no compaction.
TABLES = (
    MaintainedTable(EVENTS, "binpack"),
    MaintainedTable(QUARANTINE, "binpack"),
    MaintainedTable(ACTIONS, "sort"),
    MaintainedTable(TRANSFERS, "sort"),
    MaintainedTable(PLAYERS),
    MaintainedTable(SESSIONS),
)


class TableMaintenance:
    """Keeps tables tidy; ``run`` is one round."""

    def __init__(self, spark: SparkSession, settings: Settings, tables: Sequence[MaintainedTable] = TABLES) -> None:
        self._spark, self._settings, self._tables = spark, settings, tables
        self._orphans_at: datetime | None = None

    def run(self) -> None:
        """Look after every table, also when one fails. Raises the first of what Spark raised, after the round."""
        now = datetime.now(UTC)
        sweeps = self._orphans_at is None or now - self._orphans_at > ORPHANS_EVERY
        failures = [error for table in self._tables if (error := self._look_after(table, now, sweeps))]
        if failures:
            raise failures[0]
        if sweeps:
            self._orphans_at = now
        stream_metrics().maintenance_ended.set(datetime.now(UTC).timestamp())

    def _look_after(self, table: MaintainedTable, now: datetime, sweeps: bool) -> Exception | None:
        try:
            self._prepare(table)
            self._compact(table)
            self._expire(table, now)
            self._merge_manifests(table)
            if sweeps:
                self._remove_orphans(table, now)
            self._measure(table)
        except (PySparkException, Py4JJavaError) as error:
            _log.warning("not looked after", table=_short(table), reason=reason_of(error))
            return error
        return None

    def _prepare(self, table: MaintainedTable) -> None:
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
        if done.rewritten_data_files_count or done.failed_data_files_count:
            _log.info(
                "compacted",
                table=_short(table),
                files=done.rewritten_data_files_count,
                into=done.added_data_files_count,
                failed=done.failed_data_files_count,
            )

    def _expire(self, table: MaintainedTable, now: datetime) -> None:
        oldest = now - timedelta(seconds=self._settings.snapshot_seconds)
        done = self._call(
            "expire_snapshots",
            table,
            f"older_than => {_literal(oldest)}, retain_last => {KEPT_SNAPSHOTS}, stream_results => true",
        )
        if done.deleted_data_files_count or done.deleted_manifest_lists_count:
            _log.info(
                "expired",
                table=_short(table),
                snapshots=done.deleted_manifest_lists_count,
                files=done.deleted_data_files_count,
            )

    def _merge_manifests(self, table: MaintainedTable) -> None:
        count = f"select count(*) as n from {table.name}.manifests"  # noqa: S608 - our names
        if self._one(count).n > MOST_MANIFESTS:
            done = self._call("rewrite_manifests", table, "use_caching => false")
            _log.info(
                "manifests",
                table=_short(table),
                files=done.rewritten_manifests_count,
                into=done.added_manifests_count,
            )

    def _remove_orphans(self, table: MaintainedTable, now: datetime) -> None:
        oldest = now - timedelta(seconds=self._settings.orphan_seconds)
        found = self._spark.sql(_procedure("remove_orphan_files", table, f"older_than => {_literal(oldest)}")).count()
        if found:
            _log.info("orphans removed", table=_short(table), files=found)

    def _measure(self, table: MaintainedTable) -> None:
        partitioned = "partition" in self._spark.table(f"{table.name}.files").columns
        group = "group by partition" if partitioned else ""
        sizes = f"select count(*) as n from {table.name}.files {group}"  # noqa: S608 - our names
        found = self._one(f"select coalesce(sum(n), 0) as files, coalesce(max(n), 0) as most from ({sizes})")  # noqa: S608
        stream_metrics().table_files.labels(_short(table)).set(found.files)
        stream_metrics().partition_files.labels(_short(table)).set(found.most)

    def _call(self, procedure: str, table: MaintainedTable, arguments: str) -> Any:
        return self._one(_procedure(procedure, table, arguments))

    def _one(self, text: str) -> Any:
        return self._spark.sql(text).collect()[0]


def _procedure(name: str, table: MaintainedTable, arguments: str) -> str:
    return f"call {CATALOG}.system.{name}(table => '{table.name}', {arguments})"


def _literal(moment: datetime) -> str:
    # The session's time zone is UTC.
    return f"timestamp '{moment:%Y-%m-%d %H:%M:%S.%f}'"


def _short(table: MaintainedTable) -> str:
    return table.name.rpartition(".")[2]

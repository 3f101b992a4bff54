"""Test the maintenance of Iceberg tables in a folder."""

from typing import Any

import pytest
import redis
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from infra.settings import Settings
from streaming.jobs import maintenance
from streaming.jobs.derive import (
    ACTIONS,
    TRANSFERS,
)
from streaming.jobs.maintenance import MaintainedTable, TableMaintenance
from streaming.jobs.scheduler import reason_of
from streaming.jobs.summaries import PLAYERS, SESSIONS, summarise
from streaming.metrics import stream_metrics
from streaming.queries.land import EVENTS, QUARANTINE, landed_offsets
from tests.support.lake import REALMS, Lake, kept
from tests.support.spark_rows import event


@pytest.fixture
def lake(spark: SparkSession, lake_settings: Settings) -> Lake:
    return Lake(spark, lake_settings)


def test_every_table_is_maintained() -> None:
    assert {table.name for table in maintenance.TABLES} == {
        EVENTS,
        QUARANTINE,
        ACTIONS,
        TRANSFERS,
        PLAYERS,
        SESSIONS,
    }


def test_small_files_are_compacted_without_other_changes(lake: Lake) -> None:
    for n in range(6):
        lake.land(event(f"a{n}"), b"no event")
        lake.derivation.run()
    lake.land(event("r", realm=1), realm=1)
    tables = (EVENTS, QUARANTINE, ACTIONS)  # TRANSFERS is left out, because it is written in the same way as ACTIONS
    rows = {table: _rows(lake.spark.table(table)) for table in tables}
    landed = {table: landed_offsets(lake.spark, table, REALMS) for table in tables[:2]}
    TableMaintenance(lake.spark, lake.settings, kept(*tables)).run()
    assert {table: _rows(lake.spark.table(table)) for table in tables} == rows
    assert {table: landed_offsets(lake.spark, table, REALMS) for table in tables[:2]} == landed
    assert landed == {EVENTS: {0: 10, 1: 0}, QUARANTINE: {0: 11, 1: -1}}
    assert [lake.files(table) for table in tables] == [2, 1, 1]
    assert _scraped("guildhall_table_files", table="events") == 2
    assert _scraped("guildhall_partition_files", table="events") == 1


def _rows(table: DataFrame) -> list[str]:
    return sorted(table.toJSON().collect())


def _scraped(name: str, /, **labels: str) -> float | None:
    return stream_metrics().registry.get_sample_value(name, labels)


def test_few_small_files_are_left_alone(lake: Lake) -> None:
    for n in range(4):
        lake.land(event(f"a{n}"))
    TableMaintenance(lake.spark, lake.settings, kept(EVENTS)).run()
    assert lake.files(EVENTS) == 4


def test_failure_of_one_table_does_not_stop_others(lake: Lake) -> None:
    for n in range(5):
        lake.land(event(f"a{n}"))
    with pytest.raises(PySparkException, match="missing"):
        TableMaintenance(lake.spark, lake.settings, [MaintainedTable("lake.guildhall.missing"), *kept(EVENTS)]).run()
    assert lake.files(EVENTS) == 1
    assert _scraped("guildhall_table_files", table="events") == 1


def test_reason_of_java_error_is_its_message(spark: SparkSession) -> None:
    with pytest.raises(Py4JJavaError) as caught:
        spark._jvm.java.util.ArrayDeque().pop()
    assert reason_of(caught.value) == "java.util.NoSuchElementException"
    assert reason_of(redis.ConnectionError("\n gone \n away")) == "gone"


def test_old_snapshots_expire_and_rows_stay(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "MIN_SNAPSHOTS", 1)
    monkeypatch.setattr(maintenance, "MAX_MANIFESTS", 1)
    for n in range(5):
        lake.land(event(f"a{n}"))
        lake.derivation.run()
    for _ in range(3):
        summarise(lake.spark)
    brief = lake.settings.model_copy(update={"snapshot_seconds": 1e-3})
    # Test one table for each of the three ways to write a table: landing, deriving and summarising.
    tables = (EVENTS, ACTIONS, SESSIONS)
    rounds = TableMaintenance(lake.spark, brief, kept(*tables))
    rounds.run()
    rounds.run()  # removes the files that the first round replaced
    for table in tables:
        assert lake.spark.table(f"{table}.snapshots").count() <= 2
        # The snapshots must know every file on the disk.
        known = {row.file_path for row in lake.spark.table(f"{table}.all_data_files").select("file_path").collect()}
        assert len(known) <= 2
    assert len(lake.offsets(EVENTS)) == len(lake.offsets(ACTIONS)) == 5
    assert lake.new_derivation().run() == 0


def test_metadata_files_are_bounded(lake: Lake) -> None:
    most = "write.metadata.previous-versions-max"
    assert lake.spark.sql(f"show tblproperties {EVENTS} ('{most}')").collect()[0].value == "20"
    # Lower the limit to 1, so that a few commits are enough to reach it.
    lake.spark.sql(f"alter table {EVENTS} set tblproperties ('{most}' = '1')")
    for n in range(3):
        lake.land(event(f"a{n}"))
    assert lake.spark.table(f"{EVENTS}.metadata_log_entries").count() == 2


def test_young_orphan_files_are_left_alone(lake: Lake) -> None:
    lake.land(event("a"))
    path = lake.spark.table(f"{EVENTS}.files").collect()[0].file_path
    copy = f"{path.rpartition('/')[0]}/under-way.parquet"
    _copy(lake.spark, path, copy)
    TableMaintenance(lake.spark, lake.settings, kept(EVENTS)).run()
    assert _exists(lake.spark, copy)
    with pytest.raises(ValueError, match="orphan_seconds"):
        Settings(orphan_seconds=86400)


def _copy(spark: SparkSession, source: str, target: str) -> None:
    jvm: Any = spark._jvm
    conf = spark._jsc.hadoopConfiguration()
    paths = [jvm.org.apache.hadoop.fs.Path(path) for path in (source, target)]
    files = paths[0].getFileSystem(conf)
    jvm.org.apache.hadoop.fs.FileUtil.copy(files, paths[0], files, paths[1], False, conf)


def _exists(spark: SparkSession, path: str) -> bool:
    jvm: Any = spark._jvm
    found = jvm.org.apache.hadoop.fs.Path(path)
    return bool(found.getFileSystem(spark._jsc.hadoopConfiguration()).exists(found))

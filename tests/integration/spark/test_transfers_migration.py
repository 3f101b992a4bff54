"""Test the migration of tables from an older version, which called the table of transfers ``moves``."""

from pathlib import Path

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from infra.settings import Settings
from streaming.jobs import derive
from streaming.jobs.derive import ACTIONS, FORMER_TRANSFERS, TRANSFERS, create_derived_tables
from tests.integration.spark.test_derive import event
from tests.support.lake import Lake


@pytest.fixture
def lake(spark: SparkSession, lake_settings: Settings) -> Lake:
    """Return tables with five landed events in two realms, all of them derived."""
    lake = Lake(spark, lake_settings)
    spark.sql(f"drop table if exists {FORMER_TRANSFERS} purge")
    lake.land(event("a"), event("b"), event("a"), event("c"))
    lake.land(event("d", realm=1), realm=1)
    lake.derivation.run()
    return lake


def rename_to_former(lake: Lake) -> None:
    """Turn the tables into those of the older version, then create the tables of the new version beside them."""
    lake.spark.table(TRANSFERS).writeTo(FORMER_TRANSFERS).using("iceberg").create()
    empty_transfers(lake)


def empty_transfers(lake: Lake) -> None:
    lake.spark.sql(f"drop table {TRANSFERS} purge")
    create_derived_tables(lake.spark)


def rows(lake: Lake, table: str) -> list[str]:
    return sorted(lake.spark.table(table).toJSON().collect())


def folder_of(settings: Settings, table: str) -> Path:
    return Path(settings.warehouse.removeprefix("file://")) / "guildhall" / table.rpartition(".")[2]


def test_former_rows_are_copied_and_derivation_continues(lake: Lake) -> None:
    expected = rows(lake, TRANSFERS)
    rename_to_former(lake)
    assert folder_of(lake.settings, FORMER_TRANSFERS).exists()
    derivation = lake.new_derivation()
    derivation.run()
    assert rows(lake, TRANSFERS) == expected
    assert not lake.spark.catalog.tableExists(FORMER_TRANSFERS)
    assert not folder_of(lake.settings, FORMER_TRANSFERS).exists()
    lake.land(event("e"))
    assert derivation.run() == 1
    assert lake.offsets(ACTIONS) == lake.offsets(TRANSFERS) == [(0, 0), (0, 1), (0, 3), (0, 4), (1, 0)]


def test_crash_before_the_drop_copies_nothing_twice(lake: Lake) -> None:
    expected = rows(lake, TRANSFERS)
    rename_to_former(lake)
    lake.spark.table(FORMER_TRANSFERS).writeTo(TRANSFERS).append()
    lake.new_derivation().run()
    assert rows(lake, TRANSFERS) == expected
    assert not lake.spark.catalog.tableExists(FORMER_TRANSFERS)


def test_failed_copy_is_repeated(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = rows(lake, TRANSFERS)
    rename_to_former(lake)

    def fail(_spark: SparkSession) -> None:
        raise PySparkException("no HDFS")

    derivation = lake.new_derivation()
    with monkeypatch.context() as patch:
        patch.setattr(derive, "adopt_former_transfers", fail)
        with pytest.raises(PySparkException):
            derivation.run()
    assert rows(lake, TRANSFERS) == []
    derivation.run()
    assert rows(lake, TRANSFERS) == expected


def test_table_beyond_a_step_gets_no_row_twice(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """One table may be several steps behind the other table, for example after it was dropped."""
    expected = {table: rows(lake, table) for table in (ACTIONS, TRANSFERS)}
    empty_transfers(lake)
    monkeypatch.setattr(derive, "MAX_RECORDS_A_STEP", 2)
    lake.new_derivation().run()
    assert {table: rows(lake, table) for table in (ACTIONS, TRANSFERS)} == expected

"""Test deriving step by step from Iceberg tables in a folder."""

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from infra.settings import Settings
from streaming.jobs.derive import (
    ACTIONS,
    TRANSFERS,
    max_offsets,
    transfers_of,
)
from streaming.jobs.summaries import PLAYERS, SESSIONS, summarise
from tests.support.lake import REALMS, Lake
from tests.support.spark_rows import event


@pytest.fixture
def lake(spark: SparkSession, lake_settings: Settings) -> Lake:
    return Lake(spark, lake_settings)


def test_deriving_again_adds_only_new_records(lake: Lake) -> None:
    lake.land(event("a"), event("b"), event("a"))
    lake.land(event("c", realm=1), realm=1)
    assert lake.derivation.run() == 4
    # A new process reads one record again: the duplicate at the end, which left no row.
    assert lake.derivation.run() == lake.new_derivation().run() - 1 == 0
    assert lake.offsets(ACTIONS) == lake.offsets(TRANSFERS) == [(0, 0), (0, 1), (1, 0)]
    lake.land(event("b"), event("d"), b"no event")
    lake.derivation.run()
    lake.new_derivation().run()
    assert lake.offsets(ACTIONS) == [(0, 0), (0, 1), (0, 4), (1, 0)]
    assert max_offsets(lake.spark, ACTIONS, range(REALMS)) == {0: 4, 1: 0}


def test_only_settled_records_are_derived(lake: Lake) -> None:
    lake.land(*(event(name) for name in "abcd"))
    lake.books.settled[0] = 1
    lake.books.rejected = {0: [1, 2]}
    lake.derivation.run()
    assert lake.offsets(ACTIONS) == [(0, 0)]
    lake.books.settled[0] = -1  # stands for a Redis that has lost its data
    lake.derivation.run()
    lake.books.closed = {0}  # stands for a realm that is being rebuilt
    lake.derivation.run()
    assert lake.offsets(ACTIONS) == [(0, 0)]
    lake.books.closed, lake.books.settled[0] = set(), 3
    lake.derivation.run()
    assert lake.offsets(ACTIONS) == [(0, 0), (0, 3)]


def test_crash_between_two_commits_is_repaired(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(_events: DataFrame) -> DataFrame:
        raise PySparkException("killed")

    lake.land(event("a"))
    lake.derivation.run()
    lake.land(event("b"), event("look", "shop_viewed"))
    with monkeypatch.context() as patch:
        patch.setattr("streaming.jobs.derive.transfers_of", crash)
        with pytest.raises(PySparkException):
            lake.derivation.run()
    assert (len(lake.offsets(ACTIONS)), len(lake.offsets(TRANSFERS))) == (3, 1)
    lake.land(event("c"))
    lake.derivation.run()
    assert lake.offsets(ACTIONS) == [(0, n) for n in range(4)]
    assert lake.offsets(TRANSFERS) == [(0, 0), (0, 1), (0, 3)]


def test_run_ends_while_records_keep_landing(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    judge, landed = lake.books.settled_and_rejected, []

    def settled_and_rejected(realm: int) -> tuple[int, list[int]] | None:
        if realm == 0:
            assert len(landed) < 4, "it does not end"
            landed.append(f"e{len(landed)}")
            lake.land(event(landed[-1]))
        return judge(realm)

    with monkeypatch.context() as patch:
        patch.setattr(lake.books, "settled_and_rejected", settled_and_rejected)
        assert lake.derivation.run() == 1
    monkeypatch.setattr("streaming.jobs.derive.MAX_RECORDS_A_STEP", 1)
    lake.land(event("a"), event("b"))
    assert lake.derivation.run() == 2  # one run processes the whole backlog, in several steps
    assert lake.offsets(ACTIONS) == [(0, n) for n in range(3)]


def test_step_leaves_nothing_in_memory(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def moves(events: DataFrame) -> DataFrame:
        lake.land(event("meanwhile"))
        return transfers_of(events)

    lake.land(event("a"), event("a"))
    monkeypatch.setattr("streaming.jobs.derive.transfers_of", moves)
    assert lake.derivation.run() == 2
    assert lake.offsets(ACTIONS) == lake.offsets(TRANSFERS) == [(0, 0)]
    # The cache must be empty, because Spark would plan each cached entry again at every later commit of landing.
    assert lake.spark._jsparkSession.sharedState().cacheManager().isEmpty()


def test_later_step_knows_earlier_ids_and_fences(lake: Lake) -> None:
    for events in (
        [event("a"), event("v", "void")],
        [event("a"), event("v"), event("f", "fence", player="")],
        [event("old"), event("b", generation=4), event("f", "fence", player="")],
        [event("b", generation=4), event("c", generation=4), event("c", generation=7)],
    ):
        lake.land(*events)
        lake.derivation.run()
    assert lake.offsets(ACTIONS) == [(0, 0), (0, 6), (0, 9)]


def test_summaries_are_replaced(lake: Lake) -> None:
    for name in "ab":
        lake.land(event(name))
        lake.derivation.run()
        summarise(lake.spark)
    assert [(row.player, row.gold, row.actions) for row in lake.spark.table(PLAYERS).collect()] == [("ada", 200, 2)]
    assert [(row.session, row.actions) for row in lake.spark.table(SESSIONS).collect()] == [(1, 2)]

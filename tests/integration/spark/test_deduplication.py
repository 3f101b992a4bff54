"""Test deduplication, which finds the effective events."""

import random
from collections.abc import Sequence
from datetime import timedelta

from pyspark.sql import SparkSession

from game.accounts import Transfer
from game.events import FENCE, NO_GENERATION, VOID, Event, encode
from load.checker.model import Record, fold
from tests.support.spark_rows import MINT, START, LandedLog, event


def test_first_of_one_id_counts(spark: SparkSession) -> None:
    assert LandedLog(spark, [event("a"), event("b"), event("a"), event("a", realm=1)]).names() == ["a", "b", "a"]


def test_first_of_event_and_void_counts(spark: SparkSession) -> None:
    void_first = [event("a", VOID), event("a"), event("b"), event("b", VOID)]
    assert LandedLog(spark, void_first).names() == ["b"]


def test_id_is_remembered_for_a_day(spark: SparkSession) -> None:
    day = timedelta(days=1)
    log = LandedLog(
        spark, [event("a"), event("b"), event("a"), event("b")], [START, START, START + day, START + 1.1 * day]
    )
    assert log.names() == ["a", "b", "b"]


def test_record_of_another_generation_does_nothing(spark: SparkSession) -> None:
    log = LandedLog(
        spark,
        [
            event("a"),
            event("f", FENCE, player=""),
            event("b"),  # decided before the fence, but appended after it
            event("c", VOID),  # voids a hold that the fence has already ended
            event("b", generation=1),
            event("c", generation=1),
            event("g", FENCE, player=""),
            event("d", generation=1),
            event("d", generation=6),
            event("e", generation=7),
        ],
    )
    assert log.fences() == {0: [1, 6]}
    assert [row.offset for row in log.effective().orderBy("offset").collect()] == [0, 4, 5, 8]


def test_fence_with_a_used_id_opens_nothing(spark: SparkSession) -> None:
    log = LandedLog(spark, [event("f"), event("f", FENCE, player=""), event("a"), event("g", FENCE), event("g", FENCE)])
    assert log.fences() == {0: [3]}
    assert log.names() == ["f", "a"]


def test_generations_belong_to_their_realm(spark: SparkSession) -> None:
    log = LandedLog(
        spark, [event("f", FENCE, player=""), event("a"), event("b", realm=1), event("c", realm=1, generation=0)]
    )
    assert log.names() == ["b"]


def test_rejected_event_uses_its_id(spark: SparkSession) -> None:
    log = LandedLog(spark, [event("a"), event("a"), event("b"), event("a", realm=1)])
    assert log.names(rejected=[(0, 0)]) == ["b", "a"]


def test_repeated_telemetry_counts_each_time(spark: SparkSession) -> None:
    looks = [event("a", "shop_viewed"), event("a", "shop_viewed"), event("a")]
    assert LandedLog(spark, looks).names() == ["a", "a", "a"]


def test_telemetry_with_transfers_is_an_action(spark: SparkSession) -> None:
    assert LandedLog(spark, [event("a", "shop_viewed", transfers=MINT)] * 2).names() == ["a"]


def test_random_log_in_steps_agrees_with_the_checker(spark: SparkSession) -> None:
    dice = random.Random(6)
    events, generation = [], NO_GENERATION
    for _ in range(400):
        kind = dice.choices(["gold_claimed", VOID, FENCE, "shop_viewed", "sword_bought"], [60, 10, 2, 5, 5])[0]
        stale = dice.random() < 0.1
        moves = {"gold_claimed": MINT, "sword_bought": (Transfer("player:bob:gold", "house:shop", 10**6),)}
        name = f"{dice.randrange(250):03}"
        events.append(
            event(name, kind, generation=dice.choice((-1, 7)) if stale else generation, transfers=moves.get(kind, ()))
        )
        generation = (fold(0, _records(events)).generation) if kind == FENCE else generation
    log, books = LandedLog(spark, events), fold(0, _records(events))
    rejected = [(0, offset) for offset, _, status in books.finals if status == "rejected"]
    assert len(rejected) > 5
    assert log.fences()[0][-1] == books.generation
    expected = [offset for offset, found, status in books.finals if status == "settled" and found.type != FENCE]
    looks = [offset for offset, found in books.events if found.type == "shop_viewed"]
    whole = [row.offset for row in log.effective(rejected=rejected).orderBy("offset").collect()]
    assert whole == sorted(expected + looks)
    steps: list[int] = []
    for low, high in ((-1, 0), (0, 57), (57, 58), (58, 230), (230, 399)):
        steps += sorted(row.offset for row in log.effective(low=low, high=high, rejected=rejected).collect())
    assert steps == whole


def _records(events: Sequence[Event]) -> list[Record]:
    return [Record(offset, offset, encode(event)) for offset, event in enumerate(events)]

"""Test how actions and transfers are derived, on a few rows."""

from datetime import datetime

from pyspark.sql import SparkSession

from game.examples import examples
from streaming.jobs.derive import actions_of, transfers_of
from tests.support.derived_tables import DerivedTables, decided
from tests.support.spark_rows import BUY, LandedLog, event


def test_columns_of_each_type_are_derived(spark: SparkSession) -> None:
    kinds = examples()
    rows = {row.event_type: row for row in actions_of(LandedLog(spark, list(kinds.values())).rows).collect()}
    bought, sold = rows["item_bought"], rows["item_sold"]
    assert (bought.item, bought.item_kind, bought.price, bought.quantity, bought.gold) == (
        "oak_shield",
        "shield",
        20,
        2,
        40,
    )
    assert (sold.item, sold.price, sold.gold) == ("iron_sword", 15, 15)
    struck, felled = rows["player_struck"], rows["player_defeated"]
    assert (struck.item, struck.item_kind, struck.other, struck.damage) == ("iron_sword", "sword", "bob", 12)
    assert (felled.gold, felled.damage) == (20, 5)
    assert (rows["gift_given"].other, rows["gift_given"].gold) == ("bob", 10)
    assert (rows["trade_made"].other, rows["trade_made"].item, rows["trade_made"].gold) == ("bob", "oak_shield", 15)
    assert (rows["gold_deposited"].guild, rows["gold_deposited"].gold) == ("knights", 10)
    assert (rows["leader_changed"].guild, rows["leader_changed"].other) == ("knights", "bob")
    assert (rows["potion_drunk"].item, rows["potion_drunk"].item_kind) == ("small_potion", "potion")
    assert (rows["player_revived"].gold, rows["gold_claimed"].gold) == (20, 25)
    batch = rows["actions_batched"]
    assert (batch.gold, batch.details["actions"]) == (None, "2")
    assert all(row.generated is None for row in rows.values())
    assert all(row.event_time == datetime(2026, 1, 31, 18, 30, 15, 250_000) for row in rows.values())


def test_non_numeric_details_are_null(spark: SparkSession) -> None:
    odd = {"price": "cheap", "quantity": 2, "damage": "9" * 30, "generated": 6}
    huge = {"price": 2**62, "quantity": 10}
    first, second = actions_of(LandedLog(spark, [event("a", details=odd), event("b", details=huge)]).rows).collect()
    assert (first.price, first.quantity, first.damage, first.gold, first.generated) == (None, 2, None, None, 6)
    assert (second.price, second.gold) == (2**62, None)


def test_transfer_is_a_row_with_split_accounts(spark: SparkSession) -> None:
    rows = transfers_of(
        LandedLog(spark, [event("a", "sword_bought", transfers=BUY, details={"generated": 6})]).rows
    ).collect()
    assert [(r.debit_owner, r.debit_name, r.credit_owner, r.credit_name, r.amount) for r in rows] == [
        ("player:ada", "gold", "house", "shop", 30),
        ("house", "stock:iron_sword", "player:ada", "item:iron_sword", 1),
    ]
    assert {(r.offset, r.generated, r.debit) for r in rows} == {(0, 6, BUY[0].debit), (0, 6, BUY[1].debit)}


def test_price_on_sale_is_marked(spark: SparkSession) -> None:
    bought = decided("sword_bought", "a")
    on_sale = event("b", "sword_bought", details={**bought.details, "sale": 1}, transfers=bought.transfers)
    rows = (
        DerivedTables(spark, (0, bought), (1, on_sale), (2, event("c", "shop_viewed")))
        .actions.orderBy("offset")
        .collect()
    )
    assert [row.on_sale for row in rows] == [False, True, None]

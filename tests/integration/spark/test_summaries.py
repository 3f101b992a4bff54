"""Test how players and sessions are derived, on a few rows."""

import pytest
from pyspark.sql import SparkSession

from game.accounts import Transfer
from game.catalogue import ITEMS
from game.examples import decisions
from tests.support.derived_tables import DerivedTables, decided, minute_of
from tests.support.spark_rows import event


def test_players_are_summarised(spark: SparkSession) -> None:
    world = DerivedTables(
        spark,
        (0, decided("player_registered", "a")),
        (1, event("b", "player_registered", player="bob", transfers=[Transfer("house:mint", "player:bob:gold", 100)])),
        (2, decided("sword_bought", "c")),
        (3, decided("guild_founded", "d")),
        (4, decided("player_defeated", "e")),
        (5, decided("gift_given", "f")),
        (6, decided("leader_changed", "g")),  # locks bob's membership, but does not count as an action by bob
    )
    found = world.players()
    assert set(found) == {"ada", "bob"}
    ada, bob = found["ada"], found["bob"]
    assert (ada.actions, ada.gold, ada.spent, ada.earned) == (6, 80, 40, 120)
    assert (ada.victories, ada.defeats, bob.victories, bob.defeats) == (1, 0, 0, 1)
    assert (ada.guild, bob.guild, ada.left) == ("knights", None, False)
    assert (bob.actions, bob.gold, bob.spent, bob.earned) == (1, 110, 0, 110)
    times = (ada.registered_at, ada.first_purchase_at, ada.first_guild_at, ada.first_strike_at, ada.last_seen_at)
    assert [minute_of(at) for at in times] == [0, 2, 3, 4, 6]
    assert (bob.first_purchase_at, bob.first_strike_at) == (None, None)


def test_player_who_left_has_no_guild(spark: SparkSession) -> None:
    seat = (Transfer("player:ada:guild:knights", "guild:knights:seat", 1),)
    ada = DerivedTables(
        spark,
        (0, decided("guild_joined", "a")),
        (1, event("b", "guild_left", transfers=seat)),
        (2, event("c", "player_left", details={"generated": 6})),
    ).players()["ada"]
    assert (ada.guild, ada.left, ada.generated, ada.gold) == (None, True, 6, 0)


def test_session_ends_after_half_an_hour_of_pause(spark: SparkSession) -> None:
    names = iter("abcdefg")
    minutes = (0, 30, 60, 90 + 1 / 60_000, 100)
    world = DerivedTables(spark, *((minute, event(next(names), "shop_viewed")) for minute in minutes))
    found = [(row.session, minute_of(row.started_at), minute_of(row.ended_at), row.actions) for row in world.sessions()]
    assert found == [(1, 0, 60, 3), (2, pytest.approx(90), 100, 2)]


def test_session_counts_its_actions(spark: SparkSession) -> None:
    batch = next(decision for decision in decisions() if decision.type == "actions_batched")
    world = DerivedTables(
        spark,
        (0, decided("player_registered", "a")),
        (1, decided("sword_bought", "b")),
        (2, decided("player_struck", "c")),
        (3, decided("guild_founded", "d")),
        (60, event("e", "actions_batched", details=batch.details, transfers=batch.transfers)),
        (61, event("h", "gift_given", player="bob", transfers=[Transfer("player:bob:gold", "player:ada:gold", 1)])),
        (120, decided("guild_left", "f")),
        (180, decided("gold_claimed", "g")),
    )
    found = [(s.actions, s.spent, s.strikes, s.purchases, s.in_guild, s.generated) for s in world.sessions()]
    assert found == [
        (4, ITEMS["iron_sword"].price, 1, 1, False, None),
        (1, 2 * ITEMS["small_potion"].price, 0, 1, True, None),
        (1, 0, 0, 0, True, None),
        (1, 0, 0, 0, False, None),
    ]
    assert [(s.spent, s.actions) for s in world.sessions("bob")] == [(1, 1)]


def test_session_follows_event_time_and_not_log_time(spark: SparkSession) -> None:
    """A backfill appends past events to the log after newer events."""
    world = DerivedTables(spark, (600, event("a")), (0, event("b")), (10, event("c")))
    assert [(minute_of(row.started_at), row.actions) for row in world.sessions()] == [(0, 2), (600, 1)]


def test_pause_as_long_as_the_one_before_is_steady(spark: SparkSession) -> None:
    """Neither receiving a gift nor the time between two sessions counts as a pause."""
    gift = [Transfer("player:ada:gold", "player:bob:gold", 1)]
    seconds = (0, 40, 80.9, 81.9, 130, 170.5, 10_000, 10_040, 10_081)
    names = iter("abcdefghi")
    world = DerivedTables(spark, *((at / 60, event(next(names), "gift_given", transfers=gift)) for at in seconds))
    # The first session has pauses of 40, 40.9, 1, 48.1 and 40.5 s. The second session has pauses of 40 and 41 s.
    # The pause of 40 s is compared with 40.5 s. The pause of 41 s is not steady, because it is a whole second longer.
    assert [(row.actions, row.steady) for row in world.sessions()] == [(6, 1), (3, 1)]

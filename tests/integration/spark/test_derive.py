"""Which events count and what the tables for analysts say of them: Spark in this process, with a few rows."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from game.accounts import Transfer
from game.catalogue import ITEMS
from game.events import FENCE, NO_GENERATION, VOID, Event, encode, new_event
from game.examples import decisions, examples
from load.checker.model import Record, fold
from streaming.jobs.deduplication import effective_events, generations, superseded
from streaming.jobs.derive import actions_of, next_step_bounds, transfers_of
from streaming.jobs.summaries import players_of, sessions_of

START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
MINT = (Transfer("house:mint", "player:ada:gold", 100),)
BUY = (
    Transfer("player:ada:gold", "house:shop", 30),
    Transfer("house:stock:iron_sword", "player:ada:item:iron_sword", 1),
)

_COLUMNS = (
    "realm int, offset bigint, kafka_time timestamp_ntz, event_id string, event_type string, player string, "
    "event_time timestamp_ntz, generation bigint, details map<string, string>, "
    "transfers array<struct<debit: string, credit: string, amount: bigint>>"
)


def event(name: str, kind: str = "gold_claimed", **more: Any) -> Event:
    """An event with a short name for an id."""
    values = {"player": "ada", "realm": 0, "at": START, "transfers": MINT if kind == "gold_claimed" else ()} | more
    return new_event(event_id=name.encode().hex().rjust(8, "0"), event_type=kind, **values)


def name_of(row: Row) -> str:
    return bytes.fromhex(row.event_id).decode().strip("\0")


class Log:
    """Landed events, as rows of the table: the offset is the place in the list, unless it is told."""

    def __init__(self, spark: SparkSession, events: Sequence[Event], times: Sequence[datetime] | None = None) -> None:
        self.events = list(events)
        self.times = list(times or [START + timedelta(seconds=n) for n in range(len(events))])
        last: dict[int, int] = {}
        rows = []
        for event, at in zip(self.events, self.times, strict=True):
            last[event.realm] = offset = last.get(event.realm, -1) + 1
            rows.append(_row(event, offset, at))
        self.rows = spark.createDataFrame(rows, _COLUMNS)

    def fences(self) -> dict[int, list[int]]:
        return generations(self.rows)

    def effective(self, low: int = -1, high: int = 10**6, rejected: Sequence[tuple[int, int]] = ()) -> DataFrame:
        part = self.rows.where(f"offset > {low} and offset <= {high}")
        losers = superseded(part, self.rows.where(f"offset <= {low}"), self.fences())
        return effective_events(part, losers, rejected)

    def names(self, **cut: Any) -> list[str]:
        return [name_of(row) for row in self.effective(**cut).orderBy("realm", "offset").collect()]


def _row(event: Event, offset: int, kafka_time: datetime) -> tuple[Any, ...]:
    return (
        event.realm,
        offset,
        kafka_time.replace(tzinfo=None),
        event.id,
        event.type,
        event.player,
        datetime.fromisoformat(event.time).replace(tzinfo=None),
        event.generation,
        {name: str(value) for name, value in event.details.items()},
        [(t.debit, t.credit, t.amount) for t in event.transfers],
    )


def test_of_one_id_the_first_counts(spark: SparkSession) -> None:
    assert Log(spark, [event("a"), event("b"), event("a"), event("a", realm=1)]).names() == ["a", "b", "a"]


def test_of_event_and_void_the_first_counts(spark: SparkSession) -> None:
    void_first = [event("a", VOID), event("a"), event("b"), event("b", VOID)]
    assert Log(spark, void_first).names() == ["b"]


def test_an_id_is_remembered_for_a_day(spark: SparkSession) -> None:
    day = timedelta(days=1)
    log = Log(spark, [event("a"), event("b"), event("a"), event("b")], [START, START, START + day, START + 1.1 * day])
    assert log.names() == ["a", "b", "b"]


def test_a_record_of_another_generation_does_nothing_and_leaves_its_id(spark: SparkSession) -> None:
    log = Log(
        spark,
        [
            event("a"),
            event("f", FENCE, player=""),
            event("b"),  # written before the fence, appended after it
            event("c", VOID),  # of a hold that the fence has ended
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


def test_a_fence_whose_id_was_used_up_opens_nothing(spark: SparkSession) -> None:
    log = Log(spark, [event("f"), event("f", FENCE, player=""), event("a"), event("g", FENCE), event("g", FENCE)])
    assert log.fences() == {0: [3]}
    assert log.names() == ["f", "a"]


def test_generations_are_those_of_their_realm(spark: SparkSession) -> None:
    log = Log(spark, [event("f", FENCE, player=""), event("a"), event("b", realm=1), event("c", realm=1, generation=0)])
    assert log.names() == ["b"]


def test_what_the_ledger_rejected_does_not_count_and_uses_its_id_up(spark: SparkSession) -> None:
    log = Log(spark, [event("a"), event("a"), event("b"), event("a", realm=1)])
    assert log.names(rejected=[(0, 0)]) == ["b", "a"]


def test_telemetry_counts_however_often_it_comes(spark: SparkSession) -> None:
    looks = [event("a", "shop_viewed"), event("a", "shop_viewed"), event("a")]
    assert Log(spark, looks).names() == ["a", "a", "a"]


def test_telemetry_that_moves_something_is_none(spark: SparkSession) -> None:
    assert Log(spark, [event("a", "shop_viewed", transfers=MINT)] * 2).names() == ["a"]


def test_a_wild_log_in_steps_is_the_same_as_at_once_and_as_the_checker_says(spark: SparkSession) -> None:
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
    log, books = Log(spark, events), fold(0, _records(events))
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


def test_a_step_is_bounded_and_gives_each_realm_its_share() -> None:
    assert next_step_bounds({0: -1, 1: 5}, {0: 9, 1: 9}, 100) == {0: 9, 1: 9}
    assert next_step_bounds({0: -1, 1: 5}, {0: 999, 1: 999}, 100) == {0: 49, 1: 55}
    assert next_step_bounds({0: -1, 1: 5}, {0: 999, 1: 5}, 100) == {0: 99, 1: 5}
    assert next_step_bounds({0: 7, 1: 5}, {0: 3}, 100) == {0: 7, 1: 5}  # Redis is behind, or says nothing of a realm


def test_the_columns_of_each_type(spark: SparkSession) -> None:
    kinds = examples()
    rows = {row.event_type: row for row in actions_of(Log(spark, list(kinds.values())).rows).collect()}
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


def test_details_that_are_no_numbers_are_null(spark: SparkSession) -> None:
    odd = {"price": "cheap", "quantity": 2, "damage": "9" * 30, "generated": 6}
    huge = {"price": 2**62, "quantity": 10}
    first, second = actions_of(Log(spark, [event("a", details=odd), event("b", details=huge)]).rows).collect()
    assert (first.price, first.quantity, first.damage, first.gold, first.generated) == (None, 2, None, None, 6)
    assert (second.price, second.gold) == (2**62, None)


def test_a_row_for_each_transfer_with_its_accounts_taken_apart(spark: SparkSession) -> None:
    rows = transfers_of(
        Log(spark, [event("a", "sword_bought", transfers=BUY, details={"generated": 6})]).rows
    ).collect()
    assert [(r.debit_owner, r.debit_name, r.credit_owner, r.credit_name, r.amount) for r in rows] == [
        ("player:ada", "gold", "house", "shop", 30),
        ("house", "stock:iron_sword", "player:ada", "item:iron_sword", 1),
    ]
    assert {(r.offset, r.generated, r.debit) for r in rows} == {(0, 6, BUY[0].debit), (0, 6, BUY[1].debit)}


class World:
    """Both derived tables of some events, whose times are minutes after the start."""

    def __init__(self, spark: SparkSession, *timed: tuple[int, Event]) -> None:
        moved = [e.model_copy(update={"time": new_time(minute)}) for minute, e in timed]
        counted = Log(spark, moved).effective()
        self.actions, self.moves = actions_of(counted), transfers_of(counted)

    def players(self) -> dict[str, Row]:
        return {row.player: row for row in players_of(self.actions, self.moves).collect()}

    def sessions(self, player: str = "ada") -> list[Row]:
        return sessions_of(self.actions, self.moves).where(f"player = '{player}'").orderBy("session").collect()


def new_time(minute: float) -> str:
    return event("x", at=START + timedelta(minutes=minute)).time


def decided(kind: str, name: str, **more: Any) -> Event:
    """An event of this type as the rules decide it in the examples."""
    decision = next(decision for decision in decisions() if decision.type == kind)
    return event(name, kind, details=decision.details, transfers=decision.transfers, **more)


def minute_of(moment: datetime) -> float:
    return (moment - START.replace(tzinfo=None)).total_seconds() / 60


def test_players(spark: SparkSession) -> None:
    world = World(
        spark,
        (0, decided("player_registered", "a")),
        (1, event("b", "player_registered", player="bob", transfers=[Transfer("house:mint", "player:bob:gold", 100)])),
        (2, decided("sword_bought", "c")),
        (3, decided("guild_founded", "d")),
        (4, decided("player_defeated", "e")),
        (5, decided("gift_given", "f")),
        (6, decided("leader_changed", "g")),  # keeps bob's membership, which is none of his actions
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


def test_a_player_who_left_a_guild_and_the_realm(spark: SparkSession) -> None:
    seat = (Transfer("player:ada:guild:knights", "guild:knights:seat", 1),)
    ada = World(
        spark,
        (0, decided("guild_joined", "a")),
        (1, event("b", "guild_left", transfers=seat)),
        (2, event("c", "player_left", details={"generated": 6})),
    ).players()["ada"]
    assert (ada.guild, ada.left, ada.generated, ada.gold) == (None, True, 6, 0)


def test_a_session_ends_with_a_pause_of_more_than_half_an_hour(spark: SparkSession) -> None:
    names = iter("abcdefg")
    minutes = (0, 30, 60, 90 + 1 / 60_000, 100)
    world = World(spark, *((minute, event(next(names), "shop_viewed")) for minute in minutes))
    found = [(row.session, minute_of(row.started_at), minute_of(row.ended_at), row.actions) for row in world.sessions()]
    assert found == [(1, 0, 60, 3), (2, pytest.approx(90), 100, 2)]


def test_what_a_session_says(spark: SparkSession) -> None:
    batch = next(decision for decision in decisions() if decision.type == "actions_batched")
    world = World(
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


def test_sessions_go_by_the_time_of_the_event_and_not_of_the_log(spark: SparkSession) -> None:
    """A backfill tells of the past, and comes after what is new."""
    world = World(spark, (600, event("a")), (0, event("b")), (10, event("c")))
    assert [(minute_of(row.started_at), row.actions) for row in world.sessions()] == [(0, 2), (600, 1)]


def test_a_pause_is_steady_if_it_lasts_as_long_as_the_one_before(spark: SparkSession) -> None:
    """What moves gold in between is no pause of its own, and neither is the time between two sessions."""
    gift = [Transfer("player:ada:gold", "player:bob:gold", 1)]
    seconds = (0, 40, 80.9, 81.9, 130, 170.5, 10_000, 10_040, 10_081)
    names = iter("abcdefghi")
    world = World(spark, *((at / 60, event(next(names), "gift_given", transfers=gift)) for at in seconds))
    # Pauses of 40, 40.9, 1, 48.1 and 40.5 s; then one of 40 s, which follows 40.5, and one of 41 s: a second more.
    assert [(row.actions, row.steady) for row in world.sessions()] == [(6, 1), (3, 1)]


def test_a_price_tells_whether_it_was_lowered_for_a_sale(spark: SparkSession) -> None:
    bought = decided("sword_bought", "a")
    on_sale = event("b", "sword_bought", details={**bought.details, "sale": 1}, transfers=bought.transfers)
    rows = World(spark, (0, bought), (1, on_sale), (2, event("c", "shop_viewed"))).actions.orderBy("offset").collect()
    assert [row.on_sale for row in rows] == [False, True, None]

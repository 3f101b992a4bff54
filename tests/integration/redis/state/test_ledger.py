"""Test the ledger on a real Redis."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from game.decision import Decision
from game.events import FENCE, VOID
from game.rules import guilds, players, shop
from state.ledger import Gap, encode_malformed_record
from state.library import install_library
from state.results import AlreadyExists, ConditionFailed, Held, InsufficientBalance, Recovering, Reservation
from tests.support.clock import NOW, TODAY
from tests.support.ledger_game import REALM, Game, give
from tests.support.redis_server import RedisServer


@pytest.fixture
def game(empty_redis: RedisServer) -> Game:
    game = Game(empty_redis)
    game.act(players.register("ada", TODAY))
    return game


def test_200_threads_buy_three_swords_with_gold_for_three(game: Game) -> None:
    with ThreadPoolExecutor(200) as pool:
        outcomes = list(pool.map(lambda _: game.reserve(shop.buy("ada", "iron_sword", 1, None))[1], range(200)))
    assert sum(isinstance(outcome, Held) for outcome in outcomes) == 3
    assert game.gold() == {"settled": 100, "held": 90, "available": 10}
    assert {o for o in outcomes if isinstance(o, InsufficientBalance)} == {
        InsufficientBalance("player:ada:gold", 10, 30)
    }


def test_name_is_taken_before_it_is_settled(game: Game) -> None:
    _, first = game.reserve(players.register("bob", TODAY), "bob")
    _, second = game.reserve(players.register("bob", TODAY), "bob")
    assert isinstance(first, Held)
    assert second == InsufficientBalance("player:bob:vacancy", 0, 1)


def test_settling_moves_offset_and_state_once(game: Game) -> None:
    reservation, _ = game.reserve(shop.buy("ada", "iron_sword", 1, None))
    record = game.record(reservation)
    assert [game.settler.settle(REALM, [record]) for _ in range(3)] == [1, 0, 0]
    assert game.gold() == {"settled": 70, "held": 0, "available": 70}
    assert game.api.offsets([REALM]) == {REALM: game.offset}


def test_gap_is_refused_and_nothing_is_applied(game: Game) -> None:
    reservation, _ = game.reserve(shop.buy("ada", "iron_sword", 1, None))
    game.offset += 1
    with pytest.raises(Gap, match="record 2 is due, but got 3"):
        game.settler.settle(REALM, [game.record(reservation)])
    assert game.gold()["settled"] == 100
    assert game.api.offsets([REALM]) == {REALM: 1}


def test_release_returns_the_gold_once(game: Game) -> None:
    reservation, _ = game.reserve(shop.buy("ada", "steel_sword", 1, None))
    assert game.api.release(REALM, reservation.event_id, game.generation) is True
    assert game.api.release(REALM, reservation.event_id, game.generation) is False
    assert game.gold() == {"settled": 100, "held": 0, "available": 100}


def test_release_after_settling_changes_nothing(game: Game) -> None:
    reservation, _ = game.reserve(shop.buy("ada", "iron_sword", 1, None))
    game.settle(reservation)
    assert game.api.release(REALM, reservation.event_id, game.generation) is False
    assert game.gold()["settled"] == 70


def test_first_of_event_and_void_wins(game: Game) -> None:
    voided, _ = game.reserve(shop.buy("ada", "iron_sword", 1, None))
    assert game.settle(voided, event_type=VOID) == "voided"
    assert game.settle(voided) == "voided"
    settled, _ = game.reserve(shop.buy("ada", "iron_sword", 1, None))
    assert game.settle(settled) == "settled"
    assert game.settle(settled, event_type=VOID) == "settled"
    assert game.gold() == {"settled": 70, "held": 0, "available": 70}


def test_event_id_is_reserved_once(game: Game) -> None:
    reservation, _ = game.reserve(shop.buy("ada", "iron_sword", 1, None))
    _, again = game.reserve(shop.buy("ada", "iron_sword", 1, None), event_id=reservation.event_id)
    assert isinstance(again, AlreadyExists)
    assert again.status.status == "pending"


def test_uncovered_foreign_event_is_rejected(game: Game) -> None:
    theft = Reservation(str(uuid.uuid4()), REALM, "ada", shop.buy("ada", "dragon_sword", 1, None))
    assert game.settle(theft) == "rejected"
    assert game.gold()["settled"] == 100
    assert game.api.totals(REALM)["rejected"] == 1


def test_malformed_records_only_move_the_offset(game: Game) -> None:
    assert game.settler.settle(REALM, [encode_malformed_record(2), encode_malformed_record(3)]) == 2
    assert game.api.offsets([REALM]) == {REALM: 3}
    assert game.api.totals(REALM) == {"settled": 2, "malformed": 2}


def test_claim_decided_on_an_old_balance_is_refused(game: Game) -> None:
    has = game.api.holdings(REALM, "player:ada").settled
    game.act(players.claim_gold("ada", has, TODAY))
    _, outcome = game.reserve(players.claim_gold("ada", has, TODAY))
    assert isinstance(outcome, ConditionFailed)


def test_fence_voids_holds_of_the_last_generation(game: Game, empty_redis: RedisServer) -> None:
    stale, held = game.reserve(shop.buy("ada", "iron_sword", 1, None))
    assert isinstance(held, Held)
    token = str(uuid.uuid4())
    empty_redis.connection("admin").set(f"realm:{{{REALM}}}:recovering", token)
    assert isinstance(game.reserve(shop.buy("ada", "iron_sword", 1, None))[1], Recovering)
    fence = Reservation(token, REALM, "ada", give(1))
    assert game.settle(fence, event_type=FENCE) == "settled"
    assert game.gold() == {"settled": 100, "held": 0, "available": 100}
    _, fresh = game.reserve(shop.buy("ada", "iron_sword", 1, None))
    assert fresh == Held(game.offset, ())
    assert game.settle(stale, generation=held.generation) == "voided"
    assert game.gold()["settled"] == 100


def state(server: RedisServer) -> dict[str, object]:
    """Return the state that the log alone decides: balances, offset, totals and statuses."""
    admin = server.connection("admin")
    hashes = [
        f"realm:{{{REALM}}}:{owner}" for owner in ("player:ada", "player:bob", "house", "guild:knights", "totals")
    ]
    result: dict[str, object] = {key: admin.hgetall(key) for key in hashes}
    result |= {key: admin.get(key) for key in admin.keys(f"realm:{{{REALM}}}:event:*")}
    return result | {"offset": admin.get(f"realm:{{{REALM}}}:offset")}


def test_replay_gives_the_same_balanced_state(game: Game, empty_redis: RedisServer) -> None:
    empty_redis.connection("admin").flushall()
    install_library(empty_redis.connection("admin"))
    game.offset = game.generation = -1
    log: list[str] = []
    fence = Reservation(game.settler.attach(REALM), REALM, "", give(0))
    log.append(game.record(fence, event_type=FENCE))
    assert game.settler.settle(REALM, log) == 1
    game.generation = 0

    def act(decision: Decision, player: str = "ada") -> None:
        reservation, _ = game.reserve(decision, player)
        log.append(game.record(reservation))
        game.settler.settle(REALM, log[-1:])

    act(players.register("ada", TODAY))
    act(players.register("bob", TODAY), "bob")
    act(shop.buy("ada", "steel_sword", 1, None))
    act(guilds.join_or_found("ada", "knights", {}, {}, NOW))
    act(guilds.join_or_found("bob", "knights", {}, {"charter": 0}, NOW), "bob")
    # Bob's gold does not cover this purchase, so the ledger rejects it. The API would not append such an event, but
    # another program might.
    act(shop.buy("bob", "dragon_sword", 1, None), "bob")
    before = state(empty_redis)
    empty_redis.connection("admin").flushall()
    install_library(empty_redis.connection("admin"))
    assert game.settler.settle(REALM, log) == len(log)
    assert state(empty_redis) == before
    balances = [
        before[f"realm:{{{REALM}}}:{owner}"] for owner in ("player:ada", "player:bob", "house", "guild:knights")
    ]
    # Seven accounts have the opening balance 1. They are vacancy and likeness for each of two players, and charter,
    # crown and crest for one guild.
    opened_at_one = 7
    assert sum(int(v) for b in balances for v in b.values()) == opened_at_one


def test_status_is_forgotten_after_a_day_of_log_time(game: Game) -> None:
    first, _ = game.reserve(shop.buy("ada", "wooden_sword", 1, None))
    assert game.settle(first) == "settled"
    game.at += 25 * 3600 * 1000
    for _ in range(2):  # with each record, the ledger forgets two older statuses
        second, _ = game.reserve(shop.buy("ada", "wooden_sword", 1, None))
        assert game.settle(second) == "settled"
    assert game.status(first) == "unknown"

"""Test reads from the ledger: histories, leaderboards and counts by type.

The log alone decides the results of all these reads.
"""

from dataclasses import replace

import pytest

from game.accounts import Transfer
from game.decision import Decision
from game.events import new_event
from game.rules import combat, players, shop
from state.digest import digest
from state.ledger import RealmRecovering, encode_settle_record
from state.library import install_library
from state.results import Held, OwnerBalances, PreconditionFailed, Reservation
from tests.support.clock import NOW, TODAY
from tests.support.ledger_game import REALM, Game, give
from tests.support.redis_server import RedisServer

ADA, BOB, END = "player:ada", "player:bob", 2**53 - 1

DAY_MS = 24 * 3600 * 1000


@pytest.fixture
def game(empty_redis: RedisServer) -> Game:
    game = Game(empty_redis)
    game.act(players.register("ada", TODAY))
    game.act(players.register("bob", TODAY), "bob")
    return game


def types(game: Game, owner: str, before: int = END, count: int = 10) -> list[str]:
    return [entry.status.type for entry in game.api.history_before(REALM, owner, before, count)]


def test_history_has_own_and_received_events(game: Game) -> None:
    game.act(shop.buy("ada", "iron_sword", 1, None))
    has = [game.api.holdings(REALM, owner).settled for owner in (ADA, BOB)]
    game.act(combat.strike("ada", "bob", None, *has))
    assert types(game, ADA) == ["player_struck", "sword_bought", "player_registered"]
    assert types(game, BOB) == ["player_struck", "player_registered"]
    newest = game.api.history_before(REALM, BOB, END, 1)[0]
    assert (newest.offset, newest.at_ms, newest.status.player) == (game.offset, game.at, "ada")
    assert types(game, ADA, newest.offset, 1) == ["sword_bought"]
    assert [entry.offset for entry in game.api.history_after(REALM, ADA, 1, 10)] == [3, 4]


def test_history_forgets_events_older_than_a_day(game: Game) -> None:
    game.at += DAY_MS + 1
    for _ in range(3):  # with each record, the ledger forgets two older events
        game.act(give(1))
    assert types(game, ADA) == ["gold_found"] * 3
    assert types(game, BOB) == []


def test_leaderboard_follows_the_balances(game: Game) -> None:
    game.act(shop.buy("bob", "iron_sword", 1, None), "bob")
    assert game.api.ranking(REALM, "gold", 0, 10) == [(ADA, 100), (BOB, 70)]
    game.act(give(-1 + 30))
    assert game.api.ranking(REALM, "gold", 0, 1) == [(ADA, 129)]
    assert game.api.ranking(REALM, "gold", 1, 5) == [(BOB, 70)]
    assert game.api.ranking(REALM, "health", 0, 5) == [(BOB, 100), (ADA, 100)]
    game.act(players.leave_realm("ada", game.api.holdings(REALM, ADA).settled))
    assert game.api.ranking(REALM, "gold", 0, 10) == [(BOB, 70)]


def test_overview_counts_types_and_names_the_latest(game: Game) -> None:
    waiting, held = game.reserve(shop.buy("ada", "iron_sword", 1, None))
    assert isinstance(held, Held)
    view = game.api.overview(REALM, 2)
    assert dict(view.types) == {"fence": 1, "player_registered": 2}
    assert (view.offset, view.open_holds, view.recovering, view.halted) == (2, 1, False, "")
    assert view.first_deadline_ms > 0
    assert [entry.status.player for entry in view.latest] == ["ada", "bob"]
    game.settle(waiting)
    assert (game.api.overview(REALM, 1).open_holds, game.api.overview(REALM, 1).first_deadline_ms) == (0, 0)


def look(game: Game, event_type: str = "inventory_viewed") -> str:
    game.offset += 1
    event = new_event(event_id="aaaaaaaa-1111", event_type=event_type, realm=REALM, player="ada", at=NOW)
    return encode_settle_record(event, game.offset, game.at)


def test_telemetry_is_counted_and_not_stored(game: Game) -> None:
    assert game.settler.settle(REALM, [look(game), look(game)]) == 2
    assert game.api.event(REALM, "aaaaaaaa-1111") is None
    assert game.settler.totals(REALM)["telemetry"] == 2
    assert game.api.overview(REALM, 1).types["inventory_viewed"] == 2
    assert types(game, ADA) == ["player_registered"]


@pytest.mark.parametrize("name", ["malformed", "telemetry", "inventory_viewed"])
def test_event_with_transfers_is_applied_under_any_name(game: Game, name: str) -> None:
    """The ledger marks malformed records and telemetry with words of its own.

    It once treated an event whose type was such a word as a marked record.
    """
    game.act(replace(give(7), type=name))
    assert game.gold()["settled"] == 107


def test_hold_with_outdated_balances_is_refused(game: Game) -> None:
    def attempt(seen: OwnerBalances) -> object:
        decision = shop.buy("ada", "wooden_sword", 1, None)
        return game.api.reserve_many([Reservation(f"bbbbbbbb-{game.offset}", REALM, "ada", decision, seen=seen)])[0]

    seen = game.api.holdings(REALM, ADA)
    assert attempt(replace(seen, settled=dict(seen.settled) | {"gold": 99})) == PreconditionFailed()
    assert attempt(replace(seen, settled=dict(seen.settled) | {"item:iron_sword": 1})) == PreconditionFailed()
    assert attempt(replace(seen, settled={"gold": 100})) == PreconditionFailed()
    assert attempt(replace(seen, held={"gold": 1})) == PreconditionFailed()
    assert isinstance(attempt(seen), Held)
    game.offset += 1  # so that the next attempt has another event id
    assert attempt(seen) == PreconditionFailed(), "a hold has changed what is available"


def test_recovering_realm_cannot_be_read(game: Game) -> None:
    game.settler.begin_rebuild(REALM, "cccccccc-0000")
    for look_at in (lambda: game.api.history_before(REALM, ADA, END, 1), lambda: game.api.ranking(REALM, "gold", 0, 1)):
        with pytest.raises(RealmRecovering):
            look_at()
    assert game.api.overview(REALM, 1).recovering


def test_reads_are_the_same_after_a_replay(game: Game, empty_redis: RedisServer) -> None:
    log = []

    def act(decision: Decision) -> None:
        reservation, _ = game.reserve(decision)
        log.append(game.record(reservation))
        game.settler.settle(REALM, log[-1:])

    moves = Decision("gold_moved", {}, (Transfer(f"{ADA}:gold", f"{BOB}:gold", 5),))
    for decision in (shop.buy("ada", "moon_sword", 1, None), moves, moves):
        act(decision)
    log.append(look(game))
    game.settler.settle(REALM, log[-1:])
    # Settle the kept records after the same beginning, twice and each time in an empty Redis.
    admin = empty_redis.connection("admin")
    digests = []
    for _ in range(2):
        admin.flushall()
        install_library(admin)
        again = Game(empty_redis)
        again.act(players.register("ada", TODAY))
        again.act(players.register("bob", TODAY), "bob")
        again.settler.settle(REALM, log)
        digests.append(digest(admin, REALM))
        assert again.api.ranking(REALM, "gold", 0, 9) == [(BOB, 110), (ADA, 10)]
    assert types(again, BOB) == ["gold_moved", "gold_moved", "player_registered"]


def test_wipe_leaves_no_history_or_ranking(game: Game, empty_redis: RedisServer) -> None:
    game.settler.begin_rebuild(REALM, "dddddddd-0000")
    while game.settler.wipe(REALM, "dddddddd-0000", 1):
        pass
    left = {key.removeprefix(f"realm:{{{REALM}}}:") for key in empty_redis.connection("admin").keys("realm:*")}
    assert left == {"run", "recovering", "rebuilding"}

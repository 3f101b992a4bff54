"""Test races over HTTP for something that exists only once, while settling lags behind the log.

Each race must have exactly one winner.
"""

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from game import catalogue
from load.guildhall_client import RequestRejected
from stack.instance import Instance
from tests.support.pipeline import Player

REALM = 2

ROUNDS = 3

WAIT_SECONDS = 20

Outcome = dict[str, Any] | str  # the settled event, or the code of the problem in the response


def people(pipeline: Instance, count: int) -> list[Player]:
    """Register players whose requests ask the API to wait until the action is settled."""
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: Player(pipeline, REALM), range(count)))
    for player in found:
        player.wait = WAIT_SECONDS
    return found


def race(*acts: Callable[[], dict[str, Any]]) -> list[Outcome]:
    """Start all actions at the same moment. Returns the outcome of each action."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], dict[str, Any]]) -> Outcome:
        gate.wait()
        try:
            return act()
        except RequestRejected as refusal:
            return refusal.code

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def won(outcomes: list[Outcome]) -> list[dict[str, Any]]:
    return [outcome for outcome in outcomes if isinstance(outcome, dict)]


def lost(outcomes: list[Outcome]) -> set[str]:
    return {outcome for outcome in outcomes if isinstance(outcome, str)}


def amount(player: Player, account: str) -> int:
    """Return the settled amount in this account.

    Fails if some of the amount is held, because all of the player's actions should be settled.
    """
    found = player.inventory()["accounts"].get(account, {"settled": 0, "held": 0})
    assert found["held"] == 0
    return int(found["settled"])


def a_guild() -> str:
    return f"g_{secrets.token_hex(4)}"


def test_last_seat_of_a_guild_is_taken_once(pipeline: Instance) -> None:
    everybody = people(pipeline, catalogue.GUILD_SEATS + 4)
    guild, first = a_guild(), everybody[0]
    first.found_guild(guild)
    outcomes = race(*(lambda p=player: p.join_guild(guild) for player in everybody[1:]))
    assert len(won(outcomes)) == catalogue.GUILD_SEATS - 1
    assert lost(outcomes) == {"guild_full"}
    found = first.guild(guild)
    assert (len(found["members"]), found["seats_free"]) == (catalogue.GUILD_SEATS, 0)
    for _ in range(ROUNDS):
        members = {member["player"] for member in found["members"]}
        leaver = next(p for p in everybody if p.name in members and p is not first)
        outsiders = [p for p in everybody if p.name not in members]
        leaver.leave_guild()
        outcomes = race(*(lambda p=player: p.join_guild(guild) for player in outsiders))
        assert len(won(outcomes)) == 1
        assert lost(outcomes) == {"guild_full"}
        found = first.guild(guild)
        assert (len(found["members"]), found["seats_free"]) == (catalogue.GUILD_SEATS, 0)


def test_last_piece_of_an_edition_is_sold_once(pipeline: Instance) -> None:
    buyers = people(pipeline, 8)
    for _ in range(ROUNDS):
        left = next(i for i in buyers[0].shop()["items"] if i["item"] == "star_shield")["left"]
        assert 0 < left < len(buyers)
        outcomes = race(*(lambda p=player: p.buy("star_shield") for player in buyers))
        assert len(won(outcomes)) == left
        assert lost(outcomes) == {"sold_out"}
        owners = [player for player in buyers if amount(player, "item:star_shield") == 1]
        assert {player.name for player in owners} == {event["player"] for event in won(outcomes)}
        # The owners return their pieces to the shop, so that the next round has pieces to sell.
        for player in owners:
            player.sell("star_shield")
        for player in buyers:
            if amount(player, "gold") < catalogue.ITEMS["star_shield"].price:
                buyers[buyers.index(player)] = people(pipeline, 1)[0]


def test_concurrent_strikes_defeat_a_player_once(pipeline: Instance) -> None:
    target, *attackers = people(pipeline, 5)
    for attacker in attackers:
        attacker.buy_sword("steel_sword")
    for _ in range(ROUNDS):
        victories = sum(amount(a, "victories") for a in attackers)
        gold = sum(amount(a, "gold") for a in attackers)
        blows: list[Outcome] = []
        while amount(target, "health") > 0:
            blows += race(*(lambda a=attacker: a.strike(target.name) for attacker in attackers))
            assert amount(target, "health") + amount(target, "wounds") == catalogue.FULL_HEALTH
        assert [event["type"] for event in won(blows)].count("player_defeated") == 1
        assert lost(blows) <= {"under_attack", "target_down", "changed"}
        assert sum(amount(a, "victories") for a in attackers) == victories + 1
        assert sum(amount(a, "gold") for a in attackers) == gold + catalogue.BOUNTY
        revivals = race(target.revive, target.revive, target.revive)
        assert len(won(revivals)) == 1
        assert amount(target, "health") == catalogue.REVIVED_HEALTH


def test_concurrent_cure_and_blow_agree_on_defeat(pipeline: Instance) -> None:
    target, attacker = people(pipeline, 2)
    attacker.buy_sword("steel_sword")
    target.buy("small_potion", 3)
    for _ in range(3):
        attacker.strike(target.name)
    for _ in range(ROUNDS):
        blow, cure = race(lambda: attacker.strike(target.name), lambda: target.drink("small_potion"))
        felled = isinstance(blow, dict) and blow["type"] == "player_defeated"
        assert felled == (amount(target, "health") == 0)
        if felled:
            assert isinstance(cure, str)
            return


def test_concurrent_trade_and_purchase_spend_gold_once(pipeline: Instance) -> None:
    for _ in range(ROUNDS):
        ada, bob = people(pipeline, 2)
        ada.buy_sword("iron_sword")
        trade = ada.offer_trade(bob.name, {"item": "iron_sword"}, {"gold": 70})["id"]
        accepted, bought, sold = race(
            lambda b=bob, t=trade: b.accept_trade(t),
            lambda b=bob: b.buy_sword("steel_sword"),
            lambda a=ada: a.sell("iron_sword"),
        )
        if isinstance(accepted, dict):
            assert (bought, sold) == ("not_enough_gold", "not_enough_items")
            expected = {"ada": (140, 0), "bob": (30, 1)}
        else:
            assert accepted in ("not_enough_gold", "not_enough_items")
            assert isinstance(bought, dict) or isinstance(sold, dict)
            spent, earned = 60 * isinstance(bought, dict), 15 * isinstance(sold, dict)
            expected = {"ada": (70 + earned, 1 - isinstance(sold, dict)), "bob": (100 - spent, 0)}
        found = {n: (amount(p, "gold"), amount(p, "item:iron_sword")) for n, p in (("ada", ada), ("bob", bob))}
        assert found == expected


def test_trade_is_accepted_or_withdrawn(pipeline: Instance) -> None:
    ada, bob = people(pipeline, 2)
    for _ in range(ROUNDS):
        trade = ada.offer_trade(bob.name, {"gold": 2}, {"gold": 1})["id"]
        outcomes = race(*(lambda t=trade: bob.accept_trade(t) for _ in range(2)), lambda t=trade: ada.decline_trade(t))
        assert len(won(outcomes)) == 1
        assert lost(outcomes) == {"trade_closed"}


def test_leaving_leader_pays_nothing_out(pipeline: Instance) -> None:
    ada, bob = people(pipeline, 2)
    guild = a_guild()
    ada.found_guild(guild)
    bob.join_guild(guild)
    for _ in range(ROUNDS):
        ada.deposit(10)
        left, paid = race(lambda: ada.leave_guild(), lambda: ada.pay_out(bob.name, 10))
        if isinstance(left, dict) and isinstance(paid, dict):
            assert paid["offset"] < left["offset"]
        elif isinstance(left, dict):
            assert paid in ("not_leader", "not_in_guild")
        else:
            assert (left, isinstance(paid, dict)) == ("not_leader", True)
            ada.leave_guild()
        found = bob.guild(guild)
        assert (found["leader"], [m["player"] for m in found["members"]]) == (bob.name, [bob.name])
        assert found["treasury"] == (0 if isinstance(paid, dict) else 10)
        if found["treasury"]:
            bob.pay_out(bob.name, 10)
        ada.join_guild(guild)
        bob.lead_guild(ada.name)


def test_leadership_is_not_given_to_a_leaving_member(pipeline: Instance) -> None:
    ada, bob = people(pipeline, 2)
    guild = a_guild()
    ada.found_guild(guild)
    for _ in range(ROUNDS):
        bob.join_guild(guild)
        handed, left = race(lambda: ada.lead_guild(bob.name), lambda: bob.leave_guild())
        found = ada.guild(guild)
        members = [member["player"] for member in found["members"]]
        assert found["leader"] in members
        if bob.name in members:
            assert isinstance(handed, dict)
            assert found["leader"] == bob.name
            bob.lead_guild(ada.name)
            bob.leave_guild()
        else:
            assert isinstance(left, dict)
            if isinstance(handed, dict):
                # Ada has handed over the leadership, and she got it back when bob, the new leader, left.
                assert handed["offset"] < left["offset"]
            assert found["leader"] == ada.name


def test_purchases_with_the_same_etag_succeed_once(pipeline: Instance) -> None:
    (ada,) = people(pipeline, 1)
    for _ in range(ROUNDS):
        ada.inventory()
        outcomes = race(*(lambda: ada.buy("wooden_sword", if_unchanged=True) for _ in range(3)))
        assert len(won(outcomes)) == 1
        assert lost(outcomes) == {"state_changed"}


def test_reward_is_claimed_once(pipeline: Instance) -> None:
    (ada,) = people(pipeline, 1)
    ada.buy_sword("wooden_sword")
    outcomes = race(*(lambda: ada.claim_reward("first_blade") for _ in range(4)))
    assert len(won(outcomes)) == 1
    assert lost(outcomes) == {"already_rewarded"}
    assert amount(ada, "gold") == 90 + catalogue.QUESTS["first_blade"].reward

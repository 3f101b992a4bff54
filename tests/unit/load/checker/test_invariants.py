"""Test the invariants of the game.

A long game that follows the rules keeps the invariants, and the checker finds every event that breaks one.
"""

import random
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest

from game import commands
from game.accounts import Transfer, opening_balance
from game.batches import Batch, combine
from game.decision import Balances, Decision, RuleViolation
from game.event_types import ACTIONS
from game.events import encode, event_id_of, new_event
from game.rules import combat, guilds, players, shop, trading
from game.rules.trading import Goods, Offer
from load.checker.check_input import Archive, CheckInput, Finding, RealmState
from load.checker.invariants import broken_rules
from load.checker.model import ModelLedger, Record
from load.workload.generator import PlannedRequest
from load.workload.runner import player_slots
from tests.support.clock import NOW, TODAY

COMMANDS = {command.name: command for command in commands.COMMANDS}

AT_MS = 1_000_000


class World:
    """A log that the test writes event by event, and the balances that result from it."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.books = ModelLedger(0)
        self.now = NOW
        self.offers: dict[str, Offer] = {}

    def happen(self, player: str, decision: Decision, event_id: str = "") -> str:
        """Append the event of a decision, even if the decision breaks the rules. Returns the id of the event."""
        event = new_event(
            event_id=event_id or str(uuid.UUID(int=len(self.records))),
            event_type=decision.type,
            realm=0,
            player=player,
            at=self.now,
            details=decision.details,
            transfers=decision.transfers,
        )
        self.records.append(Record(len(self.records), AT_MS, encode(event)))
        self.books.apply(self.records[-1])
        assert self.books.statuses[event.id] == "settled", event
        if event.type == "trade_offered":
            self.offers[event.id] = Offer.read(event.id, player, event.details)
        return event.id

    def has(self, owner: str) -> Balances:
        """Return the balances of an owner.

        As in the ledger, a balance that equals its opening balance is left out.
        """
        found = {a: n for a, n in self.books.balances.items() if a.startswith(f"{owner}:")}
        return {a.removeprefix(f"{owner}:"): n for a, n in found.items() if n != opening_balance(a)}

    def wish(self, player: str, wish: PlannedRequest) -> str:
        """Carry out a player's planned request if the rules and balances allow it.

        Returns the type of the event, or an empty string if they do not allow it.
        """
        event_id = event_id_of(0, player, wish.key)
        scene = commands.DecisionContext(player, self.now, event_id, self.has, self.offers.get)
        try:
            if wish.kind == "batch":
                decision = combine(Batch.model_validate(wish.request).actions, scene)
            else:
                decision = COMMANDS[wish.kind].model_validate(wish.request).decide(scene)
        except RuleViolation:
            return ""
        needed: dict[str, int] = {}
        for transfer in decision.transfers:
            needed[transfer.debit] = needed.get(transfer.debit, 0) + transfer.amount
        if any(self.books.balance(account) < n for account, n in needed.items() if not account.startswith("house:")):
            return ""
        if any(not c.least <= self.books.balance(c.account) <= c.most for c in decision.conditions):
            return ""
        self.happen(player, decision, event_id)
        return decision.type

    def findings(self) -> list[Finding]:
        return list(broken_rules(CheckInput(0, [], self.records, RealmState(0, {}, {}, {}), Archive({}, []))))


@pytest.fixture
def world() -> World:
    """Return a world with three players.

    Ada has a sword and leads the guild knights. Bob is a member of that guild. Cat is in no guild.
    """
    world = World()
    for name in ("ada", "bob", "cat"):
        world.happen(name, players.register(name, TODAY))
    world.happen("ada", shop.buy("ada", "iron_sword", 1, None))
    world.happen("ada", guilds.found("ada", "knights", world.has("player:ada"), {}, NOW))
    world.happen("bob", guilds.join("bob", "knights", world.has("player:bob"), world.has("guild:knights"), NOW))
    assert world.findings() == []
    return world


def test_long_games_by_the_rules_break_nothing() -> None:
    types = {name for seed in range(3) for name in played(seed)}
    assert types - {""} >= ACTIONS - {"player_registered"}


def played(seed: int) -> set[str]:
    """Play a game in which each of 12 seats has four players, one after the other.

    Returns the types of the events.
    """
    world, crowd, types = World(), player_slots(seed, "run", 1, 12), set()
    for life in range(4):
        for seat in crowd:
            world.happen(seat.name(life), players.register(seat.name(life), TODAY))
            # Give each player extra gold, so that the rules allow more of the planned requests.
            mint = Transfer("house:mint", f"player:{seat.name(life)}:gold", 200)
            world.happen(seat.name(life), Decision("gold_found", {}, (mint,)))
        for turn in range(1, 60):
            for seat in random.Random(turn).sample(crowd, len(crowd)):
                wish = seat.plan(life, turn)
                if wish.kind in COMMANDS or wish.kind == "batch":
                    types.add(world.wish(seat.name(life), wish))
            world.now += timedelta(hours=1)
    assert world.findings() == []
    return types


def found(world: World, kind: str) -> str:
    """Expect exactly one finding, of this kind. Returns its detail."""
    (finding,) = world.findings()
    assert finding.kind == kind
    return finding.detail


def moves(*transfers: tuple[str, str, int], event_type: str = "cheated", **details: str | int) -> Decision:
    return Decision(event_type, details, tuple(Transfer(*transfer) for transfer in transfers))


BAD: dict[str, tuple[str, Decision]] = {
    "a piece too many": ("oversold", moves(("house:stock:moon_sword", "player:ada:item:moon_sword", 1))),
    "an enchanted piece too many": (
        "oversold",
        moves(("house:stock:moon_sword", "player:ada:item:enchanted_moon_sword", 1)),
    ),
    "a piece that is gone": ("oversold", moves(("shop:star_shield:edition_5", "house:stock:star_shield", 1))),
    "health from nowhere": ("health", moves(("house:nature", "player:ada:health", 1))),
    "wounds that vanish": ("health", moves(("player:ada:health", "house:nature", 1))),
    "no health and no defeat": ("knock_out", moves(("player:bob:health", "player:bob:wounds", 100))),
    "a defeat of who still stands": (
        "knock_out",
        moves(("house:arena", "player:ada:victories", 1), ("house:arena", "player:bob:defeats", 1)),
    ),
    "two victories over one": (
        "knock_out",
        moves(
            ("player:bob:health", "player:bob:wounds", 100),
            ("house:arena", "player:ada:victories", 2),
            ("house:arena", "player:bob:defeats", 1),
        ),
    ),
    "a second crown": ("guild_books", moves(("house:seats", "player:bob:leader:knights", 1))),
    "a crown that is lost": ("guild_books", moves(("player:ada:leader:knights", "house:seats", 1))),
    "a crown on a stranger's head": (
        "guild_books",
        moves(("player:ada:leader:knights", "player:cat:leader:knights", 1)),
    ),
    "a seat too many": ("guild_books", moves(("house:seats", "guild:knights:seat", 1))),
    "a missing member on the roll": (
        "guild_books",
        moves(("guild:knights:member:bob", "house:rolls", int(NOW.timestamp()) // 60)),
    ),
    "two guilds": ("guild_books", moves(("house:seats", "player:bob:guild:pirates", 1))),
    "twice a free agent": ("guild_books", moves(("house:agents", "player:cat:free_agent", 1))),
    "a day that is claimed again": (
        "claimed_twice",
        moves(("player:ada:claim_day", "house:calendar", 1), ("house:mint", "player:ada:gold", 25)),
    ),
    "a look that moves gold": ("telemetry", moves(("house:mint", "player:ada:gold", 1), event_type="shop_viewed")),
    "gold of another day": (
        "claimed_twice",
        moves(("house:calendar", "player:ada:claim_day", 1), event_type="gold_claimed", day="2020-01-01"),
    ),
}


@pytest.mark.parametrize(("kind", "decision"), BAD.values(), ids=BAD)
def test_broken_promise_is_found(world: World, kind: str, decision: Decision) -> None:
    world.happen("ada", decision)
    found(world, kind)


def test_two_victories_over_one_knock_out_are_found(world: World) -> None:
    blow = combat.strike("ada", "bob", None, world.has("player:ada"), world.has("player:bob"))
    while blow.type == "player_struck":
        world.happen("ada", blow)
        blow = combat.strike("ada", "bob", None, world.has("player:ada"), world.has("player:bob"))
    world.happen("ada", blow)
    assert world.findings() == []
    again = [t for t in blow.transfers if "arena" in t.debit]
    world.happen("cat", Decision("player_defeated", {"target": "bob"}, tuple(again)))
    assert "is defeated 1 times" in found(world, "knock_out")


def offered(world: World) -> Offer:
    sides = (Goods(item="iron_sword"), Goods(gold=25))
    decision = trading.offer(
        "ada", "bob", sides, str(uuid.UUID(int=77)), world.has("player:ada"), world.has("player:bob")
    )
    return world.offers[world.happen("ada", decision, str(uuid.UUID(int=77)))]


TRADES: dict[str, Callable[[Decision], tuple[Transfer, ...]]] = {
    "one side": lambda made: made.transfers[:3],
    "another price": lambda made: (*made.transfers[:3], Transfer("player:bob:gold", "player:ada:gold", 24)),
    "something besides": lambda made: (*made.transfers, Transfer("player:bob:gold", "player:cat:gold", 1)),
    "one mark": lambda made: made.transfers[1:],
}


@pytest.mark.parametrize("change", TRADES.values(), ids=TRADES)
def test_half_a_trade_is_found(world: World, change: Callable[[Decision], tuple[Transfer, ...]]) -> None:
    made = trading.accept("bob", offered(world))
    world.happen("bob", Decision(made.type, made.details, change(made)))
    found(world, "trade")


def test_trade_closed_twice_is_found(world: World) -> None:
    offer = offered(world)
    world.happen("bob", trading.accept("bob", offer))
    assert world.findings() == []
    marks = [Transfer("house:offers", t.debit, 1) for t in trading.decline("ada", offer).transfers]
    world.happen("ada", Decision("cheated", {}, tuple(marks)))
    world.happen("ada", trading.decline("ada", offer))
    assert "for an offer of no player" in found(world, "trade")


def test_player_who_left_with_health_is_found(world: World) -> None:
    world.happen("cat", players.leave_realm("cat", world.has("player:cat")))
    assert world.findings() == []
    world.happen("cat", moves(("house:nature", "player:cat:health", 1)))
    assert "are 1, not 0" in found(world, "health")

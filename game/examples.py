"""An example of each event type, made by the rules themselves so that it cannot say what they would not do."""

from collections.abc import Iterator
from datetime import UTC, datetime

from game.accounts import Transfer
from game.batches import combine
from game.commands import Buy, ClaimGold, DecisionContext
from game.decision import Balances, Decision
from game.events import FENCE, NO_GENERATION, TELEMETRY, VOID, Event, new_event
from game.rules import combat, guilds, players, quests, shop, trading
from game.rules.trading import Goods, Offer

_NOW = datetime(2026, 1, 31, 18, 30, 15, 250_000, UTC)
_DAY_BEFORE = _NOW.date().toordinal() - 1
_TRADE = "3b241101-e2bb-4255-8caf-4136c566a962"
_REALM = 3

# Two players and a guild, each as an example needs them.
_ADA: Balances = {
    "vacancy": 0,
    "gold": 60,
    "health": 85,
    "wounds": 15,
    "free_agent": 1,
    "claim_day": _DAY_BEFORE,
    "item:iron_sword": 1,
    "item:small_potion": 1,
}
_DOWN: Balances = {"vacancy": 0, "gold": 25, "wounds": 100}
_BOB: Balances = {"vacancy": 0, "gold": 40, "health": 100, "item:oak_shield": 1}
_WEAK_BOB: Balances = {"vacancy": 0, "health": 5, "wounds": 95}
_LEADER: Balances = {"gold": 60, "guild:knights": 1, "leader:knights": 1}
_KNIGHTS: Balances = {
    "charter": 0,
    "crown": 0,
    "seat": 8,
    "free_agents": 2,
    "gold": 30,
    "member:ada": 29_497_500,
    "member:bob": 29_497_710,
}
_OFFER = Offer(_TRADE, "bob", "ada", Goods(item="oak_shield"), Goods(gold=15))
_OWN_OFFER = Offer(_TRADE, "ada", "bob", Goods(item="iron_sword"), Goods(gold=25))


def decisions() -> Iterator[Decision]:
    """What the rules decide, once for each type that a player can cause."""
    yield players.register("ada", _NOW.date())
    yield players.depart("ada", _ADA)
    yield shop.buy("ada", "iron_sword", 1, 30)
    yield shop.buy("ada", "oak_shield", 2, None)
    yield shop.sell("ada", "iron_sword", 1)
    yield players.claim_gold("ada", _ADA, _NOW.date())
    yield combat.strike("ada", "bob", None, _ADA, _BOB)
    yield combat.strike("ada", "bob", None, _ADA, _WEAK_BOB)
    yield combat.drink("ada", "small_potion", _ADA)
    yield combat.revive("ada", _DOWN)
    yield trading.give("ada", "bob", Goods(gold=10), _BOB)
    yield trading.offer("ada", "bob", (Goods(item="iron_sword"), Goods(gold=25)), _TRADE, _ADA, _BOB)
    yield trading.accept("ada", _OFFER)
    yield trading.decline("ada", _OWN_OFFER)
    yield trading.decline("ada", _OFFER)
    yield quests.reward("ada", "first_blade", _ADA)
    yield guilds.found("ada", "knights", _ADA, {}, _NOW)
    yield guilds.join("ada", "knights", _ADA, {"charter": 0, "free_agents": 1, "seat": 9}, _NOW)
    yield guilds.leave("ada", None, _LEADER, _KNIGHTS)
    yield guilds.lead("ada", "bob", _LEADER, _KNIGHTS)
    yield guilds.deposit("ada", 10, _LEADER)
    yield guilds.pay_out("ada", "bob", 10, _LEADER, _KNIGHTS)
    scene = DecisionContext("ada", _NOW, _TRADE, lambda _owner: _ADA, lambda _trade: None)
    yield combine([ClaimGold(), Buy(item="small_potion", quantity=2)], scene)


def examples() -> dict[str, Event]:
    """Event type -> an event of it."""
    events = {decision.type: _event(decision.type, decision.details, decision.transfers) for decision in decisions()}
    events[VOID] = _event(VOID)
    # Without a hold there is no generation in which it was taken; and a fence opens one instead of having one.
    events |= {name: _event(name, generation=NO_GENERATION) for name in sorted(TELEMETRY)}
    events[FENCE] = _event(FENCE, player="", generation=NO_GENERATION)
    # The trades of the other examples have the id of the event that offered them.
    events["trade_offered"] = events["trade_offered"].model_copy(update={"id": _TRADE})
    return events


def _event(
    event_type: str,
    details: dict[str, str | int] | None = None,
    transfers: tuple[Transfer, ...] = (),
    player: str = "ada",
    generation: int = 0,
) -> Event:
    return new_event(
        event_id="0d3c6a52-1b6e-5d0a-9f53-0f6c5a1e7b11",
        event_type=event_type,
        realm=_REALM,
        player=player,
        at=_NOW,
        generation=generation,
        details=details,
        transfers=transfers,
    )

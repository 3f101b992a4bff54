"""An example of each event type. The rules make the examples, so an example never shows what the rules forbid."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from game.accounts import Transfer
from game.batches import combine
from game.commands import COMMANDS, Buy, ClaimGold, DecisionContext
from game.decision import Balances, Decision
from game.events import FENCE, NO_GENERATION, TELEMETRY, VOID, Event, new_event
from game.rules import players
from game.rules.trading import Goods, Offer

_NOW = datetime(2026, 1, 31, 18, 30, 15, 250_000, UTC)
_DAY_BEFORE = _NOW.date().toordinal() - 1
_TRADE = "3b241101-e2bb-4255-8caf-4136c566a962"
_REALM = 3

# The player ada acts in all examples. The examples of the commands name the player bob and the guild knights.
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
_BOB: Balances = {"vacancy": 0, "gold": 40, "health": 100, "item:oak_shield": 1}
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
_USUAL: Final[dict[str, Balances]] = {"player:ada": _ADA, "player:bob": _BOB, "guild:knights": _KNIGHTS}
_BOBS_OFFER = Offer(_TRADE, "bob", "ada", Goods(item="oak_shield"), Goods(gold=15))
_ADAS_OFFER = Offer(_TRADE, "ada", "bob", Goods(item="iron_sword"), Goods(gold=25))


@dataclass(frozen=True, slots=True)
class _Situation:
    """The balances that differ from the usual state, and the trade offer that is open."""

    balances: Mapping[str, Balances] = field(default_factory=dict)
    offer: Offer = _BOBS_OFFER

    def context(self) -> DecisionContext:
        balances = _USUAL | dict(self.balances)
        return DecisionContext("ada", _NOW, _TRADE, lambda owner: balances[owner], lambda _trade: self.offer)


_LEADS = (_Situation({"player:ada": _LEADER}),)

# Command -> the situations that its example needs. A command is listed only if its example does not succeed in the
# usual state, or if the command can become more than one event type.
_SITUATIONS: Final[dict[str, tuple[_Situation, ...]]] = {
    "strike": (_Situation(), _Situation({"player:bob": {"vacancy": 0, "health": 5, "wounds": 95}})),
    "revive": (_Situation({"player:ada": {"vacancy": 0, "gold": 25, "wounds": 100}}),),
    "decline_trade": (_Situation(offer=_ADAS_OFFER), _Situation()),
    "found_guild": (_Situation({"guild:knights": {}}),),
    "leave_guild": _LEADS,
    "lead_guild": _LEADS,
    "deposit": _LEADS,
    "pay_out": _LEADS,
}


def decisions() -> Iterator[Decision]:
    """Yield one decision of the rules for each event type that a player can cause."""
    seen = set()
    for decision in _decide_all():
        if decision.type not in seen:
            seen.add(decision.type)
            yield decision


def _decide_all() -> Iterator[Decision]:
    yield players.register("ada", _NOW.date())
    for command in COMMANDS:
        for situation in _SITUATIONS.get(command.name, (_Situation(),)):
            yield command.model_validate(command.example).decide(situation.context())
    yield combine([ClaimGold(), Buy(item="small_potion", quantity=2)], _Situation().context())


def examples() -> dict[str, Event]:
    """Return event type -> an example event of this type."""
    events = {decision.type: _event(decision.type, decision.details, decision.transfers) for decision in decisions()}
    events[VOID] = _event(VOID)
    # Telemetry takes no hold, so it has no generation. A fence opens a generation and does not belong to one.
    events |= {name: _event(name, generation=NO_GENERATION) for name in sorted(TELEMETRY)}
    events[FENCE] = _event(FENCE, player="", generation=NO_GENERATION)
    # The other examples refer to the trade _TRADE, and the id of a trade is the id of the event that offered it.
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

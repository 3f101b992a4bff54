"""The catalogue of commands: what each one is called, what it asks for, and which rule decides it.

A command is a pydantic model: the body of its request, the entry of a batch and the API's document are the same thing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from game.accounts import NAME
from game.decision import Balances, Decision, RuleViolation
from game.rules import combat, guilds, players, quests, shop, trading
from game.rules.trading import Goods, Offer

Name = Annotated[str, Field(pattern=rf"^{NAME}$", examples=["bob"])]
ItemName = Annotated[str, Field(pattern=rf"^{NAME}$", examples=["oak_shield"])]


def _as_whole(value: object) -> object:
    """10.0 is a whole number in JSON, as JSON Schema says; in Python it is none."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_as_whole)  # behind the bounds, or else the document does not have them
Gold = Annotated[int, Field(ge=1, le=1_000_000, examples=[10], description="gold pieces"), WHOLE]
Quantity = Annotated[int, Field(ge=1, le=10), WHOLE]
Price = Annotated[
    int, Field(ge=0, le=1_000_000, description="refused with 412 if one costs another price by now"), WHOLE
]


@dataclass(frozen=True, slots=True)
class DecisionContext:
    """Who acts, when, and what the rules may look at: the settled balances of an owner, and an offer by its id (None
    if it is not known). ``event_id`` is the id of the event that will be made."""

    player: str
    now: datetime
    event_id: str
    balances: Callable[[str], Balances]
    offer: Callable[[str], Offer | None]

    @property
    def today(self) -> date:
        """The day of the game: UTC."""
        return self.now.date()

    @property
    def has(self) -> Balances:
        """What the acting player has."""
        return self.balances(f"player:{self.player}")

    def of_player(self, name: str) -> Balances:
        """What another player has."""
        return self.balances(f"player:{name}")

    def of_guild(self, name: str | None) -> Balances:
        """What a guild has; nothing for None."""
        return self.balances(f"guild:{name}") if name else {}


# Gold and item may each be left out, but not both: the rules refuse it, and the document says so.
_SOMETHING: dict[str, Any] = {
    "anyOf": [
        {"required": ["gold"], "properties": {"gold": {"type": "integer"}}},
        {"required": ["item"], "properties": {"item": {"type": "string"}}},
    ]
}


class Command(BaseModel):
    """What a player asks for. ``name`` is what a batch calls it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: ClassVar[str]

    def decide(self, scene: DecisionContext) -> Decision:
        """What is to happen. Raises RuleViolation."""
        raise NotImplementedError


class BuySword(Command):
    """Buy one sword."""

    name = "buy_sword"
    model_config = ConfigDict(json_schema_extra={"example": {"sword": "iron_sword", "expected_price": 30}})

    sword: ItemName
    expected_price: Price | None = None

    def decide(self, scene: DecisionContext) -> Decision:
        return shop.buy(scene.player, self.sword, 1, self.expected_price, "sword")


class Buy(Command):
    """Buy items of the shop."""

    name = "buy"
    model_config = ConfigDict(json_schema_extra={"example": {"item": "oak_shield", "quantity": 1}})

    item: ItemName
    quantity: Quantity = 1
    expected_price: Price | None = None

    def decide(self, scene: DecisionContext) -> Decision:
        return shop.buy(scene.player, self.item, self.quantity, self.expected_price)


class Sell(Command):
    """Sell items back for half of their price."""

    name = "sell"
    model_config = ConfigDict(json_schema_extra={"example": {"item": "iron_sword", "quantity": 1}})

    item: ItemName
    quantity: Quantity = 1

    def decide(self, scene: DecisionContext) -> Decision:
        return shop.sell(scene.player, self.item, self.quantity)


class ClaimGold(Command):
    """Daily gold."""

    name = "claim_gold"

    def decide(self, scene: DecisionContext) -> Decision:
        return players.claim_gold(scene.player, scene.has, scene.today)


class Depart(Command):
    """Leave the realm for ever."""

    name = "depart"

    def decide(self, scene: DecisionContext) -> Decision:
        return players.depart(scene.player, scene.has)


class Strike(Command):
    """Strike another player, with the best sword if none is named."""

    name = "strike"
    model_config = ConfigDict(json_schema_extra={"example": {"target": "bob"}})

    target: Name
    sword: ItemName | None = None

    def decide(self, scene: DecisionContext) -> Decision:
        return combat.strike(scene.player, self.target, self.sword, scene.has, scene.of_player(self.target))


class Drink(Command):
    """Drink a potion against wounds."""

    name = "drink"
    model_config = ConfigDict(json_schema_extra={"example": {"potion": "small_potion"}})

    potion: ItemName

    def decide(self, scene: DecisionContext) -> Decision:
        return combat.drink(scene.player, self.potion, scene.has)


class Revive(Command):
    """Get up again, for gold."""

    name = "revive"

    def decide(self, scene: DecisionContext) -> Decision:
        return combat.revive(scene.player, scene.has)


class Give(Command):
    """A gift of gold, of an item, or of both."""

    name = "give"
    model_config = ConfigDict(json_schema_extra={"example": {"to": "bob", "gold": 10}, **_SOMETHING})

    to: Name
    gold: Gold | None = None
    item: ItemName | None = None
    quantity: Quantity = 1

    def decide(self, scene: DecisionContext) -> Decision:
        goods = Goods(self.gold or 0, self.item, self.quantity)
        return trading.give(scene.player, self.to, goods, scene.of_player(self.to))


class TradeSide(BaseModel):
    """One side of a trade: gold, an item, or both."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, json_schema_extra=_SOMETHING)

    gold: Gold | None = None
    item: ItemName | None = None
    quantity: Quantity = 1

    @property
    def goods(self) -> Goods:
        """As the rules take it."""
        return Goods(self.gold or 0, self.item, self.quantity)


class OfferTrade(Command):
    """Offer what one gives for what one wants."""

    name = "offer_trade"
    model_config = ConfigDict(
        json_schema_extra={"example": {"to": "bob", "give": {"item": "iron_sword"}, "want": {"gold": 25}}}
    )

    to: Name
    give: TradeSide
    want: TradeSide

    def decide(self, scene: DecisionContext) -> Decision:
        sides = (self.give.goods, self.want.goods)
        return trading.offer(scene.player, self.to, sides, scene.event_id, scene.has, scene.of_player(self.to))


class _OfTrade(Command):
    model_config = ConfigDict(json_schema_extra={"example": {"trade": "0d3c6a52-1b6e-5d0a-9f53-0f6c5a1e7b11"}})

    trade: str = Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", description="the id of the offer")

    def _offer(self, scene: DecisionContext) -> Offer:
        found = scene.offer(self.trade)
        if found is None or scene.player not in (found.giver, found.taker):
            raise RuleViolation("unknown_trade", "no offer of yours has this id, or it is older than a day")
        return found


class AcceptTrade(_OfTrade):
    """Accept a trade: both sides change hands in one event."""

    name = "accept_trade"

    def decide(self, scene: DecisionContext) -> Decision:
        return trading.accept(scene.player, self._offer(scene))


class DeclineTrade(_OfTrade):
    """Withdraw or decline an offer."""

    name = "decline_trade"

    def decide(self, scene: DecisionContext) -> Decision:
        return trading.decline(scene.player, self._offer(scene))


class ClaimReward(Command):
    """Have the reward of a quest."""

    name = "claim_reward"
    model_config = ConfigDict(json_schema_extra={"example": {"quest": "first_blade"}})

    quest: ItemName

    def decide(self, scene: DecisionContext) -> Decision:
        return quests.reward(scene.player, self.quest, scene.has)


class _OfGuild(Command):
    model_config = ConfigDict(json_schema_extra={"example": {"guild": "knights"}})

    guild: Name


class FoundGuild(_OfGuild):
    """Found a guild and lead it."""

    name = "found_guild"

    def decide(self, scene: DecisionContext) -> Decision:
        return guilds.found(scene.player, self.guild, scene.has, scene.of_guild(self.guild), scene.now)


class EnterGuild(_OfGuild):
    """Join a guild that somebody has founded."""

    name = "enter_guild"

    def decide(self, scene: DecisionContext) -> Decision:
        return guilds.join(scene.player, self.guild, scene.has, scene.of_guild(self.guild), scene.now)


class JoinGuild(_OfGuild):
    """Join a guild, or found it when nobody has."""

    name = "join_guild"

    def decide(self, scene: DecisionContext) -> Decision:
        return guilds.join_or_found(scene.player, self.guild, scene.has, scene.of_guild(self.guild), scene.now)


class LeaveGuild(Command):
    """Leave one's guild; a leader hands over, to the longest member if no successor is named."""

    name = "leave_guild"

    successor: Name | None = None

    def decide(self, scene: DecisionContext) -> Decision:
        has = scene.has
        return guilds.leave(scene.player, self.successor, has, scene.of_guild(guilds.membership(has)))


class LeadGuild(Command):
    """Hand one's guild over, or take one that nobody leads."""

    name = "lead_guild"
    model_config = ConfigDict(json_schema_extra={"example": {"player": "bob"}})

    player: Name

    def decide(self, scene: DecisionContext) -> Decision:
        has = scene.has
        return guilds.lead(scene.player, self.player, has, scene.of_guild(guilds.membership(has)))


class Deposit(Command):
    """Gold for the treasury of one's guild."""

    name = "deposit"
    model_config = ConfigDict(json_schema_extra={"example": {"gold": 10}})

    gold: Gold

    def decide(self, scene: DecisionContext) -> Decision:
        return guilds.deposit(scene.player, self.gold, scene.has)


class PayOut(Command):
    """Gold of the treasury for a member, by the leader."""

    name = "pay_out"
    model_config = ConfigDict(json_schema_extra={"example": {"to": "bob", "gold": 10}})

    to: Name
    gold: Gold

    def decide(self, scene: DecisionContext) -> Decision:
        has = scene.has
        return guilds.pay_out(scene.player, self.to, self.gold, has, scene.of_guild(guilds.membership(has)))


COMMANDS: tuple[type[Command], ...] = (
    BuySword,
    Buy,
    Sell,
    ClaimGold,
    Depart,
    Strike,
    Drink,
    Revive,
    Give,
    OfferTrade,
    AcceptTrade,
    DeclineTrade,
    ClaimReward,
    FoundGuild,
    EnterGuild,
    JoinGuild,
    LeaveGuild,
    LeadGuild,
    Deposit,
    PayOut,
)

"""The catalogue of commands: the name, fields, HTTP route, events, example and rule of each command.

A command is a pydantic model, which describes both the body of a request and an entry in a batch. Other modules derive
the following from ``COMMANDS``: the Flask routes and their OpenAPI descriptions (api/routes/commands.py), the event
types and their examples (game/event_types.py, game/examples.py), and the operations that the workload generator plans
(load/workload/operations.py). docs/internals/adding-an-action.md explains step by step how to add a command.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from game.accounts import NAME
from game.decision import Balances, Decision, RuleViolation
from game.rules import combat, guilds, players, quests, shop, trading
from game.rules.trading import Goods, Offer

Json = dict[str, Any]

Name = Annotated[str, Field(pattern=rf"^{NAME}$", examples=["bob"])]
ItemName = Annotated[str, Field(pattern=rf"^{NAME}$", examples=["oak_shield"])]
# Path fields use `example` instead of `examples`. The reason is that flask-openapi3 expects `examples` in the form of
# OpenAPI, which differs from the form of JSON Schema.
GuildName = Annotated[str, Field(pattern=rf"^{NAME}$", json_schema_extra={"example": "knights"})]


def _as_whole(value: object) -> object:
    """Convert 10.0 to 10, because JSON Schema counts 10.0 as an integer but strict pydantic does not."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# Must come after the Field in an annotation. If it came first, the API document would lose the bounds of the number.
WHOLE = BeforeValidator(_as_whole)
Gold = Annotated[int, Field(ge=1, le=1_000_000, examples=[10], description="gold pieces"), WHOLE]
Quantity = Annotated[int, Field(ge=1, le=10), WHOLE]
Price = Annotated[int, Field(ge=0, le=1_000_000, description="reject with 412 if one costs another price"), WHOLE]


@dataclass(frozen=True, slots=True)
class DecisionContext:
    """The acting player, the time, and the state that the rules may read.

    ``balances_of`` returns the settled balances of an owner. ``offer`` returns the trade offer with the given id, or
    None if the id is unknown. ``event_id`` is the id of the event that the command will become.
    """

    player: str
    now: datetime
    event_id: str
    balances_of: Callable[[str], Balances]
    offer: Callable[[str], Offer | None]

    @property
    def today(self) -> date:
        """Return the current day of the game, which is the day in UTC."""
        return self.now.date()

    @property
    def own_balances(self) -> Balances:
        """Return the balances of the acting player."""
        return self.balances_of(f"player:{self.player}")

    def player_balances(self, name: str) -> Balances:
        """Return the balances of another player."""
        return self.balances_of(f"player:{name}")

    def guild_balances(self, name: str | None) -> Balances:
        """Return the balances of a guild; empty for None."""
        return self.balances_of(f"guild:{name}") if name else {}


#: A function that makes a decision: the ``decide`` of a command, or a function that combines several commands.
Decide = Callable[[DecisionContext], Decision]


@dataclass(frozen=True, slots=True)
class Route:
    """The HTTP route of a command.

    A field whose name is in braces in ``path`` comes from the path of the request. The other fields come from the body,
    or from the query string if the method is DELETE, because such a request has no body. ``tag`` is the name of the
    group that contains the route in the API document.
    """

    method: Literal["POST", "PUT", "DELETE"]
    path: str
    tag: str

    @property
    def path_fields(self) -> frozenset[str]:
        """Return the names of the fields that come from the path."""
        return frozenset(re.findall(r"{(\w+)}", self.path))


def _describe(schema: Json, command: "type[Command]") -> None:
    """Add the example and the constraints of a command to its JSON schema, or to the schema of its entry in a batch."""
    entry = {"action": command.name} if "action" in command.model_fields else {}
    if example := entry | command.example:
        schema["example"] = example
    schema.update(command.constraints)


class Command(BaseModel):
    """An action that a player asks for.

    ``name`` identifies the command in a batch, in the API document and in the Python client. The docstring documents
    the route in the API: its first sentence becomes the summary, and the other sentences become the description.
    ``events`` maps each event type that the command can become to a sentence that documents the type. ``example`` holds
    the fields of a request that succeeds. ``details_renamed`` maps the name of a field to the name of the event detail
    that stores its value, if the two names differ. ``constraints`` holds additional keywords for the JSON schema.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, json_schema_extra=_describe)

    name: ClassVar[str]
    route: ClassVar[Route]
    events: ClassVar[Mapping[str, str]]
    example: ClassVar[Json] = {}
    details_renamed: ClassVar[Mapping[str, str]] = {}
    constraints: ClassVar[Json] = {}

    def decide(self, context: DecisionContext) -> Decision:
        """Return what will happen. Raises RuleViolation if the rules do not allow the command."""
        raise NotImplementedError


# Sentences that document the event types that more than one command can become.
_SWORD_BOUGHT = {"sword_bought": "A player bought swords from the shop."}
_GUILD_FOUNDED = {"guild_founded": "A player founded a guild and leads it."}
_GUILD_JOINED = {"guild_joined": "A player took a seat in a guild, and leads it if it was empty."}

# A request may leave out either gold or item, but not both. The rules reject a request without both, and this schema
# says the same in the API document.
_GOLD_OR_ITEM: Json = {
    "anyOf": [
        {"required": ["gold"], "properties": {"gold": {"type": "integer"}}},
        {"required": ["item"], "properties": {"item": {"type": "string"}}},
    ]
}


class BuySword(Command):
    """Buy one sword."""

    name = "buy_sword"
    route = Route("POST", "/buy_sword", "shop")
    events = _SWORD_BOUGHT
    example = {"sword": "iron_sword", "expected_price": 30}

    sword: ItemName
    expected_price: Price | None = None

    def decide(self, context: DecisionContext) -> Decision:
        return shop.buy(context.player, self.sword, 1, self.expected_price, "sword")


class Buy(Command):
    """Buy items from the shop."""

    name = "buy"
    route = Route("POST", "/purchases", "shop")
    events = _SWORD_BOUGHT | {"item_bought": "A player bought shields or potions from the shop."}
    example = {"item": "oak_shield", "quantity": 2}

    item: ItemName
    quantity: Quantity = 1
    expected_price: Price | None = None

    def decide(self, context: DecisionContext) -> Decision:
        return shop.buy(context.player, self.item, self.quantity, self.expected_price)


class Sell(Command):
    """Sell items back to the shop for half of their price."""

    name = "sell"
    route = Route("POST", "/sales", "shop")
    events = {"item_sold": "A player sold items back to the shop for half of their price."}
    example = {"item": "iron_sword", "quantity": 1}

    item: ItemName
    quantity: Quantity = 1

    def decide(self, context: DecisionContext) -> Decision:
        return shop.sell(context.player, self.item, self.quantity)


class EnchantSword(Command):
    """Enchant a sword for gold, once. The enchanted sword does 10 more damage and is an item of its own."""

    name = "enchant_sword"
    route = Route("POST", "/enchant_sword", "shop")
    events = {"sword_enchanted": "A player paid to enchant a sword, which is an enchanted sword from now on."}
    example = {"sword": "iron_sword"}

    sword: ItemName

    def decide(self, context: DecisionContext) -> Decision:
        return shop.enchant(context.player, self.sword)


class ClaimGold(Command):
    """Claim daily gold, once a day (UTC)."""

    name = "claim_gold"
    route = Route("POST", "/claim_gold", "shop")
    events = {"gold_claimed": "A player got the gold of the day."}

    def decide(self, context: DecisionContext) -> Decision:
        return players.claim_gold(context.player, context.own_balances, context.today)


class Depart(Command):
    """Leave the realm permanently. Everything the player has goes back; the name stays taken."""

    name = "depart"
    route = Route("DELETE", "/players/me", "players")
    events = {"player_left": "A player left the realm permanently and gave everything back; the name stays taken."}

    def decide(self, context: DecisionContext) -> Decision:
        return players.leave_realm(context.player, context.own_balances)


class Strike(Command):
    """Strike another player, with the best sword if none is named. A player who defeats the target wins the bounty."""

    name = "strike"
    route = Route("POST", "/strikes", "fights")
    events = {
        "player_struck": "A player wounded another one, who still stands.",
        "player_defeated": "A player took another one's last health, and got the victory and the bounty.",
    }
    example = {"target": "bob"}

    target: Name
    sword: ItemName | None = None

    def decide(self, context: DecisionContext) -> Decision:
        balances, target_balances = context.own_balances, context.player_balances(self.target)
        return combat.strike(context.player, self.target, self.sword, balances, target_balances)


class Drink(Command):
    """Drink a potion to heal wounds."""

    name = "drink"
    route = Route("POST", "/potions", "fights")
    events = {"potion_drunk": "A player turned wounds into health with a potion."}
    example = {"potion": "small_potion"}

    potion: ItemName

    def decide(self, context: DecisionContext) -> Decision:
        return combat.drink(context.player, self.potion, context.own_balances)


class Revive(Command):
    """Revive the player for gold."""

    name = "revive"
    route = Route("POST", "/revivals", "fights")
    events = {"player_revived": "A player who was down paid to stand again."}

    def decide(self, context: DecisionContext) -> Decision:
        return combat.revive(context.player, context.own_balances)


class Give(Command):
    """Give another player gold, an item, or both."""

    name = "give"
    route = Route("POST", "/gifts", "exchange")
    events = {"gift_given": "A player gave another one gold or items."}
    example = {"to": "bob", "gold": 10}
    constraints = _GOLD_OR_ITEM

    to: Name
    gold: Gold | None = None
    item: ItemName | None = None
    quantity: Quantity = 1

    def decide(self, context: DecisionContext) -> Decision:
        goods = Goods(self.gold or 0, self.item, self.quantity)
        return trading.give(context.player, self.to, goods, context.player_balances(self.to))


class TradeSide(BaseModel):
    """One side of a trade: gold, an item, or both."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, json_schema_extra=_GOLD_OR_ITEM)

    gold: Gold | None = None
    item: ItemName | None = None
    quantity: Quantity = 1

    @property
    def goods(self) -> Goods:
        """Return this side of the trade in the form that the rules expect."""
        return Goods(self.gold or 0, self.item, self.quantity)


class OfferTrade(Command):
    """Offer another player a trade. The id of the event is the id of the trade."""

    name = "offer_trade"
    route = Route("POST", "/trades", "exchange")
    events = {"trade_offered": "A player offered another one a trade, whose id is the event's; nothing is held."}
    example = {"to": "bob", "give": {"item": "iron_sword"}, "want": {"gold": 25}}

    to: Name
    give: TradeSide
    want: TradeSide

    def decide(self, context: DecisionContext) -> Decision:
        sides = (self.give.goods, self.want.goods)
        own, other = context.own_balances, context.player_balances(self.to)
        return trading.offer(context.player, self.to, sides, context.event_id, own, other)


class _OfTrade(Command):
    example = {"trade": "0d3c6a52-1b6e-5d0a-9f53-0f6c5a1e7b11"}

    trade: str = Field(
        pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        description="the id of the offer",
        json_schema_extra={"example": "0d3c6a52-1b6e-5d0a-9f53-0f6c5a1e7b11"},
    )

    def _offer(self, context: DecisionContext) -> Offer:
        found = context.offer(self.trade)
        if found is None or context.player not in (found.giver, found.taker):
            raise RuleViolation("unknown_trade", "none of your offers has this id, or it is older than a day")
        return found


class AcceptTrade(_OfTrade):
    """Accept an offer. Both sides change hands in one event, or neither does."""

    name = "accept_trade"
    route = Route("POST", "/trades/{trade}/acceptance", "exchange")
    events = {"trade_made": "A player accepted a trade: both sides changed hands in this one event."}

    def decide(self, context: DecisionContext) -> Decision:
        return trading.accept(context.player, self._offer(context))


class DeclineTrade(_OfTrade):
    """Withdraw one's own offer, or decline another player's."""

    name = "decline_trade"
    route = Route("DELETE", "/trades/{trade}", "exchange")
    events = {
        "trade_withdrawn": "A player withdrew an own offer of a trade.",
        "trade_declined": "A player declined another one's offer of a trade.",
    }

    def decide(self, context: DecisionContext) -> Decision:
        return trading.decline(context.player, self._offer(context))


class ClaimReward(Command):
    """Claim the reward of a fulfilled quest, once."""

    name = "claim_reward"
    route = Route("POST", "/quests", "shop")
    events = {"quest_rewarded": "A player got the reward of a quest, once."}
    example = {"quest": "first_blade"}

    quest: ItemName

    def decide(self, context: DecisionContext) -> Decision:
        return quests.reward(context.player, self.quest, context.own_balances)


class _OfGuild(Command):
    example = {"guild": "knights"}

    guild: GuildName


class FoundGuild(_OfGuild):
    """Found a guild and lead it."""

    name = "found_guild"
    route = Route("POST", "/guilds", "guilds")
    events = _GUILD_FOUNDED

    def decide(self, context: DecisionContext) -> Decision:
        own, guild = context.own_balances, context.guild_balances(self.guild)
        return guilds.found(context.player, self.guild, own, guild, context.now)


class EnterGuild(_OfGuild):
    """Join an existing guild."""

    name = "enter_guild"
    route = Route("POST", "/guilds/{guild}/members", "guilds")
    events = _GUILD_JOINED

    def decide(self, context: DecisionContext) -> Decision:
        own, guild = context.own_balances, context.guild_balances(self.guild)
        return guilds.join(context.player, self.guild, own, guild, context.now)


class JoinGuild(_OfGuild):
    """Join a guild, or found it if it does not exist."""

    name = "join_guild"
    route = Route("POST", "/join_guild", "guilds")
    events = _GUILD_JOINED | _GUILD_FOUNDED

    def decide(self, context: DecisionContext) -> Decision:
        own, guild = context.own_balances, context.guild_balances(self.guild)
        return guilds.join_or_found(context.player, self.guild, own, guild, context.now)


class LeaveGuild(Command):
    """Leave one's guild. A leader hands over to the successor, or to the member who joined first if none is named."""

    name = "leave_guild"
    route = Route("DELETE", "/guild", "guilds")
    events = {"guild_left": "A player gave the seat in a guild back; a leader handed over, or left no leader behind."}

    successor: Name | None = Field(default=None, json_schema_extra={"example": "bob"})

    def decide(self, context: DecisionContext) -> Decision:
        own = context.own_balances
        return guilds.leave(context.player, self.successor, own, context.guild_balances(guilds.membership(own)))


class LeadGuild(Command):
    """Hand one's guild over to another member, or take one without a leader by one's own name."""

    name = "lead_guild"
    route = Route("PUT", "/guild/leader", "guilds")
    events = {"leader_changed": "The crown of a guild passed to another member, or to a member when it had no leader."}
    example = {"player": "bob"}
    details_renamed = {"player": "leader"}

    player: Name

    def decide(self, context: DecisionContext) -> Decision:
        own = context.own_balances
        return guilds.lead(context.player, self.player, own, context.guild_balances(guilds.membership(own)))


class Deposit(Command):
    """Put gold into the treasury of one's guild."""

    name = "deposit"
    route = Route("POST", "/guild/deposits", "guilds")
    events = {"gold_deposited": "A member put gold into the guild's treasury."}
    example = {"gold": 10}

    gold: Gold

    def decide(self, context: DecisionContext) -> Decision:
        return guilds.deposit(context.player, self.gold, context.own_balances)


class PayOut(Command):
    """Pay a member from the treasury. Only the leader may."""

    name = "pay_out"
    route = Route("POST", "/guild/payouts", "guilds")
    events = {"gold_paid_out": "The leader paid a member from the guild's treasury."}
    example = {"to": "bob", "gold": 10}

    to: Name
    gold: Gold

    def decide(self, context: DecisionContext) -> Decision:
        own = context.own_balances
        guild = context.guild_balances(guilds.membership(own))
        return guilds.pay_out(context.player, self.to, self.gold, own, guild)


COMMANDS: tuple[type[Command], ...] = (
    BuySword,
    Buy,
    Sell,
    EnchantSword,
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
